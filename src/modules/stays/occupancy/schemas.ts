import { Type, type Static } from 'typebox'
import { IsoDate, nullable, object, Timestamp, Uuid } from '../../../shared/schemas.ts'
import { PatientSummary } from '../../patients/index.ts'

const Count = (description: string) => Type.Integer({ minimum: 0, description, examples: [3] })
const Rate = (description: string) =>
  nullable(Type.Number({ minimum: 0, description: `${description}; null: see \`missing\``, examples: [81.25] }))
const ServiceName = object({ id: Uuid, name: Type.String({ examples: ['Pédiatrie'] }) })

// --- the board ---------------------------------------------------------------------------------------------------------

export const bedStates = ['free', 'occupied', 'cleaning', 'outOfOrder'] as const

const Occupant = object({
  id: Type.Optional(Type.Unsafe<string>({ ...Uuid, description: 'The stay; told with the patient only' })),
  status: Type.Optional(
    Type.Enum(['stable', 'observation', 'critical'], {
      description: 'Told with the patient only',
      examples: ['stable'],
    }),
  ),
  admittedAt: Timestamp,
  since: Type.Unsafe<string>({ ...Timestamp, description: 'In this bed, or waiting for one in this service, since' }),
  shortObservation: Type.Boolean({ examples: [false] }),
  patient: Type.Optional(
    Type.Union([PatientSummary, Type.Null()], {
      description: 'For those who care; null: a sensitive file that the reader may not see. Administrators get none.',
    }),
  ),
})
export type Occupant = Static<typeof Occupant>

const Counts = object({
  beds: Count('Open beds'),
  free: Count('Beds that can be given now'),
  occupied: Count('Beds with a patient'),
  cleaning: Count('Free beds that are being cleaned'),
  outOfOrder: Count('Free beds that are out of order'),
  patients: Count('Patients present, with a bed or without'),
  withoutBed: Count('Of them those without a bed'),
})
export type Counts = Static<typeof Counts>

const BoardBed = object({
  id: Uuid,
  code: Type.String({ examples: ['PED-04'] }),
  state: Type.Enum([...bedStates], { examples: ['occupied'] }),
  stay: nullable(Occupant),
})

const BoardService = object({
  ...ServiceName.properties,
  capacity: nullable(Type.Integer({ description: 'As the service declares it', examples: [12] })),
  counts: Counts,
  beds: Type.Array(BoardBed, { description: 'By code' }),
  withoutBed: Type.Array(Occupant, { description: 'Patients of the service who have no bed, the longest there first' }),
})
export type BoardService = Static<typeof BoardService>

export const Board = object({
  at: Timestamp,
  total: Counts,
  services: Type.Array(BoardService, {
    description: 'By name: those in use, and any that has an open bed or a patient',
  }),
})
export type Board = Static<typeof Board>

// --- the indicators ----------------------------------------------------------------------------------------------------

export const IndicatorsQuery = object({
  from: Type.Unsafe<string>({ ...IsoDate, description: 'First day of the period', examples: ['2026-01-01'] }),
  to: Type.Unsafe<string>({
    ...IsoDate,
    description: 'Its last day, counted too; today at the latest, and 366 days in all at most',
    examples: ['2026-03-31'],
  }),
  serviceId: Type.Optional(Type.Unsafe<string>({ ...Uuid, description: 'Of this service only' })),
})
export type IndicatorsQuery = Static<typeof IndicatorsQuery>

const figures = {
  patientDays: Count(
    'Days of presence: the day of admission counts, that of discharge does not, a stay of one day counts one. The day of a transfer is that of the receiving service',
  ),
  bedDays: Count('Available beds × days: every bed of each day that it was open, in whatever state'),
  admissions: Count('By the service of the admission'),
  transfersIn: Count('From another service'),
  transfersOut: Count('To another service'),
  discharges: Count('Of every mode, deaths too; by the service of the discharge'),
  deaths: Count('Discharges by death'),
  deathsBefore48h: Count('Of them within 48 hours of the admission'),
  deathsAfter48h: Count('Of them later'),
  meanBeds: Type.Number({ minimum: 0, description: 'Mean available beds: bedDays ÷ days', examples: [12] }),
  occupancyRate: Rate('Per cent: patientDays ÷ bedDays × 100; above 100 where patients lie without a bed'),
  meanStay: Rate('Days: patientDays ÷ discharges'),
  turnover: Rate('Discharges for each available bed over the period: discharges ÷ meanBeds'),
  deathRate: Rate('Per cent: deaths ÷ discharges × 100'),
  deathRateBefore48h: Rate('Per cent: deathsBefore48h ÷ discharges × 100'),
  deathRateAfter48h: Rate('Per cent: deathsAfter48h ÷ discharges × 100'),
  missing: Type.Array(Type.Enum(['noAvailableBed', 'noDischarge']), {
    maxItems: 2,
    description: 'Why a figure is null: nothing to divide by',
    examples: [[]],
  }),
}

export const Indicators = object({
  from: IsoDate,
  to: IsoDate,
  days: Type.Integer({ minimum: 1, examples: [90] }),
  total: nullable(object(figures, { description: 'The establishment; null when one service was asked for' })),
  services: Type.Array(object({ service: ServiceName, ...figures }), {
    description: 'By name: those that had a bed or a patient in the period',
  }),
})
export type Indicators = Static<typeof Indicators>
