import pg from 'pg'
import { toIsoInstant, types } from './types.ts'

/** A column of an answer, as RowDescription tells it. */
export type Column = { name: string; type: number }

/** A Buffer's own readers, without the look at the encoding's name that toString takes each time; Node does not declare them. */
export type Bytes = Buffer & {
  latin1Slice(from: number, to: number): string
  utf8Slice(from: number, to: number): string
}

/** Makes a row out of the bytes of a DataRow; `at`: where its first column's length stands. */
export type RowMaker = (bytes: Bytes, at: number) => object

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
  const negative = bytes[at] === 0x2d
  let value = 0
  for (let i = negative ? at + 1 : at; i < at + length; i++) value = value * 10 + bytes[i]! - 48
  return negative ? -value : value
}
const ascii = (bytes: Bytes, at: number, length: number): string => bytes.latin1Slice(at, at + length)
const text = (bytes: Bytes, at: number, length: number): string => bytes.utf8Slice(at, at + length)

/** '2026-07-01 09:30:00.12+00', of a session in UTC and a year of four digits; any other goes the long way. */
const instant = (bytes: Bytes, at: number, length: number): string => {
  const written = bytes.latin1Slice(at, at + length)
  return length === 26 ? `${written.slice(0, 10)}T${written.slice(11, 23)}Z` : toIsoInstant(written)
}

type Reader = (bytes: Bytes, at: number, length: number) => unknown

const readers = new Map<number, Reader>([
  [BOOL, (bytes, at) => bytes[at] === 0x74],
  [INT2, integer],
  [INT4, integer],
  [INT8, integer],
  [DATE, ascii],
  [UUID, ascii],
  [TIMESTAMPTZ, instant],
  [NUMERIC, (bytes, at, length) => Number(ascii(bytes, at, length))],
  [FLOAT4, (bytes, at, length) => Number(ascii(bytes, at, length))],
  [FLOAT8, (bytes, at, length) => Number(ascii(bytes, at, length))],
  [json, (bytes, at, length) => JSON.parse(text(bytes, at, length)) as unknown],
  [JSONB, (bytes, at, length) => JSON.parse(text(bytes, at, length)) as unknown],
  [25, text],
  [1043, text],
])

function readerOf(type: number): Reader {
  const known = readers.get(type)
  if (known) return known
  // Arrays and whatever else is rare: as the driver reads them in the other transactions.
  const parse = types.getTypeParser(type, 'text') as (value: string) => unknown
  return (bytes, at, length) => parse(text(bytes, at, length))
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
  let v${i} = null; if (n >= 0) { v${i} = r${i}(b, o, n); o += n }`,
    )
    .join('\n')
  const fields = columns.map(({ name }, i) => `${JSON.stringify(name)}: v${i}`).join(', ')
  const body = `return (b, o) => {\n  let n = 0\n${read}\n  return { ${fields} }\n}`
  // Nothing but the names of columns, as JSON strings, comes from outside this function.
  // oxlint-disable-next-line no-new-func, no-implied-eval
  const make = new Function(...columns.map((_, i) => `r${i}`), body) as (...given: Reader[]) => RowMaker
  return make(...columns.map(({ type }) => readerOf(type)))
}
