// How long an export of 100,000 consultations takes and how much memory, and an import of 20,000 lines; each in a
// process of its own, so that no figure holds what another left behind.
//   node --import tsx --conditions=sis-source bench/export.ts [consultations] [lines]
import { fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { createTenancy, type Tenant } from '#tenancy'
import { consultationRegister, consultationSheet, walkVisited } from '../src/modules/consultations/index.ts'
import { readRegister, storeRegister, writeSheet, type Format } from '../src/modules/exchange/index.ts'
import { quiet, startDatabase } from '../test/cluster.ts'
import { registerFile } from './register.ts'

const [wanted, lines] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 20_000)]

const store = async (tenant: Tenant, first: number): Promise<string> => {
  const file = await readRegister(registerFile(first, lines), `${first}.csv`, '2026-11-22', [consultationRegister])
  const { run } = await storeRegister(tenant, { id: null, name: 'bench', role: 'BENCH' }, file, false)
  const { stored, matchedPatients, proposedMatches } = run.report as {
    stored: object
    matchedPatients: number
    proposedMatches: number
  }
  return JSON.stringify({ ...stored, matchedPatients, proposedMatches })
}

const exported = async (tenant: Tenant, format: Format): Promise<string> => {
  let records = 0
  const file = createWriteStream('/dev/null')
  const sheet = { name: 'Consultations', columns: consultationSheet }
  await writeSheet(format, sheet, walkVisited(tenant.read, { id: null }, {}, 'fr'), file, {
    written: (count) => (records = count),
  })
  file.end()
  await finished(file)
  return `${records} consultations`
}

const works: Record<string, (tenant: Tenant) => Promise<string>> = {
  [`import of ${lines} lines into an empty establishment`]: (tenant) => store(tenant, 1),
  'export as csv': (tenant) => exported(tenant, 'csv'),
  'export as xlsx': (tenant) => exported(tenant, 'xlsx'),
  [`import of ${lines} more lines`]: (tenant) => store(tenant, lines + 1),
}

/** One work in this process: how long, and the most memory that was resident. */
async function measure(name: string, url: string, installation: string): Promise<void> {
  const tenancy = await createTenancy({ url, installation, poolSize: 2, log: quiet })
  const tenant = tenancy.tenant(tenancy.directory.findBySlug('csref_djenne')!)
  const start = performance.now()
  const result = await works[name]!(tenant)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  console.log(
    `${name}: ${seconds} s, ${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} s of processor in this process (its start too), ${Math.round(process.resourceUsage().maxRSS / 1024)} MB resident at most; ${result}`,
  )
  await tenancy.close()
}

async function measureAll(): Promise<void> {
  const database = await startDatabase()
  try {
    const [site] = await database.asSuperuser<{ schema: string }>(
      `select schema_name as schema from sis_platform.establishment where slug = 'csref_djenne'`,
    )
    for (const name of Object.keys(works)) {
      if (name.startsWith('export as csv')) await multiply(database, site!.schema)
      const child = fork(
        import.meta.filename,
        [String(wanted), String(lines), name, database.apiUrl, database.installation],
        {
          // The garbage collector's habits are those of a small server.
          execArgv: [...process.execArgv, '--max-old-space-size=512'],
        },
      )
      await once(child, 'exit')
    }
  } finally {
    await database.stop()
  }
}

/** The imported visits again on earlier days, until there are as many as wanted; analysed, as autovacuum does. */
const multiply = (database: Awaited<ReturnType<typeof startDatabase>>, schema: string) =>
  database.asSuperuser(`analyze ${schema}.patient; insert into ${schema}.consultation (id, patient_id, date, practitioner_name, practitioner_key, service_id, diagnosis, codes, search_key, created_by_name, treatment, temperature)
    select gen_random_uuid(), c.patient_id, c.date - n, c.practitioner_name, c.practitioner_key, c.service_id, c.diagnosis, c.codes, c.search_key, 'bench', 'Artéméther-luméfantrine 3 jours', 38.5
    from ${schema}.consultation c cross join generate_series(1, ${Math.ceil(wanted / lines)}) n limit ${Math.max(0, wanted - lines)}; analyze ${schema}.consultation`)

const [, , , , name, url, installation] = process.argv
if (name && url && installation) await measure(name, url, installation)
else await measureAll()
