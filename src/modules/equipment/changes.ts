import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import { constraintOf, insertAll, type TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { establishmentRoles } from '../../platform/auth/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { now, today } from '../../shared/clock.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { addVersion, listVersions, type NewVersion } from '../history/index.ts'
import { notify } from '../notifications/index.ts'
import { foldedKey, foldText, tidyName } from '../patients/index.ts'
import { findEntry } from '../services/index.ts'
import { brokeDown, manyBrokeDown, manyWorkAgain, MOST_NAMED, worksAgain } from './notices.ts'
import { findEquipment } from './queries.ts'
import { statesOf, toEquipment, toVersion, type EquipmentRow } from './record.ts'
import { assertStates, withState } from './rules.ts'
import type {
  Equipment,
  EquipmentCreate,
  EquipmentUpdate,
  EquipmentVersion,
  Period,
  State,
  StatesCorrection,
} from './schemas.ts'

type Fields = Pick<EquipmentVersion, 'code' | 'name' | 'serviceId' | 'nextMaintenanceOn' | 'states'>

/** Under which two codes are one. */
export const keyOf = (code: string): string => foldedKey(code, 90)
const searchKeyOf = ({ code, name }: Fields): string => `${foldText(code)} ${foldText(name)}`.slice(0, 500)

/** @throws invalid_input for a text of unseen characters only */
function storedText(path: 'code' | 'name', given: string): string {
  const tidy = tidyName(given)
  if (tidy === '') throw invalidInput({ path, message: unseen })
  return tidy
}

/** @throws invalid_input when the establishment has no such service, or it is closed */
async function assertOffered(db: TenantDb, serviceId: string | null): Promise<void> {
  if (serviceId === null) return
  const service = await findEntry(db, 'service', serviceId)
  if (!service?.active) throw invalidInput({ path: 'serviceId', message: service ? closedService : noService })
}

const columnsOf = (fields: Fields) => {
  const { state, since } = fields.states.at(-1)!
  return {
    code: fields.code,
    code_key: keyOf(fields.code),
    name: fields.name,
    search_key: searchKeyOf(fields),
    service_id: fields.serviceId,
    state,
    state_since: since,
    next_maintenance_on: fields.nextMaintenanceOn,
  }
}

const storeStates = (db: TenantDb, id: string, states: readonly Period[]): Promise<void> =>
  insertAll(
    db,
    'equipment_state',
    states.map(({ state, since }) => ({ state, since })),
    { equipment_id: id },
  )

/** Writes the version and the entry on record. @returns the equipment as it stands now */
async function keep(
  db: TenantDb,
  actor: Actor,
  id: string,
  action: NewVersion['action'],
  { reason = null, verb = action }: { reason?: string | null; verb?: string } = {},
): Promise<Equipment> {
  const row = (await findEquipment(db, id))!
  const states = (await statesOf(db, [id]))(id)
  const data = toVersion(row, states)
  await addVersion(db, actor, { resource: 'equipment', id, version: row.version, action, reason, data })
  await audit(db, actor, { action: `equipment.${verb}`, resource: 'equipment', resourceId: id, reason })
  return toEquipment(row, states, today())
}

/**
 * Puts equipment on file; the same id with the same content again is the same, whatever it became since.
 * @param origin of an import nobody is told piece by piece what is out of order; what was given away may have stood anywhere
 * @throws invalid_input, equipment_code_taken, id_already_used
 */
export async function createEquipment(
  db: TenantDb,
  actor: Actor,
  input: EquipmentCreate,
  origin: 'create' | 'import' = 'create',
): Promise<Created<Equipment>> {
  const { id = uuidv7(), serviceId = null, nextMaintenanceOn = null, state = 'working' } = input
  const location = `/api/v1/equipment/${id}`
  const fieldsOn = (day: string): Fields => ({
    code: storedText('code', input.code),
    name: storedText('name', input.name),
    serviceId,
    nextMaintenanceOn,
    states: withState([], { state, since: input.stateSince ?? day }, today()),
  })
  const fields = fieldsOn(today())
  const sentBefore = async (): Promise<Created<Equipment> | undefined> => {
    const first = (await listVersions<EquipmentVersion>(db, 'equipment', id)).at(-1)
    if (!first) return undefined
    const { id: _id, version: _version, state: _state, stateSince: _since, ...was } = first.data
    const again = isDeepStrictEqual(was, fieldsOn(first.at.slice(0, 10))) && (await findEquipment(db, id))
    if (!again) throw problem('id_already_used')
    return { body: toEquipment(again, (await statesOf(db, [id]))(id), today()), status: 200, location }
  }
  const before = await sentBefore()
  if (before) return before
  if (origin === 'create' || state !== 'closed') await assertOffered(db, serviceId)
  const inserted = await db
    .insertInto('equipment')
    .values({ id, ...columnsOf(fields) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!inserted) {
    // Sent twice at once, the other one was first.
    const meanwhile = await sentBefore()
    if (!meanwhile) throw problem('equipment_code_taken')
    return meanwhile
  }
  await storeStates(db, id, fields.states)
  if (origin === 'import') return { body: await keep(db, actor, id, 'import', imported), location }
  const body = await keep(db, actor, id, 'create')
  await tell(db, { before: undefined, equipment: body })
  return { body, location }
}

const imported = { reason: 'import', verb: 'create' }

const fieldsOf = (row: EquipmentRow, states: Period[]): Fields => ({
  code: row.code,
  name: row.name,
  serviceId: row.service_id,
  nextMaintenanceOn: row.next_maintenance_on,
  states,
})

/** @throws equipment_not_found, version_stale */
async function lock(db: TenantDb, id: string, expected: number): Promise<[EquipmentRow, Period[]]> {
  const locked = await db.selectFrom('equipment').select('id').where('id', '=', id).forUpdate().executeTakeFirst()
  if (!locked) throw problem('equipment_not_found')
  const row = (await findEquipment(db, id))!
  assertVersion(row, expected)
  return [row, (await statesOf(db, [id]))(id)]
}

/**
 * Changes the given fields; the same values again change nothing. A state has a first day, not before that of the one before.
 * @param changed those of a list, who are told together (tellTogether)
 * @throws invalid_input, equipment_not_found, equipment_code_taken, version_stale
 */
export async function updateEquipment(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { changeReason, state, stateSince, ...change }: EquipmentUpdate,
  changed?: Changed[],
): Promise<Equipment> {
  const day = today()
  const [row, states] = await lock(db, id, expected)
  if (stateSince !== undefined && state === undefined) throw invalidInput({ path: 'state', message: whichState })
  const before = fieldsOf(row, states)
  const after: Fields = {
    code: change.code === undefined ? before.code : storedText('code', change.code),
    name: change.name === undefined ? before.name : storedText('name', change.name),
    serviceId: change.serviceId === undefined ? before.serviceId : change.serviceId,
    nextMaintenanceOn: change.nextMaintenanceOn === undefined ? before.nextMaintenanceOn : change.nextMaintenanceOn,
    states: state === undefined ? states : withState(states, { state, since: stateSince ?? day }, day),
  }
  if (isDeepStrictEqual(before, after)) return toEquipment(row, states, day)
  if (after.serviceId !== before.serviceId) await assertOffered(db, after.serviceId)
  return store(db, actor, row, states, after, { reason: changeReason ?? null, changed })
}

/** Writes its states anew, as they really were. @throws invalid_input, equipment_not_found, version_stale */
export async function correctStates(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { states: given, changeReason }: StatesCorrection,
): Promise<Equipment> {
  const day = today()
  assertStates(given, day)
  const [row, states] = await lock(db, id, expected)
  if (isDeepStrictEqual(given, states)) return toEquipment(row, states, day)
  return store(
    db,
    actor,
    row,
    states,
    { ...fieldsOf(row, states), states: given },
    { reason: changeReason, verb: 'correct' },
  )
}

async function store(
  db: TenantDb,
  actor: Actor,
  row: EquipmentRow,
  states: Period[],
  after: Fields,
  { changed, ...why }: { reason: string | null; verb?: string; changed?: Changed[] | undefined },
): Promise<Equipment> {
  const { id } = row
  await db
    .updateTable('equipment')
    .set({ ...columnsOf(after), version: row.version + 1, updated_at: now().toISOString() })
    .where('id', '=', id)
    .execute()
    .catch((error: unknown) => {
      if (constraintOf(error) === 'equipment_code_taken') throw problem('equipment_code_taken')
      throw error
    })
  if (!isDeepStrictEqual(states, after.states)) {
    await db.deleteFrom('equipment_state').where('equipment_id', '=', id).execute()
    await storeStates(db, id, after.states)
  }
  const body = await keep(db, actor, id, 'update', why)
  const change = { before: row.state as State, equipment: body }
  if (changed) changed.push(change)
  else await tell(db, change)
  return body
}

/** What a piece of equipment was, and is now. */
export type Changed = { before: State | undefined; equipment: Equipment }

const isBroken = ({ before, equipment: { state } }: Changed): boolean => state === 'outOfOrder' && before !== state
const isMended = ({ before, equipment: { state } }: Changed): boolean => state === 'working' && before === 'outOfOrder'

/** Of what can no longer be used, and of what can again. */
async function tell(db: TenantDb, change: Changed): Promise<void> {
  const { id, code, name } = change.equipment
  const about = { roles: establishmentRoles, resource: 'equipment', resourceId: id, params: { code, name } }
  if (isBroken(change)) await notify(db, brokeDown, about)
  else if (isMended(change)) await notify(db, worksAgain, about)
}

/** The same of all that one list changed. */
export async function tellTogether(db: TenantDb, changed: readonly Changed[]): Promise<void> {
  for (const [kind, many] of [
    [isBroken, manyBrokeDown],
    [isMended, manyWorkAgain],
  ] as const) {
    const found = changed.filter(kind)
    const about = {
      roles: establishmentRoles,
      resource: 'equipment',
      resourceId: null,
      params: { count: found.length },
    }
    if (found.length > MOST_NAMED) await notify(db, many, about)
    else for (const change of found) await tell(db, change)
  }
}

/**
 * Takes off the list what was put there by mistake and never changed; its history stays.
 * @throws equipment_not_found, version_stale, equipment_in_use
 */
export async function removeEquipment(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const [row, states] = await lock(db, id, expected)
  if (row.version > 1) throw problem('equipment_in_use')
  const data = { ...toVersion(row, states), version: row.version + 1 }
  await addVersion(db, actor, { resource: 'equipment', id, version: data.version, action: 'hide', reason, data })
  await audit(db, actor, { action: 'equipment.remove', resource: 'equipment', resourceId: id, reason })
  await db.deleteFrom('equipment').where('id', '=', id).execute()
}

const unseen = text('Ce texte a au moins un caractère visible.', 'This text has at least one visible character.')
const noService = text(
  'Cet identifiant n’est pas dans la liste de l’établissement.',
  "This identifier is not in the establishment's list.",
)
const closedService = text('Ce service est fermé.', 'This service is closed.')
const whichState = text('Dites aussi quel état commence ce jour.', 'Say also which state begins on that day.')
