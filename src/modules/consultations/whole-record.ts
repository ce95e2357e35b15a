import { isBefore, type TenantDb } from '#tenancy'
import { noteGlass, refuseProtected, type Viewer } from '../patients/index.ts'
import { selectConsultations, toConsultation } from './record.ts'
import type { Consultation } from './schemas.ts'

export type VisitKeys = [date: string, id: string]

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
  const rows = await selectConsultations(db, viewer)
    .where('consultation.patient_id', '=', patientId)
    .$if(after !== undefined, (query) =>
      query.where((eb) => isBefore([eb.ref('consultation.date'), eb.ref('consultation.id')], after!, ['date', 'uuid'])),
    )
    .orderBy('consultation.date', 'desc')
    .orderBy('consultation.id', 'desc')
    .limit(limit)
    .execute()
  noteGlass(viewer, rows)
  return rows.map((row) => toConsultation(row, 'fr'))
}
