import type pg from 'pg'
import type { OpenAccessLog } from './access-log.ts'
import type { Directory } from './directory.ts'
import { AffinePool } from './shared/affine-pool.ts'
import type { MemoryBudget } from './shared/memory.ts'
import type { SharedReads } from './shared/shared-reads.ts'

/** Of connections that remember establishments. */
export type Affinity = {
  /** Since the start: asked on a connection that had had the establishment before (for reads: its own), or on another one. */
  found: { own: number; other: number; elsewhere: number }
  opened: number
  retired: number
  /** Establishments that each open connection (for transactions: each idle one) has had. */
  touched: number[]
  /** Statements that they remember. */
  named: number
}

/** How a process's side of the database is now. */
export type TenancyGauges = {
  /** By what they are for: `transactions`, `reads` (shared by one-shot reads), `directory`, `audit`. */
  connections: Record<string, { open: number; used: number; waiting: number }>
  affinity: Record<string, Affinity>
  /** What its connections take in PostgreSQL, estimated, and may take (MB). */
  memoryMb: { estimated: number; budget: number }
  /** One-shot reads on their way. */
  readsFlying: number
  recordsHeld: number
  directoryAgeMs: number
  establishments: number
}

type Parts = {
  pools: Record<string, pg.Pool>
  reads: SharedReads | undefined
  memory: MemoryBudget
  accesses: Pick<OpenAccessLog, 'held'>
  directory: Directory
}

export function readGauges({ pools, reads, memory, accesses, directory }: Parts): TenancyGauges {
  const shared = reads?.numbers
  const connections: TenancyGauges['connections'] = {}
  for (const [name, { totalCount, idleCount, waitingCount }] of Object.entries(pools))
    connections[name] = { open: totalCount, used: totalCount - idleCount, waiting: waitingCount }
  if (shared) connections['reads'] = { open: shared.open, used: shared.used, waiting: 0 }
  const { transactions } = pools
  return {
    connections,
    affinity: {
      ...(transactions instanceof AffinePool && { transactions: ofPool(transactions) }),
      ...(reads && { reads: ofReads(reads) }),
    },
    memoryMb: { estimated: memory.usedMb, budget: memory.budgetMb },
    readsFlying: shared?.flying ?? 0,
    recordsHeld: accesses.held,
    directoryAgeMs: directory.ageMs,
    establishments: directory.list().length,
  }
}

function ofPool({ counts, idleNumbers }: AffinePool): Affinity {
  const { lent, known, opened, retired } = counts
  return { found: { own: known, other: lent - known, elsewhere: 0 }, opened, retired, ...idleNumbers }
}

function ofReads({ counts, numbers }: SharedReads): Affinity {
  const { own, other, elsewhere, opened, retired } = counts
  return { found: { own, other, elsewhere }, opened, retired, touched: numbers.established, named: numbers.named }
}
