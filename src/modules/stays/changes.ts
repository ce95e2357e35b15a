import { isDeepStrictEqual } from 'node:util'
import type { TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { assertVersion, type Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { addVersion } from '../history/index.ts'
import { tellCondition } from './notices.ts'
import { getStay, lockStay, observedIn, placesOf } from './queries.ts'
import { fieldsOf, toStayVersion, type StayRow } from './record.ts'
import { readReferences } from './references.ts'
import { judgeChange, type Context, type StayChange, type StayFields } from './rules/fields.ts'
import { assertPlaces, entryOf, holdPlaces, storeChange } from './store.ts'
import type { Discharge, Stay, StayUpdate } from './schemas.ts'

/** A stay that is being changed: locked, with its patient and the places that it had. */
export type Held = { row: StayRow; before: StayFields; context: Context }

/** @throws stay_not_found, patient_protected, version_stale */
export async function holdStay(db: TenantDb, actor: Actor, id: string, expected: number): Promise<Held> {
  const row = await lockStay(db, actor, id)
  assertVersion(row, expected)
  const before = fieldsOf(row, await placesOf(db, id))
  const references = await readReferences(db, [before])
  const consultation =
    row.consultation_id === null
      ? undefined
      : await db.selectFrom('consultation').select('date').where('id', '=', row.consultation_id).executeTakeFirst()
  const observed = await observedIn(db, id)
  return { row, before, context: { ...references.contextOf(before), consultedOn: consultation?.date, observed } }
}

/** @throws stay_ended */
export function assertOpen({ row }: Held): void {
  if (row.discharged_at !== null) throw problem('stay_ended')
}

/**
 * Judges a change and stores it; the same values again change nothing and make no version.
 * @param rename what the caller calls a field that is wrong
 * @throws invalid_input, bed_unavailable, patient_already_admitted, bed_taken
 */
export async function apply(
  db: TenantDb,
  actor: Actor,
  { row, before, context }: Held,
  change: StayChange,
  {
    verb,
    reason,
    rename = (path) => path,
  }: {
    verb: string
    reason?: string | null | undefined
    rename?: (path: string) => string
  },
): Promise<Stay> {
  // What the nomenclature knows of the codes that are given now.
  const { contextOf } = await readReferences(db, [{ ...change, patientId: row.patient_id }])
  const { known } = contextOf(before)
  const { fields, errors } = judgeChange(before, change, { ...context, known })
  if (isDeepStrictEqual(before, fields)) {
    await audit(db, actor, entryOf(row, 'read'))
    return getStay(db, actor, row.id)
  }
  const moved = !isDeepStrictEqual(before.places, fields.places)
  if (moved) await holdPlaces(db, [...before.places, ...fields.places])
  const wrong = errors.map(({ path, message }) => ({ path: rename(path), message }))
  await assertPlaces(db, before.places, fields.places, wrong)
  await storeChange(db, actor, row, before, fields, { verb, reason })
  return getStay(db, actor, row.id)
}

/**
 * Changes the given fields, those of the discharge too once there is one. Moving the admission moves its first place.
 * @throws invalid_input, stay_not_found, patient_protected, version_stale, patient_already_admitted, bed_taken
 */
export async function updateStay(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { changeReason, status, ...change }: StayUpdate,
): Promise<Stay> {
  const held = await holdStay(db, actor, id, expected)
  if (held.row.discharged_at === null) {
    const early = (['dischargedAt', 'dischargeMode'] as const).filter((name) => change[name] !== undefined)
    if (early.length > 0) throw invalidInput(...early.map((path) => ({ path, message: notYet })))
  } else if (status !== undefined) throw invalidInput({ path: 'status', message: ended })
  const asked = { ...change, ...(status !== undefined && { condition: status }) }
  const stay = await apply(db, actor, held, asked, { verb: 'update', reason: changeReason })
  await tellCondition(db, held.before.condition, stay)
  return stay
}

/**
 * Ends a stay; its bed is free from then on.
 * @throws invalid_input, stay_not_found, patient_protected, version_stale, stay_ended
 */
export async function discharge(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { at, mode, ...said }: Discharge,
): Promise<Stay> {
  const held = await holdStay(db, actor, id, expected)
  assertOpen(held)
  const rename = (path: string) => ({ dischargedAt: 'at', dischargeMode: 'mode' })[path] ?? path
  return apply(db, actor, held, { ...said, dischargedAt: at, dischargeMode: mode }, { verb: 'discharge', rename })
}

/**
 * Takes a discharge back that was wrong: the patient never left, and lies where they lay.
 * @throws stay_open, stay_not_found, patient_not_found, patient_protected, version_stale; bed_unavailable, bed_taken,
 *   patient_already_admitted: the bed or the patient has another stay since; invalid_input: the service was closed since
 */
export async function reopen(db: TenantDb, actor: Actor, id: string, expected: number, reason: string): Promise<Stay> {
  const held = await holdStay(db, actor, id, expected)
  if (held.row.discharged_at === null) throw problem('stay_open')
  // Of a file that was hidden since: nobody is in the ward without one.
  if (held.context.bornFrom === undefined) throw problem('patient_not_found')
  const none = { dischargedAt: null, dischargeMode: null, finalDiagnosis: null, finalCodes: [] }
  return apply(db, actor, held, none, { verb: 'reopen', reason })
}

/** Hides a stay: counted and found no more, its bed free, never erased. @throws stay_not_found, patient_protected, version_stale */
export async function hideStay(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const row = await lockStay(db, actor, id)
  assertVersion(row, expected)
  const fields = fieldsOf(row, await placesOf(db, id))
  const at = now().toISOString()
  const version = row.version + 1
  await db
    .updateTable('stay')
    .set({ version, updated_at: at, hidden_at: at, hidden_by: actor.id, hidden_reason: reason })
    .where('id', '=', id)
    .execute()
  await db.updateTable('stay_place').set({ hidden: true }).where('stay_id', '=', id).execute()
  const data = toStayVersion(id, version, fields, true)
  await addVersion(db, actor, { resource: 'stay', id, version, action: 'hide', reason, data })
  await audit(db, actor, entryOf(row, 'hide'))
}

const notYet = text(
  'Cela se dit à la sortie : POST /api/v1/stays/{id}/discharge.',
  'This is told on discharge: POST /api/v1/stays/{id}/discharge.',
)
const ended = text(
  'Ce patient est sorti ; une sortie saisie à tort s’annule par POST /api/v1/stays/{id}/reopen.',
  'This patient has left; a discharge entered by mistake is undone by POST /api/v1/stays/{id}/reopen.',
)
