import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createTenancy, examine, openOwner, type Check, type ExamineOptions } from '#tenancy'
import { ensureKeys } from '../../src/platform/auth/index.ts'
import { prepareBinaries } from '../../src/supervisor/binaries.ts'
import { startPostgres } from '../../src/supervisor/postgres.ts'
import { lookAt } from '../../src/tenancy/doctor/look.ts'
import { wordings } from '../../src/tenancy/doctor/wordings.ts'
import { startBouncer } from '../bouncer.ts'
import { migrationsFolder, quiet, startDatabase, type TestDatabase } from '../cluster.ts'
import { root, sis } from '../sis-process.ts'
import { random, seed, size } from '../size.ts'
import { findProgram, requireTool } from '../tools.ts'

// `sis doctor` on a live database: healthy, then damaged in one place at a time. A damage must be told by its own check
// and by no other; what the next look tells shows that the one before was repaired.
let database: TestDatabase
const masterKey = Buffer.alloc(32, 7)

const options = (changes: Partial<ExamineOptions> = {}): ExamineOptions => ({
  url: database.superuserUrl,
  login: { url: () => database.apiUrl },
  migrationsFolder,
  load: { workers: 2, connectionsEach: 11 },
  pooler: false,
  opensKey: () => true,
  now: () => new Date(),
  ...changes,
})
const unwell = (checks: Check[]): Check[] => checks.filter(({ level }) => level !== 'ok')
const told = async (changes?: Partial<ExamineOptions>): Promise<string[]> =>
  unwell(await examine(options(changes))).map(({ id }) => id)

/** The test clusters do not wait for the disk; a healthy one does. */
async function restart(settings: Record<string, string | number> = {}): Promise<void> {
  await database.postgres.stop('fast')
  const { port } = database.postgres
  const logFile = join(database.directory, '..', 'log')
  database.postgres = await startPostgres(prepareBinaries(), database.directory, { port, logFile, settings })
}

before(async () => {
  database = await startDatabase()
  await restart()
  const { apiUrl: url, installation } = database
  const tenancy = await createTenancy({ url, installation, poolSize: 1, log: quiet })
  await ensureKeys(tenancy.platform, masterKey)
  await tenancy.close()
})
after(() => database?.stop())

type Damage = { id: string; sql: string; repair: string }

/** `A`, `B`: schema and role of two establishments; `API`, `OWNER`, `SIS_`: roles of this installation. */
const damages: Damage[] = [
  {
    id: 'tenant_rights',
    sql: 'grant update (reason) on A.audit_entry to A',
    repair: 'revoke update (reason) on A.audit_entry from A',
  },
  { id: 'tenant_rights', sql: 'revoke usage on schema B from B', repair: 'grant usage on schema B to B' },
  { id: 'foreign_rights', sql: 'grant usage on schema A to B', repair: 'revoke usage on schema A from B' },
  { id: 'foreign_rights', sql: 'grant select on A.patient to B', repair: 'revoke select on A.patient from B' },
  {
    id: 'foreign_rights',
    sql: 'grant select (sex) on A.patient to public',
    repair: 'revoke select (sex) on A.patient from public',
  },
  {
    id: 'foreign_rights',
    sql: 'grant select on sis_platform.account to A',
    repair: 'revoke select on sis_platform.account from A',
  },
  {
    id: 'foreign_rights',
    sql: 'grant insert on sis_ref.icd10 to A',
    repair: 'revoke insert on sis_ref.icd10 from A',
  },
  {
    id: 'foreign_rights',
    sql: 'grant temporary on database sis to A',
    repair: 'revoke temporary on database sis from A',
  },
  {
    id: 'foreign_rights',
    sql: 'alter default privileges for role OWNER grant select on tables to public',
    repair: 'alter default privileges for role OWNER revoke select on tables from public',
  },
  {
    id: 'foreign_rights',
    sql: 'create role reader; grant select on A.consultation to reader',
    repair: 'drop owned by reader; drop role reader',
  },
  {
    id: 'tenant_rights',
    sql: 'grant update on A.record_version to A',
    repair: 'revoke update on A.record_version from A',
  },
  { id: 'tenant_rights', sql: 'grant create on schema A to A', repair: 'revoke create on schema A from A' },
  { id: 'tenant_rights', sql: 'revoke insert on B.audit_entry from B', repair: 'grant insert on B.audit_entry to B' },
  {
    id: 'platform_rights',
    sql: 'grant select (password_hash) on sis_platform.account to SIS_directory',
    repair: 'revoke select (password_hash) on sis_platform.account from SIS_directory',
  },
  {
    id: 'platform_rights',
    sql: 'grant delete on sis_platform.audit_event to SIS_audit',
    repair: 'revoke delete on sis_platform.audit_event from SIS_audit',
  },
  {
    id: 'platform_rights',
    sql: 'revoke usage on schema sis_platform from SIS_audit',
    repair: 'grant usage on schema sis_platform to SIS_audit',
  },
  { id: 'login_rights', sql: 'grant select on A.patient to API', repair: 'revoke select on A.patient from API' },
  { id: 'login_attributes', sql: 'alter role API inherit', repair: 'alter role API noinherit' },
  { id: 'login_attributes', sql: 'alter role API bypassrls', repair: 'alter role API nobypassrls' },
  { id: 'login_memberships', sql: 'grant pg_read_all_data to API', repair: 'revoke pg_read_all_data from API' },
  {
    id: 'login_memberships',
    sql: 'set role OWNER; grant A to API with inherit true; reset role',
    repair: 'set role OWNER; grant A to API with inherit false; reset role',
  },
  {
    id: 'login_memberships',
    sql: 'set role OWNER; grant A to API with admin true; reset role',
    repair: 'set role OWNER; revoke admin option for A from API; reset role',
  },
  {
    id: 'login_limits',
    sql: 'alter role API set statement_timeout = 0',
    repair: `alter role API set statement_timeout = '15s'`,
  },
  {
    id: 'login_limits',
    sql: `alter role API in database sis set lock_timeout = '1h'`,
    repair: 'alter role API in database sis reset lock_timeout',
  },
  { id: 'role_attributes', sql: 'alter role A login', repair: 'alter role A nologin' },
  { id: 'role_attributes', sql: 'alter role SIS_accounts inherit', repair: 'alter role SIS_accounts noinherit' },
  { id: 'role_members', sql: 'grant A to B', repair: 'revoke A from B' },
  { id: 'role_members', sql: 'create role colleague login; grant B to colleague', repair: 'drop role colleague' },
  {
    id: 'closed_functions',
    sql: 'grant execute on function set_config to public',
    repair: 'revoke execute on function set_config from public',
  },
  {
    id: 'closed_functions',
    sql: 'grant execute on function query_to_xml to A',
    repair: 'revoke execute on function query_to_xml from A',
  },
  {
    id: 'closed_functions',
    sql: 'grant execute on function sis_ext.set_limit to public',
    repair: 'revoke execute on function sis_ext.set_limit from public',
  },
  {
    id: 'closed_languages',
    sql: 'grant usage on language plpgsql to public',
    repair: 'revoke usage on language plpgsql from public',
  },
  {
    id: 'closed_temporary',
    sql: 'grant temporary on database sis to public',
    repair: 'revoke temporary on database sis from public',
  },
  {
    id: 'closed_connect',
    sql: 'grant connect on database sis to public',
    repair: 'revoke connect on database sis from public',
  },
  {
    id: 'closed_public_schema',
    sql: 'grant usage on schema public to public',
    repair: 'revoke usage on schema public from public',
  },
  {
    id: 'definer_functions',
    sql: `set role OWNER; create function sis_platform.lends() returns bigint language sql security definer
      as 'select count(*) from sis_platform.account'; revoke execute on function sis_platform.lends from public; reset role`,
    repair: 'drop function sis_platform.lends',
  },
  {
    id: 'function_rights',
    sql: 'grant execute on function sis_platform.bump_directory_version to public',
    repair: 'revoke execute on function sis_platform.bump_directory_version from public',
  },
  { id: 'owners', sql: 'alter table A.audit_entry owner to API', repair: 'alter table A.audit_entry owner to OWNER' },
  { id: 'owners', sql: 'create schema theirs authorization B', repair: 'drop schema theirs' },
  {
    id: 'extensions',
    sql: 'alter extension unaccent set schema public',
    repair: 'alter extension unaccent set schema sis_ext',
  },
  { id: 'extensions', sql: 'create extension tablefunc schema sis_ext', repair: 'drop extension tablefunc' },
  {
    id: 'tenants_prepared',
    sql: `insert into sis_platform.establishment (id, slug, name, type, region, schema_name, status)
      values (gen_random_uuid(), 'cscom_perdu', 'CSCOM perdu', 'cscom', 'Mopti', 'SIS_t_lost', 'active')`,
    repair: `delete from sis_platform.establishment where slug = 'cscom_perdu'`,
  },
  {
    id: 'tenants_waiting',
    sql: `insert into sis_platform.establishment (id, slug, name, type, region, schema_name, status)
      values (gen_random_uuid(), 'cscom_perdu', 'CSCOM perdu', 'cscom', 'Mopti', 'SIS_t_lost', 'failed')`,
    repair: `delete from sis_platform.establishment where slug = 'cscom_perdu'`,
  },
  {
    id: 'tenants_granted',
    sql: 'set role OWNER; revoke A from API; reset role',
    repair: 'set role OWNER; grant A to API with inherit false, set true; reset role',
  },
  {
    id: 'tenants_suspended',
    sql: `update sis_platform.establishment set status = 'suspended' where schema_name = 'A'`,
    repair: `update sis_platform.establishment set status = 'active' where schema_name = 'A'`,
  },
  { id: 'tenants_unknown', sql: 'create schema SIS_t_left authorization OWNER', repair: 'drop schema SIS_t_left' },
  { id: 'tenants_unknown', sql: 'create role SIS_t_left noinherit', repair: 'drop role SIS_t_left' },
  {
    id: 'tenant_migrations',
    sql: `update sis_platform.tenant_migration set version = version - 1 where establishment_id = (select min(establishment_id::text)::uuid from sis_platform.tenant_migration)`,
    repair:
      'update sis_platform.tenant_migration set version = (select max(version) from sis_platform.tenant_migration)',
  },
  {
    id: 'tenant_migrations',
    sql: `update sis_platform.tenant_migration set status = 'failed', error = 'x'`,
    repair: `update sis_platform.tenant_migration set status = 'done', error = null`,
  },
  {
    id: 'tenant_tables',
    sql: 'alter table A.audit_entry rename to lost',
    repair: 'alter table A.lost rename to audit_entry',
  },
  {
    id: 'platform_migrations',
    sql: 'update sis_platform.platform_migration set version = -2 where version = 2',
    repair: 'update sis_platform.platform_migration set version = 2 where version = -2',
  },
  {
    id: 'edited_migrations',
    sql: `update sis_platform.platform_migration set checksum = 'x' || checksum where version = 1`,
    repair: 'update sis_platform.platform_migration set checksum = substr(checksum, 2) where version = 1',
  },
  {
    id: 'edited_migrations',
    sql: `update sis_platform.tenant_migration_file set checksum = 'x' || checksum where version = 2`,
    repair: 'update sis_platform.tenant_migration_file set checksum = substr(checksum, 2) where version = 2',
  },
  {
    id: 'newer_database',
    sql: `insert into sis_platform.platform_migration (version, name, checksum) values (99, 'later', 'x')`,
    repair: 'delete from sis_platform.platform_migration where version = 99',
  },
  {
    id: 'directory_version',
    sql: 'alter table sis_platform.session disable trigger bump',
    repair: 'alter table sis_platform.session enable trigger bump',
  },
  {
    id: 'synchronous_commit',
    sql: 'alter role API set synchronous_commit = off',
    repair: 'alter role API reset synchronous_commit',
  },
  {
    id: 'synchronous_commit',
    sql: 'alter database sis set synchronous_commit = local',
    repair: 'alter database sis reset synchronous_commit',
  },
  {
    id: 'server_log',
    sql: 'alter role API set log_min_messages = warning',
    repair: 'alter role API set log_min_messages = log',
  },
  {
    id: 'server_log',
    sql: `alter role API set log_statement = 'all'; alter role API set log_parameter_max_length = 10`,
    repair: `alter role API set log_statement = 'none'; alter role API set log_parameter_max_length = 0`,
  },
  { id: 'connections', sql: 'alter role API connection limit 5', repair: 'alter role API connection limit -1' },
  {
    id: 'signing_keys',
    sql: `update sis_platform.signing_key set status = 'retired' where status = 'current'`,
    repair: `update sis_platform.signing_key set status = 'current' where status = 'retired'`,
  },
  {
    id: 'signing_key_age',
    sql: `update sis_platform.signing_key set created_at = now() - interval '200 days' where status = 'current'`,
    repair: `update sis_platform.signing_key set created_at = now()`,
  },
]

describe('sis doctor', () => {
  test('finds nothing on a healthy database, and changes nothing there', async (t) => {
    const state = () =>
      database.asSuperuser(
        `select (select count(*) from pg_class), (select count(*) from pg_roles), (select count(*) from pg_auth_members),
           (select version from sis_platform.directory_version), pg_current_xact_id_if_assigned(), txid_snapshot_xmax(txid_current_snapshot())`,
      )
    const before = await state()
    const checks = await examine(options())
    assert.deepEqual(unwell(checks), [])
    assert.deepEqual(await state(), before)
    for (const change of ['create table sis_platform.x ()', 'update sis_platform.directory_version set version = 1'])
      await assert.rejects(
        lookAt(database.superuserUrl, ({ query }) => query(change)),
        { code: '25006' },
        change,
      )
    t.diagnostic(`${checks.length} checks`)
  })

  test('tells each damage by its own check, and nothing once it is repaired', async (t) => {
    const [a, b] = await database.asSuperuser<{ schema_name: string }>(
      'select schema_name from sis_platform.establishment order by slug limit 2',
    )
    const own = `sis_${database.installation}_`
    const names: Record<string, string> = {
      A: a?.schema_name ?? '',
      B: b?.schema_name ?? '',
      API: `${own}api`,
      OWNER: `${own}owner`,
    }
    const run = (sql: string) =>
      database.asSuperuser(sql.replaceAll(/\b(A|B|API|OWNER)\b/g, (name) => names[name] ?? '').replaceAll('SIS_', own))
    t.diagnostic(`seed ${seed}`)
    const choices = random('damages')
    const chosen = damages
      .map((damage) => ({ ...damage, turn: choices.next() }))
      .toSorted((one, other) => one.turn - other.turn)
      .slice(0, size(15, damages.length))
    for (const { id, sql, repair } of chosen) {
      await run(sql)
      assert.deepEqual(await told(), [id], sql)
      await run(repair)
    }
    assert.deepEqual(await told(), [])
    t.diagnostic(`${chosen.length} damages, ${new Set(chosen.map(({ id }) => id)).size} checks`)
  })

  test('tells what lies outside the database', async () => {
    assert.deepEqual(await told({ opensKey: () => false }), ['master_key'])
    assert.deepEqual(await told({ opensKey: undefined }), ['master_key'])
    assert.deepEqual(await told({ now: () => new Date(Date.now() - 60_000) }), ['clock'])
    assert.deepEqual(await told({ login: { url: () => database.apiUrl.replace(':only', ':not') } }), ['login_works'])
    assert.deepEqual(await told({ url: database.superuserUrl.replace(/sis$/, 'postgres') }), ['installation'])
  })

  test('tells an owner who is no superuser what stays open (here PostgreSQL 18; 15 in test/external.test.ts)', async () => {
    await database.asSuperuser(`create role plain login createrole password 'plain'`)
    await database.asSuperuser('create database plain owner plain')
    const url = database.superuserUrl.replace('postgres:only-for-tests', 'plain:plain').replace(/sis$/, 'plain')
    const owner = openOwner({ url, migrationsFolder, log: quiet })
    const { apiRole } = await owner.bootstrap({ apiPassword: 'pool' })
    await owner.migratePlatform()
    await owner.createEstablishment({ slug: 'cscom_un', name: 'CSCOM un', type: 'cscom', region: 'Mopti' })
    await owner.close()
    const login = { url: () => url.replace('plain:plain', `${apiRole}:pool`) }
    assert.deepEqual(await told({ url, login }), ['closed_functions', 'closed_languages'])
    await database.asSuperuser(`alter role ${apiRole} set log_min_messages = error`)
    assert.deepEqual(await told({ url, login }), ['server_log', 'closed_functions', 'closed_languages'])
  })

  test('knows a PgBouncer from a PostgreSQL', async (t) => {
    const program = findProgram('pgbouncer')
    if (!requireTool(t, program, 'PgBouncer (apt-get install pgbouncer)')) return
    const { url, stop } = await startBouncer(program, database)
    try {
      assert.deepEqual(await told({ login: { url: () => url } }), ['pooler'])
      assert.deepEqual(await told({ login: { url: () => url }, pooler: true }), [])
    } finally {
      await stop()
    }
  })

  test('tells a server that loses, forgets or lets listen', async (t) => {
    await restart({ max_locks_per_transaction: 10, max_connections: 38 })
    assert.deepEqual(await told(), ['locks'])
    const elsewhere = Object.values(networkInterfaces()).flat().find((one) => one?.family === 'IPv4' && !one.internal) // prettier-ignore
    appendFileSync(join(database.directory, 'pg_hba.conf'), 'host all all samenet scram-sha-256\n')
    await restart({ fsync: 'off', full_page_writes: 'off', max_connections: 30, listen_addresses: '*' })
    assert.deepEqual(await told(), ['fsync', 'full_page_writes', 'connections'])
    if (elsewhere) {
      const url = database.superuserUrl.replace('127.0.0.1', elsewhere.address)
      assert.deepEqual(await told({ url }), ['tls', 'fsync', 'full_page_writes', 'connections'])
    } else t.diagnostic('no address but the loopback here: TLS was not looked at')
    await restart()
    assert.deepEqual(await told(), [])
  })

  test('is a command: its exit code, its JSON, its sentences', async (t) => {
    const served = {
      DATABASE_URL: database.apiUrl,
      DATABASE_OWNER_URL: database.superuserUrl,
      SIS_MASTER_KEY: masterKey.toString('hex'),
      SIS_DATA_DIR: join(database.directory, '..', 'nowhere'),
    }
    const run = async (args: string[], environment: Record<string, string>) => {
      const command = sis(t, ['doctor', ...args], environment)
      return { code: await command.exit, out: command.stdout(), all: command.output() }
    }
    const [healthy, unlocked, away, misspelt] = await Promise.all([
      run(['--json'], served),
      run(['--lang', 'en'], { ...served, SIS_MASTER_KEY: Buffer.alloc(32, 8).toString('hex') }),
      run(['--json'], { ...served, DATABASE_OWNER_URL: 'postgres://owner:secret@127.0.0.1:1/sis' }),
      run(['--lang', 'bm'], served),
    ])
    assert.equal(healthy.code, 0, healthy.all)
    const report = JSON.parse(healthy.out) as { healthy: boolean; checks: Record<string, unknown>[] }
    assert.equal(report.healthy, true)
    assert.ok(report.checks.length > 40)
    assert.deepEqual(Object.keys(report.checks[0] ?? {}), ['id', 'level', 'found', 'remedy'])
    assert.equal(unlocked.code, 1, unlocked.all)
    assert.match(unlocked.out, /^CRITICAL .*master key.*\[master_key\]\n +→ .*SIS_MASTER_KEY/m)
    assert.equal(away.code, 3, away.all)
    assert.match(away.out, /"healthy":false.*"reachable".*aucun PostgreSQL/)
    assert.doesNotMatch(away.all, /secret/)
    assert.equal(misspelt.code, 2, misspelt.all)
    assert.ok(!existsSync(served.SIS_DATA_DIR), 'no data folder is made')
  })

  test('stands in docs/operations.md with every one of its checks', () => {
    const document = readFileSync(join(root, 'docs', 'operations.md'), 'utf8')
    const section = document.split('## `sis doctor`')[1]?.split('\n## ')[0] ?? ''
    const rows = section.split('\n').filter((line) => line.startsWith('| `')).map((line) => line.replaceAll(/ +/g, ' ')) // prettier-ignore
    assert.deepEqual(
      rows,
      Object.entries(wordings).map(
        ([id, { level, bad, remedy }]) => `| \`${id}\` | ${level} | ${bad.en} | ${remedy.en} |`,
      ),
    )
  })
})
