import { randomBytes } from 'node:crypto'
import type { Log } from '../types.ts'
import { openToPublic, signatureOf, weaknessesOf } from './closed.ts'
import { restoringSchema } from '../whole/marker.ts'
import { ident, literal, type OwnerPool, type OwnerSession } from './connection.ts'

export type Installation = {
  /** Part of every role's name: roles are per cluster, databases are many. */
  installation: string
  /** The login of the pools. */
  apiRole: string
  /** What this PostgreSQL did not let us close; `[]` where everything holds. */
  weaknesses: string[]
}

export type ApiLogin = {
  /** A login that somebody else made; absent: one of our own. */
  apiRole?: string
  apiPassword?: string
  /** The password was made just now: whoever works under this login with another one would be locked out by it. */
  isNewPassword?: boolean
  /** For a restore: the installation that the backup is of. */
  restoring?: string
}

export const platformRoles = ['directory', 'accounts', 'audit'] as const

/**
 * Roles, schemas, extensions, revokes and the API login of one database. Repeatable: each command of `sis` begins with it, also
 * beside a server, so what is there already is not said again. PostgreSQL writes a grant anew that changes nothing, and one
 * on a schema makes every connection of the database plan all of its statements again, one on the database find out anew
 * of which roles its login is a member.
 */
export async function bootstrap(pool: OwnerPool, options: ApiLogin, log: Log): Promise<Installation> {
  const found = await pool.asLogin(inspect)
  if (found.isRestoring && options.restoring === undefined)
    throw new SetupRefused('une restauration n’y est pas terminée : relancez « npx sis restore ».')
  if (options.apiRole !== undefined) await pool.asLogin((session) => refuseStrongLogin(session, options.apiRole ?? ''))
  const installation = found.installation ?? options.restoring ?? randomBytes(4).toString('hex')
  const owner = found.superuser ? `sis_${installation}_owner` : found.login
  const apiRole = options.apiRole ?? `sis_${installation}_api`

  await pool.asLogin(async (session) => {
    // Two supervisors that start at once on a new database must not both create the roles.
    await session.run('begin; select pg_advisory_xact_lock(1301, 1)')
    if (options.isNewPassword) await refuseLockingOut(session, apiRole)
    await createRoles(session, {
      installation,
      owner,
      apiRole,
      ...options,
      superuser: found.superuser,
      version: found.version,
    })
    await createSchemas(session, owner, found.superuser)
    await close(session, { owner, apiRole, database: found.database })
    await session.run('commit')
  })
  pool.workAs(found.superuser ? owner : undefined)
  await pool.transaction(async (session) => {
    await session.run(`
      create table if not exists sis_platform.installation (
        only_row boolean primary key default true check (only_row), id text not null, created_at timestamptz(3) not null default now());
      create table if not exists sis_platform.platform_migration (
        version integer primary key, name text not null, checksum text not null, applied_at timestamptz(3) not null default now());
      create table if not exists sis_platform.tenant_migration_file (
        version integer primary key, name text not null, checksum text not null, applied_at timestamptz(3) not null default now());
      insert into sis_platform.installation (id) values (${literal(installation)}) on conflict do nothing;`)
    const roles = platformRoles.map((role) => `sis_${installation}_${role}`)
    const outside = await withoutUsage(session, ['sis_platform'], roles)
    if (outside.length > 0)
      await session.run(`grant usage on schema sis_platform to ${outside.map(({ role }) => ident(role)).join(', ')}`)
  })
  const weaknesses = weaknessesOf(await pool.asLogin(openToPublic))
  for (const weakness of weaknesses) log.error({ weakness }, 'this PostgreSQL leaves open what must be closed')
  return { installation, apiRole, weaknesses }
}

/** Which of the roles lack a USAGE of their own on which of the schemas. */
const withoutUsage = (session: OwnerSession, schemas: string[], roles: string[]) =>
  session.query<{ schema: string; role: string }>(
    `select n.nspname as schema, r.name as role from pg_namespace n, unnest($2::text[]) as r (name)
     where n.nspname = any($1) and not exists (select from aclexplode(n.nspacl) a
       where a.privilege_type = 'USAGE' and (case a.grantee when 0 then 'public' else a.grantee::regrole::text end) = r.name)`,
    [schemas, roles],
  )

type Found = {
  login: string
  superuser: boolean
  database: string
  version: number
  installation: string | undefined
  isRestoring: boolean
}

async function inspect(session: OwnerSession): Promise<Found> {
  const [row] = await session.query<{
    login: string
    superuser: boolean
    database: string
    version: number
    encoding: string
    known: boolean
    isRestoring: boolean
  }>(
    `select session_user as login, (select rolsuper from pg_roles where rolname = session_user) as superuser,
       current_database() as database, current_setting('server_version_num')::int / 10000 as version,
       current_setting('server_encoding') as encoding, to_regclass('sis_platform.installation') is not null as known,
       to_regnamespace('${restoringSchema}') is not null as "isRestoring"`,
  )
  if (!row) throw new Error('unreachable')
  if (row.version < 15)
    throw new SetupRefused(`PostgreSQL ${row.version} est trop ancien : il faut la version 15, 16, 17 ou 18.`)
  if (row.encoding !== 'UTF8')
    throw new SetupRefused(`La base « ${row.database} » est en ${row.encoding} : il la faut en UTF8.`)
  const [known] = row.known ? await session.query<{ id: string }>('select id from sis_platform.installation') : []
  return { ...row, installation: known?.id }
}

/**
 * The login of the pools is about to get their timeouts, their path and NOINHERIT: that would break a superuser, the owner,
 * or whoever else has work of their own.
 */
async function refuseStrongLogin(session: OwnerSession, name: string): Promise<void> {
  const [strong] = await session.query<{ own: boolean }>(
    `select rolname = session_user as own from pg_roles
     where rolname = $1 and (rolname = session_user or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)`,
    [name],
  )
  if (!strong) return
  throw new SetupRefused(
    strong.own
      ? `DATABASE_URL et DATABASE_OWNER_URL nomment le même utilisateur « ${name} » : donnez à DATABASE_URL un utilisateur sans droits, ou donnez DATABASE_URL seul.`
      : `l’utilisateur « ${name} » de DATABASE_URL a trop de droits (superutilisateur, ou création de rôles ou de bases) : il en faut un qui n’en ait aucun.`,
  )
}

/** A second server or command with a data folder of its own would give the login a password that the first does not know. */
async function refuseLockingOut(session: OwnerSession, apiRole: string): Promise<void> {
  const others = await session.query('select 1 from pg_stat_activity where usename = $1 limit 1', [apiRole])
  if (others.length > 0)
    throw new SetupRefused(
      'un autre SIS y travaille, dont ce dossier de données n’a pas le mot de passe : prenez le même SIS_DATA_DIR, ou donnez partout DATABASE_URL (utilisateur sans droits) et DATABASE_OWNER_URL.',
    )
}

/** A database that SIS cannot be set up on; the message is for the operator. */
export class SetupRefused extends Error {}

type RoleOptions = {
  installation: string
  owner: string
  apiRole: string
  apiPassword?: string
  superuser: boolean
  version: number
}

async function createRoles(session: OwnerSession, options: RoleOptions): Promise<void> {
  const { installation, owner, apiRole, apiPassword, superuser } = options
  const names = [owner, apiRole, ...platformRoles.map((role) => `sis_${installation}_${role}`)]
  const found = await session.query<{ rolname: string; rolinherit: boolean }>(
    'select rolname, rolinherit from pg_roles where rolname = any($1)',
    [names],
  )
  const existing = new Map(found.map(({ rolname, rolinherit }) => [rolname, rolinherit]))
  const statements: string[] = []
  if (superuser && !existing.has(owner)) statements.push(`create role ${ident(owner)} nologin createrole noinherit`)
  const password = apiPassword ? ` password ${literal(apiPassword)}` : ''
  if (!existing.has(apiRole)) statements.push(`create role ${ident(apiRole)} login noinherit${password}`)
  // A login that somebody else made may inherit: its memberships would then act without a role.
  else if (password || existing.get(apiRole)) statements.push(`alter role ${ident(apiRole)} noinherit${password}`)
  for (const name of names.slice(2)) {
    if (!existing.has(name)) statements.push(`create role ${ident(name)} nologin noinherit`)
    statements.push(`grant ${ident(name)} to ${ident(apiRole)}${memberOptions(options.version)}`)
  }
  const settings = loginSettings(options.version)
  const mayTell = await session.query<{ name: string }>(
    `select name from unnest($1::text[]) name where has_parameter_privilege(session_user, name, 'set')`,
    [Object.keys(silentLog)],
  )
  for (const { name } of mayTell) settings[name] = `'${silentLog[name]}'`
  for (const [name, value] of Object.entries(settings))
    statements.push(`alter role ${ident(apiRole)} set ${name} = ${value}`)
  await session.run(statements.join(';\n'))
}

// The server's own log, which somebody else may read, keep and ship: an error's text quotes values of records (`invalid
// input syntax for type date: "…"`), its details whole rows. Only a superuser, or whoever was granted SET on them, may
// tell; elsewhere the server's administrator must (docs/operations.md).
export const silentLog: Record<string, string | number> = {
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: -1,
  log_min_duration_sample: -1,
  log_transaction_sample_rate: 0,
  log_duration: 'off',
  log_parameter_max_length: 0,
  log_parameter_max_length_on_error: 0,
}

/** The server's own limits, by role: they hold even when a process of ours hangs. Values as SQL. @param version the major one */
export const loginSettings = (version: number): Record<string, string> => ({
  search_path: 'pg_catalog, pg_temp',
  timezone: "'UTC'",
  datestyle: "'ISO, YMD'",
  intervalstyle: "'postgres'",
  statement_timeout: "'15s'",
  lock_timeout: "'4s'",
  idle_in_transaction_session_timeout: "'20s'",
  client_connection_check_interval: "'5s'",
  // Pages of some twenty rows, from tables that are in memory. Otherwise a small centre's list goes through all of its patients
  // for each visit, or sorts all visits: 2.2 and 4.7 ms of the database, so 0.25 (250 patients, 1,000 visits).
  random_page_cost: "'1.1'",
  enable_material: 'off',
  enable_memoize: 'off',
  ...(version >= 17 && { transaction_timeout: "'15min'" }),
})

/** Membership that lets the login become the role and gives it nothing by itself (16 and later; NOINHERIT does it on 15). */
export const memberOptions = (version: number): string => (version >= 16 ? ' with inherit false, set true' : '')

const trigramFunctions = [
  'similarity',
  'similarity_op',
  'word_similarity',
  'word_similarity_op',
  'word_similarity_commutator_op',
]

async function createSchemas(session: OwnerSession, owner: string, superuser: boolean): Promise<void> {
  const authorization = superuser ? ` authorization ${ident(owner)}` : ''
  await session.run(
    [
      ...['sis_platform', 'sis_ref', 'sis_ext'].map((name) => `create schema if not exists ${name}${authorization}`),
      'create extension if not exists pg_trgm schema sis_ext',
      'create extension if not exists unaccent schema sis_ext',
      // One patient a bed and one stay a patient at a time are exclusion constraints (migrations/tenant/0011_stays.sql).
      'create extension if not exists btree_gist schema sis_ext',
    ].join(';\n'),
  )
  const closed = await withoutUsage(session, ['sis_ref', 'sis_ext'], ['public'])
  // pg_trgm leaves their cost at 1 where one evaluation takes 5–10 µs: the planner then scans whole registers. Measured
  // at 20,000 patients, a search of two words: 410 ms, and 80 ms with the real cost. Only a superuser may tell it.
  const cheap = await session.query<{ signature: string }>(
    `select ${signatureOf} as signature from pg_proc p
     where $2 and p.pronamespace = 'sis_ext'::regnamespace and p.proname = any($1) and p.procost <> 100`,
    [trigramFunctions, superuser],
  )
  await session.run(
    [
      ...closed.map(({ schema }) => `grant usage on schema ${schema} to public`),
      ...cheap.map(({ signature }) => `alter function ${signature} cost 100`),
    ].join(';\n'),
  )
}

async function close(
  session: OwnerSession,
  { owner, apiRole, database }: { owner: string; apiRole: string; database: string },
): Promise<void> {
  // Only what is still open: a REVOKE by a login that holds nothing on an object is an error, not a warning.
  const open = await openToPublic(session)
  const list = open.functions.join(', ')
  const needs = await session.query<{ name: string }>(
    `select name from unnest($1::name[]) name
     where not has_function_privilege(name, 'pg_catalog.set_config(text, text, boolean)', 'execute')
        or $2`,
    [[owner, apiRole], list.includes('set_config')],
  )
  // PUBLIC's own right to connect is taken away below: it does not count.
  const outside = await session.query<{ role: string; privilege: string }>(
    `select w.role, w.privilege from unnest($1::text[], $2::text[]) as w (role, privilege)
     where not exists (select from pg_database d, aclexplode(d.datacl) a join pg_roles r on r.oid = a.grantee
       where d.datname = current_database() and r.rolname = w.role and a.privilege_type = upper(w.privilege))`,
    [
      [apiRole, owner, owner],
      ['connect', 'connect', 'create'],
    ],
  )
  const statements = [
    list && `revoke execute on function ${list} from public`,
    open.counters.length > 0 && `grant execute on function ${open.counters.join(', ')} to pg_monitor, ${ident(owner)}`,
    ...needs.map(
      ({ name }) => `grant execute on function pg_catalog.set_config(text, text, boolean) to ${ident(name)}`,
    ),
    open.plpgsql && `revoke usage on language plpgsql from public; grant usage on language plpgsql to ${ident(owner)}`,
    open.schema && 'revoke all on schema public from public',
    (open.temporary || open.connect) && `revoke temporary, connect on database ${ident(database)} from public`,
    ...outside.map(({ role, privilege }) => `grant ${privilege} on database ${ident(database)} to ${ident(role)}`),
  ]
  await session.run(statements.filter(Boolean).join(';\n'))
}
