import { decodeCursor, encodeCursor } from './cursor.ts'
import { problem } from './errors.ts'

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** The keys of the last row shown of a list ordered by (instant, id). @throws invalid_cursor */
export function readKeys(cursor: string): [at: string, id: string] {
  const [at, id] = decodeCursor(cursor, ['string', 'string']) as [string, string]
  if (!instant.test(at) || Number.isNaN(Date.parse(at)) || !uuid.test(id)) throw problem('invalid_cursor')
  return [at, id]
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
