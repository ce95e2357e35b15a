import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { problem } from '../../../shared/errors.ts'
import { text, type Text } from '../../../shared/text.ts'
import { identityWarnings } from '../../patients/index.ts'
import type { Entry, RegisterOf } from '../declaration.ts'
import { decode } from '../reading/decode.ts'
import { findHeader, headsOf, type Header } from '../reading/header.ts'
import { LineReader, misfitOf, type Note } from '../reading/line.ts'
import { isBlank, readRows, type Row } from '../reading/rows.ts'

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
  entries: Entry[]
  refused: Refusal[]
  warnings: Note[]
}

export type Progress = (done: number, of: number) => void

/**
 * Reads a register; other requests are served meanwhile.
 * @param today YYYY-MM-DD
 * @param registers what it may be
 * @param named which of them it is said to be; else its headings tell
 * @throws payload_too_large, import_spreadsheet, import_not_text, import_file_empty, import_columns_missing,
 *   import_register_unclear, import_quote_open, import_too_many_lines
 */
export async function readRegister(
  bytes: Uint8Array,
  name: string,
  today: string,
  registers: readonly RegisterOf[],
  named?: string,
): Promise<Register> {
  if (bytes.length > MAX_BYTES) throw problem('payload_too_large')
  if (bytes.length === 0) throw problem('import_file_empty')
  const { text: source, guessed } = decode(bytes)
  const asked = registers.filter((register) => named === undefined || register.name === named)
  const header = findHeader(await headsOf(source), asked, named !== undefined)
  const register: Register = {
    hash: createHash('sha256').update(bytes).digest('hex'),
    name: tidyFileName(name),
    header,
    lines: 0,
    entries: [],
    refused: [],
    warnings: fileWarnings(header, guessed),
  }
  for await (const row of readRows(source, header.delimiter)) {
    if (row.line <= header.line || isBlank(row.cells)) continue
    if (++register.lines > MAX_LINES) throw problem('import_too_many_lines')
    readLine(register, row, today)
    if (register.lines % 200 === 0) await setImmediate()
  }
  if (register.lines === 0) throw problem('import_file_empty')
  return register
}

function readLine({ header, entries, refused, warnings }: Register, row: Row, today: string): void {
  const misfit = misfitOf(row, header)
  const reader = new LineReader(row, header)
  if (misfit) reader.faults.push({ line: row.line, column: null, message: misfit })
  const entry = misfit ? undefined : header.register.read(reader, today)
  if (!entry || reader.faults.length > 0) {
    refused.push(toRefusal(row.cells, reader.faults))
    return
  }
  if (entry.person) for (const { path, message } of identityWarnings(entry.person)) reader.warn(path, message)
  for (const warning of reader.warnings) warnings.push(warning)
  entries.push(entry)
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
