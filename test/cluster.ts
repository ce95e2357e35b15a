import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { openOwner, type Log, type Owner } from '#tenancy'
import { prepareBinaries } from '../src/supervisor/binaries.ts'
import { copyCluster, initCluster } from '../src/supervisor/cluster.ts'
import { freePort, startPostgres, urlOf, type Postgres } from '../src/supervisor/postgres.ts'
import { addFixtures } from './fixtures.ts'

const root = join(import.meta.dirname, '..')
export const migrationsFolder = join(root, 'migrations')
/** Of the superuser and of the pools' login. */
export const clusterPassword = 'only-for-tests'
const unsafe = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', shared_buffers: '64MB' }

export const quiet: Log = { info() {}, warn() {}, error() {} }

export type TestDatabase = {
  /** The superuser's URL: only tests that look behind the API use it. */
  superuserUrl: string
  /** The pools' login. */
  apiUrl: string
  installation: string
  postgres: Postgres
  directory: string
  owner(log?: Log): Promise<Owner>
  /** One statement as superuser, past all walls: to look, to damage. */
  asSuperuser<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>
  stop(): Promise<void>
}

/** A PostgreSQL of one's own with everything migrated and the fixtures in it: a copy of a template (0.3 s). */
export async function startDatabase(): Promise<TestDatabase> {
  const template = await preparedTemplate()
  const folder = mkdtempSync(join(tmpdir(), 'sis-test-'))
  const directory = join(folder, 'cluster')
  copyCluster(template, directory)
  const start = async (): Promise<Postgres> =>
    startPostgres(prepareBinaries(), directory, {
      port: await freePort(),
      logFile: join(folder, 'log'),
      settings: unsafe,
    })
  const postgres = await start()
  const superuserUrl = urlOf(postgres.port, clusterPassword)
  const client = new pg.Pool({ connectionString: superuserUrl, max: 2 })
  client.on('error', () => {})
  const { rows } = await client.query<{ id: string }>('select id from sis_platform.installation')
  const installation = rows[0]?.id ?? ''
  const apiUrl = superuserUrl.replace('postgres:only', `sis_${installation}_api:only`)
  return {
    superuserUrl,
    apiUrl,
    installation,
    postgres,
    directory,
    async owner(log = quiet) {
      const owner = openOwner({ url: superuserUrl, migrationsFolder, log })
      await owner.bootstrap()
      return owner
    },
    asSuperuser: async <R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      (await client.query<R>(sql, values)).rows,
    async stop() {
      await client.end()
      await postgres.stop('immediate')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The template's folder, made once per state of the migrations and fixtures; another test process may be making it. */
export async function preparedTemplate(): Promise<string> {
  const place = join(tmpdir(), `sis-templates-${process.getuid?.() ?? 0}`)
  const template = join(
    place,
    stateOf([join(migrationsFolder, 'platform'), join(migrationsFolder, 'tenant'), join(root, 'src/tenancy/owner')]),
  )
  const lock = `${template}.lock`
  mkdirSync(place, { recursive: true, mode: 0o755 })
  for (let tries = 0; !existsSync(template); tries++) {
    try {
      mkdirSync(lock)
    } catch {
      // A maker that was killed left its lock: after a minute it is no longer waited for.
      if (tries > 600) rmSync(lock, { recursive: true, force: true })
      await sleep(100)
      continue
    }
    try {
      if (!existsSync(template)) await makeTemplate(template)
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
  return template
}

async function makeTemplate(template: string): Promise<void> {
  const draft = `${template}.making`
  rmSync(draft, { recursive: true, force: true })
  const binaries = prepareBinaries()
  initCluster(binaries, draft, { password: clusterPassword, sync: false })
  const postgres = await startPostgres(binaries, draft, {
    port: await freePort(),
    logFile: `${draft}.log`,
    settings: unsafe,
  })
  const url = urlOf(postgres.port, clusterPassword)
  try {
    const owner = openOwner({ url, migrationsFolder, log: { ...quiet, error: console.error } })
    await owner.bootstrap({ apiPassword: clusterPassword })
    await owner.migratePlatform()
    await addFixtures(owner, url)
    await owner.close()
  } finally {
    await postgres.stop('fast')
  }
  renameSync(draft, template)
}

function stateOf(folders: string[]): string {
  const hash = createHash('sha256').update(readFileSync(join(import.meta.dirname, 'fixtures.ts')))
  for (const folder of folders)
    for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(join(folder, file)))
  return hash.digest('hex').slice(0, 16)
}
