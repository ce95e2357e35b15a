import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { sql } from 'kysely'
import { until } from '../../../test/sis-process.ts'
import { run, statement } from '../statement.ts'
import type { Tenancy } from '../tenancy.ts'
import type { Establishment } from '../types.ts'
import { bare, database, isOf, openDoor, places, scopeOf, startPlaces, stopPlaces, tenancy, whileLocked, who, type Said } from './places.fixture.ts' // prettier-ignore
import { AskElsewhere, entranceOf, EntranceRefused } from './shared-connection.ts'

// One-shot reads of several establishments on the same connections: each sees its own, and nobody waits for another.

before(startPlaces)
after(stopPlaces)

describe('one-shot reads on shared connections', () => {
  test('see their own establishment only, whoever asks in between', async () => {
    await tenancy.tenant(places[0]!).once(who, {})
    const seen = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const at = places[i % places.length]!
        return isOf(at, await tenancy.tenant(at).once(who, {}))
      }),
    )
    assert.deepEqual([...new Set(seen)], [true])
  })

  test('are seen to leak when a read enters as another establishment (control)', async () => {
    const { ask } = await bare()
    const [a, b] = [places[0]!, places[1]!]
    assert.ok(isOf(a, await ask(entranceOf(1, scopeOf(a)), who, {})))
    const rows = await ask(entranceOf(2, scopeOf(b)), who, {})
    assert.ok(!isOf(a, rows) && isOf(b, rows))
  })

  test('are not answered by an answer that is not theirs', async () => {
    const [a, b] = [places[0]!, places[1]!]
    const { ask, connection } = await bare()
    const crossed = { ...entranceOf(1, scopeOf(a)), values: entranceOf(1, scopeOf(b)).values }
    const behind = [ask(crossed, who, {}), ask(entranceOf(3, scopeOf(a)), who, {})]
    for (const one of await Promise.allSettled(behind))
      assert.ok(one.status === 'rejected' && one.reason instanceof AskElsewhere)
    assert.equal(connection.wire.flying.length, 0)
  })

  test('are planned once where one plan fits, and their neighbours as PostgreSQL thinks best', async () => {
    const plan = (plannedOnce: boolean) =>
      statement<object, { mode: string }>(
        `test.plan.${plannedOnce}`,
        (db) => db.selectNoFrom((eb) => eb.fn<string>('current_setting', [eb.val('plan_cache_mode')]).as('mode')),
        { plannedOnce },
      )
    const [once, often] = [plan(true), plan(false)]
    const { ask } = await bare()
    const [a, b] = [entranceOf(1, scopeOf(places[0]!)), entranceOf(2, scopeOf(places[1]!))]
    const modes = await Promise.all([ask(a, once, {}), ask(a, often, {}), ask(b, once, {}), ask(b, often, {})])
    const expected = ['force_generic_plan', 'auto']
    assert.deepEqual(modes.map(([row]) => row?.mode), [...expected, ...expected]) // prettier-ignore
    const tenant = tenancy.tenant(places[0]!)
    for (const [plannedOnce, mode] of [
      [true, expected[0]],
      [false, expected[1]],
    ] as const)
      // prettier-ignore
      assert.equal((await tenant.transaction((db) => run(db, often, {}), { plannedOnce }))[0]?.mode, mode)
  })

  test('find out a role or a path that somebody left', async () => {
    const [a, b] = [places[0]!, places[1]!]
    for (const [left, found] of [
      [`set role ${b.schema}`, EntranceRefused],
      [`set search_path = ${b.schema}`, AskElsewhere],
    ] as const) {
      const { ask, connection } = await bare((client) => client.query(left))
      await assert.rejects(ask(entranceOf(1, scopeOf(a)), who, {}), found)
      assert.ok(connection.isSuspect, 'another one takes its place')
    }
  })

  test('do not run when the role is refused, and the next one is served', async () => {
    const { ask } = await bare()
    const refused = ask(entranceOf(1, { role: 'postgres', path: scopeOf(places[0]!).path }), who, {})
    const next = ask(entranceOf(2, scopeOf(places[0]!)), who, {})
    await assert.rejects(refused, EntranceRefused)
    assert.ok(isOf(places[0]!, await next))
  })

  test('write nothing, and are nothing but a SELECT', async () => {
    const at = tenancy.tenant(places[0]!)
    const written = statement<object, object>('test.write', (db) =>
      db.insertInto('service').values({ id: crypto.randomUUID(), name: 'x', name_key: 'x' }).returning('id'),
    )
    await assert.rejects(at.once(written, {}), /not a read/)
    const hidden = statement<object, object>('test.hidden', (db) =>
      db
        .with('made', (inner) =>
          inner.insertInto('service').values({ id: crypto.randomUUID(), name: 'x', name_key: 'x' }).returning('id'),
        )
        .selectFrom('made')
        .select('id'),
    )
    await assert.rejects(at.once(hidden, {}))
    assert.ok(isOf(places[0]!, await at.once(who, {})))
  })

  test('give the same rows as a transaction, whatever their types', async () => {
    const types = statement<{ n: number; s: string | null; when: Date }, object>('test.types', (db, value) =>
      db
        .selectFrom('service')
        .select((eb) => [
          'id',
          'name',
          'active',
          'version',
          'created_at',
          eb.cast<number>(eb.val(value('n')), 'numeric').as('n'),
          eb.cast<string>(eb.val(value('s')), 'text').as('s'),
          eb.cast<string>(eb.val(value('when')), 'timestamptz').as('at'),
          sql<string[]>`'{a,"b c"}'::text[]`.as('list'),
          eb.cast<object>(eb.val('{"é": [1]}'), 'jsonb').as('json'),
        ])
        .orderBy('name')
        .limit(3),
    )
    const values = { n: -12.5, s: 'Aïssata ‘n’', when: new Date('2026-11-22T10:00:00.5Z') }
    for (const at of places.map((place) => tenancy.tenant(place))) {
      const one = await at.once(types, values)
      assert.equal(one.length, 3)
      assert.deepEqual(one, await at.read((db) => run(db, types, values)))
      assert.equal((one[0] as { s: unknown }).s, values.s)
      assert.deepEqual(await at.once(types, { ...values, s: null }).then(([row]) => (row as { s: unknown }).s), null)
    }
  })

  test('know a statement whose columns a migration has changed', async () => {
    const { schema } = places[2]!
    const at = tenancy.tenant(places[2]!)
    for (let i = 0; i < 3; i++) await at.once(who, {})
    await database.asSuperuser(`alter table ${schema}.service alter column name type varchar(400)`)
    assert.ok(isOf(places[2]!, await at.once(who, {})))
    assert.ok(isOf(places[2]!, await at.read((db) => run(db, who, {}))))
  })
})

describe('whoever keeps a shared connection', () => {
  test('by a lock keeps it from no neighbour', async () => {
    const [a, b] = [places[0]!, places[1]!]
    const one = await openDoor({ readers: 1 })
    await one.tenant(a).once(who, {})
    await whileLocked(a.schema, async () => {
      let isAnswered = false
      const kept = one.tenant(a).once(who, {}).finally(() => (isAnswered = true)) // prettier-ignore
      kept.catch(() => {})
      for (let i = 0; i < 20; i++) assert.ok(isOf(b, await one.tenant(b).once(who, {})))
      await new Promise((resolve) => setTimeout(resolve, 800))
      assert.equal(isAnswered, false)
    })
    // A while longer than it lasted, so that the next lock of the same keeps nobody either; then as before.
    const asksElsewhere = async (at: Establishment): Promise<boolean> => {
      const before = one.gauges().affinity['reads']!.found.elsewhere
      await one.tenant(at).once(who, {})
      return one.gauges().affinity['reads']!.found.elsewhere > before
    }
    const served = async (at: Establishment): Promise<void> => {
      await until(async () => !(await asksElsewhere(at)) || undefined)
    }
    await served(b)
    assert.ok(await asksElsewhere(a))
    await served(a)
  })

  test('by a lock would keep it from all, were nobody to look (control)', async () => {
    const [a, b] = [places[0]!, places[1]!]
    const { ask } = await bare()
    await ask(entranceOf(1, scopeOf(a)), who, {})
    let isAnswered = false
    let neighbour: Promise<unknown> | undefined
    await whileLocked(a.schema, async () => {
      void ask(entranceOf(1, scopeOf(a)), who, {})
      neighbour = ask(entranceOf(2, scopeOf(b)), who, {}).finally(() => (isAnswered = true))
      // Many times what a free connection needs.
      for (let i = 0; i < 50; i++) await tenancy.tenant(b).once(who, {})
      assert.equal(isAnswered, false)
    })
    await neighbour
  })

  test('by a burst does not come before everybody else', async () => {
    const [a, b] = [places[0]!, places[1]!]
    const one = await openDoor({ readers: 1 })
    const order: string[] = []
    const ask = async (at: Establishment): Promise<void> => {
      await one.tenant(at).once(who, {})
      order.push(at.slug)
    }
    await ask(a)
    await settled(one)
    await Promise.all([...Array.from({ length: 300 }, () => ask(a)), ask(b)])
    assert.ok(order.indexOf(b.slug) < 100, `after ${order.indexOf(b.slug)}`)
    const { ask: line } = await bare()
    const inLine: string[] = []
    await Promise.all(
      [...Array.from({ length: 300 }, () => a), b].map(async (at, i) => {
        await line(entranceOf(at === a ? 1 : 2, scopeOf(at)), who, {})
        inLine.push(at.slug + i)
      }),
    )
    assert.equal(inLine.at(-1), `${b.slug}300`, 'the control: one line for all')
  })
})

/** Its shared connections are open: the reads before used others. */
async function settled(of: Tenancy): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await of.tenant(places[0]!).once(who, {})
    if ((of.gauges().affinity['reads']?.named ?? 0) > 0) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('no shared connection was opened')
}

describe('a shared connection', () => {
  const pids = (name: string) =>
    database.asSuperuser<{ pid: number }>(`select pid from pg_stat_activity where application_name = $1 order by 1`, [
      `${name}-reads`,
    ])

  test('that was lost before anybody listened answers so', async () => {
    const { ask } = await bare((client) => (client.end(), once(client, 'end')))
    await assert.rejects(ask(entranceOf(1, scopeOf(places[0]!)), who, {}), AskElsewhere)
  })

  test('that dies fails nobody', async () => {
    const one = await openDoor({ name: 'dying' })
    await settled(one)
    const wrong: unknown[] = []
    let isOver = false
    const asking = Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const at = places[i % places.length]!
        while (!isOver) await one.tenant(at).once(who, {}).then((rows) => isOf(at, rows) || wrong.push(rows), (error) => wrong.push(error)) // prettier-ignore
      }),
    )
    try {
      for (let i = 0; i < 3; i++) {
        await settled(one)
        for (const { pid } of await pids('dying')) await database.asSuperuser('select pg_terminate_backend($1)', [pid])
      }
      await settled(one)
    } finally {
      // Else they would ask for ever.
      isOver = true
      await asking
    }
    assert.deepEqual(wrong, [])
    const { ask, connection } = await bare()
    await ask(entranceOf(1, scopeOf(places[0]!)), who, {})
    const [{ pid }] = (await database.asSuperuser<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'bare' and query like '%service%' order by backend_start desc`,
    )) as [{ pid: number }]
    await database.asSuperuser('select pg_terminate_backend($1)', [pid])
    // On its way when it is lost, or asked of one that is lost already.
    await assert.rejects(ask(entranceOf(1, scopeOf(places[0]!)), who, {}), AskElsewhere, 'the control')
    assert.ok(connection.wire.isLost)
    await assert.rejects(ask(entranceOf(1, scopeOf(places[0]!)), who, {}), AskElsewhere)
  })

  for (const [memoryMb, renewed] of [
    [20, true],
    [2_000, false],
  ] as const)
    test(
      renewed ? 'past its share of the memory is renewed, and nobody notices' : 'within it is kept (control)',
      async () => {
        const name = `memory-${memoryMb}`
        const one = await openDoor({ name, memoryMb, readers: 2 })
        await settled(one)
        const first = await pids(name)
        // In turns, so that the looks at the connections (each 40 ms) come in between.
        for (let round = 0; round < 12; round++) {
          for (const at of places) assert.ok(isOf(at, await one.tenant(at).once(many[round % many.length]!, {})))
          await new Promise((resolve) => setTimeout(resolve, 15))
        }
        await settled(one)
        const now = (await pids(name)).map(({ pid }) => pid)
        assert.equal(
          first.some(({ pid }) => !now.includes(pid)),
          renewed,
        )
        assert.ok(now.length <= 3)
      },
    )

  for (const [mostNamed, bounded] of [
    [4, true],
    [1_000, false],
  ] as const)
    test(`remembers ${mostNamed} statements${bounded ? ', and PostgreSQL as many' : ' (control)'}`, async () => {
      const one = await openDoor({ mostNamed, readers: 1 })
      await settled(one)
      for (const asked of many) for (const at of places) await one.tenant(at).once(asked, {})
      const [row] = await one.tenant(places[0]!).once(remembered, {})
      // Beside them the entrance, the one that asks and the one that is closed with the next.
      assert.equal(Number(row?.count) <= mostNamed + 3, true)
      assert.equal(Number(row?.count) > 10, !bounded)
    })
})

const many = Array.from({ length: 12 }, (_, i) =>
  statement<object, Said>(`test.many${i}`, (db) =>
    db
      .selectFrom('service')
      .select((eb) => [
        'name',
        eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
        eb.fn<string>('current_schema').as('schema'),
      ])
      .limit(10 + i),
  ),
)
const remembered = statement<object, { count: string | number | bigint }>('test.remembered', (db) =>
  db.selectFrom('pg_prepared_statements' as never).select((eb) => eb.fn.countAll().as('count')),
)
