import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { openOwner, type Log, type Owner } from '#tenancy'
import { loadConfig, parseMasterKey } from '../../src/config.ts'
import { openKeyring, type StoredKey } from '../../src/platform/auth/keyring.ts'
import { issueToken } from '../../src/platform/auth/tokens.ts'
import { openDatabase } from '../../src/supervisor/database.ts'
import { findRunning } from '../../src/supervisor/embedded.ts'
import { readPostmaster } from '../../src/supervisor/postmaster.ts'
import { v7 as uuidv7 } from 'uuid'
import { repository } from './program.ts'

export const quiet: Log = { info() {}, warn() {}, error: (fields, message) => console.error(message, fields) }

/** An establishment as the load knows it. */
export type Site = {
  id: string
  slug: string
  schema: string
  /** `t_7`: the family name of all its patients begins with it. */
  mark: string
  agents: { id: string; username: string; name: string }[]
}

/** Does something as owner on the database of a folder where no server runs; the database is made when it is not there. */
export async function withOwner<T>(dataDir: string, work: (owner: Owner, url: string) => Promise<T>): Promise<T> {
  const config = loadConfig({ SIS_DATA_DIR: dataDir, SIS_DEMO: 'off' })
  const database = await openDatabase(config, { log: quiet, tell: () => {} })
  try {
    await withdrawMigration(findRunning(dataDir) ?? '')
    await database.owner.migratePlatform()
    await database.owner.migrateTenants()
    return await work(database.owner, findRunning(dataDir) ?? '')
  } finally {
    await database.close()
  }
}

/** The step that only the bench knows (rows/migration.ts), for its next run: the built program refuses a newer database. */
export const benchMigration = 'bench_note'

export async function withdrawMigration(url: string): Promise<void> {
  const [relation] = await query<{ found: string | null }>(url, `select to_regclass('sis_platform.tenant_migration_file')::text as found`) // prettier-ignore
  if (relation?.found === null) return
  const [step] = await query<{ version: number }>(url, 'select version from sis_platform.tenant_migration_file where name = $1', [benchMigration]) // prettier-ignore
  if (step === undefined) return
  const schemas = await query<{ name: string }>(
    url,
    'select e.schema_name as name from sis_platform.establishment e join sis_platform.tenant_migration m on m.establishment_id = e.id where m.version >= $1',
    [step.version],
  )
  for (let from = 0; from < schemas.length; from += 50) {
    const some = schemas.slice(from, from + 50)
    await query(url, some.map(({ name }) => `alter table ${pg.escapeIdentifier(name)}.patient drop column if exists ${benchMigration}`).join('; ')) // prettier-ignore
  }
  await query(url, 'update sis_platform.tenant_migration set version = $1 - 1 where version >= $1', [step.version])
  await query(url, 'delete from sis_platform.tenant_migration_file where version >= $1', [step.version])
}

/** The addresses of the database that a server runs on this folder. */
export type Reached = {
  superuserUrl: string
  apiUrl: string
  installation: string
  masterKey: Buffer
  postgresPid: number
}

/** @throws Error when no server runs there */
export async function reach(dataDir: string): Promise<Reached> {
  const superuserUrl = findRunning(dataDir)
  const masterKey = parseMasterKey(readFileSync(join(dataDir, 'master-key'), 'utf8').trim())
  const postmaster = readPostmaster(join(dataDir, 'postgres'))
  if (superuserUrl === undefined || masterKey === undefined || postmaster === undefined)
    throw new Error(`no database runs in ${dataDir}`)
  const [row] = await query<{ id: string }>(superuserUrl, 'select id from sis_platform.installation')
  const installation = row?.id ?? ''
  const address = new URL(superuserUrl)
  address.username = `sis_${installation}_api`
  address.password = readFileSync(join(dataDir, 'api-password'), 'utf8').trim()
  return { superuserUrl, apiUrl: address.toString(), installation, masterKey, postgresPid: postmaster.pid }
}

/** Some statements as superuser on a connection of their own. @returns the rows of the last one */
export async function query<R extends pg.QueryResultRow>(url: string, sql: string, values?: unknown[]): Promise<R[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result = (await client.query(sql, values)) as pg.QueryResult<R> | pg.QueryResult<R>[]
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
  } finally {
    await client.end()
  }
}

/** The owner's side of a database that already runs. */
export const ownerOn = async (url: string): Promise<Owner> => {
  const owner = openOwner({ url, migrationsFolder: join(repository, 'migrations'), log: quiet })
  await owner.bootstrap()
  return owner
}

/** Access tokens of people who could have signed in: a login takes 30 ms of the processor on purpose. */
export async function openTokens(reached: Reached) {
  const issue = await openIssuing(reached)
  return ({ id, slug }: Site, { id: sub, username, name }: Site['agents'][number]): Promise<string> =>
    issue({ sub, sid: uuidv7(), establishment: slug, establishmentId: id, role: 'SIS_CSCOM', roles: ['SIS_CSCOM'], username, name, amr: ['pwd'] }) // prettier-ignore
}

/** The same of an administrator of the platform, who is made at the first time. */
export async function platformToken(reached: Reached): Promise<string> {
  const [username, name] = ['bench.platform', 'Plateforme']
  const [account] = await query<{ id: string }>(
    reached.superuserUrl,
    `insert into sis_platform.account (id, username, display_name, status, platform_role) values ($1, $2, $3, 'active', 'SUPER_ADMIN')
     on conflict (username) do update set display_name = excluded.display_name returning id`,
    [uuidv7(), username, name],
  )
  const issue = await openIssuing(reached)
  return issue({ sub: account?.id ?? '', sid: uuidv7(), establishment: null, establishmentId: null, role: 'SUPER_ADMIN', roles: ['SUPER_ADMIN'], username, name, amr: ['pwd', 'otp'] }) // prettier-ignore
}

async function openIssuing({ superuserUrl, installation, masterKey }: Reached) {
  const stored = await query<StoredKey>(
    superuserUrl,
    `select kid, public_jwk, private_key, status from sis_platform.signing_key where status <> 'retired' order by created_at`,
  )
  const ring = openKeyring(stored, masterKey)
  return (subject: Parameters<typeof issueToken>[2]) => issueToken(ring, `urn:sis:${installation}`, subject, new Date())
}
