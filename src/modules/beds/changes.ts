import { v7 as uuidv7 } from 'uuid'
import { constraintOf, sqlState, type TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { now, today } from '../../shared/clock.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { addVersion, listVersions, type NewVersion } from '../history/index.ts'
import { foldedKey, tidyName } from '../patients/index.ts'
import { findEntry } from '../services/index.ts'
import { isNamed } from './occupied.ts'
import { assertFirstDay, correctOpening, reopen } from './openings.ts'
import { findBed, lockBeds } from './queries.ts'
import { selectBeds, toBed, toBedVersion, type BedRow } from './record.ts'
import type { Bed, BedCreate, BedState, BedUpdate, BedVersion } from './schemas.ts'

/** Under which two codes are one. */
export const keyOf = (code: string): string => foldedKey(code, 90)

/** @throws invalid_input for a code of unseen characters only */
function storedCode(given: string): string {
  const code = tidyName(given)
  if (code === '') throw invalidInput({ path: 'code', message: unseen })
  return code
}

/** @throws invalid_input when the establishment has no such service, or it is closed */
async function assertOffered(db: TenantDb, serviceId: string): Promise<void> {
  const service = await findEntry(db, 'service', serviceId)
  if (!service?.active) throw invalidInput({ path: 'serviceId', message: service ? closedService : noService })
}

/** Writes the version and the entry on record. @returns the bed as it stands now */
async function keep(
  db: TenantDb,
  actor: Actor,
  id: string,
  action: NewVersion['action'],
  { reason = null, verb = action }: { reason?: string | null; verb?: string } = {},
): Promise<BedRow> {
  const row = await findBed(db, id)
  if (!row) throw problem('bed_not_found')
  const data = toBedVersion(row)
  await addVersion(db, actor, { resource: 'bed', id, version: row.version, action, reason, data })
  await audit(db, actor, { action: `bed.${verb}`, resource: 'bed', resourceId: id, reason })
  return row
}

/**
 * Adds a bed, open since a day; the same id with the same content again is the same bed, whatever it became since.
 * @throws invalid_input, bed_code_taken, id_already_used
 */
export async function createBed(db: TenantDb, actor: Actor, input: BedCreate): Promise<Created<Bed>> {
  const { id = uuidv7(), serviceId, state = 'free', openedOn = today() } = input
  const code = storedCode(input.code)
  const location = `/api/v1/beds/${id}`
  const sentBefore = async (): Promise<Created<Bed> | undefined> => {
    const first = (await listVersions<BedVersion>(db, 'bed', id)).at(-1)
    if (!first) return undefined
    const { data, at } = first
    const same = data.code === code && data.serviceId === serviceId && data.state === state
    const again = same && data.openedOn === (input.openedOn ?? at.slice(0, 10)) && (await findBed(db, id))
    if (!again) throw problem('id_already_used')
    return { body: toBed(again), status: 200, location }
  }
  const before = await sentBefore()
  if (before) return before
  assertFirstDay(openedOn)
  await assertOffered(db, serviceId)
  if (await insert(db, { id, code, serviceId, state, openedOn }))
    return { body: toBed(await keep(db, actor, id, 'create')), location }
  // Sent twice at once, the other one was first.
  const meanwhile = await sentBefore()
  if (!meanwhile) throw problem('bed_code_taken')
  return meanwhile
}

type NewBed = {
  id: string
  code: string
  serviceId: string
  state: BedState
  openedOn: string
  closedOn?: string | null
}

/** @returns false where there is one with this id or code */
async function insert(
  db: TenantDb,
  { id, code, serviceId, state, openedOn, closedOn = null }: NewBed,
): Promise<boolean> {
  const inserted = await db
    .insertInto('bed')
    .values({ id, code, code_key: keyOf(code), service_id: serviceId, state })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!inserted) return false
  await db
    .insertInto('bed_opening')
    .values({ bed_id: id, service_id: serviceId, opened_on: openedOn, closed_on: closedOn })
    .execute()
  return true
}

/**
 * Adds a bed as a file tells it, which may have been closed since. The file's reader has seen to it that it can be so.
 * @returns its id
 * @throws bed_code_taken
 */
export async function importBed(
  db: TenantDb,
  actor: Actor,
  { closedOn = null, ...bed }: Omit<NewBed, 'id'>,
): Promise<string> {
  const id = uuidv7()
  if (!(await insert(db, { id, ...bed, closedOn }))) throw problem('bed_code_taken')
  // Not read again, as `keep` would: of thousands in one transaction, whose tables have no statistics yet, that is a scan each.
  const data: BedVersion = { id, version: 1, ...bed, active: closedOn === null, closedOn }
  await addVersion(db, actor, { resource: 'bed', id, version: 1, action: 'import', reason: 'import', data })
  await audit(db, actor, { action: 'bed.create', resource: 'bed', resourceId: id, reason: 'import' })
  return id
}

/** The bed, locked. @throws bed_not_found, version_stale */
async function lockBed(db: TenantDb, id: string, expected: number): Promise<BedRow> {
  await lockBeds(db, [id])
  const row = await findBed(db, id)
  if (!row) throw problem('bed_not_found')
  assertVersion(row, expected)
  return row
}

/**
 * Renames a bed, moves it to another service, closes it or opens it again, corrects its first day; the same values again change nothing.
 * @throws invalid_input, bed_not_found, version_stale, bed_code_taken, bed_occupied
 */
export async function updateBed(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { changeReason, ...change }: BedUpdate,
): Promise<Bed> {
  const row = await lockBed(db, id, expected)
  const wasActive = row.closed_on === null
  const code = change.code === undefined ? row.code : storedCode(change.code)
  const { serviceId = row.service_id, active = wasActive, openedOn = row.opened_on } = change
  const moves = serviceId !== row.service_id
  if (code === row.code && !moves && active === wasActive && openedOn === row.opened_on) return toBed(row)
  if (row.occupied && (moves || !active)) throw problem('bed_occupied')
  if (moves || (active && !wasActive)) await assertOffered(db, serviceId)
  if (openedOn !== row.opened_on) {
    // Another day of an opening that goes on, or is over; not of one that begins with this change.
    if (moves || active !== wasActive) throw invalidInput({ path: 'openedOn', message: alone })
    await correctOpening(db, row, openedOn)
  }
  await reopen(db, { ...row, opened_on: openedOn }, { serviceId, active })
  await db
    .updateTable('bed')
    .set({
      code,
      code_key: keyOf(code),
      service_id: serviceId,
      version: row.version + 1,
      updated_at: now().toISOString(),
    })
    .where('id', '=', id)
    .execute()
    .catch((error: unknown) => {
      if (constraintOf(error) === 'bed_code_taken') throw problem('bed_code_taken')
      throw error
    })
  return toBed(await keep(db, actor, id, 'update', { reason: changeReason ?? null }))
}

/** To clean, out of order, ready again. @throws bed_not_found, version_stale, bed_occupied */
export async function setBedState(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  state: Exclude<BedState, 'occupied'>,
  reason: string | null = null,
): Promise<Bed> {
  const row = await lockBed(db, id, expected)
  if (row.occupied) throw problem('bed_occupied')
  if (row.state === state) return toBed(row)
  await storeState(db, row, state)
  return toBed(await keep(db, actor, id, 'update', { reason, verb: 'state' }))
}

const storeState = (db: TenantDb, { id, version }: BedRow, state: BedState) =>
  db
    .updateTable('bed')
    .set({ state, version: version + 1, updated_at: now().toISOString() })
    .where('id', '=', id)
    .execute()

/** Whoever lays patients into beds that were being cleaned says that they are clean. Call with the beds locked. */
export async function useBeds(db: TenantDb, actor: Actor, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const rows = await selectBeds(db)
    .where('bed.id', 'in', [...ids])
    .where('bed.state', '=', 'cleaning')
    .execute()
  for (const row of rows) {
    await storeState(db, row, 'free')
    await keep(db, actor, row.id, 'update', { verb: 'state' })
  }
}

/** Takes a bed off the list that no stay ever referred to, nor its history; its own history stays. @throws bed_not_found, version_stale, bed_in_use */
export async function removeBed(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const row = await lockBed(db, id, expected)
  if (await isNamed(db, id)) throw problem('bed_in_use')
  const data = { ...toBedVersion(row), version: row.version + 1 }
  await addVersion(db, actor, { resource: 'bed', id, version: data.version, action: 'hide', reason, data })
  await audit(db, actor, { action: 'bed.remove', resource: 'bed', resourceId: id, reason })
  await db.deleteFrom('bed_opening').where('bed_id', '=', id).execute()
  await db
    .deleteFrom('bed')
    .where('id', '=', id)
    .execute()
    .catch((error: unknown) => {
      if (sqlState(error) === '23503') throw problem('bed_in_use')
      throw error
    })
}

/**
 * The bed with this code, added to the service when there is none: for imports.
 * @param openedOn since when it is said to have been there
 * @returns its id
 */
export async function findOrInsertBed(
  db: TenantDb,
  actor: Actor,
  { code: written, serviceId, openedOn }: { code: string; serviceId: string; openedOn: string },
): Promise<string> {
  const code = storedCode(written).slice(0, 30)
  const found = await db.selectFrom('bed').select('id').where('code_key', '=', keyOf(code)).executeTakeFirst()
  return found?.id ?? importBed(db, actor, { code, serviceId, state: 'free', openedOn })
}

const unseen = text('Un code a au moins un caractère visible.', 'A code has at least one visible character.')
const alone = text(
  'Le premier jour se corrige seul : ni avec un autre service, ni avec une fermeture ou une réouverture.',
  'The first day is corrected by itself: not together with another service, a closing or an opening.',
)
const noService = text(
  'Cet identifiant n’est pas dans la liste de l’établissement.',
  "This identifier is not in the establishment's list.",
)
const closedService = text('Ce service est fermé.', 'This service is closed.')
