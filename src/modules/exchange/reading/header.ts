import { Problem, problem } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import { foldText } from '../../patients/index.ts'
import type { AnyRegister } from '../declaration.ts'
import type { Columns } from './line.ts'
import { delimiters, firstLines, readRows, type Delimiter, type Row } from './rows.ts'

export type Header = Columns & {
  register: AnyRegister
  delimiter: Delimiter
  /** The line of the file that holds the headings. */
  line: number
  /** Headings that are not understood, or that stand twice. */
  unknown: string[]
  twice: string[]
}

/** The first rows of a file, as one delimiter cuts them. */
export type Head = { delimiter: Delimiter; rows: readonly Row[] }

const LOOKED_AT = 20

/** The first rows of a text under each of the usual delimiters. @throws import_file_empty */
export async function headsOf(source: string): Promise<Head[]> {
  if (source.trim() === '') throw problem('import_file_empty')
  const start = firstLines(source, LOOKED_AT)
  const heads: Head[] = []
  for (const delimiter of delimiters) heads.push({ delimiter, rows: await rowsUnder(start, delimiter) })
  return heads
}

async function rowsUnder(lines: readonly string[], delimiter: Delimiter): Promise<Row[]> {
  // The first lines may end inside a quoted cell: then fewer of them are whole rows.
  for (let count = lines.length; count > 0; count--) {
    try {
      const rows: Row[] = []
      for await (const row of readRows(lines.slice(0, count).join('\n'), delimiter)) rows.push(row)
      return rows
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
  }
  return []
}

/**
 * The header of a file and which register it is. Of the first rows, the one in which most columns are recognised: a title
 * above it is passed over.
 * @param registers those that it may be
 * @param named one of them is said to be it
 * @throws import_columns_missing with each missing column, import_register_unclear where it may be one or the other
 */
export function findHeader(heads: readonly Head[], registers: readonly AnyRegister[], named = false): Header {
  const found = registers.map((register) => {
    const plain = bestOf(heads, register, false)
    // Said to be a ward's book, a register of visits would have everybody admitted: something must speak for it.
    const tells =
      register.kind === 'list' || register.telling.some((column) => plain.header?.places[column] !== undefined)
    return named && tells ? bestOf(heads, register, true) : plain
  })
  const whole = found.filter(({ missing }) => missing.length === 0)
  const isOnlyOf = (register: AnyRegister, heading: string | undefined): boolean =>
    heading !== undefined && registers.every((one) => one === register || one.columnOf(heading, named) === undefined)
  const told = found.filter(({ register, header }) =>
    register.telling.some((column) => isOnlyOf(register, header?.headings[header.places[column] ?? -1])),
  )
  const sure = whole.filter((one) => told.includes(one))
  const chosen = sure.length > 0 ? sure : told.length > 0 && whole.length > 0 ? [...whole, ...told] : whole
  if (chosen.length === 1) return chosen[0]!.header!
  if (chosen.length > 1) throw unclear(chosen.map(({ register }) => register))
  const [likest] = found.toSorted((a, b) => known(b.header) - known(a.header))
  throw problem('import_columns_missing', {
    errors: likest!.missing.map((either) => missingError(either, likest!.register)),
  })
}

function bestOf(heads: readonly Head[], register: AnyRegister, named: boolean) {
  let best: Header | undefined
  for (const { delimiter, rows } of heads)
    for (const { line, cells } of rows) {
      const header = toHeader(cells, line, delimiter, register, named)
      if (known(header) > known(best)) best = header
    }
  const missing = register.needed.filter((either) => !either.some((column) => best?.places[column] !== undefined))
  return { register, header: best, missing }
}

const known = (header: Header | undefined): number => (header ? Object.keys(header.places).length : 0)

function toHeader(cells: string[], line: number, delimiter: Delimiter, register: AnyRegister, named: boolean): Header {
  const written = cells.map((cell) => cell.replace(/\s+/gu, ' ').trim())
  while (written.at(-1) === '') written.pop()
  const header: Header = {
    register,
    delimiter,
    line,
    headings: written,
    places: {},
    unknown: [],
    twice: [],
    ageInYears: false,
  }
  written.forEach((heading, place) => {
    const column = register.columnOf(heading, named)
    if (column === 'ignored' || heading === '') return
    if (column === undefined) header.unknown.push(heading)
    else if (header.places[column] !== undefined) header.twice.push(heading)
    else header.places[column] = place
    if (column === 'age' && /\b(ans|annees)\b/.test(foldText(heading))) header.ageInYears = true
  })
  return header
}

function missingError(either: readonly string[], { headings }: AnyRegister) {
  const names = either.map((column) => headings[column]![0]!)
  return {
    path: names[0] ?? '',
    message: text(
      `Il manque la colonne « ${names.join(' » ou « ')} » : elle porte ce nom dans la ligne des titres.`,
      `The column "${names.join('" or "')}" is missing: it has this name in the line of headings.`,
    ),
  }
}

const unclear = (registers: readonly AnyRegister[]): Problem =>
  problem('import_register_unclear', {
    errors: [...new Set(registers)].map(({ name, title }) => ({
      path: 'register',
      message: text(`« ${name} » : ${title.fr}.`, `"${name}": ${title.en}.`),
    })),
  })
