import { containing, isOneOfTexts, jsonObjectOf, likeness, startingWith, type TenantDb } from '#tenancy'
import { decodeCursor, encodeCursor, invalidCursor } from '../../shared/cursor.ts'
import { foldText } from '../patients/index.ts'
import { tidyCode } from './rules.ts'
import type { Icd10Entry, Icd10Query } from './schemas.ts'

/** A code and its French label, as the nomenclature has them. */
export type KnownCode = { code: string; label: string }

/**
 * The codes among `codes` that the nomenclature has, by code. @param codes in their own form (tidyCode)
 */
export async function findIcd10Codes(db: TenantDb, codes: readonly string[]): Promise<Map<string, KnownCode>> {
  if (codes.length === 0) return new Map()
  const rows = await db
    .selectFrom('icd10')
    .select(['code', 'label'])
    .where('code', 'in', [...new Set(codes)])
    .execute()
  return new Map(rows.map((row) => [row.code, row]))
}

/** The labels of these codes by code, within a statement that reads more; null: none is known. */
export const icd10Labels = (db: TenantDb, codes: string[]) =>
  db
    .selectFrom('icd10')
    .select((eb) => jsonObjectOf(eb.ref('code'), eb.ref('label')).as('labels'))
    .where((eb) => isOneOfTexts(eb.ref('code'), codes))

/**
 * Codes that begin with `q`, or whose label has all its words, the likest first; with no `q`, all by code.
 * The cursor counts: the nomenclature only changes with a new version of SIS, so no page can slip.
 */
export async function searchIcd10(
  db: TenantDb,
  { q, limit = 20, cursor }: Icd10Query,
): Promise<{ items: Icd10Entry[]; nextCursor: string | null }> {
  const offset = cursor === undefined ? 0 : offsetOf(cursor)
  let query = db.selectFrom('icd10').select(['code', 'label', 'chapter'])
  const folded = foldText(q ?? '')
  if (q !== undefined && folded === '') return { items: [], nextCursor: null }
  if (q !== undefined) {
    const code = tidyCode(q)
    query = query
      .where((eb) =>
        eb.or([
          eb('code', 'like', startingWith(code)),
          eb.and(folded.split(' ').map((word) => eb('search_key', 'like', containing(word)))),
        ]),
      )
      .orderBy((eb) => eb('code', 'like', startingWith(code)), 'desc')
      .orderBy((eb) => eb.case().when('code', 'like', startingWith(code)).then(eb.ref('code')).end())
      .orderBy((eb) => eb('search_key', 'like', startingWith(folded)), 'desc')
      // Words that stand whole before words found inside others; then the shorter label, which says less besides.
      .orderBy((eb) => likeness(folded, eb.ref('search_key')), 'desc')
      .orderBy((eb) => eb.fn('length', ['search_key']))
  }
  const rows = await query
    .orderBy('code')
    .limit(limit + 1)
    .offset(offset)
    .execute()
  return {
    items: rows.slice(0, limit),
    nextCursor: rows.length > limit ? encodeCursor([offset + limit]) : null,
  }
}

function offsetOf(cursor: string): number {
  const [offset] = decodeCursor(cursor, ['number'])
  if (!Number.isInteger(offset) || Number(offset) < 0 || Number(offset) > 100_000) throw invalidCursor()
  return Number(offset)
}
