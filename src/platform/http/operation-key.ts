import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Platform, PlatformDb, TenantDb } from '#tenancy'
import { asJson } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'

/** 48 hours (design, contract). */
const keptMs = 48 * 3_600_000

export const IdempotencyKey = Type.Object(
  {
    'idempotency-key': Type.Optional(
      Type.String({
        maxLength: 255,
        description:
          'Optional, recommended: the same key and the same body again, within 48 h, answers what was answered',
        examples: ['2f1c9d1e-0c1f-4b5e-9d0a-6a1f0c2b7e55'],
      }),
    ),
  },
  { additionalProperties: true },
)

export type Created<T> = {
  body: T
  /** 201 unless the very same record was already there (same id, same content: 200). */
  status?: 200 | 201 | 202
  location?: string
}

/**
 * Creates a record of an establishment exactly once: the operation key lives in the write's own transaction, so that a
 * retry after any fault finds either nothing or the whole answer (research/security.md, fact 2: 72 of 4,800 doubled without).
 * @throws idempotency_key_reused for another body; whatever `work` throws, with nothing stored
 */
export function createOnce<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (db: TenantDb) => Promise<Created<T>>,
): Promise<T> {
  return answer(request, reply, (key) =>
    request.tenant.transaction((db) => (key ? once(db, key, () => work(db)) : work(db))),
  )
}

/** The same for records that establishments share: accounts, the directory. */
export function createOnceOnPlatform<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  platform: Platform,
  work: (db: PlatformDb) => Promise<Created<T>>,
): Promise<T> {
  return answer(request, reply, (key) =>
    // The two databases share this table's shape; once() touches no other.
    platform.transaction('accounts', (db) => (key ? once(db as unknown as TenantDb, key, () => work(db)) : work(db))),
  )
}

type Key = { account_id: string; route: string; key: string; request_hash: string }

async function answer<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  run: (key: Key | undefined) => Promise<Created<T> & { replayed?: boolean }>,
): Promise<T> {
  const created = await run(keyOf(request))
  void reply.code(created.status ?? 201)
  if (created.location) void reply.header('location', created.location)
  if (created.replayed) void reply.header('idempotency-replayed', 'true')
  const { version } = created.body as { version?: unknown }
  if (typeof version === 'number') void reply.header('etag', `"${version}"`)
  return created.body
}

function keyOf(request: FastifyRequest): Key | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) throw problem('invalid_idempotency_key')
  const content = JSON.stringify([request.params ?? null, request.body ?? null])
  return {
    account_id: request.auth.account.id,
    // With the establishment: on the shared tables a person of two would else be answered in one what the other got.
    route: `${request.auth.establishment?.slug ?? '-'} ${request.method} ${request.routeOptions.url ?? ''}`.slice(
      0,
      120,
    ),
    key,
    request_hash: createHash('sha256').update(content).digest('hex'),
  }
}

async function once<T extends object>(
  db: TenantDb,
  key: Key,
  work: () => Promise<Created<T>>,
): Promise<Created<T> & { replayed?: boolean }> {
  const expired = new Date(now().getTime() - keptMs).toISOString()
  // A second request with the same key waits here on the unique index until the first has committed or rolled back.
  const claimed = await db
    .insertInto('idempotency_key')
    .values(key)
    .onConflict((conflict) =>
      conflict
        .columns(['account_id', 'route', 'key'])
        .doUpdateSet({ request_hash: key.request_hash, status: null, body: null, created_at: now().toISOString() })
        .where('idempotency_key.created_at', '<', expired),
    )
    .returning('key')
    .executeTakeFirst()
  const mine = { account_id: key.account_id, route: key.route, key: key.key }
  if (!claimed) return replay<T>(db, mine, key.request_hash)
  const created = await work()
  await db
    .updateTable('idempotency_key')
    .set({ status: created.status ?? 201, body: asJson({ body: created.body, location: created.location }) })
    .where((eb) => eb.and(mine))
    .execute()
  if (Math.random() < 0.02) await forgetExpired(db, expired)
  return created
}

async function replay<T extends object>(
  db: TenantDb,
  key: Omit<Key, 'request_hash'>,
  hash: string,
): Promise<Created<T> & { replayed: true }> {
  const stored = await db
    .selectFrom('idempotency_key')
    .select(['request_hash', 'status', 'body'])
    .where((eb) => eb.and(key))
    .executeTakeFirstOrThrow()
  if (stored.request_hash !== hash) throw problem('idempotency_key_reused')
  const { body, location } = stored.body as { body: T; location?: string }
  return { body, status: stored.status as 201, ...(location && { location }), replayed: true }
}

// One keyed write in fifty clears a hundred old keys: no job has to visit thousands of schemas for it.
async function forgetExpired(db: TenantDb, before: string): Promise<void> {
  await db
    .deleteFrom('idempotency_key')
    .where('created_at', '<', before)
    .where('key', 'in', (eb) =>
      eb
        .selectFrom('idempotency_key')
        .select('key')
        .where('created_at', '<', before)
        .limit(100)
        .forUpdate()
        .skipLocked(),
    )
    .execute()
}
