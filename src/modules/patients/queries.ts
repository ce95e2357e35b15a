import { run, statement, type Statement, type Tenant, type TenantDb } from '#tenancy'
import { now, today } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { remembered } from '../../shared/remembered.ts'
import { listVersions } from '../history/index.ts'
import { toPatient, type PatientRow } from './record.ts'
import type { Patient, PatientVersion } from './schemas.ts'
import { kindOf, noteGlass, placedIn, refuseProtected, visiblePatients, type Viewer } from './visibility.ts'

type ById = { id: string; viewer: string; at: string }
type Row = PatientRow & { glass: string | null }
const statements = remembered<Statement<ById, Row>>(3)

const found = (viewer: Viewer, id: string): [Statement<ById, Row>, ById] => [
  statements(kindOf(viewer), () =>
    statement(
      'patient.get',
      (db, value) =>
        visiblePatients(db, placedIn(viewer, value('viewer')), value('at'))
          .where('patient.id', '=', value('id'))
          .where('hidden_at', 'is', null)
          .limit(1),
      { plannedOnce: true },
    ),
  ),
  { id, viewer: viewer.id ?? '', at: now().toISOString() },
]

/**
 * A patient who is not hidden, and whom `viewer` may see.
 * @throws patient_protected: a sensitive file of this establishment, which can be opened by a break-glass;
 *   patient_not_found: unknown, hidden, or another establishment's, without telling which
 */
export async function getPatient(db: TenantDb, viewer: Viewer, id: string): Promise<Patient> {
  const row = await findRow(db, viewer, id)
  return row ? toPatient(row, today()) : refuseAbsent(db, viewer, id)
}

/** The same in a transaction of its own, of one statement when it is found. @throws as getPatient */
export async function readPatient(tenant: Tenant, viewer: Viewer, id: string): Promise<Patient> {
  const [row] = await tenant.once(...found(viewer, id))
  if (!row) return tenant.read((db) => refuseAbsent(db, viewer, id))
  noteGlass(viewer, [row])
  return toPatient(row, today())
}

/** A patient, hidden or not: what is kept of a person concerns that person all the same. @throws as getPatient */
export async function getKeptPatient(db: TenantDb, viewer: Viewer, id: string): Promise<Patient> {
  const row = await visiblePatients(db, viewer).where('patient.id', '=', id).executeTakeFirst()
  if (!row) return refuseAbsent(db, viewer, id)
  noteGlass(viewer, [row])
  return toPatient(row, today())
}

/** The row, locked until the end of the transaction. @throws patient_protected, patient_not_found */
export async function lockPatient(db: TenantDb, viewer: Viewer, id: string): Promise<PatientRow> {
  // Locked first, looked at afterwards: who waited here for another's marking sees the team that came with it.
  await db.selectFrom('patient').select('id').where('id', '=', id).forUpdate().execute()
  const row = await findRow(db, viewer, id)
  return row ?? (await refuseAbsent(db, viewer, id))
}

/**
 * Keeps the patient's mark and team as they are until the end of the transaction, for something that is written about
 * the patient: a marking at the same time comes before it (then it is refused) or after (then its author is of the team).
 * @throws as refuseProtected; nothing when there is no such patient
 */
export async function holdPatient(db: TenantDb, viewer: Viewer, id: string): Promise<void> {
  await db.selectFrom('patient').select('id').where('id', '=', id).forShare().execute()
  await refuseProtected(db, viewer, id)
}

/** Every version of a patient whom `viewer` may see, newest first; none of an unknown one. @throws patient_protected */
export async function listPatientVersions(db: TenantDb, viewer: Viewer, id: string) {
  await refuseProtected(db, viewer, id)
  return listVersions<PatientVersion>(db, 'patient', id)
}

async function findRow(db: TenantDb, viewer: Viewer, id: string): Promise<Row | undefined> {
  const [row] = await run(db, ...found(viewer, id))
  if (row) noteGlass(viewer, [row])
  return row
}

async function refuseAbsent(db: TenantDb, viewer: Viewer, id: string): Promise<never> {
  await refuseProtected(db, viewer, id)
  throw problem('patient_not_found')
}
