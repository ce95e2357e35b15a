import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { quiet, startDatabase, type TestDatabase } from '../../test/cluster.ts'
import { Problem } from '../shared/errors.ts'
import { openPool } from './pool.ts'
import { assertLoginIsPowerless, IsolationBroken } from './self-check.ts'
import { createTenancy, type Tenancy } from './tenancy.ts'
import { inTransaction } from './transaction.ts'
import type { TenantDb } from './types.ts'

let database: TestDatabase
let tenancy: Tenancy

before(async () => {
  database = await startDatabase()
  tenancy = await createTenancy({ url: database.apiUrl, installation: database.installation, poolSize: 3, log: quiet })
})
after(async () => {
  await tenancy?.close()
  await database?.stop()
})

const site = (slug: string) => {
  const establishment = tenancy.directory.findBySlug(slug)
  assert.ok(establishment)
  return establishment
}
const insertService = (db: TenantDb, name: string) =>
  db
    .insertInto('sis_audit.entry')
    .values({ id: crypto.randomUUID(), actor_name: name, actor_role: 'x', action: 'test', outcome: 'success' })
    .execute()
const names = (db: TenantDb) => db.selectFrom('sis_audit.entry').select('actor_name').orderBy('actor_name').execute()
const sqlStateOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work
    return undefined
  } catch (error) {
    const cause = (error instanceof Problem ? error.options.cause : error) as { code?: string }
    return cause.code
  }
}

describe('a transaction', () => {
  test('sees its own establishment only', async () => {
    const [a, b] = [tenancy.tenant(site('sih_mopti')), tenancy.tenant(site('csref_djenne'))]
    await a.transaction((db) => insertService(db, 'of A'))
    await b.transaction((db) => insertService(db, 'of B'))
    assert.deepEqual(await a.read(names), [{ actor_name: 'of A' }])
    assert.deepEqual(await b.read(names), [{ actor_name: 'of B' }])
  })

  test('interleaved on few connections never mixes', async () => {
    const slugs = ['sih_mopti', 'csref_djenne', 'cscom_sangha', 'cabinet_etoile']
    const seen = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const establishment = site(slugs[i % 4] ?? '')
        const [row] = await tenancy
          .tenant(establishment)
          .read((db) =>
            db
              .selectNoFrom((eb) => [
                eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
                eb.fn<string>('current_schema').as('schema'),
              ])
              .execute(),
          )
        return row?.role === establishment.schema && row.schema === establishment.schema
      }),
    )
    assert.equal(seen.filter(Boolean).length, 100)
  })

  test('that throws stores nothing and leaves the connection clean', async () => {
    const tenant = tenancy.tenant(site('cscom_sangha'))
    await assert.rejects(
      tenant.transaction(async (db) => {
        await insertService(db, 'undone')
        throw new Error('thrown by the work')
      }),
      /thrown by the work/,
    )
    assert.deepEqual(await tenant.read(names), [])
  })

  test('whose statement failed is no success, even when the work swallowed the error', async () => {
    const tenant = tenancy.tenant(site('cscom_sangha'))
    await assert.rejects(
      tenant.transaction(async (db) => {
        await insertService(db, 'lost')
        await db
          .insertInto('sis_audit.entry')
          .values({ id: 'not a uuid', actor_name: 'x', actor_role: 'x', action: 'x', outcome: 'success' })
          .execute()
          .catch(() => {})
      }),
      /swallowed/,
    )
    assert.deepEqual(await tenant.read(names), [])
  })

  test('that reads cannot write', async () => {
    const state = await sqlStateOf(tenancy.tenant(site('cscom_sangha')).read((db) => insertService(db, 'x')))
    assert.equal(state, '25006')
  })

  test('ends its handle: a kept one is refused', async () => {
    const kept = await tenancy.tenant(site('cscom_sangha')).read(async (db) => ({ db }))
    await assert.rejects(names(kept.db), /transaction has ended/)
  })

  test('is repeated as a whole on a serialization failure, at most four times', async () => {
    let tries = 0
    const work = async (db: TenantDb): Promise<number> => {
      await names(db)
      if (++tries < 3) throw Object.assign(new Error('could not serialize'), { code: '40001' })
      return tries
    }
    assert.equal(await tenancy.tenant(site('cscom_sangha')).transaction(work), 3)
  })

  test('whose connection dies before COMMIT is repeated', async () => {
    let tries = 0
    const tenant = tenancy.tenant(site('cabinet_etoile'))
    await tenant.transaction(async (db) => {
      await insertService(db, 'once')
      if (++tries === 1)
        await database.asSuperuser(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sis' and state = 'idle in transaction'`,
        )
      await names(db)
    })
    assert.equal(tries, 2)
    assert.deepEqual(await tenant.read(names), [{ actor_name: 'once' }])
  })

  test('history and audit can be added to, not changed', async () => {
    const tenant = tenancy.tenant(site('sih_mopti'))
    assert.equal(await sqlStateOf(tenant.transaction((db) => db.deleteFrom('sis_audit.entry').execute())), '42501')
    assert.equal(
      await sqlStateOf(tenant.transaction((db) => db.updateTable('record_version').set({ by_name: 'x' }).execute())),
      '42501',
    )
  })
})

test('a connection that comes back with a path of its own is not used', async () => {
  const pool = openPool({ url: database.apiUrl, size: 1, name: 'dirty', log: quiet })
  const client = await pool.connect()
  await client.query(`set search_path = ${site('csref_djenne').schema}`)
  client.release()
  const establishment = site('sih_mopti')
  const path = await inTransaction(
    pool,
    { role: establishment.schema, path: `${establishment.schema}, pg_temp` },
    'read',
    (db) => db.selectNoFrom((eb) => eb.fn<string>('current_schema').as('schema')).executeTakeFirstOrThrow(),
  )
  const { rows } = await pool.query<{ search_path: string }>('show search_path')
  await pool.end()
  assert.equal(path.schema, establishment.schema)
  assert.equal(rows[0]?.search_path, 'pg_catalog, pg_temp')
})

describe('the login of the pools', () => {
  const login = () => openPool({ url: database.apiUrl, size: 1, name: 'login', log: quiet })

  test('can do nothing by itself', async () => {
    const pool = login()
    for (const table of [`${site('sih_mopti').schema}.patient`, 'sis_platform.account', 'sis_platform.establishment'])
      assert.equal(await sqlStateOf(pool.query(`select * from ${table}`)), '42501', table)
    assert.equal(await sqlStateOf(pool.query('create temp table t (x int)')), '42501')
    await pool.end()
  })

  test('is refused at start when it inherits, or reaches a tenant (control)', async () => {
    const pool = login()
    await assertLoginIsPowerless(pool)
    const api = `sis_${database.installation}_api`
    for (const [damage, repair] of [
      [`alter role ${api} inherit`, `alter role ${api} noinherit`],
      [
        `grant usage on schema ${site('sih_mopti').schema} to ${api}`,
        `revoke usage on schema ${site('sih_mopti').schema} from ${api}`,
      ],
      [`alter role ${api} createrole`, `alter role ${api} nocreaterole`],
      [`create table sis_ref.owned (); alter table sis_ref.owned owner to ${api}`, 'drop table sis_ref.owned'],
    ] as const) {
      await database.asSuperuser(damage)
      await assert.rejects(assertLoginIsPowerless(pool), IsolationBroken, damage)
      await database.asSuperuser(repair)
    }
    await assertLoginIsPowerless(pool)
    await pool.end()
  })
})

describe('an establishment', () => {
  test('that is suspended is refused before SQL, and by the database', async () => {
    const owner = await database.owner()
    const suspended = site('cabinet_etoile')
    await database.asSuperuser(
      `update sis_platform.establishment set status = 'suspended' where slug = 'cabinet_etoile'`,
    )
    assert.equal(await owner.reconcile(), 1)
    // A process that has not read the directory yet still believes it active: the database refuses all the same.
    assert.equal(await sqlStateOf(tenancy.tenant(suspended).read(names)), '42501')
    await tenancy.directory.refresh()
    assert.throws(
      () => tenancy.tenant(site('cabinet_etoile')),
      (error: Problem) => error.code === 'establishment_suspended',
    )
    await database.asSuperuser(`update sis_platform.establishment set status = 'active' where slug = 'cabinet_etoile'`)
    await owner.reconcile()
    await tenancy.directory.refresh()
    await tenancy.tenant(site('cabinet_etoile')).read(names)
    await owner.close()
  })

  test('created while the others work is found within the poll', async () => {
    const owner = await database.owner()
    const id = await owner.createEstablishment({
      slug: 'cscom_neuf',
      name: 'CSCOM neuf',
      type: 'cscom',
      region: 'Mopti',
    })
    await tenancy.directory.refresh()
    assert.equal(tenancy.directory.findById(id)?.slug, 'cscom_neuf')
    assert.deepEqual(await tenancy.tenant(site('cscom_neuf')).read(names), [])
    await owner.close()
  })
})
