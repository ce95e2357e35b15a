import { Type, type Static } from 'typebox'
import { IsoDate, nullable, object, Timestamp, Uuid } from '../../shared/schemas.ts'

const Count = (description: string) => Type.Integer({ minimum: 0, description, examples: [12] })
const NamedService = object({ id: Uuid, name: Type.String({ examples: ['Pédiatrie'] }) })

/** A hospital has fewer services; the board of beds has all. */
export const MOST_SHORT = 100

const curve = {
  consultations: Count('By the day of the visit'),
  admissions: nullable(Count('By the day of the admission; null where the module of stays is off')),
}

const AlertedStay = object({
  id: Uuid,
  service: NamedService,
  bed: nullable(object({ id: Uuid, code: Type.String({ examples: ['PED-04'] }) })),
  admittedAt: Timestamp,
})
export type AlertedStay = Static<typeof AlertedStay>

const StayAlert = (description: string) =>
  nullable(
    object(
      {
        count: Count('To who opens records, of the files that they may open; to administrators, of all'),
        stays: Type.Optional(
          Type.Array(AlertedStay, {
            maxItems: 10,
            description:
              'The longest there first, without names; only those that the reader may open. Not for administrators',
          }),
        ),
      },
      { description: `${description}; null where the module of stays is off` },
    ),
  )

/** Counts of the whole establishment. Nobody is named to anybody. */
export const Dashboard = object({
  at: Timestamp,
  patients: Count('Files that the reader may open; to administrators, all'),
  consultationsToday: Count('Visits dated today, of the same files; so are the curves of visits'),
  openStays: nullable(Count('Patients present; null where the module of stays is off')),
  occupancy: nullable(
    object(
      {
        beds: Count('Open beds'),
        free: Count('Beds that can be given now'),
        occupied: Count('Beds with a patient'),
        cleaning: Count('Free beds that are being cleaned'),
        outOfOrder: Count('Free beds that are out of order'),
        withoutBed: Count('Patients without a bed'),
        rate: nullable(
          Type.Number({
            minimum: 0,
            description: 'Per cent: occupied ÷ beds × 100; null without a bed',
            examples: [81.25],
          }),
        ),
      },
      { description: 'At this instant; null where the module of stays is off' },
    ),
  ),
  days: Type.Array(object({ day: IsoDate, ...curve }), { maxItems: 7, description: 'The last 7, today included' }),
  weeks: Type.Array(object({ week: Type.String({ examples: ['2026-W47'] }), from: IsoDate, to: IsoDate, ...curve }), {
    maxItems: 12,
    description: 'The last 12 weeks of ISO 8601, this one included',
  }),
  diagnoses: object(
    {
      from: IsoDate,
      to: IsoDate,
      items: Type.Array(
        object({
          category: Type.String({ examples: ['B50'] }),
          label: Type.String({ examples: ['Paludisme à Plasmodium falciparum'] }),
          consultations: Count('Visits with this main diagnosis'),
        }),
        { maxItems: 10 },
      ),
    },
    {
      description:
        'The ten CIM-10 categories that are most often the main diagnosis of a visit, over 30 days, among the files that the ' +
        'reader may open. To administrators, who see no clinical record, none of fewer than five visits is told',
    },
  ),
  alerts: object({
    criticalStays: StayAlert('Patients in a critical state'),
    longObservations: StayAlert('Under observation (status, or short observation), admitted more than 72 hours ago'),
    bedShortages: nullable(
      Type.Array(
        object({
          service: NamedService,
          beds: Count('Open beds'),
          free: Count('Beds that can be given now'),
          withoutBed: Count('Patients without a bed'),
        }),
        {
          maxItems: MOST_SHORT,
          description:
            'Services that have beds and none that is free, or a patient without one, the first by name; null where the module of ' +
            'stays is off',
        },
      ),
    ),
    overdueMaintenance: nullable(
      Count('Equipment whose maintenance should have been made; null where the module of equipment is off'),
    ),
    unreadNotifications: nullable(
      Count('Of severity critical, to this reader, at most 1,000; null where the module of notifications is off'),
    ),
    breakGlassToReview: nullable(Count('For whoever reviews them; null for all others')),
  }),
})
export type Dashboard = Static<typeof Dashboard>
