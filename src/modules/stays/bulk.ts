import { insertAll, type TenantDb } from '#tenancy'
import { auditAll } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { useBeds } from '../beds/index.ts'
import { addVersions } from '../history/index.ts'
import { columnsOf, toStayVersion } from './record.ts'
import type { StayFields } from './rules/fields.ts'
import { entryOf, holdPlaces, refusing } from './store.ts'

/** A stay as `judgeNew` made it, under an id that nobody has. */
export type JudgedStay = { id: string; fields: StayFields }

/**
 * Stores stays of a register with their places, history and audit, a handful of statements for all: a few thousand at
 * most. They are not judged again; what they refer to is there, and nobody is told of them.
 * @throws patient_already_admitted, bed_taken, consultation_already_admitted: two of them, or one and what is stored,
 *   contend for a patient or a bed at one time, and none is stored
 */
export async function insertStays(
  db: TenantDb,
  actor: Actor,
  stays: readonly JudgedStay[],
  action: 'create' | 'import' = 'import',
): Promise<void> {
  if (stays.length === 0) return
  const at = now().toISOString()
  const by = { by_id: actor.id, by_name: actor.name.slice(0, 160) }
  const same = {
    version: 1,
    created_by_id: by.by_id,
    created_by_name: by.by_name,
    created_at: at,
    updated_at: at,
  }
  const patients = [...new Set(stays.map(({ fields }) => fields.patientId))]
  await db.selectFrom('patient').select('id').where('id', 'in', patients).orderBy('id').forNoKeyUpdate().execute()
  const places = stays.flatMap(({ id, fields }) => fields.places.map((place) => ({ stay: id, place })))
  await holdPlaces(
    db,
    places.map(({ place }) => place),
  )
  const rows = stays.map(({ id, fields }) => Object.assign(columnsOf(fields), { id }))
  await refusing(insertAll(db, 'stay', rows, same))
  await refusing(
    insertAll(
      db,
      'stay_place',
      places.map(({ stay, place: { id, serviceId, bedId, from, to, reason } }) => ({
        id,
        stay_id: stay,
        service_id: serviceId,
        bed_id: bedId,
        from_at: from,
        to_at: to,
        reason,
      })),
      { ...by, at, hidden: false },
    ),
  )
  await useBeds(
    db,
    actor,
    places.flatMap(({ place: { bedId, to } }) => (bedId !== null && to === null ? bedId : [])),
  )
  await addVersions(
    db,
    actor,
    stays.map(({ id, fields }) => ({
      resource: 'stay',
      id,
      version: 1,
      action,
      data: toStayVersion(id, 1, fields),
    })),
  )
  await auditAll(
    db,
    actor,
    stays.map(({ id, fields }) => entryOf({ id, patient_id: fields.patientId }, action)),
  )
}
