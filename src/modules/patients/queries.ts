import type { TenantDb } from '#tenancy'
import { today } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { patientColumns, toPatient, type PatientRow } from './record.ts'
import type { Patient } from './schemas.ts'

/** A patient who is not hidden. */
export async function findPatient(db: TenantDb, id: string): Promise<Patient | undefined> {
  const row = await visible(db, id).executeTakeFirst()
  return row && toPatient(row, today())
}

/** @throws patient_not_found: unknown, hidden, or another establishment's, without telling which */
export async function getPatient(db: TenantDb, id: string): Promise<Patient> {
  const patient = await findPatient(db, id)
  if (!patient) throw problem('patient_not_found')
  return patient
}

/** The row, locked until the end of the transaction. @throws patient_not_found */
export async function lockPatient(db: TenantDb, id: string): Promise<PatientRow> {
  const row = await visible(db, id).forUpdate().executeTakeFirst()
  if (!row) throw problem('patient_not_found')
  return row
}

const visible = (db: TenantDb, id: string) =>
  db.selectFrom('patient').select(patientColumns).where('id', '=', id).where('hidden_at', 'is', null)
