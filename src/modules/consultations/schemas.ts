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
import { Icd10Code } from '../icd10/index.ts'
import { PatientSummary, Withdrawn } from '../patients/index.ts'
import { rangeOf, vitalNames, type Vital } from './rules/vitals.ts'

export const CaseType = oneOf(['new', 'followUp'], 'New case (NC) or follow-up of a known one (AC)')
const CodeRole = oneOf(['main', 'secondary'], 'Exactly one code is main')
const Outcome = oneOf(
  ['home', 'observation', 'hospitalised', 'referred', 'leftAgainstAdvice', 'death', 'other'],
  'How the visit ended',
)

const PractitionerName = Line(120, { description: 'Who saw the patient', examples: ['Dr Diarra'] })
const VisitReason = Line(500, { description: 'Why the patient came', examples: ['Fièvre depuis 3 jours'] })
const Diagnosis = Paragraph(1_000, { description: 'Diagnosis in words', examples: ['Paludisme simple'] })
const Examinations = Paragraph(5_000, {
  description: 'Examinations and their results',
  examples: ['TDR paludisme positif'],
})
const Treatment = Paragraph(5_000, {
  description: 'Treatment given or prescribed',
  examples: ['Artéméther-luméfantrine 3 jours'],
})
const Notes = Paragraph(5_000, { description: 'Anything else' })
const Day = described(IsoDate, 'The day of the visit: not in the future, not before the birth')

// The bounds told in the description are checked by rules/vitals.ts, whose refusal names the range and the unit.
const measure = (vital: Vital) => Type.Number({ minimum: 0, maximum: 10_000, description: rangeOf(vital).fr })
const measures = <S>(of: (vital: Vital) => S) =>
  Object.fromEntries(vitalNames.map((vital) => [vital, of(vital)])) as { [V in Vital]: S }

const VitalsInput = object(
  measures((vital) => Type.Optional(nullable(measure(vital)))),
  {
    description: 'What was measured; beyond the plausible ranges it is refused',
    examples: [{ temperature: 38.9, pulse: 96, weight: 14.2 }],
  },
)
// Not a union with null: a refusal then names the wrong measure only.
export const VitalsOrNull = Type.Unsafe<Static<typeof VitalsInput> | null>({ ...VitalsInput, type: ['object', 'null'] })

export const Coded = object({
  system: Type.Literal('icd10'),
  code: Icd10Code,
  label: Type.String({ maxLength: 300, description: "The nomenclature's French label" }),
  role: CodeRole,
})

const CodedInput = object({
  system: Type.Optional(Type.Literal('icd10')),
  code: Type.String({
    pattern: '^[ ]*[A-Za-z]{1,2}[0-9]{2}[. -]?[0-9]{0,2}[ ]*$',
    maxLength: 12,
    description: 'CIM-10 code; "b508" is read as B50.8',
    examples: ['B50.8'],
  }),
  label: Type.Optional(
    Type.String({
      maxLength: 300,
      description: "Taken back unread, so that a consultation can be sent as it came: the nomenclature's label is kept",
    }),
  ),
  role: Type.Optional(described(CodeRole, 'May be left out where there is one code (main), or for the secondary ones')),
})
export const CodesInput = Type.Array(CodedInput, {
  maxItems: 20,
  description: 'Coded diagnoses, one of them main',
  examples: [[{ code: 'B54', role: 'main' }]],
})

export const Alarm = object(
  {
    vital: oneOf(vitalNames, 'The vital sign'),
    level: oneOf(['warning', 'danger'], 'danger: act now'),
    message: Type.String({
      maxLength: 300,
      description: "In the reader's language",
      examples: ['Fièvre élevée (38,5 °C ou plus)'],
    }),
  },
  { description: 'Told, never refused; by the age on the day of the visit' },
)

const Named = object({ id: Uuid, name: Type.String({ maxLength: 240, examples: ['Médecine générale'] }) })

export const VitalsShown = object(measures((vital) => nullable(measure(vital))))

const content = {
  date: Day,
  practitionerName: nullable(PractitionerName),
  serviceId: nullable(Uuid),
  specialtyId: nullable(Uuid),
  reason: nullable(VisitReason),
  diagnosis: nullable(Diagnosis),
  codes: Type.Array(Coded, { maxItems: 20, description: 'Coded diagnoses, the main one first' }),
  caseType: CaseType,
  examinations: nullable(Examinations),
  treatment: nullable(Treatment),
  notes: nullable(Notes),
  vitals: VitalsShown,
  outcome: nullable(Outcome),
}

/** A consultation as the history keeps it. */
export const ConsultationVersion = object({
  id: Uuid,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' }),
  patientId: Uuid,
  ...content,
  hidden: Type.Optional(Type.Literal(true)),
})
export type ConsultationVersion = Static<typeof ConsultationVersion>

export const Consultation = object({
  ...ConsultationVersion.properties,
  patient: described(PatientSummary, 'Who it is about; the age is that of the day of the visit'),
  service: nullable(Named),
  specialty: nullable(Named),
  alarms: Type.Array(Alarm, { maxItems: 9 }),
  createdBy: object({ id: nullable(Uuid), name: Type.String({ maxLength: 160 }) }),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  hidden: Type.Optional(
    Type.Literal(true, { description: 'Only in answers to updatedSince: the consultation was hidden' }),
  ),
})
export type Consultation = Static<typeof Consultation>

/** What a line of a list shows of a consultation. */
export const ConsultationSummary = object({
  id: Uuid,
  version: ConsultationVersion.properties.version,
  date: Day,
  patientId: Uuid,
  patient: described(
    Type.Omit(PatientSummary, ['id', 'birth'], { additionalProperties: false }),
    'Who it is about; the age is that of the day of the visit',
  ),
  practitionerName: nullable(PractitionerName),
  service: nullable(Named.properties.name),
  specialty: nullable(Named.properties.name),
  diagnosis: nullable(described(Diagnosis, 'In words; where there are none, the label of the main code')),
  caseType: CaseType,
  outcome: nullable(Outcome),
})
export type ConsultationSummary = Static<typeof ConsultationSummary>

const optional = {
  practitionerName: Type.Optional(nullable(PractitionerName)),
  serviceId: Type.Optional(nullable(Uuid)),
  specialtyId: Type.Optional(nullable(Uuid)),
  reason: Type.Optional(nullable(VisitReason)),
  diagnosis: Type.Optional(nullable(Diagnosis)),
  codes: Type.Optional(CodesInput),
  caseType: Type.Optional(described(CaseType, 'new when absent')),
  examinations: Type.Optional(nullable(Examinations)),
  treatment: Type.Optional(nullable(Treatment)),
  notes: Type.Optional(nullable(Notes)),
  vitals: Type.Optional(VitalsOrNull),
  outcome: Type.Optional(nullable(Outcome)),
}

export const ConsultationCreate = object(
  {
    id: Type.Optional(
      described(Uuid, 'Chosen by the client, so that it can repeat safely; made by the server when absent'),
    ),
    patientId: Uuid,
    date: Day,
    ...optional,
  },
  {
    examples: [
      {
        patientId: '0198c0de-7a1b-7c2d-8e3f-0123456789ab',
        date: '2026-07-01',
        practitionerName: 'Dr Diarra',
        reason: 'Fièvre depuis 3 jours',
        diagnosis: 'Paludisme simple',
        codes: [{ code: 'B54' }],
        caseType: 'new',
        vitals: { temperature: 38.9, pulse: 96, weight: 14.2 },
        outcome: 'home',
      },
    ],
  },
)
export type ConsultationCreate = Static<typeof ConsultationCreate>

export const ConsultationUpdate = object(
  { date: Type.Optional(Day), ...optional, changeReason: Type.Optional(ChangeReason) },
  {
    minProperties: 1,
    description:
      'Only what changes; null clears. In `vitals` only the given measures change. A consultation stays with its patient.',
    examples: [{ outcome: 'referred' }],
  },
)
export type ConsultationUpdate = Static<typeof ConsultationUpdate>

export const ConsultationHide = object({ reason: Reason })
export const ConsultationPath = object({ id: Uuid })
export const Nothing = Type.Null({ description: 'Nothing' })

export const ConsultationFilters = object({
  q: Type.Optional(
    Line(100, {
      description:
        "Words within the diagnosis, the codes' labels, the reason or the patient's names; accents and capitals do not matter",
      examples: ['palu'],
    }),
  ),
  patientId: Type.Optional(described(Uuid, "One patient's consultations")),
  from: Type.Optional(described(IsoDate, 'On this day or later')),
  to: Type.Optional(described(IsoDate, 'On this day or earlier')),
  serviceId: Type.Optional(Uuid),
  specialtyId: Type.Optional(Uuid),
  practitioner: Type.Optional(Line(120, { description: "Words of the prescriber's name", examples: ['diarra'] })),
  code: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z][0-9]{2}([.]?[0-9]{1,2})?$',
      maxLength: 6,
      description: 'A CIM-10 code, or a category of three characters with all its subdivisions: B50 finds B50.8',
      examples: ['B50'],
    }),
  ),
  caseType: Type.Optional(CaseType),
  updatedSince: Type.Optional(UpdatedSince),
})
export type ConsultationFilters = Static<typeof ConsultationFilters>

export const ConsultationQuery = object({
  ...ConsultationFilters.properties,
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type ConsultationQuery = Static<typeof ConsultationQuery>

export const SummaryQuery = Type.Omit(ConsultationQuery, ['updatedSince'], { additionalProperties: false })
export const SummaryPage = page(ConsultationSummary)

export const ConsultationPage = object({
  ...page(Consultation).properties,
  withdrawnPatients: Type.Optional(
    described(
      Withdrawn,
      'With updatedSince, on the first page: patients whose visits you may see no more since then. Take them off your copy',
    ),
  ),
})
