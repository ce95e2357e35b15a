import { sql, type Selectable } from 'kysely'
import type pg from 'pg'
import { Problem, problem } from '../shared/errors.ts'
import type { Meter } from './meter.ts'
import { run, statement } from './statement.ts'
import type { PlatformTables, TenantTables } from './tables.ts'
import { inTransaction, type Options, type Scope } from './transaction.ts'

const columns = [
  'id', 'chain', 'tenant', 'actor_id', 'actor_name', 'actor_role', 'session_id', 'action', 'resource', 'resource_id',
  'patients', 'outcome', 'reason', 'ip', 'request_id', 'detail',
] as const // prettier-ignore
type Row = Selectable<PlatformTables['sis_audit.entry']>

/**
 * A read of records, as a row of sis_audit.entry; the database gives it its time and its number. `chain`: the
 * establishment's schema, or `platform`; `tenant`: on whose record it stands (schema), null: on the platform's.
 */
export type AccessEntry = Omit<Pick<Row, (typeof columns)[number]>, 'patients' | 'outcome' | 'detail'> & {
  patients: readonly string[]
  outcome: 'success' | 'refused' | 'failure'
  detail: Record<string, unknown> | null
}

export type AccessLog = {
  /**
   * Puts reads on record; resolves when they are there for good.
   * @throws busy when too many wait already; database_unavailable, outcome_unknown, timeout
   */
  append(entries: readonly AccessEntry[]): Promise<void>
}

export type OpenAccessLog = AccessLog & {
  /** Entries that are not on record yet, those of the statement under way among them. */
  readonly held: number
}

const types: Partial<Record<(typeof columns)[number], string>> = {
  id: 'uuid', actor_id: 'uuid', session_id: 'uuid', patients: 'uuid[]', detail: 'jsonb',
} // prettier-ignore
const shape = sql.raw(columns.map((column) => `${column} ${types[column] ?? 'text'}`).join(', '))
const selected = sql.raw(columns.join(', '))

// One text however many entries: named, it took a quarter less of PostgreSQL's processor in groups of eight than when it is
// planned each time. Arrays (unnest) or VALUES took no less than JSON, nor did fewer indexes (5 to 8 % each).
const record = statement<{ entries: string }, unknown>('access.record', (db, value) =>
  db
    .insertInto('sis_audit.entry')
    .columns([...columns])
    .expression(sql`select ${selected} from json_to_recordset(${value('entries')}::json) as x(${shape})`),
)

/** More than all processes of a machine have under way; past it whoever comes is told to come again. */
const mostHeld = 5_000
/** Of one statement. */
const mostAtOnce = 500

type AccessLogOptions = Options & { flights?: number; meter?: Pick<Meter, 'recorded'> }

type Waiting = { entries: readonly AccessEntry[]; resolve: () => void; reject: (error: unknown) => void }

/**
 * The reads of one process, of all its establishments: while some are being stored the next gather, and are stored in one
 * statement and one COMMIT. A read cannot do it itself: its transaction is READ ONLY, and a COMMIT for each would cost more
 * than the reading (bench/README.md).
 * @param pool connections of its own: neither an establishment's locks nor a rush of requests may keep a read from its record
 * @param flights how many statements may be under way at the same time
 */
export function openAccessLog(pool: pg.Pool, scope: Scope, options: AccessLogOptions = {}): OpenAccessLog {
  const { flights = 1, meter } = options
  const waiting: Waiting[] = []
  let [held, flying] = [0, 0]

  const store = (entries: readonly AccessEntry[]): Promise<unknown> =>
    inTransaction<TenantTables, unknown>(
      pool,
      scope,
      'write',
      (db) => run(db, record, { entries: JSON.stringify(entries) }),
      options,
    )

  const depart = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const [entries, since] = [batch.flatMap(({ entries }) => entries), performance.now()]
      await store(entries)
      meter?.recorded(entries.length, since)
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (batch.length === 1 || isOfAll(error)) for (const { reject } of batch) reject(error)
      // One that the table refuses must not keep the others from their answers.
      else for (const one of batch) await store(one.entries).then(one.resolve, one.reject)
    }
  }

  const next = (): void => {
    while (flying < flights && waiting.length > 0) {
      const batch = takeBatch(waiting)
      flying++
      void depart(batch).finally(() => {
        flying--
        held -= sizeOf(batch)
        next()
      })
    }
  }

  return {
    get held() {
      return held
    },
    append: (entries) =>
      new Promise<void>((resolve, reject) => {
        if (held + entries.length > mostHeld) {
          reject(problem('busy', { retryAfter: 1 }))
          return
        }
        held += entries.length
        waiting.push({ entries, resolve, reject })
        next()
      }),
  }
}

const sizeOf = (batch: readonly Waiting[]): number => batch.reduce((sum, { entries }) => sum + entries.length, 0)

function takeBatch(waiting: Waiting[]): Waiting[] {
  let [size, count] = [0, 0]
  for (const { entries } of waiting) {
    if (count > 0 && size + entries.length > mostAtOnce) break
    size += entries.length
    count++
  }
  return waiting.splice(0, count)
}

const ofAll = ['busy', 'database_unavailable', 'outcome_unknown', 'timeout', 'establishment_not_ready']
const isOfAll = (error: unknown): boolean => !(error instanceof Problem) || ofAll.includes(error.code)
