import pg from 'pg'
import type { Establishment, Tenancy, TenantDb } from '#tenancy'
import { builderOn, GuardedConnection } from '../../src/tenancy/guarded-connection.ts'
import type { TenantTables } from '../../src/tenancy/tables.ts'
import { inTransaction } from '../../src/tenancy/transaction.ts'
import { openConnection } from '../../src/tenancy/pool.ts'
import { entranceOf, SharedConnection } from '../../src/tenancy/shared/shared-connection.ts'
import { oneShotOf } from '../../src/tenancy/statement.ts'
import type { Door, Once } from './crowd.ts'

/** The product's. */
export const ours =
  (tenancy: Tenancy): Door =>
  (at, mode, work) =>
    mode === 'read' ? tenancy.tenant(at).read(work) : tenancy.tenant(at).transaction(work)

/** The product's one-shot reads. */
export const oursOnce =
  (tenancy: Tenancy): Once =>
  (at, asked, values) =>
    tenancy.tenant(at).once(asked, values)

/**
 * One-shot reads on a connection that confuses them: what is answered to one is given to the next one of another
 * establishment, as if an answer had been counted twice.
 * @param isGuarded whether each answer is asked whose it is, as in the product
 */
export async function confused(url: string, isGuarded: boolean): Promise<{ once: Once; close(): Promise<void> }> {
  const open = async (): Promise<SharedConnection> =>
    new SharedConnection(await openConnection({ url, name: 'confused' }), { mostNamed: 1_000 }, () => {})
  const unguarded = { compare: () => 0 } as unknown as Buffer
  const entrances = new Map<string, ReturnType<typeof entranceOf>>()
  let current = await open()
  let opening: Promise<unknown> | undefined
  return {
    async once(at, asked, values) {
      const { schema } = at
      const made = entrances.get(schema) ?? entranceOf(entrances.size, { role: schema, path: pathOf(schema) })
      entrances.set(schema, made)
      if (current.wire.isLost) await (opening ??= open().then((opened) => ([current, opening] = [opened, undefined])))
      const known = oneShotOf(asked)
      return new Promise((resolve, reject) => {
        const { flying } = current.wire
        const sent = current.send(
          isGuarded ? made : { ...made, answer: unguarded },
          known,
          known.values(values),
          (rows, error) => (rows ? resolve(rows as never) : reject(error)),
        )
        const before = flying.at(-2) as typeof sent | undefined
        if (before && before.entrance.number !== made.number) flying.splice(-2, 2, sent, before)
      })
    },
    close: () => current.wire.end(),
  }
}

const on = (client: pg.PoolClient) => builderOn<TenantTables>(new GuardedConnection(client))
const pathOf = (schema: string): string => `${schema}, sis_ref, sis_ext, pg_temp`

type Broken = { door: Door; close(): Promise<void> }

/** Role and path per transaction, as ours, but all transactions on one connection that nobody owns until COMMIT. */
export async function sharedConnection(url: string): Promise<Broken> {
  const pool = new pg.Pool({ connectionString: url, max: 1, pipeline: true })
  const client = await pool.connect()
  return {
    async door({ schema }, _, work) {
      await client.query('begin')
      await client.query(`set local role ${schema}`)
      await client.query(`set local search_path = ${pathOf(schema)}`)
      const result = await work(on(client))
      await client.query('commit')
      return result
    },
    async close() {
      client.release()
      await pool.end()
    },
  }
}

/** Our own wrapper, to which a pool lends one connection to all at once. */
export async function sharedByPool(url: string): Promise<Broken> {
  const pool = new pg.Pool({ connectionString: url, max: 1, pipeline: true })
  const client = await pool.connect()
  client.setMaxListeners(0)
  const lent = new Proxy(client, {
    get: (target, name) => {
      if (name === 'release') return () => {}
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const lender = { connect: async () => lent } as unknown as pg.Pool
  return {
    door: <T>({ schema }: Establishment, mode: 'read' | 'write', work: (db: TenantDb) => Promise<T>) =>
      inTransaction<TenantTables, T>(lender, { role: schema, path: pathOf(schema) }, mode, work),
    async close() {
      client.release(true)
      await pool.end()
    },
  }
}

/** A path and no role. */
export function withoutRole(url: string): Broken {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  return {
    async door({ schema }, _, work) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        await client.query(`set local search_path = ${pathOf(schema)}`)
        const result = await work(on(client))
        await client.query('commit')
        return result
      } catch (error) {
        await client.query('rollback')
        throw error
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}

/** Role and path for the session, set before each piece of work, as the guide does; every statement takes any connection. */
export function sessionLevel(url: string): Broken {
  const pool = new pg.Pool({ connectionString: url, max: 3 })
  const any = { query: (...args: [pg.QueryConfig]) => pool.query(...args) } as unknown as pg.PoolClient
  return {
    async door({ schema }, _, work) {
      await pool.query(`set role ${schema}; set search_path = ${pathOf(schema)}`)
      return work(on(any))
    },
    close: () => pool.end(),
  }
}

/** Ours, with a hostile expression in front of each piece of work: it takes another establishment's role. */
export const hijacked =
  (tenancy: Tenancy, other: (at: Establishment) => Establishment): Door =>
  (at, mode, work) =>
    ours(tenancy)(at, mode, async (db) => {
      await db
        .selectNoFrom((eb) => [
          eb
            .fn<string>('set_config', [eb.val('search_path'), eb.val(pathOf(other(at).schema)), eb.val(true)])
            .as('path'),
          eb.fn<string>('set_config', [eb.val('role'), eb.val(other(at).schema), eb.val(true)]).as('role'),
        ])
        .execute()
      return work(db)
    })
