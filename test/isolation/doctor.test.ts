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
import { newDataDir, root, sis, until } from '../sis-process.ts'
import { random, seed, size } from '../size.ts'
import { findProgram, requireTool } from '../tools.ts'
import { damages } from './damages.ts'

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
  // One that is prepared is as it should be.
  const owner = await database.owner()
  owner.keepPrepared(1)
  await until(async () => (await database.asSuperuser('select from sis_platform.prepared')).length || undefined)
  await owner.close()
  // The template may have been made days ago.
  await database.asSuperuser(`insert into sis_platform.backup_run (id, kind, outcome)
    select gen_random_uuid(), kind, 'success' from unnest(array['backup', 'drill']) kind`)
})
after(() => database?.stop())

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
    const [ready] = await database.asSuperuser<{ schema_name: string }>('select schema_name from sis_platform.prepared')
    const own = `sis_${database.installation}_`
    const names: Record<string, string> = {
      A: a?.schema_name ?? '',
      B: b?.schema_name ?? '',
      P: ready?.schema_name ?? '',
      API: `${own}api`,
      OWNER: `${own}owner`,
    }
    const run = (sql: string) =>
      database.asSuperuser(
        sql.replaceAll(/\b(A|B|P|API|OWNER)\b/g, (name) => names[name] ?? '').replaceAll('SIS_', own),
      )
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
      // Whoever starts without telling it is refused.
      const environment = {
        DATABASE_URL: url,
        DATABASE_OWNER_URL: database.superuserUrl,
        SIS_MASTER_KEY: masterKey.toString('hex'),
        SIS_DATA_DIR: newDataDir(t),
      }
      const list = async (more: Record<string, string>) => {
        const command = sis(t, ['establishment', 'list'], { ...environment, ...more })
        return { code: await command.exit, all: command.output() }
      }
      const untold = await list({})
      assert.equal(untold.code, 1, untold.all)
      assert.match(untold.all, /PgBouncer.*donnez SIS_POOLER=transaction/)
      const known = await list({ SIS_POOLER: 'transaction' })
      assert.equal(known.code, 0, known.all)
      assert.match(known.all, /cscom_sangha/)
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
