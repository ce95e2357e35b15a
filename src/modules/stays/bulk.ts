import { insertAll, type TenantDb } from '#tenancy'
import { auditAll } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
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
 *   contend for a patient or a bed at one time, and none is stored; findContended tells which
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

/** What a stay would contend for: a patient or a bed, from an instant to another (null: still). */
type Span = { from: string; to: string | null }
const overlap = (a: Span, b: Span): boolean =>
  (a.to === null || b.from < a.to) && (b.to === null || a.from < b.to) && a.from !== a.to && b.from !== b.to

export type Contended = { index: number; reason: 'patient_already_admitted' | 'bed_taken' }

/**
 * Which of these stays the database would refuse, beside those stored and those before them in the list: for the report of
 * an import. The constraints decide all the same.
 */
export async function findContended(db: TenantDb, stays: readonly StayFields[]): Promise<Contended[]> {
  const patients = [...new Set(stays.map(({ patientId }) => patientId))]
  const beds = [...new Set(stays.flatMap(({ places }) => places.flatMap(({ bedId }) => bedId ?? [])))]
  const taken = new Map<string, Span[]>()
  const take = (key: string, span: Span) => taken.set(key, [...(taken.get(key) ?? []), span])
  if (patients.length > 0)
    for (const { patient_id, admitted_at, discharged_at } of await db
      .selectFrom('stay')
      .select(['patient_id', 'admitted_at', 'discharged_at'])
      .where('patient_id', 'in', patients)
      .where('hidden_at', 'is', null)
      .execute())
      take(patient_id, { from: admitted_at, to: discharged_at })
  if (beds.length > 0)
    for (const { bed_id, from_at, to_at } of await db
      .selectFrom('stay_place')
      .select(['bed_id', 'from_at', 'to_at'])
      .where('bed_id', 'in', beds)
      .where('hidden', '=', false)
      .execute())
      take(bed_id!, { from: from_at, to: to_at })
  return stays.flatMap((stay, index): Contended[] => {
    const { patientId, admittedAt: from, dischargedAt: to, places } = stay
    const isTaken = (key: string, span: Span) => taken.get(key)?.some((other) => overlap(other, span)) ?? false
    if (isTaken(patientId, { from, to })) return [{ index, reason: 'patient_already_admitted' }]
    if (places.some((place) => place.bedId !== null && isTaken(place.bedId, place)))
      return [{ index, reason: 'bed_taken' }]
    take(patientId, { from, to })
    for (const place of places) if (place.bedId !== null) take(place.bedId, place)
    return []
  })
}
