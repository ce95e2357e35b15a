import pg from 'pg'
import { toIsoInstant, types } from './types.ts'

/** A column of an answer, as RowDescription tells it. */
export type Column = { name: string; type: number }

/** A Buffer's own readers, without the look at the encoding's name that toString takes each time; Node does not declare them. */
export type Bytes = Buffer & {
  latin1Slice(from: number, to: number): string
  utf8Slice(from: number, to: number): string
}

/** Makes a row out of the bytes of a DataRow; `at`: where its first column's length stands, `end`: behind its last one. */
export type RowMaker = (bytes: Bytes, at: number, end: number) => object

const {
  BOOL,
  INT2,
  INT4,
  INT8,
  DATE,
  NUMERIC,
  FLOAT4,
  FLOAT8,
  JSON: json,
  JSONB,
  TIMESTAMPTZ,
  UUID,
} = pg.types.builtins

const integer = (bytes: Bytes, at: number, length: number): number => {
  // Of a row that is not this statement's the length may be anything: counting to it took a minute.
  if (length > 20) throw new RangeError('no whole number is that long')
  const negative = bytes[at] === 0x2d
  let value = 0
  for (let i = negative ? at + 1 : at; i < at + length; i++) value = value * 10 + bytes[i]! - 48
  return negative ? -value : value
}
// A call for each column cost half of what a page's rows take: the row is one string, a byte a character, and a column that
// has only ASCII in it is a piece of that (21 rows of 41 columns: 43 µs instead of 88).
const ascii: Reader = (_bytes, at, length, row, from) => row.substring(at - from, at - from + length)
const text: Reader = (bytes, at, length, row, from) => {
  for (let i = at; i < at + length; i++) if (bytes[i]! > 0x7f) return bytes.utf8Slice(at, at + length)
  return row.substring(at - from, at - from + length)
}

/** '2026-07-01 09:30:00.123+00', of a session in UTC and a year of four digits; any other goes the long way. */
const instant: Reader = (_bytes, at, length, row, from) => {
  const start = at - from
  const seconds = `${row.substring(start, start + 10)}T${row.substring(start + 11, start + 19)}`
  if (length === 26) return `${seconds}${row.substring(start + 19, start + 23)}Z`
  return length === 22 ? `${seconds}.000Z` : toIsoInstant(row.substring(start, start + length))
}

/** @param row the whole of it as Latin-1; `from`: where in the bytes it begins */
type Reader = (bytes: Bytes, at: number, length: number, row: string, from: number) => unknown

const readers = new Map<number, Reader>([
  [BOOL, (bytes, at) => bytes[at] === 0x74],
  [INT2, integer],
  [INT4, integer],
  [INT8, integer],
  [DATE, ascii],
  [UUID, ascii],
  [TIMESTAMPTZ, instant],
  [NUMERIC, (...cell) => Number(ascii(...cell))],
  [FLOAT4, (...cell) => Number(ascii(...cell))],
  [FLOAT8, (...cell) => Number(ascii(...cell))],
  [json, (...cell) => JSON.parse(text(...cell) as string) as unknown],
  [JSONB, (...cell) => JSON.parse(text(...cell) as string) as unknown],
  [25, text],
  [1043, text],
])

function readerOf(type: number): Reader {
  const known = readers.get(type)
  if (known) return known
  // Arrays and whatever else is rare: as the driver reads them in the other transactions.
  const parse = types.getTypeParser(type, 'text') as (value: string) => unknown
  return (...cell) => parse(text(...cell) as string)
}

/** The columns of a RowDescription; `from`: where their number stands. */
export function columnsIn(bytes: Bytes, from: number): Column[] {
  let at = from + 2
  return Array.from({ length: bytes.readInt16BE(from) }, () => {
    const end = bytes.indexOf(0, at)
    const column = { name: bytes.utf8Slice(at, end), type: bytes.readUInt32BE(end + 7) }
    at = end + 19
    return column
  })
}

const made = new Map<string, RowMaker>()

/**
 * A function that makes a row of these columns in one object literal: assigning 55 columns by name took the driver 7 % of a
 * list's time. Made once per shape.
 */
export function rowMaker(columns: readonly Column[]): RowMaker {
  const shape = JSON.stringify(columns.map(({ name, type }) => [name, type]))
  let maker = made.get(shape)
  if (!maker) {
    if (made.size >= 1_000) made.clear()
    made.set(shape, (maker = compile(columns)))
  }
  return maker
}

function compile(columns: readonly Column[]): RowMaker {
  const read = columns
    .map(
      (_, i) => `  n = (b[o] << 24) | (b[o + 1] << 16) | (b[o + 2] << 8) | b[o + 3]; o += 4
  if (n > e - o) throw new RangeError('a column that is longer than its row')
  let v${i} = null; if (n >= 0) { v${i} = r${i}(b, o, n, s, z); o += n }`,
    )
    .join('\n')
  const fields = columns.map(({ name }, i) => `${JSON.stringify(name)}: v${i}`).join(', ')
  const body = `return (b, o, e) => {\n  let n = 0\n  const z = o\n  const s = b.latin1Slice(o, e)\n${read}\n  return { ${fields} }\n}`
  // Nothing but the names of columns, as JSON strings, comes from outside this function.
  // oxlint-disable-next-line no-new-func, no-implied-eval
  const make = new Function(...columns.map((_, i) => `r${i}`), body) as (...given: Reader[]) => RowMaker
  return make(...columns.map(({ type }) => readerOf(type)))
}
