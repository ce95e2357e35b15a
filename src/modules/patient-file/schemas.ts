import { Type, type Static } from 'typebox'
import { nullable, object, Timestamp, Uuid } from '../../shared/schemas.ts'
import { Consultation, ConsultationVersion } from '../consultations/index.ts'
import { HistoryOf } from '../history/index.ts'
import { Opposition } from '../oppositions/index.ts'
import type { FileSection } from './section.ts'
import { BreakGlass, Member, Patient, PatientSummary, PatientVersion } from '../patients/index.ts'

export const FilePath = object({ id: Uuid })
export const FileFormat = Type.Unsafe<'json' | 'pdf'>({
  type: 'string',
  enum: ['json', 'pdf'],
  default: 'json',
  description: 'json: for a machine, with every version of every record; pdf: to be read and printed, in French',
})

const Author = object({ id: nullable(Uuid), name: Type.String() })

const Import = object(
  { id: Uuid, fileName: Type.String(), at: Timestamp, by: Author },
  { description: 'A register from which records of this patient were taken over' },
)

export const ImportOrigin = nullable(
  object({ id: Uuid, line: Type.Integer({ minimum: 1 }) }, { description: 'Where the record was taken over from' }),
)

const { patient: _patient, ...visit } = Consultation.properties
const Visit = object({
  ...visit,
  age: PatientSummary.properties.age,
  import: ImportOrigin,
  history: HistoryOf(ConsultationVersion).properties.items,
})
export type Visit = Static<typeof Visit>

const head = {
  format: Type.Literal('sis.patient-file'),
  formatVersion: Type.Literal(1, { description: 'Grows when a member changes its meaning or goes' }),
  generatedAt: Timestamp,
  generatedBy: object({ name: Type.String(), role: Type.String() }),
  establishment: object({
    slug: Type.String(),
    name: Type.String(),
    type: Type.String(),
    region: Type.String(),
    cercle: nullable(Type.String()),
  }),
  patient: Patient,
  history: HistoryOf(PatientVersion).properties.items,
  oppositions: Type.Array(Opposition),
  imports: Type.Array(Import),
  careTeam: Type.Array(Member, { description: 'Who is or was of the caring team of a sensitive file' }),
  breakGlasses: Type.Array(BreakGlass, {
    description: 'Who opened the sensitive file without being of the team, and why',
  }),
  accesses: Type.Array(
    object({
      name: Type.String(),
      role: nullable(Type.String()),
      first: Timestamp,
      last: Timestamp,
      count: Type.Integer({ minimum: 1 }),
    }),
    { description: 'Who met with this file, the most frequent first, before this copy was made; at most 500 people' },
  ),
}
const Head = object(head)
/** All of a file but the visits, which may be many. */
export type Head = Static<typeof Head>

/** All that an establishment keeps about one patient. */
export const patientFileSchema = (sections: readonly FileSection[]) =>
  object(
    {
      ...head,
      visits: Type.Integer({ minimum: 0 }),
      consultations: Type.Array(Visit),
      ...Object.fromEntries(sections.map(({ member, schema }) => [member, Type.Array(schema)])),
    },
    { description: 'All that the establishment keeps about one patient, hidden records and every version among them' },
  )
