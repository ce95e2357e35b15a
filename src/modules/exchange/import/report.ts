import { Type, type Static, type TInteger, type TObject, type TOptional } from 'typebox'
import { nullable, object, Timestamp, Uuid } from '../../../shared/schemas.ts'
import { say, type Language } from '../../../shared/text.ts'
import type { Note } from '../reading/line.ts'
import type { AnyRegister, Created } from '../declaration.ts'
import type { RefusedLine, Run } from './queries.ts'

/** Beyond, the lists of a report are cut; the counts and the file of refused lines are not. */
export const MAX_LISTED = 1_000

const count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] })
const Line = Type.Integer({ minimum: 1, description: 'The line of the file; the header is line 1', examples: [19] })

const NoteSchema = object({
  line: Line,
  column: nullable(
    Type.String({ maxLength: 500, description: "The file's own heading; null for the whole line", examples: ['Date'] }),
  ),
  message: Type.String({
    maxLength: 5_000,
    description: "In the reader's language",
    examples: ["Date qui n'existe pas."],
  }),
})

const Proposal = object({
  line: Line,
  patientId: nullable(Uuid),
  candidateId: nullable(Uuid),
  candidateLine: nullable(
    Type.Integer({ minimum: 1, description: 'Where the candidate stands in this file, when it is new too' }),
  ),
  score: Type.Number({ minimum: 0, maximum: 1, description: '1: all that is known agrees but for the writing' }),
})

const names = (max: number, ...examples: string[]) =>
  Type.Array(Type.String({ maxLength: 240 }), { maxItems: max, examples: [examples] })

/** @param registers those that an establishment may keep: each has a count of what was stored */
export const importReport = (registers: readonly Pick<AnyRegister, 'name'>[]) =>
  object({ ...common, stored: object({ patients: count('New patient files', 334), ...countsOf(registers) }) })

const countsOf = (registers: readonly Pick<AnyRegister, 'name'>[]): Record<string, TOptional<TInteger>> =>
  Object.fromEntries(
    registers.map(({ name }) => [
      name,
      Type.Optional(count(`New or changed records, where the file is a register of ${name}`, 421)),
    ]),
  )

const common = {
  id: Uuid,
  register: Type.String({ maxLength: 40, description: 'What was read in the file', examples: ['consultations'] }),
  dryRun: Type.Boolean({ description: 'true: nothing was stored, this is what would be' }),
  alreadyImported: Type.Optional(
    Type.Literal(true, {
      description: 'This very file was imported before: nothing more was stored; this is the report of then',
    }),
  ),
  fileName: Type.String({ maxLength: 300, examples: ['registre-2026.csv'] }),
  lines: count('Lines that say something: those stored + duplicates + refusedLines', 431),
  changed: Type.Optional(
    count('Of a list (services, beds, equipment): stored lines that changed an entry that was there', 3),
  ),
  matchedPatients: count('Stored lines whose patient had a file, from before or from an earlier line', 87),
  proposedMatches: count(
    'New patient files that may be of a person who has one: listed in `proposals`, never merged',
    12,
  ),
  duplicates: count(
    'Lines that say what another line, an earlier import or the entry that is there says: nothing to do',
    1,
  ),
  refusedLines: count('Lines that were not stored: listed in `refused`', 9),
  refused: Type.Array(NoteSchema, {
    maxItems: MAX_LISTED,
    description: 'One entry a line, the first thousand; `/refused.csv` has all',
  }),
  warnings: Type.Array(NoteSchema, { maxItems: MAX_LISTED, description: 'Stored all the same; the first thousand' }),
  warningCount: count('How many warnings there are', 2),
  proposals: Type.Array(Proposal, {
    maxItems: MAX_LISTED,
    description: 'The likest person on file for each; ids are null where nothing is stored yet',
  }),
  duplicateLines: Type.Array(
    object({
      line: Line,
      sameAs: nullable(Type.Integer({ minimum: 1, description: 'The line that says the same; null: what was there' })),
    }),
    { maxItems: MAX_LISTED },
  ),
  created: object(
    {
      services: names(100, 'Médecine Générale'),
      specialties: names(100, 'Pédiatrie'),
      beds: names(1_000, 'P-01'),
    },
    { description: "Entries added to the establishment's lists" },
  ),
  createdAt: Timestamp,
  createdBy: object({ id: nullable(Uuid), name: Type.String({ maxLength: 160 }) }),
}
export type ImportReport = Static<TObject<typeof common>> & { stored: { patients: number } & Record<string, number> }

/** What is kept of a report: sentences in each language; refused lines stand in their own table. */
export type StoredReport = Omit<
  ImportReport,
  'id' | 'register' | 'dryRun' | 'alreadyImported' | 'fileName' | 'refused' | 'warnings' | 'createdAt' | 'createdBy'
> & { warnings: Note[] }

/** What was added to the establishment's lists, by list. */
export const createdIn = (created: readonly Created[]): StoredReport['created'] => {
  const namesIn = (list: Created['list']) => created.filter((entry) => entry.list === list).map(({ name }) => name)
  return { services: namesIn('services'), specialties: namesIn('specialties'), beds: namesIn('beds') }
}

/** A stored report in the reader's language. */
export function toReport(run: Run, refused: readonly RefusedLine[], language: Language): ImportReport {
  const report = run.report as StoredReport
  return {
    id: run.id,
    register: run.register,
    dryRun: run.dry_run,
    fileName: run.file_name,
    lines: report.lines,
    stored: report.stored,
    ...(report.changed !== undefined && { changed: report.changed }),
    matchedPatients: report.matchedPatients,
    proposedMatches: report.proposedMatches,
    duplicates: report.duplicates,
    refusedLines: report.refusedLines,
    refused: refused.map(({ line, column_name, message }) => ({
      line,
      column: column_name,
      message: say(message, language),
    })),
    warnings: report.warnings.map(({ line, column, message }) => ({ line, column, message: say(message, language) })),
    warningCount: report.warningCount,
    proposals: report.proposals,
    duplicateLines: report.duplicateLines,
    // Reports of before there were beds have none.
    created: { ...report.created, beds: report.created.beds ?? [] },
    createdAt: run.created_at,
    createdBy: { id: run.created_by_id, name: run.created_by_name },
  }
}
