import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { invalidInput, Problem, problem } from '../../../shared/errors.ts'
import { text, type Text } from '../../../shared/text.ts'
import { identityWarnings } from '../../patients/index.ts'
import type { AnyRegister, Entry, ListLine, ListOf, ReadLine, RegisterOf } from '../declaration.ts'
import { decode } from '../reading/decode.ts'
import { findHeader, headsOf, type Head, type Header } from '../reading/header.ts'
import { LineReader, misfitOf, type Note } from '../reading/line.ts'
import { isBlank, readRows, type Row } from '../reading/rows.ts'

export const MAX_BYTES = 20 * 1024 * 1024
export const MAX_LINES = 100_000
/** Of a list, whose entries are written one by one under the rules of the API: more than any hospital has of beds. */
export const MAX_LISTED_LINES = 5_000

/** A line that is not stored: its first fault's column, all its faults, its cells to be corrected. */
export type Refusal = Note & { cells: string[] }

/** A file read, before anything is compared with what the establishment has. */
type Read<R, L> = {
  /** SHA-256 of the file. */
  hash: string
  name: string
  register: R
  header: Header
  /** Lines that say something, whatever becomes of them. */
  lines: number
  entries: L[]
  refused: Refusal[]
  warnings: Note[]
}
export type Register = Read<RegisterOf, Entry>
export type List = Read<ListOf, ListLine>

export const isList = (file: Register | List): file is List => file.register.kind === 'list'

export type Progress = (done: number, of: number) => void

/** What a file is said to be, else its headings tell; and which registers who sends it may import. */
export type Asked = { named?: string; may?: (register: AnyRegister) => boolean }

/**
 * Reads a register; other requests are served meanwhile.
 * @param today YYYY-MM-DD
 * @param registers what it may be
 * @throws payload_too_large, import_spreadsheet, import_not_text, import_file_empty, import_columns_missing,
 *   import_register_unclear, right_missing, import_quote_open, import_too_many_lines; invalid_input for a list that is said
 *   to be another one
 */
export async function readRegister(
  bytes: Uint8Array,
  name: string,
  today: string,
  registers: readonly AnyRegister[],
  asked: Asked = {},
): Promise<Register | List> {
  if (bytes.length > MAX_BYTES) throw problem('payload_too_large')
  if (bytes.length === 0) throw problem('import_file_empty')
  const { text: source, guessed } = decode(bytes)
  const header = headerOf(await headsOf(source), registers, asked)
  const isListed = header.register.kind === 'list'
  const most = isListed ? MAX_LISTED_LINES : MAX_LINES
  const file: Read<AnyRegister, ReadLine> = {
    hash: createHash('sha256').update(bytes).digest('hex'),
    name: tidyFileName(name),
    register: header.register,
    header,
    lines: 0,
    entries: [],
    refused: [],
    warnings: fileWarnings(header, guessed),
  }
  for await (const row of readRows(source, header.delimiter)) {
    if (row.line <= header.line || isBlank(row.cells)) continue
    if (++file.lines > most) throw isListed ? tooManyListed() : problem('import_too_many_lines')
    readLine(file, row, today)
    if (file.lines % 200 === 0) await setImmediate()
  }
  if (file.lines === 0) throw problem('import_file_empty')
  // Its entries are what its own register read.
  return file as Register | List
}

/** What it is among those that they may import; where it is none of these but one of the others, that is said. */
function headerOf(heads: readonly Head[], registers: readonly AnyRegister[], { named, may = () => true }: Asked) {
  const asked = registers.filter((register) => named === undefined || register.name === named)
  const own = asked.filter(may)
  const find = (among: readonly AnyRegister[]): Header => findHeader(heads, among, named !== undefined)
  if (own.length === 0) throw problem('right_missing')
  try {
    const found = find(own)
    if (named !== undefined && found.register.kind === 'list') refuseOtherList(found, heads, registers)
    return found
  } catch (error) {
    const others = asked.filter((register) => !own.includes(register))
    if (!(error instanceof Problem) || others.length === 0) throw error
    try {
      find(others)
    } catch {
      throw error
    }
    throw problem('right_missing')
  }
}

/** Read as a list of services, one of beds would close services: « Service » and « Ouvert » stand in both. */
function refuseOtherList({ register }: Header, heads: readonly Head[], registers: readonly AnyRegister[]): void {
  let other: AnyRegister
  try {
    other = findHeader(
      heads,
      registers.filter(({ kind }) => kind === 'list'),
    ).register
  } catch {
    // The headings alone do not tell: it is what it is said to be.
    return
  }
  if (other !== register) throw invalidInput({ path: 'register', message: otherList(other) })
}

function readLine({ header, entries, refused, warnings }: Read<AnyRegister, ReadLine>, row: Row, today: string): void {
  const misfit = misfitOf(row, header)
  const reader = new LineReader(row, header)
  if (misfit) reader.faults.push({ line: row.line, column: null, message: misfit })
  const entry = misfit ? undefined : header.register.read(reader, today)
  if (!entry || reader.faults.length > 0) {
    refused.push(toRefusal(row.cells, reader.faults))
    return
  }
  if ('person' in entry && entry.person)
    for (const { path, message } of identityWarnings(entry.person)) reader.warn(path, message)
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
const otherList = ({ name, title }: AnyRegister): Text =>
  text(
    `Les titres de ce fichier sont ceux d’un ${title.fr} : envoyez-le comme « ${name} », ou corrigez les titres.`,
    `The headings of this file are those of a ${title.en}: send it as "${name}", or correct the headings.`,
  )
const tooManyListed = (): Problem =>
  problem('import_too_many_lines', {
    detail: text('Une liste compte au plus 5 000 lignes : découpez-la.', 'A list has at most 5,000 lines: split it.'),
  })
const unknownColumn = text("Colonne inconnue : elle n'est pas lue.", 'Unknown column: it is not read.')
const columnTwice = text('Colonne en double : la première est lue.', 'The column stands twice: the first one is read.')
