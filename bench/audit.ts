// What the record of reads costs: the same reads of one server with it and without it, in turn. Told are how many were
// answered, and the processor time of server and database for each, which others on the machine change little. The
// database waits for the disk, as at an establishment. Linux only (/proc).
//   node --import tsx --conditions=sis-source bench/audit.ts [rounds] [seconds]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { pino } from 'pino'
import { createTenancy, type AccessLog } from '#tenancy'
import { buildApp } from '../src/app.ts'
import { insertPatients } from '../src/modules/patients/index.ts'
import { openAccess } from '../src/platform/auth/index.ts'
import { prepareBinaries } from '../src/supervisor/binaries.ts'
import { startPostgres } from '../src/supervisor/postgres.ts'
import { quiet, startDatabase } from '../test/cluster.ts'
import { testPassword } from '../test/fixtures.ts'
import { childrenOf } from '../test/sis-process.ts'

const [rounds, seconds] = [Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 3)]
const sites = ['cscom_sangha', 'csref_djenne', 'sih_mopti', 'cabinet_etoile']
const connections = 32

type Served = { ports: Record<'recorded' | 'unrecorded', number>; tokens: string[]; ids: string[][] }

const unbounded = 1_000_000
const config = {
  corsOrigins: [],
  trustProxy: [],
  rateLogin: unbounded,
  rateRequests: unbounded,
  rateEstablishment: unbounded,
  rateUserInFlight: unbounded,
  rateEstablishmentInFlight: unbounded,
  rateInFlight: unbounded,
}

/** The server in a process of its own: one application that records, one whose record does nothing. */
async function serve(apiUrl: string, installation: string): Promise<void> {
  const tenancy = await createTenancy({ url: apiUrl, installation, poolSize: 10, log: quiet })
  const nothing: AccessLog = { append: async () => {} }
  const listen = async (accesses: AccessLog) => {
    const access = await openAccess({ tenancy: { ...tenancy, accesses }, masterKey: Buffer.alloc(32, 7), installation })
    const app = await buildApp({ config, access, log: pino({ level: 'silent' }) })
    await app.listen({ host: '127.0.0.1', port: 0 })
    return { app, port: (app.server.address() as { port: number }).port }
  }
  const [recorded, unrecorded] = [await listen(tenancy.accesses), await listen(nothing)]
  const tokens: string[] = []
  const ids: string[][] = []
  for (const slug of sites) {
    const payload = { username: `${slug}.agent`, password: testPassword }
    const login = await recorded.app.inject({ method: 'POST', url: '/api/v1/auth/login', payload })
    tokens.push(login.json<{ access_token: string }>().access_token)
    const given = Array.from({ length: 200 }, (_, n) => ({
      familyName: 'Traoré',
      givenName: `Numéro ${n}`,
      sex: 'F' as const,
      birth: { precision: 'year' as const, date: '1985' },
    }))
    const tenant = tenancy.tenant(tenancy.directory.findBySlug(slug)!)
    const stored = await tenant.transaction((db) =>
      insertPatients(db, { id: null, name: 'bench', role: 'BENCH' }, given, 'import'),
    )
    ids.push(stored.map(({ id }) => id))
  }
  const ports = { recorded: recorded.port, unrecorded: unrecorded.port }
  process.send?.({ ports, tokens, ids } satisfies Served)
}

// USER_HZ is 100 on every Linux that Node runs on.
const msPerTick = 10

/** The processor time of a process so far (ms). */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * msPerTick
  } catch {
    return 0
  }
}

type Mix = 'one' | 'list' | 'mixed'

/** Reads as many as it can. @returns how many were answered */
async function load({ ports, tokens, ids }: Served, kind: keyof Served['ports'], mix: Mix): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const until = performance.now() + seconds * 1_000
  let answered = 0
  const worker = async (n: number): Promise<void> => {
    const site = n % sites.length
    for (let turn = n; performance.now() < until; turn++) {
      const isList = mix === 'list' || (mix === 'mixed' && turn % 4 === 0)
      const path = isList ? '/api/v1/patients?limit=20' : `/api/v1/patients/${ids[site]![turn % 200]}`
      const status = await new Promise<number>((resolve, reject) => {
        const asked = request(
          { agent, port: ports[kind], host: '127.0.0.1', path, headers: { authorization: `Bearer ${tokens[site]}` } },
          (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
        )
        asked.on('error', reject).end()
      })
      if (status !== 200) throw new Error(`answered ${status}`)
      answered++
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, n) => worker(n)))
  agent.destroy()
  return answered
}

const median = (list: number[]): number => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0

async function measure(): Promise<void> {
  const database = await startDatabase()
  const { port } = database.postgres
  await database.postgres.stop('fast')
  const logFile = join(database.directory, '..', 'log')
  database.postgres = await startPostgres(prepareBinaries(), database.directory, { port, logFile, settings: {} })
  const server = fork(import.meta.filename, ['serve', database.apiUrl, database.installation])
  try {
    const [served] = (await once(server, 'message')) as [Served]
    const cpu = (): number =>
      [server.pid!, ...childrenOf(database.postgres.pid).map(({ pid }) => pid)].reduce(
        (sum, pid) => sum + cpuOf(pid),
        0,
      )
    for (const mix of ['one', 'list', 'mixed'] as const) {
      const rates: Record<string, number[]> = { recorded: [], unrecorded: [] }
      const costs: Record<string, number[]> = { recorded: [], unrecorded: [] }
      const ratios: number[] = []
      for (let round = 0; round < rounds; round++) {
        // In turn first and second: what else the machine does falls on both.
        const order = round % 2 === 0 ? (['recorded', 'unrecorded'] as const) : (['unrecorded', 'recorded'] as const)
        for (const kind of order) {
          const before = cpu()
          const answered = await load(served, kind, mix)
          rates[kind]!.push(answered / seconds)
          costs[kind]!.push((cpu() - before) / answered)
        }
        ratios.push(rates['recorded']!.at(-1)! / rates['unrecorded']!.at(-1)!)
      }
      const figures = ['unrecorded', 'recorded'].map(
        (kind) =>
          `${kind} ${median(rates[kind]!).toFixed(0)}/s (${median(costs[kind]!).toFixed(2)} ms of processor each)`,
      )
      console.log(
        `${mix}: ${figures.join(', ')}; ratio of rates ${median(ratios).toFixed(2)}, of processor time ${(median(costs['unrecorded']!) / median(costs['recorded']!)).toFixed(2)}; ${rounds} rounds`,
      )
    }
    const [size] = await database.asSuperuser<{ rows: number; bytes: number; gin: number }>(
      `select count(*)::int as rows, pg_total_relation_size('sis_audit.entry')::int as bytes,
         pg_relation_size('sis_audit.entry_patients')::int as gin from sis_audit.entry`,
    )
    if (size) console.log(`${size.rows} entries, ${(size.bytes / size.rows).toFixed(0)} bytes each with the indexes (GIN ${(size.gin / size.rows).toFixed(0)})`) // prettier-ignore
  } finally {
    server.kill()
    await database.stop()
  }
}

const [, , what, apiUrl, installation] = process.argv
if (what === 'serve' && apiUrl && installation) await serve(apiUrl, installation)
else await measure()
