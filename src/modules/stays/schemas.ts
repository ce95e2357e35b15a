import { Type, type Static } from 'typebox'
import {
  ChangeReason,
  Cursor,
  described,
  IsoDate,
  Limit,
  Line,
  nullable,
  object,
  oneOf,
  page,
  Paragraph,
  Reason,
  Timestamp,
  UpdatedSince,
  Uuid,
} from '../../shared/schemas.ts'
import { Coded, CodesInput } from '../consultations/index.ts'
import { PatientSummary, Withdrawn } from '../patients/index.ts'

export const conditions = ['stable', 'observation', 'critical'] as const
export type Condition = (typeof conditions)[number]
export const dischargeModes = [
  'home',
  'referred',
  'leftAgainstAdvice',
  'escaped',
  'deathBefore48h',
  'deathAfter48h',
] as const
export type DischargeMode = (typeof dischargeModes)[number]

const Status = oneOf([...conditions, 'discharged'], 'How the patient is; discharged follows from the discharge')
const Condition = oneOf(conditions, 'How the patient is; the discharge ends it')
export const Mode = oneOf(dischargeModes, 'How the stay ended; a death agrees with the hours since the admission')
const Version = Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' })
const Named = object({ id: Uuid, name: Type.String({ maxLength: 240, examples: ['Médecine générale'] }) })
const Placed = object({ id: Uuid, code: Type.String({ maxLength: 90, examples: ['MED-04'] }) })
const Author = object({ id: nullable(Uuid), name: Type.String({ maxLength: 160 }) })

const AdmittedAt = described(Timestamp, 'When the stay began: not in the future, not before the birth')
const DischargedAt = described(Timestamp, 'When it ended: not in the future, nothing of the stay is later')
const AttendingName = Line(120, { description: 'Who is responsible for the patient', examples: ['Dr Diarra'] })
const StayReason = Line(500, { description: 'Why the patient stays', examples: ['Déshydratation sévère'] })
const Diagnosis = Paragraph(1_000, { description: 'Diagnosis on admission, in words', examples: ['Paludisme grave'] })
export const FinalDiagnosis = Paragraph(1_000, { description: 'Diagnosis on discharge, in words' })
const Notes = Paragraph(5_000, { description: 'Anything else' })
export const MoveReason = Line(500, { description: 'Why the patient moved', examples: ['Besoin d’oxygène'] })
const Bed = described(Uuid, 'One of the service; null: there was none for the patient')
const Codes = (description: string) => Type.Array(Coded, { maxItems: 20, description })

const content = {
  consultationId: nullable(described(Uuid, 'The consultation that the patient was admitted from')),
  admittedAt: AdmittedAt,
  dischargedAt: nullable(DischargedAt),
  serviceId: described(Uuid, 'Where the patient is, or was at the end'),
  bedId: nullable(Bed),
  attendingName: nullable(AttendingName),
  reason: nullable(StayReason),
  diagnosis: nullable(Diagnosis),
  codes: Codes('Coded diagnoses on admission, the main one first'),
  status: Status,
  dischargeMode: nullable(Mode),
  finalDiagnosis: nullable(FinalDiagnosis),
  finalCodes: Codes('Coded diagnoses on discharge, the main one first'),
  notes: nullable(Notes),
  shortObservation: Type.Boolean({
    description: 'Of an establishment that keeps patients under short observation only',
  }),
}

const Movement = object({
  id: Uuid,
  serviceId: Uuid,
  bedId: nullable(Bed),
  from: Timestamp,
  to: nullable(described(Timestamp, 'null: the patient is there')),
  reason: nullable(MoveReason),
})

/** A stay as the history keeps it, with every place that the patient had. */
export const StayVersion = object({
  id: Uuid,
  version: Version,
  patientId: Uuid,
  ...content,
  movements: Type.Array(Movement, { maxItems: 500, description: 'Where the patient was, the admission first' }),
  hidden: Type.Optional(Type.Literal(true)),
})
export type StayVersion = Static<typeof StayVersion>

export const Stay = object({
  id: Uuid,
  version: Version,
  patientId: Uuid,
  ...content,
  over72h: Type.Boolean({ description: 'A short observation that lasts, or lasted, more than 72 hours' }),
  patient: described(PatientSummary, 'Who it is about; the age is that of the day of the admission'),
  service: Named,
  bed: nullable(Placed),
  createdBy: Author,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  hidden: Type.Optional(Type.Literal(true, { description: 'Only in answers to updatedSince: the stay was hidden' })),
})
export type Stay = Static<typeof Stay>

export const StayMovement = object({
  ...Movement.properties,
  service: Named,
  bed: nullable(Placed),
  by: Author,
  at: described(Timestamp, 'When it was entered'),
})
export type StayMovement = Static<typeof StayMovement>
export const Movements = object({ patientId: Uuid, items: Type.Array(StayMovement, { maxItems: 500 }) })

export const StayCreate = object(
  {
    id: Type.Optional(
      described(Uuid, 'Chosen by the client, so that it can repeat safely; made by the server when absent'),
    ),
    patientId: Type.Optional(described(Uuid, 'May be left out with a consultationId, which names the patient')),
    consultationId: Type.Optional(
      nullable(
        described(
          Uuid,
          'Admits from this consultation: patient, reason, diagnosis and codes are its, unless given here',
        ),
      ),
    ),
    admittedAt: AdmittedAt,
    serviceId: Type.Optional(described(Uuid, 'May be left out with a bedId, which names the service')),
    bedId: Type.Optional(nullable(Bed)),
    attendingName: Type.Optional(nullable(AttendingName)),
    reason: Type.Optional(nullable(StayReason)),
    diagnosis: Type.Optional(nullable(Diagnosis)),
    codes: Type.Optional(CodesInput),
    status: Type.Optional(described(Condition, 'stable when absent')),
    notes: Type.Optional(nullable(Notes)),
  },
  {
    examples: [
      {
        patientId: '0198c0de-7a1b-7c2d-8e3f-0123456789ab',
        admittedAt: '2026-07-01T09:30:00.000Z',
        serviceId: '0198c0de-7a1b-7c2d-8e3f-0123456789ac',
        attendingName: 'Dr Diarra',
        diagnosis: 'Paludisme grave',
        codes: [{ code: 'B50.8' }],
        status: 'critical',
      },
    ],
  },
)
export type StayCreate = Static<typeof StayCreate>

export const StayUpdate = object(
  {
    admittedAt: Type.Optional(AdmittedAt),
    attendingName: Type.Optional(nullable(AttendingName)),
    reason: Type.Optional(nullable(StayReason)),
    diagnosis: Type.Optional(nullable(Diagnosis)),
    codes: Type.Optional(CodesInput),
    status: Type.Optional(Condition),
    dischargedAt: Type.Optional(DischargedAt),
    dischargeMode: Type.Optional(Mode),
    finalDiagnosis: Type.Optional(nullable(FinalDiagnosis)),
    finalCodes: Type.Optional(CodesInput),
    notes: Type.Optional(nullable(Notes)),
    changeReason: Type.Optional(ChangeReason),
  },
  {
    minProperties: 1,
    description: 'Only what changes; null clears. What the discharge said can be corrected once there is one.',
    examples: [{ status: 'critical' }],
  },
)
export type StayUpdate = Static<typeof StayUpdate>

export const Transfer = object(
  {
    at: described(Timestamp, 'When the patient moved'),
    serviceId: Type.Optional(described(Uuid, "That of the bed, or the stay's own, when absent")),
    bedId: Type.Optional(nullable(described(Uuid, 'One of that service; null or absent: none'))),
    reason: Type.Optional(nullable(MoveReason)),
  },
  { examples: [{ at: '2026-07-02T10:00:00.000Z', bedId: '0198c0de-7a1b-7c2d-8e3f-0123456789ad' }] },
)
export type Transfer = Static<typeof Transfer>

export const MovementUpdate = object(
  {
    from: Type.Optional(described(Timestamp, 'When it began; the one before then ends')),
    serviceId: Type.Optional(Uuid),
    bedId: Type.Optional(nullable(Bed)),
    reason: Type.Optional(nullable(MoveReason)),
    changeReason: Type.Optional(ChangeReason),
  },
  { minProperties: 1, description: 'Only what changes; null clears', examples: [{ bedId: null }] },
)
export type MovementUpdate = Static<typeof MovementUpdate>

export const Discharge = object(
  {
    at: DischargedAt,
    mode: Mode,
    finalDiagnosis: Type.Optional(nullable(FinalDiagnosis)),
    finalCodes: Type.Optional(CodesInput),
    notes: Type.Optional(nullable(Notes)),
  },
  { examples: [{ at: '2026-07-04T11:00:00.000Z', mode: 'home', finalDiagnosis: 'Paludisme grave' }] },
)
export type Discharge = Static<typeof Discharge>

export const StayReasoned = object({ reason: Reason })
export const StayPath = object({ id: Uuid })
export const MovementPath = object({ id: Uuid, movementId: Uuid })
export const Nothing = Type.Null({ description: 'Nothing' })

export const StayFilters = object({
  q: Type.Optional(
    Line(100, {
      description:
        "Words within the diagnoses, the codes' labels, the reason or the patient's names; accents and capitals do not matter",
      examples: ['palu'],
    }),
  ),
  status: Type.Optional(Status),
  open: Type.Optional(Type.Boolean({ description: 'Those that have not ended (true), or that have (false)' })),
  serviceId: Type.Optional(described(Uuid, 'Where the patient is, or was at the end')),
  bedId: Type.Optional(described(Uuid, 'Where the patient lies, or lay at the end')),
  patientId: Type.Optional(described(Uuid, "One patient's stays")),
  admittedFrom: Type.Optional(described(IsoDate, 'Admitted on this day or later')),
  admittedTo: Type.Optional(described(IsoDate, 'Admitted on this day or earlier')),
  dischargedFrom: Type.Optional(described(IsoDate, 'Discharged on this day or later')),
  dischargedTo: Type.Optional(described(IsoDate, 'Discharged on this day or earlier')),
  code: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z][0-9]{2}([.]?[0-9]{1,2})?$',
      maxLength: 6,
      description: 'A CIM-10 code of the admission or the discharge, or a category of three characters',
      examples: ['B50'],
    }),
  ),
  updatedSince: Type.Optional(UpdatedSince),
})
export type StayFilters = Static<typeof StayFilters>

export const StayQuery = object({
  ...StayFilters.properties,
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type StayQuery = Static<typeof StayQuery>

export const StayPage = object({
  ...page(Stay).properties,
  withdrawnPatients: Type.Optional(
    described(
      Withdrawn,
      'With updatedSince, on the first page: patients whose stays you may see no more since then. Take them off your copy',
    ),
  ),
})
export type StayPage = Static<typeof StayPage>
