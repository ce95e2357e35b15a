import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { migrationsFolder, quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import { createTenancy } from '../tenancy.ts'
import { SetupRefused } from './bootstrap.ts'
import { openOwner } from './open-owner.ts'

let database: TestDatabase

before(async () => {
  database = await startDatabase()
})
after(() => database?.stop())

test('a login that is the owner, or strong, is never made the login of the pools', async () => {
  await database.asSuperuser('create role chief login superuser')
  for (const apiRole of ['postgres', 'chief']) {
    const owner = openOwner({ url: database.superuserUrl, migrationsFolder, log: quiet })
    await assert.rejects(owner.bootstrap({ apiRole, apiPassword: 'only-for-tests' }), SetupRefused, apiRole)
    await owner.close()
  }
  const changed = await database.asSuperuser(
    `select rolname from pg_roles where rolname in ('postgres', 'chief') and (rolconfig is not null or not rolinherit)`,
  )
  assert.deepEqual(changed, [])
})

test('what is there is not written again, and comes back where it is gone', async () => {
  const [api, directory] = [`sis_${database.installation}_api`, `sis_${database.installation}_directory`]
  const again = async () => {
    const owner = openOwner({ url: database.superuserUrl, migrationsFolder, log: quiet })
    await owner.bootstrap()
    await owner.close()
  }
  // A new version of such a row makes all connections plan anew, or find out anew whose members they are.
  const written = () =>
    database.asSuperuser<{ name: string; version: string }>(
      `select 'schema ' || nspname as name, xmin::text as version from pg_namespace
       union all select oid::regprocedure::text, xmin::text from pg_proc
       union all select 'database ' || datname, xmin::text from pg_database
       union all select 'role ' || rolname, xmin::text from pg_authid
       union all select 'member ' || oid, xmin::text from pg_auth_members order by 1, 2`,
    )
  const before = await written()
  await again()
  assert.deepEqual(await written(), before)

  await database.asSuperuser(`revoke usage on schema sis_ref, sis_ext from public`)
  await database.asSuperuser(`revoke usage on schema sis_platform from ${directory}`)
  await database.asSuperuser(`revoke connect on database sis from ${api}`)
  await database.asSuperuser(`alter function sis_ext.word_similarity(text, text) cost 1`)
  await database.asSuperuser(`alter role ${api} inherit`)
  await again()
  const [mended] = await database.asSuperuser(
    `select has_schema_privilege('public', 'sis_ref', 'usage') as ref, has_schema_privilege('public', 'sis_ext', 'usage') as ext,
       has_schema_privilege('${directory}', 'sis_platform', 'usage') as platform, has_database_privilege('${api}', 'sis', 'connect') as connect,
       (select procost from pg_proc where oid = 'sis_ext.word_similarity(text, text)'::regprocedure) as cost,
       (select rolinherit from pg_roles where rolname = '${api}') as inherit`,
  )
  assert.deepEqual(mended, { ref: true, ext: true, platform: true, connect: true, cost: 100, inherit: false })
})

test('what a text search leaves for a session is closed to establishments', async () => {
  const may = await database.asSuperuser(
    `select has_function_privilege('public', 'sis_ext.set_limit(real)', 'execute')`,
  )
  assert.deepEqual(may, [{ has_function_privilege: false }])
})

test('the role of accounts changes no slug, no schema, nobody’s platform role, and no record of what was done', async () => {
  const may = async (role: string, table: string, privilege: string, column?: string) => {
    const [row] = await database.asSuperuser<{ may: boolean }>(
      `select case when $4::text is null then has_table_privilege($1, $2, $3) else has_column_privilege($1, $2, $4, $3) end as may`,
      [
        `sis_${database.installation}_${role}`,
        table.includes('.') ? table : `sis_platform.${table}`,
        privilege,
        column ?? null,
      ],
    )
    return row?.may
  }
  assert.equal(await may('accounts', 'establishment', 'update', 'status'), true, 'the control')
  for (const [table, column] of [
    ['establishment', 'slug'],
    ['establishment', 'schema_name'],
    ['establishment', 'access_granted'],
    ['account', 'username'],
    ['account', 'platform_role'],
    ['account', 'demo'],
    ['membership', 'account_id'],
    ['membership', 'role'],
  ] as const)
    assert.equal(await may('accounts', table, 'update', column), false, `${table}.${column}`)
  for (const role of ['directory', 'accounts', 'audit'])
    for (const privilege of ['update', 'delete', 'truncate'])
      assert.equal(await may(role, 'sis_audit.entry', privilege), false, `${role} ${privilege}`)
})

test('a second data folder does not lock out whoever works under the login of the pools', async () => {
  const [url, fresh] = [database.superuserUrl, { apiPassword: 'une autre', isNewPassword: true }]
  const owner = openOwner({ url, migrationsFolder, log: quiet })
  const tenancy = await createTenancy({
    url: database.apiUrl,
    installation: database.installation,
    poolSize: 1,
    log: quiet,
  })
  await assert.rejects(owner.bootstrap(fresh), SetupRefused)
  await tenancy.close()
  await createTenancy({ url: database.apiUrl, installation: database.installation, poolSize: 1, log: quiet }).then(
    (again) => again.close(),
  )
  // Nobody there any more: a lost folder is no dead end.
  for (let left = 1; left > 0;) {
    const [row] = await database.asSuperuser<{ left: number }>(
      `select count(*)::int as left from pg_stat_activity where usename like '%\\_api'`,
    )
    left = row?.left ?? 0
  }
  await owner.bootstrap(fresh)
  await owner.close()
})
