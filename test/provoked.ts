import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { v7 as uuidv7 } from 'uuid'
import type { Tenant, TenantDb } from '#tenancy'
import type { Canaries } from './canaries.ts'
import type { TestDatabase } from './cluster.ts'

type Work = (reply: FastifyReply) => unknown

/**
 * Failures that a request from outside cannot bring about, because it is refused before: errors of the database that
 * quote values, and errors of our own that carry some. Each is a route `/fail/{name}`.
 */
export function registerFailures(app: FastifyInstance, tenant: Tenant, canaries: Canaries): string[] {
  const routes: Record<string, Work> = { ...ofTheDatabase(tenant, canaries), ...ofOurOwn(canaries) }
  for (const [name, work] of Object.entries(routes))
    app.get(`/fail/${name}`, { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
      work(reply),
    )
  return Object.keys(routes)
}

function ofTheDatabase(tenant: Tenant, canaries: Canaries): Record<string, Work> {
  const word = (name: string): string => canaries.word(`database${name}`)
  const entry = (name: string) => ({ id: uuidv7(), actor_name: word(name), actor_role: 'x', action: 'x', outcome: 'success' }) // prettier-ignore
  const inserting = (values: object): Work => {
    return () =>
      tenant.transaction((db) =>
        db
          .insertInto('sis_audit.entry')
          .values(values as never)
          .execute(),
      )
  }
  const reading = (column: string, value: unknown): Work => {
    const query = (db: TenantDb) =>
      db
        .selectFrom('sis_audit.entry')
        .select('id')
        .where(column as 'id', '=', value as never)
    return () => tenant.read((db) => query(db).execute())
  }
  return {
    unique: () =>
      tenant.transaction(async (db) => {
        const key = { account_id: uuidv7(), route: 'x', key: word('unique'), request_hash: 'x' }
        await db.insertInto('idempotency_key').values([key, key]).execute()
      }),
    // Not of the record: under row security PostgreSQL keeps the row to itself.
    check: () =>
      tenant.transaction((db) =>
        db
          .insertInto('record_version')
          .values({ resource: 'x', resource_id: uuidv7(), version: 1, by_name: 'x', action: word('check'), data: '{}' })
          .execute(),
      ),
    missing: inserting({ ...entry('missing'), action: null }),
    tooLong: inserting({ ...entry('tooLong'), action: word('tooLong').repeat(9) }),
    uuid: reading('id', word('uuid')),
    date: reading('at', word('date')),
    nul: reading('actor_name', `${word('nul')}\0`),
    json: () =>
      tenant.transaction((db) =>
        db
          .insertInto('record_version')
          .values({ resource: 'x', resource_id: uuidv7(), version: 1, by_name: 'x', action: 'create', data: `{"${word('json')}` }) // prettier-ignore
          .execute(),
      ),
    reference: () =>
      tenant.transaction((db) =>
        db
          .insertInto('consultation')
          .values({ id: uuidv7(), patient_id: uuidv7(), reason: word('reference') } as never)
          .execute(),
      ),
    swallowed: () =>
      tenant.transaction((db) =>
        db.insertInto('sis_audit.entry').values({ ...entry('swallowed'), outcome: word('swallowed') } as never).execute().catch(() => {}), // prettier-ignore
      ),
  } // prettier-ignore
}

function ofOurOwn(canaries: Canaries): Record<string, Work> {
  const word = (name: string): string => canaries.word(`own${name}`)
  const carrying = (name: string): Error =>
    Object.assign(new Error(word(name), { cause: new Error(word(`${name}cause`)) }), { detail: word(`${name}detail`) })
  const failing = (error: unknown): Work => {
    return () => {
      throw error
    }
  }
  return {
    thrown: failing(carrying('thrown')),
    // A message that looks like the calls below it.
    frames: failing(new Error(`x\n    at ${word('frames')} (/${word('frames')}.js:1:1)`)),
    named: failing(Object.assign(new Error('x'), { name: word('named'), code: word('named') + ' ' })),
    text: failing(word('text')),
    object: failing({ message: word('object') }),
    many: failing(new AggregateError([carrying('many')], word('many'))),
    stream: () => Readable.from(pieces(carrying('stream'))),
    unserialisable: () => ({ toJSON: failing(carrying('unserialisable')) }),
    twice: (reply) => {
      void reply.send('x')
      void reply.send(word('twice'))
      return reply
    },
  }
}

async function* pieces(error: Error): AsyncGenerator<string> {
  yield 'x'.repeat(100_000)
  throw error
}

/** A deadlock and a cancelled wait, both on rows whose values are words of ours. */
export async function provokeLocks(database: TestDatabase, tenant: Tenant, canaries: Canaries): Promise<void> {
  const ids = [uuidv7(), uuidv7()] as const
  const touch = (db: TenantDb, id: string, name: string) =>
    db.updateTable('idempotency_key').set({ request_hash: canaries.word(`locks${name}`) }).where('account_id', '=', id).execute() // prettier-ignore
  await tenant.transaction(
    (db) =>
    db.insertInto('idempotency_key').values(ids.map((id) => ({ account_id: id, route: 'x', key: canaries.word('locks'), request_hash: 'x' }))).execute(), // prettier-ignore
  )
  let [met, meet] = [0, () => {}]
  const both = new Promise<void>((resolve) => (meet = resolve))
  const cross = (order: readonly string[]) =>
    tenant.transaction(async (db) => {
      for (const [index, id] of order.entries()) {
        await touch(db, id, `deadlock${index}`)
        if (index === 0 && ++met >= 2) meet()
        await both
      }
    })
  await Promise.allSettled([cross(ids), cross([...ids].reverse())])
  const cancelled = tenant.transaction(async (db) => {
    await touch(db, ids[0], 'held')
    const waiting = tenant.transaction((other) => touch(other, ids[0], 'cancelled')).catch(() => {})
    const cancel = `select pg_cancel_backend(pid) as done from pg_stat_activity where wait_event_type = 'Lock' and pid <> pg_backend_pid()`
    for (let rows: unknown[] = []; rows.length === 0;) rows = await database.asSuperuser(cancel)
    await waiting
  })
  await cancelled.catch(() => {})
}
