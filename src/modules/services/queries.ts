import { v7 as uuidv7 } from 'uuid'
import { constraintOf, containing, sqlState, type TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { decodeCursor } from '../../shared/cursor.ts'
import { toPage } from '../../shared/keyset.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { addVersion, listVersions, type NewVersion, type Version } from '../history/index.ts'
import { foldedKey, foldText, tidyName } from '../patients/index.ts'
import { refuseInUse } from './closing.ts'
import type { ListEntry, ListQuery, Service, ServiceCreate, ServiceUpdate } from './schemas.ts'

/** The establishment's two lists. A service says more of itself and keeps its history; the rest is the same. */
export type ListName = 'service' | 'specialty'
export type Entry = ListEntry & Partial<Service>

// The builder cannot type a union of tables; what a specialty lacks is never named for it (columnsOf).
const tableOf = (list: ListName) => list as 'service'
const common = ['id', 'version', 'name', 'active'] as const
const ward = ['head', 'unit', 'capacity'] as const
const columnsOf = (list: ListName) => (list === 'service' ? [...common, ...ward] : [...common])
/** Under which two names are the same; cut for the index, whose entries must stay short. */
export const keyOf = (name: string): string => foldedKey(name, 160)

const taken = { service: 'service_name_taken', specialty: 'specialty_name_taken' } as const
const missing = { service: 'service_not_found', specialty: 'specialty_not_found' } as const

/** @throws invalid_input for a name of unseen characters only */
function storedName(given: string): string {
  const name = tidyName(given)
  if (name === '') throw invalidInput({ path: 'name', message: unseen })
  return name
}

const unseen = text('Un nom a au moins un caractère visible.', 'A name has at least one visible character.')

/** By name. @throws invalid_cursor */
export async function listEntries(
  db: TenantDb,
  list: ListName,
  { q, active, limit = 20, cursor }: ListQuery,
): Promise<{ items: Entry[]; nextCursor: string | null }> {
  let query = db.selectFrom(tableOf(list)).select([...columnsOf(list), 'name_key'])
  if (q !== undefined) query = query.where('name_key', 'like', containing(foldText(q)))
  if (active !== undefined) query = query.where('active', '=', active)
  if (cursor !== undefined) query = query.where('name_key', '>', String(decodeCursor(cursor, ['string'])[0]))
  const rows = await query
    .orderBy('name_key')
    .limit(limit + 1)
    .execute()
  return toPage(
    rows,
    limit,
    ({ name_key }) => [name_key],
    ({ name_key: _key, ...entry }): Entry => entry,
  )
}

export async function findEntry(db: TenantDb, list: ListName, id: string): Promise<Entry | undefined> {
  return db.selectFrom(tableOf(list)).select(columnsOf(list)).where('id', '=', id).executeTakeFirst()
}

/** @throws service_not_found, specialty_not_found */
export async function getEntry(db: TenantDb, list: ListName, id: string): Promise<Entry> {
  const found = await findEntry(db, list, id)
  if (!found) throw problem(missing[list])
  return found
}

/** What is stored of a service's own fields; nothing of a specialty's. */
function wardOf(list: ListName, given: Partial<ServiceUpdate>, before: Partial<Service> = {}) {
  if (list === 'specialty') return {}
  const line = (value: string | null | undefined): string | null => (value ? tidyName(value) || null : null)
  return {
    head: given.head === undefined ? (before.head ?? null) : line(given.head),
    unit: given.unit === undefined ? (before.unit ?? null) : line(given.unit),
    capacity: given.capacity === undefined ? (before.capacity ?? null) : given.capacity,
  }
}

/**
 * Adds an entry; the same id with the same content again is the same entry.
 * @throws invalid_input, service_name_taken, specialty_name_taken, id_already_used
 */
export async function createEntry(
  db: TenantDb,
  actor: Actor,
  list: ListName,
  input: ServiceCreate,
  origin: 'create' | 'import' = 'create',
): Promise<Created<Entry>> {
  const name = storedName(input.name)
  const entry = { name, active: input.active ?? true, ...wardOf(list, input) }
  const id = input.id ?? uuidv7()
  const created = await db
    .insertInto(tableOf(list))
    .values({ id, ...entry, name_key: keyOf(name) })
    .onConflict((conflict) => conflict.doNothing())
    .returning(columnsOf(list))
    .executeTakeFirst()
  if (!created) {
    const existing = await findEntry(db, list, id)
    if (!existing) throw problem(taken[list])
    if (Object.entries(entry).some(([field, value]) => existing[field as keyof Entry] !== value))
      throw problem('id_already_used')
    return { body: existing, status: 200 }
  }
  await keep(db, actor, list, created, origin, origin === 'import' ? imported : {})
  return { body: created }
}

const imported = { reason: 'import', verb: 'create' }

/** The version of a service in its history, and the entry on the record. */
async function keep(
  db: TenantDb,
  actor: Actor,
  list: ListName,
  entry: Entry,
  action: NewVersion['action'],
  { reason = null, verb = action }: { reason?: string | null; verb?: string } = {},
): Promise<void> {
  const { id, version } = entry
  if (list === 'service') await addVersion(db, actor, { resource: list, id, version, action, reason, data: entry })
  await audit(db, actor, { action: `${list}.${verb}`, resource: list, resourceId: id, reason })
}

/** The services with these keys (keyOf), locked until the end of the transaction. */
export async function lockServicesByKey(db: TenantDb, keys: readonly string[]): Promise<Map<string, Entry>> {
  if (keys.length === 0) return new Map()
  const rows = await db
    .selectFrom('service')
    .select([...common, ...ward, 'name_key'])
    .where('name_key', 'in', [...keys])
    .orderBy('id')
    .forUpdate()
    .execute()
  return new Map(rows.map(({ name_key, ...entry }) => [name_key, entry]))
}

async function lockEntry(db: TenantDb, list: ListName, id: string, expected: number): Promise<Entry> {
  const found = await db
    .selectFrom(tableOf(list))
    .select(columnsOf(list))
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!found) throw problem(missing[list])
  assertVersion(found, expected)
  return found
}

/**
 * The same values again change nothing. A service where patients lie is not closed.
 * @throws invalid_input, version_stale, service_not_found, specialty_not_found, service_name_taken, specialty_name_taken,
 *   service_in_use
 */
export async function updateEntry(
  db: TenantDb,
  actor: Actor,
  list: ListName,
  id: string,
  expected: number,
  { changeReason, ...change }: ServiceUpdate,
): Promise<Entry> {
  const found = await lockEntry(db, list, id, expected)
  const after = {
    name: change.name === undefined ? found.name : storedName(change.name),
    active: change.active ?? found.active,
    ...wardOf(list, change, found),
  }
  if (Object.entries(after).every(([field, value]) => found[field as keyof Entry] === value)) return found
  if (list === 'service' && found.active && !after.active) await refuseInUse(db, id)
  const updated = await db
    .updateTable(tableOf(list))
    .set({ ...after, name_key: keyOf(after.name), version: found.version + 1, updated_at: now().toISOString() })
    .where('id', '=', id)
    .returning(columnsOf(list))
    .executeTakeFirstOrThrow()
    .catch((error: unknown) => {
      if (constraintOf(error) === `${list}_name_taken`) throw problem(taken[list])
      throw error
    })
  await keep(db, actor, list, updated, 'update', { reason: changeReason ?? null })
  return updated
}

/**
 * Takes a service off the list that nothing ever referred to; its history stays.
 * @throws service_not_found, version_stale; service_in_use: something refers to it, the database's keys say so
 */
export async function removeService(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const found = await lockEntry(db, 'service', id, expected)
  await keep(db, actor, 'service', { ...found, version: found.version + 1 }, 'hide', { reason, verb: 'remove' })
  await db
    .deleteFrom('service')
    .where('id', '=', id)
    .execute()
    .catch((error: unknown) => {
      if (sqlState(error) === '23503') throw problem('service_in_use')
      throw error
    })
}

/** Every version of a service, newest first. @throws service_not_found */
export async function listServiceVersions(db: TenantDb, id: string): Promise<Version<Service>[]> {
  const versions = await listVersions<Service>(db, 'service', id)
  if (versions.length === 0) throw problem('service_not_found')
  return versions
}

/**
 * The entry with this name, added when the list has none; a switched-off one is found too. For imports.
 * @returns its id and name as listed
 */
export async function findOrInsertEntry(
  db: TenantDb,
  actor: Actor,
  list: ListName,
  written: string,
): Promise<{ id: string; name: string }> {
  const name = tidyName(written).slice(0, 80)
  const find = () =>
    db.selectFrom(tableOf(list)).select(['id', 'name']).where('name_key', '=', keyOf(name)).executeTakeFirstOrThrow()
  const inserted = await db
    .insertInto(tableOf(list))
    .values({ id: uuidv7(), name, name_key: keyOf(name) })
    .onConflict((conflict) => conflict.doNothing())
    .returning(columnsOf(list))
    .executeTakeFirst()
  if (!inserted) return find()
  await keep(db, actor, list, inserted, 'import', imported)
  return { id: inserted.id, name: inserted.name }
}
