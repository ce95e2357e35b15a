import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { migrationsFolder, quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
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
