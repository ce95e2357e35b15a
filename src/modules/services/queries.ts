import { v7 as uuidv7 } from 'uuid'
import { constraintOf, containing, type TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { decodeCursor } from '../../shared/cursor.ts'
import { toPage } from '../../shared/keyset.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { foldText, tidyName } from '../patients/index.ts'
import type { ListEntry, ListEntryCreate, ListEntryUpdate, ListPage, ListQuery } from './schemas.ts'

/** The establishment's two lists: same columns, same rules. */
export type ListName = 'service' | 'specialty'

// The builder cannot type a union of tables; the two have the same columns (migrations/tenant/0003_services.sql).
const tableOf = (list: ListName) => list as 'service'
const columns = ['id', 'version', 'name', 'active'] as const
/** Under which two names are the same; cut for the index, whose entries must stay short. */
const keyOf = (name: string): string => foldText(name).slice(0, 160) || name.slice(0, 160)

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
): Promise<ListPage> {
  let query = db.selectFrom(tableOf(list)).select([...columns, 'name_key'])
  if (q !== undefined) query = query.where('name_key', 'like', containing(foldText(q)))
  if (active !== undefined) query = query.where('active', '=', active)
  if (cursor !== undefined) query = query.where('name_key', '>', String(decodeCursor(cursor, ['string'])[0]))
  const rows = await query
    .orderBy('name_key')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, ({ name_key }) => [name_key], toEntry)
}

const toEntry = ({ id, version, name, active }: ListEntry): ListEntry => ({ id, version, name, active })

export async function findEntry(db: TenantDb, list: ListName, id: string): Promise<ListEntry | undefined> {
  return db.selectFrom(tableOf(list)).select(columns).where('id', '=', id).executeTakeFirst()
}

/** @throws service_not_found, specialty_not_found */
export async function getEntry(db: TenantDb, list: ListName, id: string): Promise<ListEntry> {
  const found = await findEntry(db, list, id)
  if (!found) throw problem(missing[list])
  return found
}

/**
 * Adds an entry; the same id with the same name again is the same entry.
 * @throws invalid_input, service_name_taken, specialty_name_taken, id_already_used
 */
export async function createEntry(
  db: TenantDb,
  actor: Actor,
  list: ListName,
  input: ListEntryCreate,
): Promise<Created<ListEntry>> {
  const name = storedName(input.name)
  const entry = { id: input.id ?? uuidv7(), name, name_key: keyOf(name), active: input.active ?? true }
  const created = await db
    .insertInto(tableOf(list))
    .values(entry)
    .onConflict((conflict) => conflict.doNothing())
    .returning(columns)
    .executeTakeFirst()
  if (!created) {
    const existing = await findEntry(db, list, entry.id)
    if (!existing) throw problem(taken[list])
    if (existing.name !== entry.name || existing.active !== entry.active) throw problem('id_already_used')
    return { body: existing, status: 200 }
  }
  await audit(db, actor, { action: `${list}.create`, resource: list, resourceId: created.id })
  return { body: created }
}

/** The same values again change nothing. @throws invalid_input, version_stale, service_not_found, specialty_not_found, service_name_taken, specialty_name_taken */
export async function updateEntry(
  db: TenantDb,
  actor: Actor,
  list: ListName,
  id: string,
  expected: number,
  change: ListEntryUpdate,
): Promise<ListEntry> {
  const found = await db.selectFrom(tableOf(list)).select(columns).where('id', '=', id).forUpdate().executeTakeFirst()
  if (!found) throw problem(missing[list])
  assertVersion(found, expected)
  const name = change.name === undefined ? found.name : storedName(change.name)
  const active = change.active ?? found.active
  if (name === found.name && active === found.active) return found
  const updated = await db
    .updateTable(tableOf(list))
    .set({
      name,
      name_key: keyOf(name),
      active,
      version: found.version + 1,
      updated_at: now().toISOString(),
    })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
    .catch((error: unknown) => {
      if (constraintOf(error) === `${list}_name_taken`) throw problem(taken[list])
      throw error
    })
  await audit(db, actor, { action: `${list}.update`, resource: list, resourceId: id })
  return updated
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
    .returning(['id', 'name'])
    .executeTakeFirst()
  if (!inserted) return find()
  await audit(db, actor, { action: `${list}.create`, resource: list, resourceId: inserted.id, reason: 'import' })
  return inserted
}
