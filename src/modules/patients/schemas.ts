import { Type, type Static } from 'typebox'
import {
  ChangeReason,
  IsoDate,
  Line,
  nullable,
  object,
  ProblemSchema,
  Reason,
  Timestamp,
  Uuid,
} from '../../shared/schemas.ts'

const units = Type.Enum(['years', 'months', 'days'], {
  type: 'string',
  description: 'years, months or days',
})

export const Sex = Type.Enum(['M', 'F'], { type: 'string', description: 'M or F', examples: ['F'] })

export const Birth = object(
  {
    precision: Type.Enum(['day', 'month', 'year', 'estimate'], {
      type: 'string',
      description: 'What is known of the birth',
    }),
    date: Type.Optional(
      Type.String({
        pattern: '^[0-9]{4}(-[0-9]{2}){0,2}$',
        maxLength: 10,
        description: 'YYYY-MM-DD, YYYY-MM or YYYY, as the precision says; absent with an estimate',
        examples: ['1986-03-21'],
      }),
    ),
    estimate: Type.Optional(
      object(
        {
          value: Type.Integer({ minimum: 0, maximum: 50_000, description: 'The age told', examples: [40] }),
          unit: units,
          on: Type.Unsafe<string>({ ...IsoDate, description: 'The day the age was told' }),
        },
        { description: 'Only with the precision "estimate": "vers 1986"' },
      ),
    ),
  },
  {
    description: 'The birth as it is known; 1 January is never invented',
    examples: [{ precision: 'year', date: '1986' }],
  },
)

export const Age = object(
  { value: Type.Integer({ minimum: 0, maximum: 200 }), unit: units },
  {
    description: 'The age today: days below one month, months below 24 months, then years',
    examples: [{ value: 40, unit: 'years' }],
  },
)

const FamilyName = Line(100, { description: 'Family name, as the person writes it', examples: ['Coulibaly'] })
const GivenName = Line(100, { description: 'Given names', examples: ['Fatoumata'] })
const Phone = Line(40, {
  description: 'A Malian number in any usual writing: +223, 00223 or 8 digits; stored as +223XXXXXXXX',
  examples: ['76 12 34 56'],
})
const PhoneOwner = Line(100, { description: 'Whose phone it is, where it is shared', examples: ['son mari, Amadou'] })
const Village = Line(100, { description: 'Village or quarter', examples: ['Sangha'] })
const MotherName = Line(200, { description: "The mother's names: tells namesakes apart", examples: ['Awa Diarra'] })
const Nina = Line(40, {
  description: 'National number; another shape is told in warnings, not refused',
  examples: ['21986102013045K'],
})
const AmoNumber = Line(40, {
  description: 'Number of the health insurance (AMO); another shape is told, not refused',
  examples: ['1234567890'],
})
const Allergies = Type.Array(Line(200), { maxItems: 50, description: 'Known allergies', examples: [['Pénicilline']] })
const Sensitive = Type.Boolean({
  description:
    'true: only the caring team sees the file (whoever marks it, and who wrote consultations in the last twelve months); ' +
    'others of the establishment by a break-glass. Taken away by one of the team only',
})

export const FileNumber = Type.String({
  pattern: '^[0-9]{4}-[0-9]{6}$',
  maxLength: 11,
  description: "The establishment's file number: year and rank, without gaps",
  examples: ['2026-000123'],
})

const known = {
  id: Uuid,
  version: Type.Integer({ minimum: 1, description: 'Grows by one with each change; the ETag' }),
  fileNumber: FileNumber,
  familyName: FamilyName,
  givenName: GivenName,
  sex: Sex,
  birth: Birth,
}

const details = {
  phone: nullable(Type.String({ maxLength: 12, description: '+223XXXXXXXX', examples: ['+22376123456'] })),
  phoneOwner: nullable(PhoneOwner),
  village: nullable(Village),
  motherName: nullable(MotherName),
  nina: nullable(Nina),
  amoNumber: nullable(AmoNumber),
  allergies: Allergies,
  sensitive: Sensitive,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  hidden: Type.Optional(Type.Literal(true, { description: 'Only in answers to updatedSince: the record was hidden' })),
}

export const Patient = object({ ...known, age: Age, ...details })
export type Patient = Static<typeof Patient>

/** A patient as the history keeps it: without the age, which depends on the day of reading. */
export const PatientVersion = object({ ...known, ...details })
export type PatientVersion = Static<typeof PatientVersion>

/** Who a consultation is about. */
export const PatientSummary = object({
  id: Uuid,
  fileNumber: FileNumber,
  familyName: FamilyName,
  givenName: GivenName,
  sex: Sex,
  birth: Birth,
  age: Age,
})
export type PatientSummary = Static<typeof PatientSummary>

const Warning = object(
  { path: Type.String({ maxLength: 100 }), message: Type.String({ maxLength: 500 }) },
  { description: 'What looks unusual and was stored all the same' },
)

/** What creation and change answer. */
export const SavedPatient = object({
  ...Patient.properties,
  warnings: Type.Optional(Type.Array(Warning, { maxItems: 10 })),
})
export type SavedPatient = Static<typeof SavedPatient>

const optionalDetails = {
  phone: Type.Optional(nullable(Phone)),
  phoneOwner: Type.Optional(nullable(PhoneOwner)),
  village: Type.Optional(nullable(Village)),
  motherName: Type.Optional(nullable(MotherName)),
  nina: Type.Optional(nullable(Nina)),
  amoNumber: Type.Optional(nullable(AmoNumber)),
  allergies: Type.Optional(Allergies),
  sensitive: Type.Optional(Sensitive),
}

export const PatientCreate = object(
  {
    id: Type.Optional(
      Type.Unsafe<string>({
        ...Uuid,
        description: 'Chosen by the client, so that it can repeat safely; made by the server when absent',
      }),
    ),
    familyName: FamilyName,
    givenName: GivenName,
    sex: Sex,
    birth: Birth,
    ...optionalDetails,
    confirmDuplicate: Type.Optional(
      Type.Boolean({ description: 'true: the candidates were looked at, this is another person' }),
    ),
  },
  {
    examples: [
      {
        familyName: 'Coulibaly',
        givenName: 'Fatoumata',
        sex: 'F',
        birth: { precision: 'estimate', estimate: { value: 40, unit: 'years', on: '2026-07-01' } },
        phone: '76 12 34 56',
        phoneOwner: 'son mari',
        village: 'Sangha',
      },
    ],
  },
)
export type PatientCreate = Static<typeof PatientCreate>

export const PatientUpdate = object(
  {
    familyName: Type.Optional(FamilyName),
    givenName: Type.Optional(GivenName),
    sex: Type.Optional(Sex),
    birth: Type.Optional(Birth),
    ...optionalDetails,
    changeReason: Type.Optional(ChangeReason),
  },
  {
    minProperties: 1,
    description: 'Only what changes; null clears',
    examples: [{ village: 'Bandiagara', phone: null }],
  },
)
export type PatientUpdate = Static<typeof PatientUpdate>

export const PatientHide = object({ reason: Reason })

/**
 * A patient already on file who may be the person about to be created; of a sensitive file only that it exists, and to
 * those outside its caring team only where a card, or names, birth and phone or mother together, say that it is the same.
 */
export const DuplicateCandidate = object({
  id: Uuid,
  fileNumber: FileNumber,
  score: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'How likely it is the same person; 1: all that is known agrees. Not told of a protected file',
    }),
  ),
  protected: Type.Optional(
    Type.Literal(true, { description: 'A sensitive file that you may not see; a break-glass opens it' }),
  ),
  familyName: Type.Optional(FamilyName),
  givenName: Type.Optional(GivenName),
  sex: Type.Optional(Sex),
  birth: Type.Optional(Birth),
  age: Type.Optional(Age),
  village: Type.Optional(nullable(Village)),
  phone: Type.Optional(nullable(Type.String({ maxLength: 12 }))),
})
export type DuplicateCandidate = Static<typeof DuplicateCandidate>

export const PossibleDuplicate = object(
  {
    ...ProblemSchema.properties,
    candidates: Type.Optional(
      Type.Array(DuplicateCandidate, { maxItems: 10, description: 'With possible_duplicate only, likest first' }),
    ),
  },
  { description: 'RFC 9457 problem document; `code` is stable, see /docs/errors' },
)

/** The path of one patient. */
export const PatientPath = object({ id: Uuid })

export const Nothing = Type.Null({ description: 'Done' })
