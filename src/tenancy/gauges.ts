import type pg from 'pg'
import type { OpenAccessLog } from './access-log.ts'
import type { Directory } from './directory.ts'
import type { SharedReads } from './shared/shared-reads.ts'

/** How a process's side of the database is now. */
export type TenancyGauges = {
  /** By what they are for: `transactions`, `reads` (shared by one-shot reads), `directory`, `audit`. */
  connections: Record<string, { open: number; used: number; waiting: number }>
  /** One-shot reads on their way. */
  readsFlying: number
  /** Statements that the connections of the reads remember. */
  named: number
  recordsHeld: number
  directoryAgeMs: number
  establishments: number
}

type Parts = {
  pools: Record<string, pg.Pool>
  reads: SharedReads | undefined
  accesses: Pick<OpenAccessLog, 'held'>
  directory: Directory
}

export function readGauges({ pools, reads, accesses, directory }: Parts): TenancyGauges {
  const shared = reads?.numbers
  const connections = Object.fromEntries(
    Object.entries(pools).map(([name, { totalCount, idleCount, waitingCount }]) => [
      name,
      { open: totalCount, used: totalCount - idleCount, waiting: waitingCount },
    ]),
  )
  return {
    connections: { ...connections, ...(shared && { reads: { open: shared.open, used: shared.used, waiting: 0 } }) },
    readsFlying: shared?.flying ?? 0,
    named: shared?.named ?? 0,
    recordsHeld: accesses.held,
    directoryAgeMs: directory.ageMs,
    establishments: directory.list().length,
  }
}
