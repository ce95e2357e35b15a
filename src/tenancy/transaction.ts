import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { Problem, problem } from '../shared/errors.ts'
import {
  DirtyConnection,
  isConnectionFailure,
  isSerializationFailure,
  LostBeforeCommit,
  problemOf,
  sqlState,
  StalePlan,
} from './failures.ts'
import { builderOn, extended, GuardedConnection } from './guarded-connection.ts'
import { Last } from './last.ts'
import type { Meter, Spent } from './meter.ts'
import { borrow, giveBack } from './pool.ts'
import { settle, UnansweredCommit } from './settle.ts'

/** Whose rights and which tables a transaction has. Both names come from the directory, never from a request. */
export type Scope = { role: string; path: string }

export type Mode = 'read' | 'write'

const begin: Record<Mode, string> = {
  read: 'begin isolation level repeatable read read only',
  write: 'begin isolation level read committed read write',
}

// The role comes last: set_config is revoked from every tenant role, so nothing can be set after it. The two leading
// columns tell what the last borrower left, which must be nothing; the last two are what a COMMIT that is not answered
// can be asked for.
const entered = `select current_setting('role') as left_role, current_setting('search_path') as left_path,
  set_config('search_path', $1, true), set_config('role', $2, true)`
const enter: Record<Mode, string> = {
  read: entered,
  write: `${entered}, pg_current_xact_id()::text as xid, now()::text as begun`,
}
const planned = (text: string): string =>
  text.replace('set_config(', "set_config('plan_cache_mode', 'force_generic_plan', true), set_config(")
const enterPlanned: Record<Mode, string> = { read: planned(enter.read), write: planned(enter.write) }

const restingPath = 'pg_catalog, pg_temp'

// Whole transactions only, at most four tries: writes carry their operation key, reads change nothing.
const patience = retry(
  handleWhen(
    (error) =>
      isSerializationFailure(error) ||
      error instanceof LostBeforeCommit ||
      error instanceof DirtyConnection ||
      error instanceof StalePlan,
  ),
  { maxAttempts: 3, backoff: new ExponentialBackoff({ initialDelay: 25, maxDelay: 600 }) },
)

export type Options = {
  /** `work` stores its operation's key first and answers what was stored when it finds it: to repeat it is always safe. */
  keyed?: boolean
  /** The first plan of each of its statements fits all values (statement.ts): it is kept, instead of five made before. */
  plannedOnce?: boolean
  meter?: Meter
  /** Of the request that asks. */
  spent?: Spent
  /** What stands between us and PostgreSQL; with `transaction` a connection of ours is not one of the database's. */
  pooler?: 'none' | 'transaction'
}

/**
 * Runs `work` in one transaction of `scope`, repeated as a whole when that is safe. A COMMIT that was not answered is
 * settled (settle.ts).
 * @throws Problem (outcome_unknown when it could not be settled); anything else that `work` throws comes through unchanged
 * after the rollback
 */
export async function inTransaction<Tables, T>(
  pool: pg.Pool,
  scope: Scope,
  mode: Mode,
  work: (db: Kysely<Tables>) => Promise<T | Last<T>>,
  options: Options = {},
): Promise<T> {
  const once = (): Promise<T> => attempt(pool, scope, mode, work, options)
  try {
    return await patience.execute(once).catch((error: unknown) => {
      if (error instanceof UnansweredCommit) return settle(error as UnansweredCommit<T>, { pool, once, ...options })
      throw error
    })
  } catch (error) {
    if (error instanceof Problem) throw error
    if (
      sqlState(error) ||
      error instanceof LostBeforeCommit ||
      error instanceof DirtyConnection ||
      error instanceof StalePlan
    )
      throw problemOf(error)
    throw error
  }
}

async function attempt<Tables, T>(
  pool: pg.Pool,
  scope: Scope,
  mode: Mode,
  work: (db: Kysely<Tables>) => Promise<T | Last<T>>,
  { pooler, meter, spent, plannedOnce = false }: Options,
): Promise<T> {
  const since = performance.now()
  const client = await borrow(pool, scope.role)
  meter?.waited(since, spent)
  // A pooler may give each transaction another connection of the database's: nothing is remembered there.
  const remembersFor = pooler === 'transaction' ? undefined : scope.role
  const connection = new GuardedConnection(client, {
    ...(remembersFor !== undefined && { remembersFor }),
    ...(meter && { meter }),
    ...(spent && { spent }),
  })
  let lost = false
  const onLoss = (): void => {
    lost = true
  }
  client.once('error', onLoss).once('end', onLoss)
  let unanswered: (() => UnansweredCommit<T>) | undefined
  let clean = false
  let dirty = false
  let suspect = false
  try {
    // Sent without waiting: BEGIN, path and role, and the first statement of `work` travel in one round trip. When one
    // of them fails the later ones fail too (25P02, or 42501 without a role): nothing runs outside its tenant.
    const opened = open(client, scope, mode, { remembers: remembersFor !== undefined, plannedOnce })
    const worked = work(builderOn<Tables>(connection))
    const [opening, working] = await Promise.allSettled([opened, worked])
    if (opening.status === 'rejected') throw refusedRole(opening.reason)
    if (working.status === 'rejected') throw working.reason
    const last = working.value instanceof Last ? working.value : undefined
    const value = working.value instanceof Last ? working.value.value : working.value
    if (mode === 'write') unanswered = () => new UnansweredCommit(value, opening.value)
    const storing = last && last.on(connection)
    connection.close()
    // Behind a statement that failed COMMIT is skipped, so that both can be sent in one; what is told is why it failed.
    const [ended, stored] = await Promise.allSettled([
      extended(client, 'commit', [], remembersFor === undefined ? {} : { name: 'commit' }),
      storing,
    ])
    if (stored.status === 'rejected') throw stored.reason
    if (ended.status === 'rejected') throw ended.reason
    const { command } = ended.value
    // After a failed statement that `work` swallowed, COMMIT answers ROLLBACK: that is not a success.
    if (command !== 'COMMIT') throw new Error('a statement failed and its error was swallowed: nothing was stored')
    clean = client.getTransactionStatus() === 'I'
    return value
  } catch (error) {
    connection.close()
    dirty = error instanceof DirtyConnection
    if (error instanceof Problem || dirty) throw error
    lost ||= isConnectionFailure(error)
    // A migration has changed the columns of a statement that this connection remembers, or PostgreSQL has forgotten it:
    // parsed anew the next time.
    const state = sqlState(error)
    if (state === '26000' || (state === '0A000' && /cached plan/.test((error as Error).message)))
      throw new StalePlan(error)
    // Refused for its rights or its grammar: a defect of ours, or an attack. Its connection does not serve again.
    suspect = sqlState(error)?.startsWith('42') ?? false
    if (lost) throw unanswered?.() ?? new LostBeforeCommit(error)
    throw error
  } finally {
    client.removeListener('error', onLoss).removeListener('end', onLoss)
    if (dirty && pooler === 'transaction') await endBackend(client)
    if (!clean && !lost) clean = await rollBack(client)
    giveBack(pool, client, !clean || dirty || suspect)
  }
}

type Opened = { left_role: string; left_path: string; xid: string; begun: string }

async function open(
  client: pg.PoolClient,
  scope: Scope,
  mode: Mode,
  { remembers, plannedOnce }: { remembers: boolean; plannedOnce: boolean },
): Promise<Opened> {
  // Answered with the first statement of `work`, all in one write: PostgreSQL wrote three times before, and we read as often.
  const joined = true
  const [text, name] = plannedOnce ? [enterPlanned[mode], `${mode} planned`] : [enter[mode], mode]
  const [, { rows }] = await Promise.all([
    extended(client, begin[mode], [], { joined, ...(remembers && { name: `begin ${mode}` }) }),
    extended<Opened>(client, text, [scope.path, scope.role], { joined, ...(remembers && { name }) }),
  ])
  const [opened] = rows
  if (opened?.left_role !== 'none' || opened.left_path !== restingPath)
    throw new DirtyConnection('the last borrower left a role or a path')
  return opened
}

/** Through a pooler, closing our connection would give the dirty one of the database to the next: it is ended there. */
async function endBackend(client: pg.PoolClient): Promise<void> {
  await Promise.allSettled([
    client.query('set local role none'),
    extended(client, 'select pg_terminate_backend(pg_backend_pid())', []),
  ])
}

// Between a change of status and its grant or revoke (half a second), or before this process has read the directory, the
// database refuses the role (42501; 22023 when it is gone): a moment to wait, no fault of ours.
const refusedRole = (error: unknown): unknown =>
  ['42501', '22023'].includes(sqlState(error) ?? '')
    ? problem('establishment_not_ready', { retryAfter: 1, cause: error })
    : error

/** @returns whether the connection may serve again */
async function rollBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('rollback')
    return client.getTransactionStatus() === 'I'
  } catch {
    return false
  }
}
