import type { TenantDb } from '#tenancy'
import type { Language } from '../../../shared/text.ts'
import { walkConsultations, type ConsultationFilters } from '../../consultations/index.ts'
import { listPatients, type Patient, type PatientFilters } from '../../patients/index.ts'
import type { Contact, Visited } from './sheets.ts'

const PAGE = 1_000

/** All patients of a filtered list, in its order, in pages. */
export async function* walkPatients(db: TenantDb, filters: PatientFilters): AsyncGenerator<Patient[]> {
  let cursor: string | undefined
  do {
    const page = await listPatients(db, { ...filters, limit: PAGE, ...(cursor !== undefined && { cursor }) })
    yield page.items
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

/** All consultations of a filtered list with how their patients are reached, in pages. */
export async function* walkVisited(
  db: TenantDb,
  filters: ConsultationFilters,
  language: Language,
): AsyncGenerator<Visited[]> {
  for await (const page of walkConsultations(db, filters, language, PAGE)) {
    const contacts = await contactsOf(db, [...new Set(page.map(({ patientId }) => patientId))])
    yield page.map((consultation) => ({ ...consultation, contact: contacts.get(consultation.patientId) }))
  }
}

async function contactsOf(db: TenantDb, ids: string[]): Promise<Map<string, Contact>> {
  const rows = await db
    .selectFrom('patient')
    .select(['id', 'phone', 'village', 'mother_name', 'nina', 'amo_number'])
    .where('id', 'in', ids)
    .execute()
  return new Map(
    rows.map(({ id, phone, village, mother_name, nina, amo_number }) => [
      id,
      { phone, village, motherName: mother_name, nina, amoNumber: amo_number },
    ]),
  )
}
