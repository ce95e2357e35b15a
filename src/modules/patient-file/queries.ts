import type { Establishment, Tenancy, Tenant, TenantDb } from '#tenancy'
import { summariseAccesses } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { listWholeRecord, type Consultation, type ConsultationVersion, type VisitKeys } from '../consultations/index.ts'
import type { RegisterOf } from '../exchange/index.ts'
import { listVersions, listVersionsOf, type Version } from '../history/index.ts'
import { listOppositions } from '../oppositions/index.ts'
import { getKeptPatient, listMembers, listPatientGlasses, type PatientVersion } from '../patients/index.ts'
import type { Head, Visit } from './schemas.ts'

const PAGE = 50
// A visit that was corrected a hundred times is read alone: what is in memory are about this many versions of 20 kB at most.
const VERSIONS_AT_ONCE = 200

export type Origin = { id: string; line: number }
export type Opened = {
  head: Head
  /** Which line of which register became which record. */
  origins: ReadonlyMap<string, Origin>
  /** Names of services and specialties, those switched off too. */
  lists: ReadonlyMap<string, string>
}

/** What a patient's file says before its visits. @throws patient_protected, patient_not_found */
export async function openFile(
  read: Tenant['read'],
  { platform }: Pick<Tenancy, 'platform'>,
  establishment: Establishment,
  registers: readonly RegisterOf[],
  actor: Actor,
  id: string,
): Promise<Opened> {
  const { slug, name, type, region, cercle } = establishment
  const opened = await read(async (db) => {
    const patient = await getKeptPatient(db, actor, id)
    const { imports, origins } = await importsOf(db, registers, id)
    const head: Omit<Head, 'accesses'> = {
      format: 'sis.patient-file',
      formatVersion: 1,
      generatedAt: now().toISOString(),
      generatedBy: { name: actor.name, role: actor.role },
      establishment: { slug, name, type, region, cercle },
      patient,
      history: await listVersions<PatientVersion>(db, 'patient', id),
      oppositions: await listOppositions(db, id),
      imports,
      careTeam: await listMembers(db, id),
      breakGlasses: await listPatientGlasses(db, id),
    }
    return { head, origins, lists: await listsOf(db) }
  })
  const accesses = await platform.read('audit', (db) => summariseAccesses(db, establishment, id))
  return { ...opened, head: { ...opened.head, accesses } }
}

async function listsOf(db: TenantDb): Promise<Map<string, string>> {
  const services = await db.selectFrom('service').select(['id', 'name']).execute()
  const specialties = await db.selectFrom('specialty').select(['id', 'name']).execute()
  return new Map([...services, ...specialties].map(({ id, name }) => [id, name]))
}

/** Registers from which this patient's records come, newest first, and which line of which became which record. */
async function importsOf(db: TenantDb, registers: readonly RegisterOf[], patientId: string) {
  const imports = new Map<string, Head['imports'][number]>()
  const origins = new Map<string, Origin>()
  for (const { table } of registers)
    for (const { record, line, id, file_name, created_at, created_by_id, created_by_name } of await db
      // All of these tables have these columns; the builder cannot type a union of tables.
      .selectFrom(table as 'consultation')
      .innerJoin('import_line', `import_line.${table as 'consultation'}_id`, `${table as 'consultation'}.id`)
      .innerJoin('import_run', 'import_run.id', 'import_line.import_id')
      .select([`${table as 'consultation'}.id as record`, 'import_line.line', 'import_run.id', 'import_run.file_name'])
      .select(['import_run.created_at', 'import_run.created_by_id', 'import_run.created_by_name'])
      .where(`${table as 'consultation'}.patient_id`, '=', patientId)
      .execute()) {
      imports.set(id, { id, fileName: file_name, at: created_at, by: { id: created_by_id, name: created_by_name } })
      origins.set(record, { id, line })
    }
  return { imports: [...imports.values()].sort((a, b) => (a.at < b.at ? 1 : -1)), origins }
}

/**
 * All visits of a patient, newest first, each with its versions as they stood at that instant, in pages of which each is
 * read in a transaction of its own.
 * @throws patient_protected when the right to see the patient ends meanwhile: a file without its end is no file
 */
export async function* walkVisits(
  read: Tenant['read'],
  actor: Actor,
  { head: { patient }, origins }: Opened,
): AsyncGenerator<Visit[]> {
  let after: VisitKeys | undefined
  for (;;) {
    const from = after
    const { page, visits } = await read(async (db) => {
      const page = await listWholeRecord(db, actor, patient.id, from, PAGE)
      return { page, visits: await withVersions(db, upToVersions(page), origins) }
    })
    if (visits.length > 0) yield visits
    const last = visits.at(-1)
    if (!last || (page.length < PAGE && visits.length === page.length)) return
    after = [last.date, last.id]
  }
}

/** The first visits that have together no more versions than are read at once; one at least. */
function upToVersions(page: Consultation[]): Consultation[] {
  let versions = 0
  const end = page.findIndex(({ version }) => (versions += version) > VERSIONS_AT_ONCE)
  return end < 0 ? page : page.slice(0, Math.max(1, end))
}

async function withVersions(
  db: TenantDb,
  page: Consultation[],
  origins: ReadonlyMap<string, Origin>,
): Promise<Visit[]> {
  if (page.length === 0) return []
  const ids = page.map(({ id }) => id)
  const versions = await listVersionsOf<ConsultationVersion>(db, 'consultation', ids)
  return page.map(({ patient, ...visit }) => ({
    ...visit,
    age: patient.age,
    import: origins.get(visit.id) ?? null,
    history: versions.get(visit.id) ?? ([] as Version<ConsultationVersion>[]),
  }))
}
