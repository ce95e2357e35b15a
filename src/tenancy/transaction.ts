import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import type { Kysely } from 'kysely'
import type pg from 'pg'
import { Problem, problem } from '../shared/errors.ts'
import { isConnectionFailure, isSerializationFailure, LostBeforeCommit, problemOf, sqlState } from './failures.ts'
import { builderOn, extended, GuardedConnection } from './guarded-connection.ts'

/** Whose rights and which tables a transaction has. Both names come from the directory, never from a request. */
export type Scope = { role: string; path: string }

export type Mode = 'read' | 'write'

const begin: Record<Mode, string> = {
  read: 'begin isolation level repeatable read read only',
  write: 'begin isolation level read committed read write',
}

// The role comes last: set_config is revoked from every tenant role, so nothing can be set after it. The two leading
// columns tell what the last borrower left, which must be nothing.
const enter = `select current_setting('role') as left_role, current_setting('search_path') as left_path,
  set_config('search_path', $1, true), set_config('role', $2, true)`

const restingPath = 'pg_catalog, pg_temp'

class DirtyConnection extends Error {}

// Whole transactions only, at most four tries: writes carry their operation key, reads change nothing.
const patience = retry(
  handleWhen(
    (error) => isSerializationFailure(error) || error instanceof LostBeforeCommit || error instanceof DirtyConnection,
  ),
  { maxAttempts: 3, backoff: new ExponentialBackoff({ initialDelay: 25, maxDelay: 600 }) },
)

/**
 * Runs `work` in one transaction of `scope`, repeated as a whole when that is safe.
 * @throws Problem; anything else that `work` throws comes through unchanged after the rollback
 */
export async function inTransaction<Tables, T>(
  pool: pg.Pool,
  scope: Scope,
  mode: Mode,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  try {
    return await patience.execute(() => attempt(pool, scope, mode, work))
  } catch (error) {
    if (error instanceof Problem) throw error
    if (sqlState(error) || error instanceof LostBeforeCommit || error instanceof DirtyConnection) throw problemOf(error)
    throw error
  }
}

async function attempt<Tables, T>(
  pool: pg.Pool,
  scope: Scope,
  mode: Mode,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const client = await connect(pool)
  const connection = new GuardedConnection(client)
  let lost = false
  const onLoss = (): void => {
    lost = true
  }
  client.once('error', onLoss).once('end', onLoss)
  let committing = false
  let clean = false
  let dirty = false
  try {
    // Sent without waiting: BEGIN, path and role, and the first statement of `work` travel in one round trip. When one
    // of them fails the later ones fail too (25P02, or 42501 without a role): nothing runs outside its tenant.
    const opened = open(client, scope, mode)
    const worked = work(builderOn<Tables>(connection))
    const [opening, working] = await Promise.allSettled([opened, worked])
    if (opening.status === 'rejected') throw refusedRole(opening.reason)
    if (working.status === 'rejected') throw working.reason
    connection.close()
    committing = true
    const { command } = await client.query('commit')
    // After a failed statement that `work` swallowed, COMMIT answers ROLLBACK: that is not a success.
    if (command !== 'COMMIT') throw new Error('a statement failed and its error was swallowed: nothing was stored')
    clean = client.getTransactionStatus() === 'I'
    return working.value
  } catch (error) {
    connection.close()
    dirty = error instanceof DirtyConnection
    if (error instanceof Problem || dirty) throw error
    if (lost || isConnectionFailure(error)) {
      if (committing && mode === 'write') throw problem('outcome_unknown', { retryAfter: 1, cause: error })
      throw new LostBeforeCommit(error)
    }
    throw error
  } finally {
    client.removeListener('error', onLoss).removeListener('end', onLoss)
    if (!clean && !lost) clean = await rollBack(client)
    client.release(!clean || dirty)
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect()
  } catch (error) {
    // A pool that found no place in time says so without a code.
    if (sqlState(error) || (error as { code?: string }).code) throw new LostBeforeCommit(error)
    throw problem('busy', { retryAfter: 1, cause: error })
  }
}

async function open(client: pg.PoolClient, scope: Scope, mode: Mode): Promise<void> {
  const [, entered] = await Promise.all([
    client.query(begin[mode]),
    extended<{ left_role: string; left_path: string }>(client, enter, [scope.path, scope.role]),
  ])
  const left = entered.rows[0]
  if (left?.left_role !== 'none' || left.left_path !== restingPath)
    throw new DirtyConnection('the last borrower left a role or a path')
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
