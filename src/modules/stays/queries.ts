import type { TenantDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import { listVersions, type Version } from '../history/index.ts'
import { noteGlass, refuseProtected, type Viewer } from '../patients/index.ts'
import { selectStays, stayColumns, toStay, type StayRow } from './record.ts'
import type { Place } from './rules/fields.ts'
import type { Stay, StayMovement, StayVersion } from './schemas.ts'

/**
 * A stay that is not hidden, of a patient whom `viewer` may see.
 * @throws patient_protected: of a sensitive file, which can be opened by a break-glass; stay_not_found: unknown, hidden, or
 *   another establishment's, without telling which
 */
export async function getStay(db: TenantDb, viewer: Viewer, id: string): Promise<Stay> {
  const row = await selectStays(db, viewer)
    .where('stay.id', '=', id)
    .where('stay.hidden_at', 'is', null)
    .executeTakeFirst()
  if (!row) return refuseAbsent(db, viewer, id)
  noteGlass(viewer, [row])
  return toStay(row)
}

async function refuseAbsent(db: TenantDb, viewer: Viewer, id: string): Promise<never> {
  const row = await db
    .selectFrom('stay')
    .select('patient_id')
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (row) await refuseProtected(db, viewer, row.patient_id)
  throw problem('stay_not_found')
}

/** Whose stay it is, when `viewer` may see it. @throws as getStay */
export async function patientOfStay(db: TenantDb, viewer: Viewer, id: string): Promise<string> {
  const row = await db
    .selectFrom('stay')
    .select('patient_id')
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw problem('stay_not_found')
  await refuseProtected(db, viewer, row.patient_id)
  return row.patient_id
}

/** The row, locked until the end of the transaction. @throws patient_protected, stay_not_found */
export async function lockStay(db: TenantDb, viewer: Viewer, id: string): Promise<StayRow> {
  const row = await db
    .selectFrom('stay')
    .select(stayColumns)
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw problem('stay_not_found')
  await holdForStay(db, viewer, row.patient_id)
  return row
}

/**
 * The patient, held for a stay until the end of the transaction: of two admissions of one patient the second waits for the
 * first. As strong as it will be needed: two that hold a weaker lock and both want this one would wait for each other.
 * @throws patient_protected
 */
export async function holdForStay(db: TenantDb, viewer: Viewer, patientId: string): Promise<void> {
  await db.selectFrom('patient').select('id').where('id', '=', patientId).forNoKeyUpdate().execute()
  await refuseProtected(db, viewer, patientId)
}

/** Whoever admits holds the patient as whoever hides does: none comes in between. @throws patient_admitted */
export async function refuseAdmitted(db: TenantDb, patientId: string): Promise<void> {
  const open = await db
    .selectFrom('stay')
    .select('id')
    .where('patient_id', '=', patientId)
    .where('discharged_at', 'is', null)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (open) throw problem('patient_admitted')
}

/** Where the patient was, the admission first. */
export async function placesOf(db: TenantDb, stayId: string): Promise<Place[]> {
  const rows = await db
    .selectFrom('stay_place')
    .select(['id', 'service_id', 'bed_id', 'from_at', 'to_at', 'reason'])
    .where('stay_id', '=', stayId)
    .orderBy('from_at')
    .execute()
  return rows.map(({ id, service_id, bed_id, from_at, to_at, reason }) => ({
    id,
    serviceId: service_id,
    bedId: bed_id,
    from: from_at,
    to: to_at,
    reason,
  }))
}

/** The same with names, and who entered each. @throws patient_protected, stay_not_found */
export async function listMovements(
  db: TenantDb,
  viewer: Viewer,
  stayId: string,
): Promise<{ patientId: string; items: StayMovement[] }> {
  const patientId = await patientOfStay(db, viewer, stayId)
  const rows = await db
    .selectFrom('stay_place')
    .innerJoin('service', 'service.id', 'stay_place.service_id')
    .leftJoin('bed', 'bed.id', 'stay_place.bed_id')
    .select(['stay_place.id', 'stay_place.service_id', 'stay_place.bed_id', 'stay_place.from_at', 'stay_place.to_at'])
    .select(['stay_place.reason', 'stay_place.by_id', 'stay_place.by_name', 'stay_place.at'])
    .select(['service.name as service_name', 'bed.code as bed_code'])
    .where('stay_place.stay_id', '=', stayId)
    .orderBy('stay_place.from_at')
    .execute()
  const items = rows.map((row) => ({
    id: row.id,
    serviceId: row.service_id,
    bedId: row.bed_id,
    from: row.from_at,
    to: row.to_at,
    reason: row.reason,
    service: { id: row.service_id, name: row.service_name },
    bed: row.bed_id === null ? null : { id: row.bed_id, code: row.bed_code ?? '' },
    by: { id: row.by_id, name: row.by_name },
    at: row.at,
  }))
  return { patientId, items }
}

/** The first and the last instant at which something was observed in a stay. */
export async function observedIn(db: TenantDb, stayId: string): Promise<readonly [string, string] | undefined> {
  const row = await db
    .selectFrom('stay_observation')
    .select((eb) => [eb.fn.min('at').as('first'), eb.fn.max('at').as('last')])
    .where('stay_id', '=', stayId)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  return row?.first && row.last ? [row.first, row.last] : undefined
}

/** Every version of a stay of a patient whom `viewer` may see, newest first. @throws patient_protected, stay_not_found */
export async function listStayVersions(db: TenantDb, viewer: Viewer, id: string): Promise<Version<StayVersion>[]> {
  const versions = await listVersions<StayVersion>(db, 'stay', id)
  const [newest] = versions
  if (!newest) throw problem('stay_not_found')
  await refuseProtected(db, viewer, newest.data.patientId)
  return versions
}
