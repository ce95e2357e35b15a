import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import type pg from 'pg'
import { quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import { last } from '../last.ts'
import { openPool } from '../pool.ts'
import { run, statement } from '../statement.ts'
import { AffinePool } from './affine-pool.ts'
import { WiredClient } from './wired-client.ts'
import { createTenancy, type Tenancy, type TenancyOptions } from '../tenancy.ts'
import type { TenantTables } from '../tables.ts'
import { inTransaction } from '../transaction.ts'
import type { Establishment, TenantDb } from '../types.ts'

// Transactions find the connection that knows their establishment; what a connection remembers has its bounds.

let database: TestDatabase
let places: Establishment[]
const undo: (() => Promise<void>)[] = []

const open = async (options: Partial<TenancyOptions> = {}): Promise<Tenancy> => {
  const { apiUrl: url, installation } = database
  const opened = await createTenancy({ url, installation, poolSize: 4, log: quiet, ...options })
  undo.push(() => opened.close())
  places = opened.directory.list().filter(({ status }) => status === 'active')
  return opened
}

before(async () => {
  database = await startDatabase()
})
after(async () => {
  for (const step of undo.reverse()) await step()
  await database?.stop()
})

const pid = statement<object, { pid: number }>('pool.pid', (db) =>
  db
    .selectFrom('service')
    .select((eb) => eb.fn<number>('pg_backend_pid', []).as('pid'))
    .limit(1),
)
const store = statement<{ id: string; name: string }, unknown>('pool.store', (db, value) =>
  db.insertInto('service').values({ id: value('id'), name: value('name'), name_key: value('name') }),
)
const service = (name: string) => ({ id: crypto.randomUUID(), name })
const pidOf = async (of: Tenancy, at: Establishment): Promise<number> =>
  (await of.tenant(at).read((db) => run(db, pid, {})))[0]!.pid

/** So many statements of one text each, as many modules have; of this process, as their numbers are. */
const many = Array.from({ length: 450 }, (_, i) =>
  statement<object, { n: number }>(`pool.many${i}`, (db) =>
    db
      .selectFrom('service')
      .select(sql<number>`${sql.lit(i)}::int`.as('n'))
      .limit(1),
  ),
)
const remembered = statement<object, { count: number }>('pool.remembered', (db) =>
  db
    .selectFrom('pg_prepared_statements' as never)
    .select((eb) => eb.cast<number>(eb.fn.countAll(), 'int4').as('count')),
)

/** All at once, so that each has a connection of its own. */
async function fill(of: Tenancy): Promise<void> {
  let arrived = 0
  let all = (): void => {}
  const together = new Promise<void>((resolve) => (all = resolve))
  const few = places.slice(0, 4)
  await Promise.all(
    few.map((at) =>
      of.tenant(at).read(async (db) => {
        await run(db, pid, {})
        if (++arrived === few.length) all()
        await together
      }),
    ),
  )
}

describe('connections of transactions', () => {
  test('of an establishment that no free one knows: its own is waited for a moment, and no longer', async () => {
    const pool = openPool({ url: database.apiUrl, size: 3, name: 'own', log: quiet }) as AffinePool
    undo.push(() => pool.end())
    const all = await Promise.all(['a', 'b', 'c'].map((party) => pool.lend(party)))
    for (const client of all) pool.giveBack(client, false)
    const stranger = async (): Promise<WiredClient> => {
      const client = (await pool.lend('stranger')) as unknown as WiredClient
      client.touched.delete('stranger')
      return client
    }
    const give = (client: WiredClient): void => pool.giveBack(client as never, false)
    const own = await stranger()
    give(own)
    const host = [...own.touched][0]!
    let waited = 0
    // A machine that is busy with something else may let the moment pass.
    for (let round = 0; round < 20; round++) {
      const held = await pool.lend(host)
      assert.equal(held, own as never)
      const coming = stranger()
      pool.giveBack(held, false)
      const came = await coming
      if (came === own) waited++
      give(came)
    }
    assert.ok(waited > 0)
    const held = await pool.lend(host)
    const other = await stranger()
    assert.notEqual(other, own, 'one that is kept is not waited for')
    give(other)
    pool.giveBack(held, false)
  })

  before(async () => {
    const one = await open({ poolSize: 1 })
    for (const at of places) await one.tenant(at).transaction((db) => run(db, store, service('one')))
  })

  test('are lent to the establishment that they know', async () => {
    const one = await open({ poolSize: 8 })
    await fill(one)
    const first = await Promise.all(places.slice(0, 4).map((at) => pidOf(one, at)))
    assert.equal(new Set(first).size, 4)
    for (let round = 0; round < 5; round++)
      for (const [i, at] of places.slice(0, 4).entries()) assert.equal(await pidOf(one, at), first[i])
    const { transactions } = one.gauges().affinity
    assert.ok(transactions!.found.own >= 20)
    assert.deepEqual(transactions!.touched, [1, 1, 1, 1])
  })

  test('are one for all when there is one only (control)', async () => {
    const one = await open({ poolSize: 1 })
    const pids = new Set<number>()
    for (const at of places) pids.add(await pidOf(one, at))
    assert.equal(pids.size, 1)
  })

  for (const [memoryMb, renewed] of [
    [10, true],
    [2_000, false],
  ] as const)
    test(renewed ? 'end when they take too much, and nobody notices' : 'stay when they do not (control)', async () => {
      const one = await open({ poolSize: 1, memoryMb })
      const pids = new Set<number>()
      for (const some of [many.slice(0, 80), many.slice(80, 160)]) {
        for (const at of places.slice(0, 2)) {
          const rows = await one.tenant(at).read(async (db) => {
            for (const asked of some) assert.equal((await run(db, asked, {})).length, 1)
            return run(db, pid, {})
          })
          pids.add(rows[0]!.pid)
        }
      }
      assert.equal(pids.size > 1, renewed)
      assert.equal(one.gauges().affinity['transactions']!.retired > 0, renewed)
    })

  test('are not renewed one after the other when the budget is below what they take when they are new', async () => {
    const one = await open({ poolSize: 2, memoryMb: 1 })
    const pids = new Set<number>()
    for (let i = 0; i < 10; i++) pids.add(await pidOf(one, places[0]!))
    assert.equal(pids.size, 1)
  })

  test('remember 400 statements, and PostgreSQL as many; whose were forgotten are parsed again', async () => {
    const one = await open({ poolSize: 1 })
    const at = one.tenant(places[0]!)
    const ask = async (db: TenantDb, from: number, to: number): Promise<void> => {
      const asked = many.slice(from, to).map((each) => run(db, each, {}))
      // Many on their way: some are closed before it is known that they were parsed.
      assert.deepEqual((await Promise.all(asked)).map(([row]) => row!.n), Array.from({ length: to - from }, (_, i) => from + i)) // prettier-ignore
    }
    const counts: number[] = []
    for (let round = 0; round < 3; round++) {
      await at.read((db) => ask(db, 0, 450))
      counts.push((await at.read((db) => run(db, remembered, {})))[0]!.count)
    }
    for (const count of counts) assert.ok(count > 300 && count <= 402, counts.join(', '))
  })

  test('parse again what a migration has changed, and what PostgreSQL has forgotten', async () => {
    const [{ schema }] = places as [Establishment]
    const pool = openPool({ url: database.apiUrl, size: 1, name: 'forgetful', log: quiet })
    undo.push(() => pool.end())
    const name = statement<object, unknown>('pool.name', (db) => db.selectFrom('service').select('name').limit(1))
    const ask = () =>
      inTransaction<TenantTables, unknown[]>(pool, { role: schema, path: `${schema}, pg_temp` }, 'read', (db) =>
        run(db, name, {}),
      )
    await ask()
    await database.asSuperuser(`alter table ${schema}.service alter column name type varchar(500)`)
    assert.equal((await ask()).length, 1)
    // What a pooler that nobody told us of does between two transactions.
    const client = await pool.connect()
    await client.query('deallocate all')
    client.release()
    assert.equal((await ask()).length, 1)
    assert.deepEqual([pool.totalCount, pool.idleCount], [1, 1])
  })
})

test('a last statement whose value cannot be sent stores nothing of its transaction', async () => {
  const one = await open({ poolSize: 2 })
  const at = one.tenant(places[0]!)
  const [first, second] = [service('before'), service('last')]
  await assert.rejects(
    at.transaction(async (db) => {
      await run(db, store, first)
      return last(store, { ...second, name: (() => {}) as unknown as string }, 'stored')
    }),
    TypeError,
  )
  const rows = await at.read((db) => db.selectFrom('service').select('id').where('id', '=', first.id).execute())
  assert.deepEqual(rows, [])
})

test('a statement with more values than the protocol counts is refused, and the connection serves on', async () => {
  const one = await open({ poolSize: 1 })
  const at = one.tenant(places[0]!)
  const before = await pidOf(one, places[0]!)
  const looking = (count: number) =>
    at.read((db) =>
      db
        .selectFrom('service')
        .select('id')
        .where('name', 'in', Array.from({ length: count }, (_, i) => `${i}`))
        .execute(),
    ) // prettier-ignore
  assert.deepEqual(await looking(40_000), [])
  await assert.rejects(looking(70_000), RangeError)
  assert.equal(await pidOf(one, places[0]!), before)
})

test('opening a connection may take longer than the wait in line', async (t) => {
  const target = Number(new URL(database.apiUrl).port)
  // A machine that has other work.
  const slow = createServer(
    (client) =>
      void setTimeout(() => {
        const server = connect(target, '127.0.0.1')
        for (const one of [client, server]) one.on('error', () => [client, server].forEach((each) => each.destroy()))
        client.pipe(server).pipe(client)
      }, 300),
  ).listen(0, '127.0.0.1')
  await once(slow, 'listening')
  t.after(() => slow.close())
  const pool = new AffinePool({
    connectionString: database.apiUrl.replace(/:\d+\//, `:${(slow.address() as AddressInfo).port}/`),
    max: 1,
    connectionTimeoutMillis: 50,
    Client: WiredClient as unknown as new () => pg.Client,
  })
  const client = await pool.lend()
  await assert.rejects(pool.lend(), /timeout exceeded/)
  pool.giveBack(client, false)
  await pool.end()
})
