import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import { isBefore, type ExpressionBuilder, type TenantDb, type TenantTables } from '#tenancy'
import { audit } from '../../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../../platform/http/index.ts'
import { now } from '../../../shared/clock.ts'
import { invalidInput, problem } from '../../../shared/errors.ts'
import { readKeys, toPage } from '../../../shared/keyset.ts'
import { say, type Language } from '../../../shared/text.ts'
import { alarmsOf, vitalNames, type Vital } from '../../consultations/index.ts'
import { addVersion, listVersions, type NewVersion, type Version } from '../../history/index.ts'
import {
  ageOn,
  birthOf,
  isVisible,
  noteGlass,
  refuseProtected,
  summaryColumns,
  throughGlass,
  type Viewer,
} from '../../patients/index.ts'
import { lockStay, patientOfStay } from '../queries.ts'
import type { StayRow } from '../record.ts'
import { judgeObservation, nothing, type ObservationFields } from './rules.ts'
import type {
  Observation,
  ObservationCreate,
  ObservationPage,
  ObservationQuery,
  ObservationUpdate,
  ObservationVersion,
} from './schemas.ts'

const vitalColumns = vitalNames.map((vital) => `stay_observation.${vital}` as const)
const columns = [
  'stay_observation.id',
  'stay_observation.version',
  'stay_observation.stay_id',
  'stay_observation.at',
  'stay_observation.notes',
  'stay_observation.created_by_id',
  'stay_observation.created_by_name',
  'stay_observation.created_at',
  'stay_observation.updated_at',
  ...vitalColumns,
] as const

/** Observations that are not hidden, of the stays of patients whom `viewer` may see. */
const selectObservations = (db: TenantDb, viewer: Viewer) =>
  db
    .selectFrom('stay_observation')
    .innerJoin('stay', 'stay.id', 'stay_observation.stay_id')
    .innerJoin('patient', 'patient.id', 'stay.patient_id')
    .select([...columns, ...summaryColumns, 'stay.patient_id'])
    .select((eb) => throughGlass(eb as unknown as Patients, viewer).as('glass'))
    .where((eb) => isVisible(eb as unknown as Patients, viewer))
    .where('stay.hidden_at', 'is', null)
    .where('stay_observation.hidden_at', 'is', null)

type Patients = ExpressionBuilder<TenantTables, 'patient'>
type Row = Awaited<ReturnType<ReturnType<typeof selectObservations>['executeTakeFirstOrThrow']>>

const vitalsOf = (row: { [V in Vital]: number | null }) =>
  Object.fromEntries(vitalNames.map((vital) => [vital, row[vital]])) as { [V in Vital]: number | null }

/** The alarms are those of the patient's age on the day. */
function toObservation(row: Row, language: Language): Observation {
  const vitals = vitalsOf(row)
  return {
    id: row.id,
    version: row.version,
    stayId: row.stay_id,
    patientId: row.patient_id,
    at: row.at,
    vitals,
    notes: row.notes,
    alarms: alarmsOf(vitals, ageOn(birthOf(row), row.at.slice(0, 10))).map(({ vital, level, message }) => ({
      vital,
      level,
      message: say(message, language),
    })),
    createdBy: { id: row.created_by_id, name: row.created_by_name },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

/** Newest first by (at, id). @throws invalid_cursor, stay_not_found, patient_protected */
export async function listObservations(
  db: TenantDb,
  viewer: Viewer,
  stayId: string,
  { limit = 20, cursor }: ObservationQuery,
  language: Language,
): Promise<ObservationPage> {
  await patientOfStay(db, viewer, stayId)
  let query = selectObservations(db, viewer).where('stay_observation.stay_id', '=', stayId)
  if (cursor !== undefined)
    query = query.where((eb) =>
      isBefore([eb.ref('stay_observation.at'), eb.ref('stay_observation.id')], readKeys(cursor), ['timestamp', 'uuid']),
    )
  const rows = await query
    .orderBy('stay_observation.at', 'desc')
    .orderBy('stay_observation.id', 'desc')
    .limit(limit + 1)
    .execute()
  noteGlass(viewer, rows)
  return toPage(
    rows,
    limit,
    ({ at, id }) => [at, id],
    (row) => toObservation(row, language),
  )
}

/** @throws observation_not_found, stay_not_found, patient_protected */
export async function getObservation(
  db: TenantDb,
  viewer: Viewer,
  { id: stayId, observationId }: { id: string; observationId: string },
  language: Language,
): Promise<Observation> {
  await patientOfStay(db, viewer, stayId)
  const row = await selectObservations(db, viewer)
    .where('stay_observation.id', '=', observationId)
    .where('stay_observation.stay_id', '=', stayId)
    .executeTakeFirst()
  if (!row) throw problem('observation_not_found')
  noteGlass(viewer, [row])
  return toObservation(row, language)
}

const timesOf = (stay: StayRow) => ({
  now: now().toISOString(),
  admittedAt: stay.admitted_at,
  dischargedAt: stay.discharged_at,
})

const toColumns = ({ at, vitals, notes }: ObservationFields) => ({ at, ...vitals, notes })

async function keep(
  db: TenantDb,
  actor: Actor,
  { stay, id, version, fields, hidden }: Kept,
  action: NewVersion['action'],
  reason: string | null = null,
): Promise<void> {
  const data: ObservationVersion = {
    id,
    version,
    stayId: stay.id,
    patientId: stay.patient_id,
    ...fields,
    ...(hidden && { hidden }),
  }
  await addVersion(db, actor, { resource: 'observation', id, version, action, reason, data })
  await audit(db, actor, {
    action: `observation.${action}`,
    resource: 'observation',
    resourceId: id,
    patientId: stay.patient_id,
  })
}

type Kept = { stay: StayRow; id: string; version: number; fields: ObservationFields; hidden?: true }

/**
 * Records what was observed in a stay, also of a time that is over. The same id with the same content again answers 200.
 * @throws invalid_input, stay_not_found, patient_protected, id_already_used
 */
export async function createObservation(
  db: TenantDb,
  actor: Actor,
  stayId: string,
  { id = uuidv7(), ...given }: ObservationCreate,
  language: Language,
): Promise<Created<Observation>> {
  const stay = await lockStay(db, actor, stayId)
  const { fields, errors } = judgeObservation(nothing, given, timesOf(stay))
  const path = { id: stayId, observationId: id }
  const location = `/api/v1/stays/${stayId}/observations/${id}`
  const again = await db
    .selectFrom('stay_observation')
    .select(['stay_id', 'hidden_at'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (again) {
    const [first] = (await listVersions<ObservationVersion>(db, 'observation', id)).slice(-1)
    const { at, vitals, notes } = first!.data
    if (again.stay_id !== stayId || again.hidden_at !== null || !isDeepStrictEqual({ at, vitals, notes }, fields))
      throw problem('id_already_used')
    return { body: await getObservation(db, actor, path, language), status: 200, location }
  }
  if (errors.length > 0) throw invalidInput(...errors)
  const inserted = await db
    .insertInto('stay_observation')
    .values({
      id,
      stay_id: stayId,
      ...toColumns(fields),
      created_by_id: actor.id,
      created_by_name: actor.name.slice(0, 160),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!inserted) throw problem('id_already_used')
  await keep(db, actor, { stay, id, version: 1, fields }, 'create')
  return { body: await getObservation(db, actor, path, language), location }
}

async function lock(db: TenantDb, actor: Actor, path: { id: string; observationId: string }, expected: number) {
  const stay = await lockStay(db, actor, path.id)
  const row = await db
    .selectFrom('stay_observation')
    .select(columns)
    .where('id', '=', path.observationId)
    .where('stay_id', '=', path.id)
    .where('hidden_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw problem('observation_not_found')
  assertVersion(row, expected)
  return { stay, row, before: { at: row.at, vitals: vitalsOf(row), notes: row.notes } }
}

/** The same values again change nothing. @throws invalid_input, observation_not_found, stay_not_found, patient_protected, version_stale */
export async function updateObservation(
  db: TenantDb,
  actor: Actor,
  path: { id: string; observationId: string },
  expected: number,
  { changeReason, ...change }: ObservationUpdate,
  language: Language,
): Promise<Observation> {
  const { stay, row, before } = await lock(db, actor, path, expected)
  const { fields, errors } = judgeObservation(before, change, timesOf(stay))
  if (errors.length > 0) throw invalidInput(...errors)
  if (!isDeepStrictEqual(before, fields)) {
    const version = row.version + 1
    await db
      .updateTable('stay_observation')
      .set({ ...toColumns(fields), version, updated_at: now().toISOString() })
      .where('id', '=', row.id)
      .execute()
    await keep(db, actor, { stay, id: row.id, version, fields }, 'update', changeReason ?? null)
  }
  return await getObservation(db, actor, path, language)
}

/** Hides an observation that was written by mistake; its history stays. @throws as updateObservation */
export async function hideObservation(
  db: TenantDb,
  actor: Actor,
  path: { id: string; observationId: string },
  expected: number,
  reason: string,
): Promise<void> {
  const { stay, row, before } = await lock(db, actor, path, expected)
  const version = row.version + 1
  const at = now().toISOString()
  await db
    .updateTable('stay_observation')
    .set({ version, updated_at: at, hidden_at: at, hidden_by: actor.id, hidden_reason: reason })
    .where('id', '=', row.id)
    .execute()
  await keep(db, actor, { stay, id: row.id, version, fields: before, hidden: true }, 'hide', reason)
}

/** Every version, newest first, also of a hidden one. @throws observation_not_found, stay_not_found, patient_protected */
export async function listObservationVersions(
  db: TenantDb,
  viewer: Viewer,
  { id: stayId, observationId }: { id: string; observationId: string },
): Promise<Version<ObservationVersion>[]> {
  // Of a hidden stay too, as the stay's own history.
  const stay = await db.selectFrom('stay').select('patient_id').where('id', '=', stayId).executeTakeFirst()
  if (!stay) throw problem('stay_not_found')
  await refuseProtected(db, viewer, stay.patient_id)
  const items = await listVersions<ObservationVersion>(db, 'observation', observationId)
  if (items[0]?.data.stayId !== stayId) throw problem('observation_not_found')
  return items
}
