import type { Owner, Tenancy, TenantDb } from '#tenancy'
import { insertConsultations } from '../modules/consultations/index.ts'
import { insertPatients } from '../modules/patients/index.ts'
import { findOrInsertService, findOrInsertSpecialty } from '../modules/services/index.ts'
import { today } from '../shared/clock.ts'
import { createDemoAccounts, demoAccounts, demoState } from './accounts.ts'
import { protect } from './sensitive.ts'
import { loadWard } from './ward-load.ts'
import { demoRecords, type DemoConsultation, type DemoRecords } from './pyramid.ts'

export type DemoOptions = {
  /** bootstrap() and the migrations done. */
  owner: Owner
  tenancy: Tenancy
  /** Of every demonstration account. */
  password: string
  /** @param done of `of` establishments */
  onProgress?: (done: number, of: number) => void
}

const actor = { id: null, name: 'Démonstration', role: 'SUPER_ADMIN' }

/**
 * Loads the demonstration pyramid into a database without accounts. Each establishment's records come in one
 * transaction and the accounts in a last one: a load that is cut is taken up where it was, and nobody signs in before
 * all is there.
 * @returns false when there are accounts already: nothing was done
 */
export async function loadDemo({ owner, tenancy, password, onProgress }: DemoOptions): Promise<boolean> {
  if ((await demoState(tenancy)) !== 'absent') return false
  // An establishment whose preparation was cut is prepared first.
  await owner.reconcile()
  await tenancy.directory.refresh()
  const pyramid = demoRecords()
  for (const [done, records] of pyramid.entries()) {
    onProgress?.(done, pyramid.length)
    await loadEstablishment(owner, tenancy, records)
  }
  await createDemoAccounts(tenancy, password)
  await tenancy.directory.refresh()
  onProgress?.(pyramid.length, pyramid.length)
  return true
}

async function loadEstablishment(
  owner: Owner,
  tenancy: Tenancy,
  { establishment, ...records }: DemoRecords,
): Promise<void> {
  const { slug, name, type, region, cercle, healthDistrict } = establishment
  if (!tenancy.directory.findBySlug(slug)) {
    await owner.createEstablishment({
      slug,
      name,
      type,
      region,
      cercle: cercle ?? null,
      healthDistrict: healthDistrict ?? null,
      demo: true,
    })
    await tenancy.directory.refresh()
  }
  const found = tenancy.directory.findBySlug(slug)
  if (!found) throw new Error(`establishment ${slug} is not in the directory`)
  await tenancy.tenant(found).transaction(async (db) => {
    const started = await db.selectFrom('patient').select('id').limit(1).executeTakeFirst()
    if (!started) await insertRecords(db, { establishment, ...upTo(today(), records) })
  })
}

async function insertRecords(db: TenantDb, { establishment, patients, consultations }: DemoRecords): Promise<void> {
  await insertPatients(
    db,
    actor,
    patients.map(({ openedAt, ...patient }) => ({ ...patient, at: openedAt })),
  )
  const service = await entries(consultations.map((visit) => visit.service), (name) => findOrInsertService(db, actor, name)) // prettier-ignore
  const specialty = await entries(consultations.map((visit) => visit.specialty), (name) => findOrInsertSpecialty(db, actor, name)) // prettier-ignore
  const rows = consultations.map(({ service: s, specialty: p, ...visit }) => ({
    ...visit,
    serviceId: service.get(s),
    specialtyId: specialty.get(p),
  }))
  await insertConsultations(db, actor, rows)
  await loadWard(db, actor, { establishment, patients, consultations }, service)
  await protect(
    db,
    actor,
    establishment.slug,
    patients,
    demoAccounts.find(({ username }) => username === `${establishment.slug}.agent`)!,
  )
}

async function entries(names: string[], make: (name: string) => Promise<{ id: string }>): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  for (const name of new Set(names)) ids.set(name, (await make(name)).id)
  return ids
}

/** What a machine whose clock is late can take: the rules refuse visits of the future. */
function upTo(day: string, { patients, consultations }: Omit<DemoRecords, 'establishment'>) {
  return {
    patients: patients.filter(({ openedAt }) => openedAt.slice(0, 10) <= day),
    consultations: consultations.filter(({ date }: DemoConsultation) => date <= day),
  }
}
