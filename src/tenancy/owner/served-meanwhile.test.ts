import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { migrationsFolder, quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import type { Problem } from '../../shared/errors.ts'
import { run, statement } from '../statement.ts'
import { createTenancy, type Tenancy } from '../tenancy.ts'
import type { Tenant } from '../types.ts'
import { readMigrations } from './migrations.ts'
import { openOwner } from './open-owner.ts'

let database: TestDatabase
let tenancy: Tenancy
let folder: string

before(async () => {
  database = await startDatabase()
  tenancy = await createTenancy({ url: database.apiUrl, installation: database.installation, poolSize: 3, log: quiet })
  folder = mkdtempSync(join(tmpdir(), 'sis-served-'))
  cpSync(migrationsFolder, folder, { recursive: true })
})
after(async () => {
  await tenancy?.close()
  await database?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const byName = statement<{ name: string }, { id: string; name: string }>('test.by-name', (db, value) =>
  db.selectFrom('service').select(['id', 'name']).where('name_key', '=', value('name')),
)

const addService = (tenant: Tenant) =>
  tenant.transaction((db) =>
    db.insertInto('service').values({ id: crypto.randomUUID(), name: 'Médecine', name_key: 'medecine' }).execute(),
  )

async function migrateTo(sql: string): Promise<void> {
  const next = (await readMigrations(join(folder, 'tenant'))).length + 1
  writeFileSync(join(folder, 'tenant', `${String(next).padStart(4, '0')}_more.sql`), sql)
  const owner = openOwner({ url: database.superuserUrl, migrationsFolder: folder, log: quiet })
  try {
    await owner.bootstrap()
    assert.deepEqual((await owner.migrateTenants()).failed, [])
  } finally {
    await owner.close()
  }
}

describe('establishments that are migrated while they are served', () => {
  test('answer with statements that a connection remembers, whatever became of their columns', async () => {
    const tenants = tenancy.directory.list().map((one) => tenancy.tenant(one))
    for (const tenant of tenants) await addService(tenant)
    const values = { name: 'medecine' }
    const reads = () =>
      tenants.flatMap((tenant) => [
        tenant.once(byName, values),
        tenant.read((db) => run(db, byName, values)),
        tenant.transaction((db) => run(db, byName, values)),
      ])
    const check = (rows: { name: string }[][]) => rows.forEach((some) => assert.deepEqual(some.map(({ name }) => name), ['Médecine'])) // prettier-ignore
    // Often enough that PostgreSQL keeps the plans.
    for (let round = 0; round < 8; round++) check(await Promise.all(reads()))

    // The control: to a connection of its own, a remembered statement is lost.
    const own = new pg.Client({ connectionString: database.superuserUrl })
    await own.connect()
    const schema = tenants[0]?.establishment.schema
    const remembered = { name: 'remembered', text: `select id, name from ${schema}.service` }
    await own.query(remembered)

    const migrating = migrateTo('alter table service alter column name type varchar(240);')
    let isOver = false
    void migrating.finally(() => (isOver = true)).catch(() => {})
    while (!isOver) check(await Promise.all(reads()))
    await migrating
    for (let round = 0; round < 3; round++) check(await Promise.all(reads()))
    await assert.rejects(own.query(remembered), { code: '0A000' })
    await own.end()
  })

  test('and are not yet, are told to be in preparation, to come again', async () => {
    const tenant = tenancy.tenant(tenancy.directory.list()[0]!)
    const ofLater = () =>
      tenant.read((db) =>
        db
          .selectFrom('service')
          .select('later' as 'name')
          .execute(),
      )
    await assert.rejects(ofLater(), ({ code, status, options }: Problem) => {
      assert.deepEqual([code, status, options.retryAfter], ['establishment_not_ready', 503, 5])
      return true
    })
    await migrateTo('alter table service add column later text;')
    assert.equal((await ofLater()).length, 1)
  })
})
