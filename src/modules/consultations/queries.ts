import type { TenantDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import type { Language } from '../../shared/text.ts'
import { consultationColumns, selectConsultations, toConsultation, type ConsultationRow } from './record.ts'
import type { Consultation } from './schemas.ts'

/** A consultation that is not hidden. */
export async function findConsultation(
  db: TenantDb,
  id: string,
  language: Language,
): Promise<Consultation | undefined> {
  const row = await selectConsultations(db)
    .where('consultation.id', '=', id)
    .where('consultation.hidden_at', 'is', null)
    .executeTakeFirst()
  return row && toConsultation(row, language)
}

/** @throws consultation_not_found: unknown, hidden, or another establishment's, without telling which */
export async function getConsultation(db: TenantDb, id: string, language: Language): Promise<Consultation> {
  const consultation = await findConsultation(db, id, language)
  if (!consultation) throw problem('consultation_not_found')
  return consultation
}

/** The row, locked until the end of the transaction. @throws consultation_not_found */
export async function lockConsultation(db: TenantDb, id: string): Promise<ConsultationRow> {
  const row = await db
    .selectFrom('consultation')
    .select(consultationColumns)
    .where('id', '=', id)
    .where('hidden_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw problem('consultation_not_found')
  return row
}
