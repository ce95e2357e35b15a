import type pg from 'pg'
import { problem } from '../shared/errors.ts'
import { openAccessLog, type AccessLog } from './access-log.ts'
import { Directory } from './directory.ts'
import { readGauges, type TenancyGauges } from './gauges.ts'
import type { Last } from './last.ts'
import type { Meter, Spent } from './meter.ts'
import { openPool, openConnection } from './pool.ts'
import { assertLoginIsPowerless } from './self-check.ts'
import { entranceOf, type Entrance } from './shared/shared-connection.ts'
import { SharedReads } from './shared/shared-reads.ts'
import { MemoryBudget } from './shared/memory.ts'
import { sharedRead } from './shared/shared-read.ts'
import { run as runStatement } from './statement.ts'
import type { PlatformTables, TenantTables } from './tables.ts'
import { inTransaction, type Mode, type Options, type Scope } from './transaction.ts'
import { takeTurns, type InTurn } from './turns.ts'
import type { Establishment, Log, Platform, PlatformDb, PlatformRole, Tenant, TenantDb } from './types.ts'

export type TenancyOptions = {
  /** The API login's URL: a role that can do nothing by itself. */
  url: string
  /** The installation's id, part of every role's name. */
  installation: string
  poolSize: number
  /** Connections that one-shot reads share; 2 when absent. */
  readers?: number
  /** Statements that a connection of one-shot reads remembers; 1,000 when absent. */
  mostNamed?: number
  /** What its connections may take in PostgreSQL (MB); 1,024 when absent. */
  memoryMb?: number
  log: Log
  /** Shown in pg_stat_activity. */
  name?: string
  /** `transaction` when the URL leads to a pooler in transaction mode (PgBouncer); `none` when absent. */
  pooler?: 'none' | 'transaction'
  /** Of an HTTP process: when too many wait for a connection, the next is refused (`busy`) instead of waiting as well. */
  impatient?: boolean
  /** Told what transactions and statements take. */
  meter?: Meter
}

/** The door to all data of one process: one handle per establishment, one on the shared tables, the directory. */
export type Tenancy = {
  readonly installation: string
  readonly directory: Directory
  readonly platform: Platform
  /** Where reads are put on record. */
  readonly accesses: AccessLog
  /**
   * @param spent adds up what a request waits for and asks
   * @throws establishment_suspended, establishment_archived, not_found (still being prepared): before any SQL
   */
  tenant(establishment: Establishment, spent?: Spent): Tenant
  /** Whether the database answered the last poll of the directory. */
  isReady(): boolean
  /** How things are now: connections, affinity, the record of reads, the directory. */
  gauges(): TenancyGauges
  close(): Promise<void>
}

const tenantPath = (establishment: Establishment): string => `${establishment.schema}, sis_ref, sis_ext, pg_temp`

/** Opens the pool, reads the directory, checks the login. @throws database_unavailable, IsolationBroken */
export async function createTenancy(options: TenancyOptions): Promise<Tenancy> {
  const { name = 'sis', pooler = 'none', meter } = options
  const memory = new MemoryBudget(options.memoryMb ?? 1_024)
  const pool = openPool({ ...options, size: options.poolSize, name, memory })
  // Revocations are polled on a connection of their own: a tenant whose locks hold the whole pool must not make the
  // directory stale for everybody.
  const polls = openPool({ ...options, size: 1, name: `${name}-directory`, answerWithin: 2_000 })
  const records = openPool({ ...options, size: 1, name: `${name}-audit`, answerWithin: 8_000 })
  const reads =
    pooler === 'transaction'
      ? undefined
      : new SharedReads({
          connect: () => openConnection({ ...options, name: `${name}-reads` }),
          connections: options.readers ?? 2,
          limits: { mostNamed: options.mostNamed ?? 1_000 },
          memory,
          impatient: options.impatient ?? false,
        })
  const entrances = new Map<string, Entrance>()
  const entrance = (scope: Scope): Entrance => {
    let known = entrances.get(scope.role)
    if (!known) entrances.set(scope.role, (known = entranceOf(entrances.size, scope)))
    return known
  }
  const turns = takeTurns(options.poolSize, options.impatient ?? false)

  const platformScope = (role: PlatformRole): Scope => ({
    role: `sis_${options.installation}_${role}`,
    path: 'sis_platform, pg_temp',
  })
  const platformOn = (on: pg.Pool, inTurn: InTurn): Platform => {
    const run = <T>(
      role: PlatformRole,
      mode: Mode,
      work: (db: PlatformDb) => Promise<T>,
      keyed?: Options,
    ): Promise<T> =>
      inTurn(() =>
        inTransaction<PlatformTables, T>(on, platformScope(role), mode, work, {
          ...keyed,
          pooler,
          ...(meter && { meter }),
        }),
      )
    return {
      transaction: (role, work, keyed) => run(role, 'write', work, keyed),
      read: (role, work) => run(role, 'read', work),
    }
  }
  const directory = new Directory(
    platformOn(polls, (work) => work()),
    options.log,
  )
  const close = async (): Promise<void> => {
    directory.stop()
    await Promise.all([pool.end(), polls.end(), records.end(), reads?.close()])
  }
  try {
    await directory.start()
    await assertLoginIsPowerless(pool)
  } catch (error) {
    await close()
    throw error
  }

  const accesses = openAccessLog(records, platformScope('audit'), { pooler, meter })
  return {
    installation: options.installation,
    directory,
    platform: platformOn(pool, turns.ofPlatform),
    accesses,
    tenant(establishment, spent) {
      refuseUnlessActive(establishment)
      const scope: Scope = { role: establishment.schema, path: tenantPath(establishment) }
      const run = <T>(mode: Mode, work: (db: TenantDb) => Promise<T | Last<T>>, keyed?: Options): Promise<T> => {
        const since = performance.now()
        return turns.ofTenant(establishment.id, () => {
          meter?.waited(since, spent, 'turn')
          return inTransaction<TenantTables, T>(pool, scope, mode, work, { ...keyed, pooler, meter, spent })
        })
      }
      return {
        establishment,
        async current() {
          await directory.refresh()
          return directory.findById(establishment.id) ?? establishment
        },
        transaction: (work, keyed) => run('write', work, keyed),
        read: (work) => run('read', work),
        once: (statement, values) => {
          const owned = () => run('read', (db) => runStatement(db, statement, values))
          if (!reads) return owned()
          return sharedRead(reads, establishment.id, entrance(scope), statement, values, { owned, meter, spent })
        },
      }
    },
    isReady: () => directory.isFresh(),
    gauges: () =>
      readGauges({
        pools: { transactions: pool, directory: polls, audit: records },
        reads,
        memory,
        accesses,
        directory,
      }),
    close,
  }
}

function refuseUnlessActive({ status }: Establishment): void {
  if (status === 'active') return
  if (status === 'suspended') throw problem('establishment_suspended')
  if (status === 'archived') throw problem('establishment_archived')
  throw problem('establishment_not_ready', { retryAfter: 2 })
}
