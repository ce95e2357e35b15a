import { containing, type ExpressionBuilder, type TenantDb, type TenantTables } from '#tenancy'
import { decodeCursor } from '../../shared/cursor.ts'
import { problem } from '../../shared/errors.ts'
import { toPage } from '../../shared/keyset.ts'
import { listVersions, type Version } from '../history/index.ts'
import { foldText } from '../patients/index.ts'
import { isOccupied } from './occupied.ts'
import { selectBeds, toBed, type BedRow } from './record.ts'
import type { Bed, BedPage, BedQuery, BedVersion } from './schemas.ts'

/** By code. @throws invalid_cursor */
export async function listBeds(
  db: TenantDb,
  { q, serviceId, state, active, limit = 20, cursor }: BedQuery,
): Promise<BedPage> {
  let query = selectBeds(db)
  if (q !== undefined) query = query.where('bed.code_key', 'like', containing(foldText(q)))
  if (serviceId !== undefined) query = query.where('bed.service_id', '=', serviceId)
  if (active !== undefined) query = query.where('bed_opening.closed_on', active ? 'is' : 'is not', null)
  if (state !== undefined)
    query = query.where((of) => {
      const eb = of as unknown as ExpressionBuilder<TenantTables, 'bed'>
      if (state === 'occupied') return isOccupied(eb)
      return eb.and([eb('bed.state', '=', state), eb.not(isOccupied(eb))])
    })
  if (cursor !== undefined) query = query.where('bed.code_key', '>', String(decodeCursor(cursor, ['string'])[0]))
  const rows = await query
    .orderBy('bed.code_key')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, ({ code_key }) => [code_key], toBed)
}

export async function findBed(db: TenantDb, id: string): Promise<BedRow | undefined> {
  return selectBeds(db).where('bed.id', '=', id).executeTakeFirst()
}

/** @throws bed_not_found */
export async function getBed(db: TenantDb, id: string): Promise<Bed> {
  const row = await findBed(db, id)
  if (!row) throw problem('bed_not_found')
  return toBed(row)
}

/**
 * Locked until the end of the transaction, in one order, so that of two who want the same beds one waits for the other and
 * never both: whoever puts a patient into a bed, or changes one, comes by here first.
 */
export async function lockBeds(db: TenantDb, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await db
    .selectFrom('bed')
    .select('id')
    .where('id', 'in', [...new Set(ids)])
    .orderBy('id')
    .forUpdate()
    .execute()
}

/** The beds with these keys, locked until the end of the transaction. */
export async function lockBedsByKey(db: TenantDb, keys: readonly string[]): Promise<Map<string, BedRow>> {
  if (keys.length === 0) return new Map()
  const found = await db
    .selectFrom('bed')
    .select('id')
    .where('code_key', 'in', [...keys])
    .execute()
  const ids = found.map(({ id }) => id)
  if (ids.length === 0) return new Map()
  await lockBeds(db, ids)
  const rows = await selectBeds(db).where('bed.id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.code_key, row]))
}

/** Every version of a bed, newest first. @throws bed_not_found */
export async function listBedVersions(db: TenantDb, id: string): Promise<Version<BedVersion>[]> {
  const versions = await listVersions<BedVersion>(db, 'bed', id)
  if (versions.length === 0) throw problem('bed_not_found')
  return versions
}
