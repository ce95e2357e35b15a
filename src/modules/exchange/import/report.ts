import { Type, type Static } from 'typebox'
import { nullable, object, Timestamp, Uuid } from '../../../shared/schemas.ts'
import { say, type Language } from '../../../shared/text.ts'
import type { Note } from '../reading/visit.ts'
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

export const ImportReport = object({
  id: Uuid,
  dryRun: Type.Boolean({ description: 'true: nothing was stored, this is what would be' }),
  alreadyImported: Type.Optional(
    Type.Literal(true, {
      description: 'This very file was imported before: nothing more was stored; this is the report of then',
    }),
  ),
  fileName: Type.String({ maxLength: 300, examples: ['registre-2026.csv'] }),
  lines: count('Lines that say something: stored.consultations + duplicates + refusedLines', 431),
  stored: object({
    patients: count('New patient files', 334),
    consultations: count('New consultations', 421),
  }),
  matchedPatients: count('Stored lines whose patient had a file, from before or from an earlier line', 87),
  proposedMatches: count(
    'New patient files that may be of a person who has one: listed in `proposals`, never merged',
    12,
  ),
  duplicates: count('Lines that say what another line or an earlier import says: not stored again', 1),
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
      sameAs: nullable(
        Type.Integer({ minimum: 1, description: 'The line that says the same; null: an earlier import' }),
      ),
    }),
    { maxItems: MAX_LISTED },
  ),
  created: object(
    {
      services: Type.Array(Type.String({ maxLength: 240 }), { maxItems: 100, examples: [['Médecine Générale']] }),
      specialties: Type.Array(Type.String({ maxLength: 240 }), { maxItems: 100, examples: [['Pédiatrie']] }),
    },
    { description: "Entries added to the establishment's lists" },
  ),
  createdAt: Timestamp,
  createdBy: object({ id: nullable(Uuid), name: Type.String({ maxLength: 160 }) }),
})
export type ImportReport = Static<typeof ImportReport>

/** What is kept of a report: sentences in each language; refused lines stand in their own table. */
export type StoredReport = Omit<
  ImportReport,
  'id' | 'dryRun' | 'alreadyImported' | 'fileName' | 'refused' | 'warnings' | 'createdAt' | 'createdBy'
> & { warnings: Note[] }

/** A stored report in the reader's language. */
export function toReport(run: Run, refused: readonly RefusedLine[], language: Language): ImportReport {
  const report = run.report as StoredReport
  return {
    id: run.id,
    dryRun: run.dry_run,
    fileName: run.file_name,
    lines: report.lines,
    stored: { patients: report.stored.patients, consultations: report.stored.consultations },
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
    created: report.created,
    createdAt: run.created_at,
    createdBy: { id: run.created_by_id, name: run.created_by_name },
  }
}
