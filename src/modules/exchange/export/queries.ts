import type { Tenant, TenantDb } from '#tenancy'
import { isVisible, listPatients, type Patient, type PatientFilters, type Viewer } from '../../patients/index.ts'

// With 1,000 an XLSX of 100,000 visits takes 238 MB, with 500 183 MB (bench/README.md).
export const PAGE = 500

type Read = Tenant['read']

/** All patients of a filtered list that `viewer` may see, in its order, in pages; each page in a transaction of its own. */
export const walkPatients = (read: Read, viewer: Viewer, filters: PatientFilters): AsyncGenerator<Patient[]> =>
  walkList(read, filters, (db, query) => listPatients(db, viewer, query, { all: true }))

/** All of a list, in its order, in pages; each page in a transaction of its own. */
export async function* walkList<F extends object, T>(
  read: Read,
  filters: F,
  list: (
    db: TenantDb,
    query: F & { limit: number; cursor?: string },
  ) => Promise<{ items: T[]; nextCursor: string | null }>,
): AsyncGenerator<T[]> {
  let cursor: string | undefined
  do {
    const query = { ...filters, limit: PAGE, ...(cursor !== undefined && { cursor }) }
    const page = await read((db) => list(db, query))
    yield page.items
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
}

/** What a visit's or a stay's own record does not show of its patient. */
export type Contact = {
  phone: string | null
  village: string | null
  motherName: string | null
  nina: string | null
  amoNumber: string | null
}

/** The same records with how their patients are reached; those whom `viewer` may not see have none. */
export async function withContacts<T extends { patientId: string }>(
  db: TenantDb,
  viewer: Viewer,
  records: readonly T[],
): Promise<(T & { contact: Contact | undefined })[]> {
  const contacts = await contactsOf(db, viewer, [...new Set(records.map(({ patientId }) => patientId))])
  return records.map((record) => ({ ...record, contact: contacts.get(record.patientId) }))
}

async function contactsOf(db: TenantDb, viewer: Viewer, ids: string[]): Promise<Map<string, Contact>> {
  if (ids.length === 0) return new Map()
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
