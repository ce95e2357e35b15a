import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { prepareBinaries } from '../../src/supervisor/binaries.ts'
import { copyCluster } from '../../src/supervisor/cluster.ts'
import { findRunning } from '../../src/supervisor/embedded.ts'
import { freePort, startPostgres, urlOf, type Postgres } from '../../src/supervisor/postgres.ts'
import { writeSecret } from '../../src/supervisor/secrets.ts'
import { clusterPassword, preparedTemplate } from '../cluster.ts'
import { atEnd, removeFolder, type Test } from '../ending.ts'
import { childrenOf, newDataDir, postmasterOf, sis, until, type SisProcess } from '../sis-process.ts'
import { startProxy, type Proxy } from './proxy.ts'

/** The real program on a database of its own, with fsync on: what is killed here is what runs at an establishment. */
export type Rig = {
  url: string
  /** The program that runs now: it changes when its supervisor is killed or stopped. */
  program: SisProcess
  /** Starts the program (again) and waits until it is ready. */
  start(): Promise<void>
  /** The HTTP processes, by number. */
  httpProcesses(): number[]
  postmaster(): number
  /** Only where the database is the test's own. */
  external?: External
  asSuperuser<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>
}

export type External = {
  proxy: Proxy
  /** Fast and immediate as pg_ctl does it; SIGKILL as the machine's lack of memory does. */
  stop(how: 'fast' | 'immediate' | 'SIGKILL'): Promise<void>
  /** @param settings other ones from now on */
  start(settings?: Settings): Promise<void>
}

type Settings = Record<string, string | number>

const environment = { SIS_WORKERS: '2', SIS_RATE_REQUESTS: '1000000', SIS_RATE_LOGIN: '1000000' }

/**
 * The embedded PostgreSQL, which the supervisor restarts by itself.
 * @param dataDir another place than the usual
 * @param more settings of the program
 */
export async function embeddedRig(t: Test, dataDir = newDataDir(t), more: Record<string, string> = {}): Promise<Rig> {
  mkdirSync(dataDir, { mode: 0o700, recursive: true })
  copyCluster(await preparedTemplate(), join(dataDir, 'postgres'))
  for (const name of ['postgres-password', 'api-password']) writeSecret(join(dataDir, name), clusterPassword)
  const rig = await rigOf(t, { ...more, SIS_DATA_DIR: dataDir })
  return Object.assign(rig, {
    postmaster: () => postmasterOf(dataDir),
    asSuperuser: <R extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      ask<R>(() => findRunning(dataDir) ?? '', sql, values),
  })
}

/** A PostgreSQL of one's own behind a proxy that can cut. */
export async function externalRig(t: Test): Promise<Rig & { external: External }> {
  const folder = mkdtempSync(join(tmpdir(), 'sis-faults-'))
  atEnd(t, () => removeFolder(folder))
  const directory = join(folder, 'cluster')
  copyCluster(await preparedTemplate(), directory)
  const port = await freePort()
  let settings: Settings = {}
  const start = (): Promise<Postgres> =>
    startPostgres(prepareBinaries(), directory, { port, logFile: join(folder, 'log'), settings })
  let postgres = await start()
  atEnd(t, () => postgres.stop('immediate'))
  const proxy = await startProxy(port)
  atEnd(t, () => proxy.close())
  const superuserUrl = urlOf(port, clusterPassword)
  const [row] = await ask<{ id: string }>(() => superuserUrl, 'select id from sis_platform.installation')
  const apiUrl = new URL(urlOf(proxy.port, clusterPassword))
  apiUrl.username = `sis_${row?.id}_api`
  const rig = await rigOf(t, {
    SIS_DATA_DIR: newDataDir(t),
    SIS_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    DATABASE_URL: apiUrl.toString(),
    DATABASE_OWNER_URL: superuserUrl,
  })
  const external: External = {
    proxy,
    async stop(how) {
      if (how === 'SIGKILL') process.kill(postgres.pid, 'SIGKILL')
      else await postgres.stop(how)
      await postgres.exited
    },
    async start(changed = settings) {
      settings = changed
      postgres = await patiently(start)
    },
  }
  return Object.assign(rig, {
    external,
    postmaster: () => postgres.pid,
    asSuperuser: <R extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      ask<R>(() => superuserUrl, sql, values),
  })
}

async function rigOf(t: Test, more: Record<string, string>): Promise<Rig> {
  const port = await freePort()
  const launch = (): SisProcess => sis(t, ['serve'], { ...environment, ...more, PORT: String(port) })
  const rig: Rig = {
    url: `http://127.0.0.1:${port}`,
    program: launch(),
    async start() {
      rig.program = launch()
      await ready(rig.program)
    },
    httpProcesses: () =>
      childrenOf(rig.program.pid).flatMap(({ pid, command }) => (command.includes('server.js') ? [pid] : [])),
    postmaster: () => 0,
    asSuperuser: async () => [],
  }
  await ready(rig.program)
  return rig
}

// Twice: the machine is busy with what was killed.
const ready = (program: SisProcess): Promise<void> =>
  program
    .ready()
    .catch(() => program.ready())
    .catch((error: Error) => Promise.reject(new Error(`${error.message}\n${program.output()}`)))

/** One statement past all walls; repeated while the database is away. */
function ask<R extends pg.QueryResultRow>(url: () => string, sql: string, values: unknown[] = []): Promise<R[]> {
  return patiently(async () => {
    const client = new pg.Client({ connectionString: url(), connectionTimeoutMillis: 5_000 })
    client.on('error', () => {})
    try {
      await client.connect()
      return (await client.query<R>(sql, values)).rows
    } finally {
      await client.end().catch(() => {})
    }
  })
}

// Backends of a server that was killed need a moment to notice; until then a new one is refused.
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  let last: unknown
  return until(async () => {
    try {
      return { value: await work() }
    } catch (error) {
      last = error
      await sleep(100)
      return undefined
    }
  }).then(
    ({ value }) => value,
    () => Promise.reject(last as Error),
  )
}
