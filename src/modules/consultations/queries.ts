import type { TenantDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import type { Language } from '../../shared/text.ts'
import { listVersions } from '../history/index.ts'
import { holdPatient, noteGlass, refuseProtected, type Viewer } from '../patients/index.ts'
import { consultationColumns, selectConsultations, toConsultation, type ConsultationRow } from './record.ts'
import type { Consultation, ConsultationVersion } from './schemas.ts'

/** A consultation that is not hidden, of a patient whom `viewer` may see. */
export async function findConsultation(
  db: TenantDb,
  viewer: Viewer,
  id: string,
  language: Language,
): Promise<Consultation | undefined> {
  const row = await selectConsultations(db, viewer)
    .where('consultation.id', '=', id)
    .where('consultation.hidden_at', 'is', null)
    .executeTakeFirst()
  if (row) noteGlass(viewer, [row])
  return row && toConsultation(row, language)
}

/**
 * @throws patient_protected: of a sensitive file, which can be opened by a break-glass; consultation_not_found: unknown,
 *   hidden, or another establishment's, without telling which
 */
export async function getConsultation(
  db: TenantDb,
  viewer: Viewer,
  id: string,
  language: Language,
): Promise<Consultation> {
  const consultation = await findConsultation(db, viewer, id, language)
  if (consultation) return consultation
  await refuseProtectedOf(db, viewer, id)
  throw problem('consultation_not_found')
}

/** The row, locked until the end of the transaction. @throws patient_protected, consultation_not_found */
export async function lockConsultation(db: TenantDb, viewer: Viewer, id: string): Promise<ConsultationRow> {
  const row = await db
    .selectFrom('consultation')
    .select(consultationColumns)
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw problem('consultation_not_found')
  await holdPatient(db, viewer, row.patient_id)
  return row
}

/** Every version of a consultation of a patient whom `viewer` may see, newest first; none of an unknown one. @throws patient_protected */
export async function listConsultationVersions(db: TenantDb, viewer: Viewer, id: string) {
  const versions = await listVersions<ConsultationVersion>(db, 'consultation', id)
  const [newest] = versions
  if (newest) await refuseProtected(db, viewer, newest.data.patientId)
  return versions
}

async function refuseProtectedOf(db: TenantDb, viewer: Viewer, id: string): Promise<void> {
  const row = await db
    .selectFrom('consultation')
    .select('patient_id')
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .executeTakeFirst()
  if (row) await refuseProtected(db, viewer, row.patient_id)
}
