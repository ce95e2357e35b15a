import { decodeCursor, encodeCursor, invalidCursor } from './cursor.ts'

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/
const day = /^\d{4}-\d{2}-\d{2}$/
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The keys of the last row shown of a list ordered by (instant, id). @throws invalid_cursor */
export const readKeys = (cursor: string): [at: string, id: string] => readPair(cursor, instant)

/** The same of a list ordered by (day, id). @throws invalid_cursor */
export const readDayKeys = (cursor: string): [day: string, id: string] => readPair(cursor, day)

// PostgreSQL would also take 'infinity' and 'tomorrow', and a day for an instant.
function readPair(cursor: string, form: RegExp): [string, string] {
  const [first, id] = decodeCursor(cursor, ['string', 'string']) as [string, string]
  if (!form.test(first) || Number.isNaN(Date.parse(first)) || !uuid.test(id)) throw invalidCursor()
  return [first, id]
}

/** The same of a list ordered by (rank, id), the rank a whole number. @throws invalid_cursor */
export function readRankKeys(cursor: string): [rank: number, id: string] {
  const [rank, id] = decodeCursor(cursor, ['number', 'string']) as [number, string]
  if (!Number.isInteger(rank) || Math.abs(rank) > 1_000_000 || !uuid.test(id)) throw invalidCursor()
  return [rank, id]
}

/**
 * One page of rows that were read with one more than `limit`.
 * @param keys the order's keys of a row
 */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  keys: (row: R) => (string | number)[],
  toItem: (row: R) => T,
): { items: T[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keys(last)) : null,
  }
}
