import assert from 'node:assert/strict'
import { sql, type Kysely } from 'kysely'
import type pg from 'pg'
import { sqlState } from '#tenancy'
import { extended } from '../../src/tenancy/guarded-connection.ts'
import { openPool } from '../../src/tenancy/pool.ts'
import type { TenantTables } from '../../src/tenancy/tables.ts'
import { inTransaction, type Scope } from '../../src/tenancy/transaction.ts'
import { quiet, type TestDatabase } from '../cluster.ts'
import { changes, leftovers, othersState } from './aftermath.ts'
import type { Target } from './attacks.ts'

export type Db = Kysely<TenantTables>
export type Server = Pick<TestDatabase, 'superuserUrl' | 'apiUrl' | 'installation' | 'asSuperuser' | 'stop'>

/** What came back, what stopped it, and how the transaction went on. */
export type Outcome = { got: string; state: string | undefined; refused: boolean; after: string }

export type Attacker = {
  server: Server
  target: Target
  scope: Scope
  /** The server's major version. */
  version: number
  /** The attack inside a transaction of the establishment, which goes on and ends by COMMIT whatever became of it. */
  attack(run: (db: Db) => Promise<unknown>, as?: { pool: pg.Pool; scope: Scope }): Promise<Outcome>
  /** What the attack got, and what the connection's next borrower finds of it; `[]`: nothing. */
  traces(outcome: Outcome, on?: pg.Pool): Promise<string[]>
  /** What differs from the beginning outside the attacker's own rows; `[]`: nothing. */
  changed(): Promise<string[]>
  pool(url?: string): pg.Pool
  close(): Promise<void>
}

export const canary = 'CANARI-DU-VOISIN'

/** One establishment that attacks, and another one that is at work on a connection of the same login. */
export async function openAttacker(server: Server): Promise<Attacker> {
  const rows = await server.asSuperuser<{ schema_name: string }>(
    'select schema_name from sis_platform.establishment order by created_at limit 2',
  )
  const [own = '', other = ''] = rows.map((row) => row.schema_name)
  for (const [schema, name] of [
    [own, 'à nous'],
    [other, canary],
  ])
    await server.asSuperuser(
      `insert into ${schema}.service (id, name, name_key) values (gen_random_uuid(), '${name}', '${name}')`,
    )
  await server.asSuperuser(`analyze ${other}.service`)
  const [{ version } = { version: 0 }] = await server.asSuperuser<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  )
  const pools: pg.Pool[] = []
  const pool = (url = server.apiUrl, name = 'hostile'): pg.Pool => {
    pools.push(openPool({ url, size: 1, name, log: quiet }))
    return pools.at(-1)!
  }
  const held = await pool(server.apiUrl, 'neighbour').connect()
  await held.query('begin')
  await extended(held, `select set_config('search_path', $1, true), set_config('role', $1, true)`, [other])
  await held.query(`select name from service where name = '${canary}'`)
  const [found] = await server.asSuperuser<{ table: number; backend: number }>(
    `select '${other}.service'::regclass::oid::int as table, pid as backend from pg_stat_activity
     where application_name = 'neighbour' and state = 'idle in transaction'`,
  )
  assert.ok(found)
  const role = (name: string): string => `sis_${server.installation}_${name}`
  const target = { own, other, ...found, api: role('api'), accounts: role('accounts') }
  const scope = { role: own, path: `${own}, sis_ref, sis_ext, pg_temp` }
  const main = pool()
  const beginning = await othersState(server, own)

  return {
    server,
    target,
    scope,
    version,
    pool,
    attack: (run, as = { pool: main, scope }) => attack(run, as),
    async traces({ got, after }, on = main) {
      const client = await on.connect()
      const found = [...(got.includes(canary) ? ['rows of another'] : []), ...(after ? [after] : [])]
      try {
        found.push(...(await leftovers(client, server)))
      } finally {
        client.release(found.length > 0)
      }
      return found
    },
    changed: async () => changes(beginning, await othersState(server, own)),
    async close() {
      held.release(true)
      await Promise.all(pools.map((one) => one.end()))
      await server.stop()
    },
  }
}

async function attack(run: (db: Db) => Promise<unknown>, as: { pool: pg.Pool; scope: Scope }): Promise<Outcome> {
  const outcome: Outcome = { got: '', state: undefined, refused: false, after: '' }
  const work = async (db: Db): Promise<void> => {
    try {
      outcome.got = JSON.stringify(await run(db), (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      )
    } catch (error) {
      outcome.state = sqlState(error)
      outcome.refused = /refused by tenancy|already inside|wrapper|page by page/.test((error as Error).message)
      if (outcome.refused) return
      if (outcome.state === undefined) throw error
      return
    }
    // Whoever's statements come next in this transaction.
    const query = db.selectNoFrom((eb) => [
      eb.fn<string>('current_setting', [eb.val('role')]).as('role'),
      eb.fn<string>('current_setting', [eb.val('search_path')]).as('path'),
    ])
    const { role, path } = await query.executeTakeFirstOrThrow()
    if (role !== as.scope.role || path !== as.scope.path) outcome.after = `goes on as ${role} in ${path}`
  }
  await inTransaction<TenantTables, void>(as.pool, as.scope, 'write', work).catch((error: unknown) => {
    // COMMIT answered ROLLBACK, since the attack's statement had failed.
    if (!/swallowed/.test((error as Error).message)) outcome.after = (error as Error).message
  })
  return outcome
}

// Where an expression of ours stands. Each evaluates it at least once, whatever its type, also a set.
const asText = (expression: string): string => `(select string_agg(s::text, ',') from (select ${expression} as v) s)`
const entry = () => ({ id: crypto.randomUUID(), actor_name: 'x', actor_role: 'x', action: 'x', outcome: 'success' })

export const places: Record<string, (db: Db, expression: string) => Promise<unknown>> = {
  select: (db, x) => db.selectNoFrom(sql.raw(x).as('x')).execute(),
  where: (db, x) =>
    db
      .selectFrom('service')
      .select('name')
      .where(sql<boolean>`${sql.raw(asText(x))} is not null`)
      .execute(),
  'order by': (db, x) =>
    db
      .selectFrom('service')
      .select('name')
      .orderBy(sql.raw(asText(x)))
      .execute(),
  join: (db, x) =>
    db
      .selectFrom('service')
      .leftJoin('service as again', (on) => on.on(sql<boolean>`${sql.raw(asText(x))} = ''`))
      .select(['service.name', 'again.name as other'])
      .execute(),
  insert: (db, x) =>
    db
      .insertInto('sis_audit.entry')
      .values({ ...entry(), actor_name: sql<string>`coalesce(left(${sql.raw(asText(x))}, 99), '')` })
      .returning('actor_name')
      .execute(),
  update: (db, x) =>
    db
      .updateTable('service')
      .set({ name: sql<string>`coalesce(left(${sql.raw(asText(x))}, 99), 'à nous')` })
      .returning('name')
      .execute(),
  returning: (db, x) =>
    db
      .insertInto('sis_audit.entry')
      .values(entry())
      .returning(sql.raw(asText(x)).as('x'))
      .execute(),
}
