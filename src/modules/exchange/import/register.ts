import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { problem } from '../../../shared/errors.ts'
import { text, type Text } from '../../../shared/text.ts'
import { findHeader, type Header } from '../reading/columns.ts'
import { decode } from '../reading/decode.ts'
import { isBlank, readRows } from '../reading/rows.ts'
import { readLine, type Note, type Visit } from '../reading/visit.ts'

export const MAX_BYTES = 20 * 1024 * 1024
export const MAX_LINES = 100_000

/** A line that is not stored: its first fault's column, all its faults, its cells to be corrected. */
export type Refusal = Note & { cells: string[] }

/** A register read, before anything is compared with what the establishment has. */
export type Register = {
  /** SHA-256 of the file. */
  hash: string
  name: string
  header: Header
  /** Lines that say something, whatever becomes of them. */
  lines: number
  visits: Visit[]
  refused: Refusal[]
  warnings: Note[]
}

export type Progress = (done: number, of: number) => void

/**
 * Reads a register; other requests are served meanwhile.
 * @param today YYYY-MM-DD
 * @throws payload_too_large, import_spreadsheet, import_not_text, import_file_empty, import_columns_missing,
 *   import_quote_open, import_too_many_lines
 */
export async function readRegister(bytes: Uint8Array, name: string, today: string): Promise<Register> {
  if (bytes.length > MAX_BYTES) throw problem('payload_too_large')
  if (bytes.length === 0) throw problem('import_file_empty')
  const { text: source, guessed } = decode(bytes)
  const header = await findHeader(source)
  const register: Register = {
    hash: createHash('sha256').update(bytes).digest('hex'),
    name: tidyFileName(name),
    header,
    lines: 0,
    visits: [],
    refused: [],
    warnings: fileWarnings(header, guessed),
  }
  for await (const row of readRows(source, header.delimiter)) {
    if (row.line <= header.line || isBlank(row.cells)) continue
    if (++register.lines > MAX_LINES) throw problem('import_too_many_lines')
    const { visit, faults, ...read } = readLine(row, header, today)
    if (visit) register.visits.push(visit)
    else register.refused.push(toRefusal(row.cells, faults))
    if ('warnings' in read) register.warnings.push(...read.warnings)
    if (register.lines % 200 === 0) await setImmediate()
  }
  if (register.lines === 0) throw problem('import_file_empty')
  return register
}

/** One refusal a line: its first fault's column, and the sentences of all. */
export function toRefusal(cells: string[], faults: readonly Note[]): Refusal {
  const [first] = faults
  if (!first) throw new Error('a line is refused for a reason')
  const join = (language: keyof Text): string => faults.map(({ message }) => message[language]).join(' ')
  return { line: first.line, column: first.column, message: text(join('fr'), join('en')), cells }
}

const tidyFileName = (name: string): string =>
  // Names come from any system: the last part, without control characters.
  (name.split(/[/\\]/).at(-1) ?? '')
    .replace(/[\0-\x1f\x7f]/g, '')
    .toWellFormed()
    .slice(0, 200) || 'registre.csv'

function fileWarnings({ line, unknown, twice }: Header, guessed: boolean): Note[] {
  return [
    ...(guessed ? [{ line, column: null, message: guessedEncoding }] : []),
    ...unknown.map((column) => ({ line, column, message: unknownColumn })),
    ...twice.map((column) => ({ line, column, message: columnTwice })),
  ]
}

const guessedEncoding = text(
  'Fichier lu comme « CSV » de Windows (Windows-1252) : vérifiez les accents, ou enregistrez en « CSV UTF-8 ».',
  'File read as "CSV" of Windows (Windows-1252): check the accents, or save as "CSV UTF-8".',
)
const unknownColumn = text("Colonne inconnue : elle n'est pas lue.", 'Unknown column: it is not read.')
const columnTwice = text('Colonne en double : la première est lue.', 'The column stands twice: the first one is read.')
