import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  AlreadyThere,
  asJson,
  last,
  type Last,
  type Platform,
  type PlatformDb,
  type Statement,
  type TenantDb,
} from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import type { KeyedValues, OperationKey } from './keyed.ts'

/** How long an answer is kept for a repetition (design, contract). */
export const KEY_KEPT_HOURS = 48
const keptMs = KEY_KEPT_HOURS * 3_600_000

/** The header of every write. */
export const operationKey = {
  'idempotency-key': Type.Optional(
    Type.String({
      maxLength: 255,
      description:
        'Optional, recommended: the same key and the same request again, within 48 h, answers what was answered',
      examples: ['2f1c9d1e-0c1f-4b5e-9d0a-6a1f0c2b7e55'],
    }),
  ),
}

export const IdempotencyKey = Type.Object(operationKey, { additionalProperties: true })

export type Created<T> = {
  body: T
  /** 201 unless the very same record was already there (same id, same content: 200). */
  status?: 200 | 201 | 202
  location?: string
}

/**
 * Creates a record of an establishment exactly once: the operation key (the client's, or else one made for this request)
 * lives in the write's own transaction, so that a repetition after any fault finds either nothing or the whole answer
 * (research/security.md, fact 2: 72 of 4,800 doubled without).
 * @throws idempotency_key_reused for another request; whatever `work` throws, with nothing stored
 */
export function createOnce<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (db: TenantDb) => Promise<Created<T>>,
  again?: Again<T>,
): Promise<T> {
  return answer(reply, inEstablishment(request, work, again))
}

/**
 * A creation whose rows one statement stores, the operation's key among them: it travels with COMMIT. Where anything is out
 * of the ordinary `work` decides, as in createOnce.
 * @param quick what is stored and answered; undefined: not this way. Nothing but what the last statement stores may be written,
 *   and what it reads is read by keys: its plans are made once
 */
export async function createInOne<T extends object, Values extends KeyedValues>(
  request: FastifyRequest,
  reply: FastifyReply,
  quick: (db: TenantDb, key: OperationKey) => Promise<InOne<T, Values> | undefined>,
  work: (db: TenantDb) => Promise<Created<T>>,
  again?: Again<T>,
): Promise<T> {
  const key = keyOf(request)
  const first = await request.tenant
    .transaction<Answer<T> | undefined>((db) => storing(db, key, quick), { keyed: true, plannedOnce: true })
    // Somebody else was faster with this id or this key.
    .catch((error: unknown) => {
      if (!(error instanceof AlreadyThere)) throw error
    })
  return answer(reply, first ?? inEstablishment(request, work, again))
}

export type InOne<T, Values extends KeyedValues> = {
  statement: Statement<Values, unknown>
  /** With `status` and `answer` still to be written. */
  values: Values
  created: Created<T>
}

async function storing<T extends object, Values extends KeyedValues>(
  db: TenantDb,
  key: OperationKey,
  quick: (db: TenantDb, key: OperationKey) => Promise<InOne<T, Values> | undefined>,
): Promise<Last<Answer<T>> | undefined> {
  const found = await quick(db, key)
  if (found === undefined) return undefined
  const { statement, values, created } = found
  const { body, location, status = 201 } = created
  if (Math.random() < clearing) await forgetExpired(db, expiry())
  values.status = status
  values.answer = JSON.stringify({ body, location })
  return last(statement, values, created)
}

/**
 * Called with what was answered then before it is answered again: what a person might see then they may have lost since.
 * @throws what the person is refused with
 */
export type Again<T> = (db: TenantDb, body: T) => Promise<void>

/** The same for records that establishments share: accounts, the directory. */
export function createOnceOnPlatform<T extends object>(
  request: FastifyRequest,
  reply: FastifyReply,
  platform: Platform,
  work: (db: PlatformDb) => Promise<Created<T>>,
): Promise<T> {
  return answer(reply, onPlatform(request, platform, work))
}

/**
 * Changes a record of an establishment exactly once, under an operation key like a creation: without it a repetition
 * would find its own version and be refused as stale. Sends the record with its ETag, or nothing (204) for null.
 */
export function changeOnce<T extends object | null>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (db: TenantDb) => Promise<T>,
  again?: Again<T>,
): Promise<T> {
  return answer(reply, inEstablishment(request, changing(work), again))
}

/** The same for records that establishments share. */
export function changeOnceOnPlatform<T extends object | null>(
  request: FastifyRequest,
  reply: FastifyReply,
  platform: Platform,
  work: (db: PlatformDb) => Promise<T>,
): Promise<T> {
  return answer(reply, onPlatform(request, platform, changing(work)))
}

type Answer<T> = Omit<Created<T>, 'status'> & { status?: number; replayed?: boolean }

const changing =
  <Db, T>(work: (db: Db) => Promise<T>) =>
  async (db: Db): Promise<Answer<T>> => {
    const body = await work(db)
    return { body, status: body === null ? 204 : 200 }
  }

function inEstablishment<T>(
  request: FastifyRequest,
  work: (db: TenantDb) => Promise<Answer<T>>,
  again: Again<T> = async () => {},
): Promise<Answer<T>> {
  const key = keyOf(request)
  return request.tenant.transaction(
    async (db) => {
      const answered = await once(db, key, () => work(db))
      if (answered.replayed) await again(db, answered.body)
      return answered
    },
    { keyed: true },
  )
}

// The two databases share this table's shape; once() touches no other.
async function onPlatform<T>(
  request: FastifyRequest,
  platform: Platform,
  work: (db: PlatformDb) => Promise<Answer<T>>,
): Promise<Answer<T>> {
  const key = keyOf(request)
  return platform.transaction('accounts', (db) => once(db as unknown as TenantDb, key, () => work(db)), { keyed: true })
}

async function answer<T>(reply: FastifyReply, doing: Answer<T> | Promise<Answer<T>>): Promise<T> {
  const { body, status = 201, location, replayed } = await doing
  void reply.code(status)
  if (location) void reply.header('location', location)
  if (replayed) void reply.header('idempotency-replayed', 'true')
  const { version } = (body ?? {}) as { version?: unknown }
  if (typeof version === 'number') void reply.header('etag', `"${version}"`)
  return body
}

/** @throws invalid_idempotency_key */
function keyOf(request: FastifyRequest): OperationKey {
  // A request's own id is made by this server, never by the client: nobody else's key is equal to it.
  const { 'idempotency-key': key = request.id, 'if-match': version } = request.headers
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) throw problem('invalid_idempotency_key')
  const content = JSON.stringify([request.params ?? null, request.body ?? null, ...(version ? [version] : [])])
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

async function once<T>(db: TenantDb, key: OperationKey, work: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const expired = expiry()
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
  if (Math.random() < clearing) await forgetExpired(db, expired)
  return created
}

const expiry = (): string => new Date(now().getTime() - keptMs).toISOString()

async function replay<T>(db: TenantDb, key: Omit<OperationKey, 'request_hash'>, hash: string): Promise<Answer<T>> {
  const stored = await db
    .selectFrom('idempotency_key')
    .select(['request_hash', 'status', 'body'])
    .where((eb) => eb.and(key))
    .executeTakeFirstOrThrow()
  if (stored.request_hash !== hash) throw problem('idempotency_key_reused')
  const { body, location } = stored.body as { body: T; location?: string }
  return { body, status: stored.status ?? 201, ...(location && { location }), replayed: true }
}

// One keyed write in fifty clears a hundred old keys: no job has to visit thousands of schemas for it.
const clearing = 0.02

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
