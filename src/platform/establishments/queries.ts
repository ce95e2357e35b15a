import { v7 } from 'uuid'
import { isBefore, newSchemaName, type PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { readKeys, toPage } from '../../shared/keyset.ts'
import { storedStatus } from './rules.ts'
import type { Establishment, EstablishmentChange, EstablishmentQuery, NewEstablishment } from './schemas.ts'

const columns = [
  'id',
  'slug',
  'name',
  'type',
  'region',
  'cercle',
  'health_district',
  'status',
  'status_reason',
  'demo',
  'version',
  'created_at',
  'updated_at',
] as const

type Row = {
  id: string
  slug: string
  name: string
  type: string
  region: string
  cercle: string | null
  health_district: string | null
  status: string
  status_reason: string | null
  demo: boolean
  version: number
  created_at: string
  updated_at: string
}

/**
 * The directory, newest first.
 * @param ownId limits it to the reader's own establishment; undefined for those who see all
 * @throws invalid_cursor
 */
export async function listEstablishments(db: PlatformDb, query: EstablishmentQuery, ownId: string | undefined) {
  const { limit = 20, cursor, type, region, status } = query
  let select = db.selectFrom('establishment').select(columns)
  if (ownId !== undefined) select = select.where('id', '=', ownId)
  if (type !== undefined) select = select.where('type', '=', type)
  if (region !== undefined) select = select.where('region', '=', region)
  if (status !== undefined) select = select.where('status', '=', status)
  if (cursor !== undefined)
    select = select.where(({ ref }) =>
      isBefore([ref('created_at'), ref('id')], readKeys(cursor), ['timestamp', 'uuid']),
    )
  const rows = await select
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, ({ created_at, id }) => [created_at, id], toEstablishment)
}

/** @throws establishment_not_found: the same for one that is not the reader's own as for one that is nowhere */
export async function getEstablishment(db: PlatformDb, slug: string, ownId?: string): Promise<Establishment> {
  let select = db.selectFrom('establishment').select(columns).where('slug', '=', slug)
  if (ownId !== undefined) select = select.where('id', '=', ownId)
  const row = await select.executeTakeFirst()
  if (!row) throw problem('establishment_not_found')
  return toEstablishment(row)
}

/** The row, locked: what depends on who is in an establishment is decided under this lock. @throws establishment_not_found */
export async function lockEstablishment(db: PlatformDb, slug: string): Promise<Establishment> {
  const row = await db
    .selectFrom('establishment')
    .select(columns)
    .where('slug', '=', slug)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!row) throw problem('establishment_not_found')
  return toEstablishment(row)
}

/**
 * Records the wish, of an establishment that is prepared where there is one; the supervisor opens it, or makes it.
 * @throws slug_taken: a slug is never used twice
 */
export async function insertEstablishment(
  db: PlatformDb,
  wish: NewEstablishment,
  installation: string,
): Promise<Establishment> {
  const { slug, name, type, region, cercle = null, healthDistrict = null } = wish
  const row = await db
    // Two wishes at once never take the same one; a wish that is rolled back leaves it.
    .with('claimed', (claim) =>
      claim
        .updateTable('prepared')
        .set({ claimed: true })
        .where('schema_name', '=', (one) =>
          one
            .selectFrom('prepared')
            .select('schema_name')
            .where('claimed', '=', false)
            .orderBy('version', 'desc')
            .orderBy('schema_name')
            .limit(1)
            .forUpdate()
            .skipLocked(),
        )
        .returning('schema_name'),
    )
    .insertInto('establishment')
    .values(({ fn, selectFrom, val }) => ({
      id: v7(),
      slug,
      name,
      type,
      region,
      cercle,
      health_district: healthDistrict,
      schema_name: fn.coalesce(selectFrom('claimed').select('schema_name'), val(newSchemaName(installation))),
    }))
    .onConflict((conflict) => conflict.column('slug').doNothing())
    .returning(columns)
    .executeTakeFirst()
  if (!row) throw problem('slug_taken')
  return toEstablishment(row)
}

/** Changes a locked establishment and moves its version. */
export async function updateEstablishment(
  db: PlatformDb,
  before: Establishment,
  change: EstablishmentChange,
): Promise<Establishment> {
  const { name, region, cercle, healthDistrict, status, reason } = change
  const row = await db
    .updateTable('establishment')
    .set({
      ...(name !== undefined && { name }),
      ...(region !== undefined && { region }),
      ...(cercle !== undefined && { cercle }),
      ...(healthDistrict !== undefined && { health_district: healthDistrict }),
      ...(status !== undefined && { status: storedStatus(before.status, status), status_reason: reason ?? null }),
      version: before.version + 1,
      updated_at: now().toISOString(),
    })
    .where('id', '=', before.id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  return toEstablishment(row)
}

const toEstablishment = (row: Row): Establishment => ({
  id: row.id,
  slug: row.slug,
  name: row.name,
  type: row.type as Establishment['type'],
  region: row.region,
  cercle: row.cercle,
  healthDistrict: row.health_district,
  status: row.status as Establishment['status'],
  statusReason: row.status_reason,
  demo: row.demo,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
