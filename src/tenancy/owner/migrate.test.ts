import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { migrationsFolder, quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import { platformGrants, readMigrations, tenantGrants } from './migrations.ts'
import { SetupRefused } from './bootstrap.ts'
import { openOwner, type Owner } from './open-owner.ts'

let database: TestDatabase
let folder: string
let number: number

before(async () => {
  database = await startDatabase()
  folder = mkdtempSync(join(tmpdir(), 'sis-migrations-'))
  cpSync(migrationsFolder, folder, { recursive: true })
  number = (await readMigrations(join(folder, 'tenant'))).length
})
after(async () => {
  await database?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A later version of the program, which brings one more migration of the establishments. */
async function nextVersion(sql: string): Promise<Owner> {
  number++
  writeFileSync(join(folder, 'tenant', `${String(number).padStart(4, '0')}_essai.sql`), sql)
  const owner = openOwner({ url: database.superuserUrl, migrationsFolder: folder, log: quiet })
  await owner.bootstrap()
  return owner
}

const schemaOf = async (slug: string): Promise<string> => {
  const [row] = await database.asSuperuser<{ schema_name: string }>(
    'select schema_name from sis_platform.establishment where slug = $1',
    [slug],
  )
  return row?.schema_name ?? ''
}
const tablesNamed = async (name: string): Promise<number> => {
  const [row] = await database.asSuperuser<{ n: number }>(
    'select count(*)::int as n from pg_class where relname = $1',
    [name],
  )
  return row?.n ?? -1
}

const isHeld = async (): Promise<boolean> =>
  (
    await database.asSuperuser(
      `select 1 from pg_stat_activity where application_name = 'sis-owner' and wait_event_type = 'Lock'`,
    )
  ).length > 0

describe('a migration of all establishments', () => {
  test('goes on past one that fails, names it, undoes it whole and is resumed', async () => {
    const owner = await nextVersion(
      'create table first_half (id uuid primary key);\ncreate table in_the_way (id uuid primary key);',
    )
    await database.asSuperuser(`create table ${await schemaOf('csref_djenne')}.in_the_way (x int)`)
    const report = await owner.migrateTenants()
    assert.equal(report.migrated, 3)
    assert.deepEqual(
      report.failed.map(({ slug }) => slug),
      ['csref_djenne'],
    )
    assert.match(report.failed[0]?.error ?? '', /in_the_way/)
    assert.equal(await tablesNamed('first_half'), 3)

    await database.asSuperuser(`drop table ${await schemaOf('csref_djenne')}.in_the_way`)
    assert.deepEqual(await owner.migrateTenants(), { migrated: 1, failed: [] })
    assert.deepEqual(await owner.migrateTenants(), { migrated: 0, failed: [] })
    assert.equal(await tablesNamed('first_half'), 4)
    await owner.close()
  })

  test('run by two at once is done once', async () => {
    const owner = await nextVersion('create table once_only (id uuid primary key);')
    const second = openOwner({ url: database.superuserUrl, migrationsFolder: folder, log: quiet })
    await second.bootstrap()
    const reports = await Promise.all([owner.migrateTenants({ parallel: 2 }), second.migrateTenants({ parallel: 2 })])
    assert.deepEqual(
      reports.flatMap(({ failed }) => failed),
      [],
    )
    assert.equal(await tablesNamed('once_only'), 4)
    await second.close()
    await owner.close()
  })

  test('takes one after the other where others are served, several at once where nobody is', async () => {
    const [holder, served] = [new pg.Client(database.superuserUrl), new pg.Client(database.apiUrl)]
    await holder.connect()
    for (const isServed of [false, true]) {
      const owner = await nextVersion(`create table beside_${isServed} (id uuid primary key);`)
      if (isServed) await served.connect()
      await holder.query(`begin; select 1 from sis_platform.tenant_migration m
        join sis_platform.establishment e on e.id = m.establishment_id where e.slug = 'cabinet_etoile' for update of m`)
      let done = 0
      const migrating = owner.migrateTenants({ onProgress: (n) => (done = n) })
      // The first is held. Nobody served: the others are done meanwhile; else they wait for it, however long.
      for (let looks = 0; done < 3 && !(isServed && looks > 200);) looks += (await isHeld()) ? 1 : 0
      assert.equal(done, isServed ? 0 : 3)
      await holder.query('commit')
      assert.deepEqual(await migrating, { migrated: 4, failed: [] })
      await owner.close()
    }
    await Promise.all([holder.end(), served.end()])
  })

  test('that loses its connection half way is resumed where it was', async () => {
    const owner = await nextVersion('create table survives (id uuid primary key);')
    let cut = false
    const interrupted = owner.migrateTenants({
      parallel: 1,
      onProgress: () => {
        if (cut) return
        cut = true
        void database.asSuperuser(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sis-owner'`,
        )
      },
    })
    await interrupted.catch(() => {})
    const { failed } = await owner.migrateTenants()
    assert.deepEqual(failed, [])
    assert.equal(await tablesNamed('survives'), 4)
    await owner.close()
  })

  test('gives the tenant role what the migration says and no more', async () => {
    const owner = await nextVersion(
      '-- grants: kept select, insert\ncreate table kept (id uuid primary key);\ncreate table free (id uuid primary key);',
    )
    await owner.migrateTenants()
    const schema = await schemaOf('sih_mopti')
    const may = async (table: string, privilege: string) => {
      const [row] = await database.asSuperuser<{ may: boolean }>(`select has_table_privilege($1, $2, $3) as may`, [
        schema,
        `${schema}.${table}`,
        privilege,
      ])
      return row?.may
    }
    assert.deepEqual(
      [
        await may('kept', 'insert'),
        await may('kept', 'update'),
        await may('free', 'update'),
        await may('free', 'truncate'),
      ],
      [true, false, true, false],
    )
    await owner.close()
  })

  test('is refused when a file was edited after its application, not when it never succeeded', async () => {
    const owner = await nextVersion('create table never_done (this is wrong);')
    await owner.migratePlatform()
    assert.equal((await owner.migrateTenants()).failed.length, 4)
    await owner.close()
    number--
    const corrected = await nextVersion('create table done_now (id uuid primary key);')
    await corrected.migratePlatform()
    assert.deepEqual(await corrected.migrateTenants(), { migrated: 4, failed: [] })
    await corrected.close()
    number--
    const edited = await nextVersion('create table done_now (id uuid primary key, more int);')
    await assert.rejects(edited.migratePlatform(), SetupRefused)
    await edited.close()
    number--
    const restored = await nextVersion('create table done_now (id uuid primary key);')
    assert.equal(await restored.migratePlatform(), 0)
    await restored.close()

    const [first] = await database.asSuperuser<{ checksum: string }>(
      `update sis_platform.platform_migration set checksum = 'x' || checksum where version = 1 returning checksum`,
    )
    const platform = openOwner({ url: database.superuserUrl, migrationsFolder: folder, log: quiet })
    await platform.bootstrap()
    await assert.rejects(platform.migratePlatform(), /platform\/0001_platform\.sql/)
    await platform.close()
    await database.asSuperuser('update sis_platform.platform_migration set checksum = $1 where version = 1', [
      first?.checksum.slice(1),
    ])
  })

  test('is refused to a program that knows fewer of the establishments’ steps', async () => {
    const owner = await database.owner()
    await assert.rejects(owner.migratePlatform(), SetupRefused)
    await owner.close()
  })

  test('is refused to a program older than the database', async () => {
    await database.asSuperuser(
      `insert into sis_platform.platform_migration (version, name, checksum) values (999, 'later', 'x')`,
    )
    const owner = openOwner({ url: database.superuserUrl, migrationsFolder: folder, log: quiet })
    await owner.bootstrap()
    await assert.rejects(owner.migratePlatform(), /version 999/)
    await owner.close()
  })
})

describe('the files of migrations', () => {
  test('are numbered without gaps or doubles', async () => {
    const odd = mkdtempSync(join(tmpdir(), 'sis-odd-'))
    writeFileSync(join(odd, '0001_a.sql'), '')
    writeFileSync(join(odd, '0003_c.sql'), '')
    await assert.rejects(readMigrations(odd), /number 2 was expected/)
    rmSync(odd, { recursive: true })
  })

  test('say their grants in comments', () => {
    assert.equal(tenantGrants('create table a (x int);', 'r'), 'grant SELECT, INSERT, UPDATE, DELETE on a to r;')
    assert.equal(tenantGrants('-- grants: a select\ncreate table a (x int);', 'r'), 'grant SELECT on a to r;')
    assert.equal(platformGrants('-- grants: sis_ref.x public: select', 'i'), 'grant SELECT on sis_ref.x to public;')
    assert.throws(() => platformGrants('-- grants: nonsense', 'i'), /not understood/)
  })
})
