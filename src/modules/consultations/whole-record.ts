import type { TenantDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { noteGlasses, refuseProtected, type Viewer } from '../patients/index.ts'
import { conditionsOf, wholePages, type VisitKeys } from './page-query.ts'
import { toConsultation } from './record.ts'
import type { Consultation } from './schemas.ts'

/**
 * What is kept of one patient's visits, hidden ones too, newest first by (date, id), in French.
 * @param after the last visit of the page before
 * @throws patient_protected when `viewer` may not see the patient, or no more
 */
export async function listWholeRecord(
  db: TenantDb,
  viewer: Viewer,
  patientId: string,
  after: VisitKeys | undefined,
  limit: number,
): Promise<Consultation[]> {
  await refuseProtected(db, viewer, patientId)
  const conditions = { ...conditionsOf({ patientId }, after), kept: 'hidden ones too' }
  const at = now().toISOString()
  const rows = await wholePages.newest(db, viewer, conditions, limit).execute()
  await noteGlasses((look) => look(db), viewer, rows, at)
  return rows.map((row) => toConsultation(row, 'fr'))
}
