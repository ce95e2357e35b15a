import { ConstantBackoff, handleWhen, retry } from 'cockatiel'
import type pg from 'pg'
import { Problem, problem } from '../shared/errors.ts'
import { DirtyConnection, isConnectionFailure, isSerializationFailure, LostBeforeCommit, sqlState } from './failures.ts'
import { extended } from './guarded-connection.ts'
import { borrow, giveBack } from './pool.ts'

/** COMMIT was sent and the connection went away before its answer: the write is stored, or it is not. */
export class UnansweredCommit<T> extends Error {
  readonly value: T
  readonly transaction: { xid: string; begun: string }

  constructor(value: T, transaction: { xid: string; begun: string }) {
    super('COMMIT was not answered')
    this.value = value
    this.transaction = transaction
  }
}

type Means<T> = {
  pool: pg.Pool
  /** The whole transaction once more. */
  once: () => Promise<T>
  keyed?: boolean
}

/** A server that crashed is back within two or three seconds; a request waits for 15 s at most. */
const patienceMs = 8_000

/**
 * Finds out what became of a write whose COMMIT was not answered, and gives its result.
 *
 * With an operation key the transaction is repeated: it finds the key, and answers what was stored, or it does not, and
 * works again. Without one PostgreSQL is asked for the state of the transaction.
 * @throws outcome_unknown when neither was possible in time; whatever the repeated work throws
 */
export async function settle<T>(unanswered: UnansweredCommit<T>, { pool, once, keyed }: Means<T>): Promise<T> {
  const until = Date.now() + patienceMs
  const persistence = retry(
    handleWhen((error) => isPassing(error) && Date.now() < until),
    { maxAttempts: 100, backoff: new ConstantBackoff(100) },
  )
  try {
    if (keyed) return await persistence.execute(once)
    const wasStored = await persistence.execute(() => isStored(pool, unanswered))
    return wasStored ? unanswered.value : await once()
  } catch (error) {
    if (!isPassing(error)) throw error
    throw problem('outcome_unknown', { retryAfter: 1, cause: error })
  }
}

class StillRunning extends Error {}

// What says nothing of the first transaction must not be its answer. 55P03, 57014: it may still be running, and holds its
// key. 53…: no room on the disk or in memory, often what broke the connection.
const obstacles = /^(53...|55P03|57014)$/
const isPassing = (error: unknown): boolean =>
  error instanceof StillRunning ||
  error instanceof UnansweredCommit ||
  error instanceof LostBeforeCommit ||
  error instanceof DirtyConnection ||
  (error instanceof Problem && ['busy', 'establishment_not_ready'].includes(error.code)) ||
  isConnectionFailure(error) ||
  isSerializationFailure(error) ||
  obstacles.test(sqlState(error) ?? '')

// A crash can lose the record of a transaction from memory, and its number is then given to another one, which may
// commit. After a crash PostgreSQL always makes a checkpoint: when one began since, `committed` proves nothing.
const askForState = `select pg_xact_status($1::xid8) as state,
  (select checkpoint_time from pg_control_checkpoint()) >= date_trunc('second', $2::timestamptz) as checkpointed`

/** @throws outcome_unknown when the state cannot be trusted; StillRunning */
async function isStored<T>(pool: pg.Pool, { transaction }: UnansweredCommit<T>): Promise<boolean> {
  const { state, checkpointed } = await stateOf(pool, [transaction.xid, transaction.begun])
  if (state === 'in progress') throw new StillRunning('the transaction has not ended yet')
  if (state === 'aborted') return false
  if (state === 'committed' && !checkpointed) return true
  throw problem('outcome_unknown', { retryAfter: 1 })
}

type State = { state: 'committed' | 'aborted' | 'in progress' | null; checkpointed: boolean }

async function stateOf(pool: pg.Pool, transaction: string[]): Promise<State> {
  const client = await borrow(pool)
  let lost = true
  try {
    const { rows } = await extended<State>(client, askForState, transaction)
    lost = false
    return rows[0] ?? { state: null, checkpointed: true }
  } catch (error) {
    lost = isConnectionFailure(error)
    // "Transaction ID is in the future": lost in a crash, before anything of it was written.
    if (sqlState(error) === '22023') return { state: 'aborted', checkpointed: true }
    throw error
  } finally {
    giveBack(pool, client, lost)
  }
}
