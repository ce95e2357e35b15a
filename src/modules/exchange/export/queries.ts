import type { Tenant, TenantDb } from '#tenancy'
import type { Language } from '../../../shared/text.ts'
import { walkConsultations, type ConsultationFilters } from '../../consultations/index.ts'
import { isVisible, listPatients, type Patient, type PatientFilters, type Viewer } from '../../patients/index.ts'
import type { Contact, Visited } from './sheets.ts'

// With 1,000 an XLSX of 100,000 visits takes 238 MB, with 500 183 MB (bench/README.md).
const PAGE = 500

type Read = Tenant['read']

/** All patients of a filtered list that `viewer` may see, in its order, in pages; each page in a transaction of its own. */
export async function* walkPatients(read: Read, viewer: Viewer, filters: PatientFilters): AsyncGenerator<Patient[]> {
  let cursor: string | undefined
  do {
    const query = { ...filters, limit: PAGE, ...(cursor !== undefined && { cursor }) }
    const page = await read((db) => listPatients(db, viewer, query))
    yield page.items
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

/** All consultations of a filtered list with how their patients are reached, in pages; each in transactions of its own. */
export async function* walkVisited(
  read: Read,
  viewer: Viewer,
  filters: ConsultationFilters,
  language: Language,
): AsyncGenerator<Visited[]> {
  for await (const page of walkConsultations(read, viewer, filters, language, PAGE)) {
    const ids = [...new Set(page.map(({ patientId }) => patientId))]
    const contacts = await read((db) => contactsOf(db, viewer, ids))
    yield page.map((consultation) => ({ ...consultation, contact: contacts.get(consultation.patientId) }))
  }
}

async function contactsOf(db: TenantDb, viewer: Viewer, ids: string[]): Promise<Map<string, Contact>> {
  const rows = await db
    .selectFrom('patient')
    .select(['id', 'phone', 'village', 'mother_name', 'nina', 'amo_number'])
    .where('id', 'in', ids)
    .where((eb) => isVisible(eb, viewer))
    .execute()
  return new Map(
    rows.map(({ id, phone, village, mother_name, nina, amo_number }) => [
      id,
      { phone, village, motherName: mother_name, nina, amoNumber: amo_number },
    ]),
  )
}
