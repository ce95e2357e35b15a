import pg from 'pg'
import { problem } from '../shared/errors.ts'
import { LostBeforeCommit } from './failures.ts'
import { AffinePool, openWithin } from './shared/affine-pool.ts'
import { Inflow } from './shared/inflow.ts'
import type { MemoryBudget } from './shared/memory.ts'
import { WiredClient } from './shared/wired-client.ts'
import type { Log } from './types.ts'

export type PoolOptions = {
  url: string
  size: number
  name: string
  log: Log
  memory?: MemoryBudget
  /** When no answer is awaited any longer (ms): the machine at the other end is gone without a word. */
  answerWithin?: number
}

/** A pool of pipelining connections whose failures are logged, never thrown at the process. */
export function openPool({ url, size, name, log, memory, answerWithin = 20_000 }: PoolOptions): pg.Pool {
  const pool = new AffinePool({
    connectionString: url,
    max: size,
    application_name: name,
    // In line; opening one may take longer (AffinePool).
    connectionTimeoutMillis: 3_000,
    // Longer than the server's own statement_timeout (15 s), which answers.
    query_timeout: answerWithin,
    // With jitter, so that a pool does not renew all its connections in the same second.
    maxLifetimeSeconds: 1_500 + Math.floor(Math.random() * 600),
    // Whatever else a backend may keep.
    maxUses: 100_000 + Math.floor(Math.random() * 50_000),
    // pg-pool closes one that was idle for 10 s: between two patients, and whoever came next paid for a new one, which knows
    // nobody. What they keep is bounded by the memory budget.
    idleTimeoutMillis: 600_000,
    keepAlive: true,
    stream: Inflow.open,
    ...(memory && { memory }),
    Client: WiredClient as unknown as new () => pg.Client,
  })
  // Without these listeners one pg_terminate_backend ends the process (research/security.md 5).
  pool.on('error', (error) => log.warn({ code: (error as { code?: string }).code }, 'idle database connection lost'))
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** One connection that no pool keeps. @throws whatever keeps it from opening */
export async function openConnection({ url, name }: Pick<PoolOptions, 'url' | 'name'>): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: openWithin,
    keepAlive: true,
    stream: Inflow.open,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Whether somebody in between answers in PostgreSQL's name, as PgBouncer does: the process it names is not the server's. */
export async function isPooled(url: string): Promise<boolean> {
  const client = await openConnection({ url, name: 'sis-start' })
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    return (client as unknown as { processID: number | null }).processID !== rows[0]?.pid
  } finally {
    await client.end().catch(() => {})
  }
}

/** A connection of one's own until its release. @throws busy when none came free in time; LostBeforeCommit */
export async function borrow(pool: pg.Pool, party?: string): Promise<pg.PoolClient> {
  try {
    return await (pool instanceof AffinePool ? pool.lend(party) : pool.connect())
  } catch (error) {
    // Without a code: no place in the pool in time, but also a server, or a proxy before it, that hangs up or says nothing.
    if ((error as Error).message === 'timeout exceeded when trying to connect')
      throw problem('busy', { retryAfter: 1, cause: error })
    throw new LostBeforeCommit(error)
  }
}

/** A borrowed connection comes back. @param broken it does not serve again */
export function giveBack(pool: pg.Pool, client: pg.PoolClient, broken: boolean): void {
  if (pool instanceof AffinePool) pool.giveBack(client, broken)
  else client.release(broken)
}
