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
