import type { RootOperationNode } from 'kysely'
import { labelled, type Histogram, type Meters, type Series } from '../shared/meters.ts'
import { Seldom } from '../shared/seldom.ts'
import type { Log } from './log.ts'

/** Of one request: how long it waited, and its three slowest statements. Names and times only. */
export class Spent {
  waitedMs = 0
  databaseMs = 0
  statements = 0
  // Not a list: an import has hundreds of thousands of statements, most requests one.
  #first = ''
  #firstMs = 0
  #second = ''
  #secondMs = 0
  #third = ''
  #thirdMs = 0

  add(name: string, ms: number): void {
    this.statements++
    this.databaseMs += ms
    if (ms <= this.#thirdMs) return
    this.#third = name
    this.#thirdMs = ms
    if (ms > this.#secondMs) {
      ;[this.#third, this.#thirdMs] = [this.#second, this.#secondMs]
      ;[this.#second, this.#secondMs] = [name, ms]
    }
    if (ms > this.#firstMs) {
      ;[this.#second, this.#secondMs] = [this.#first, this.#firstMs]
      ;[this.#first, this.#firstMs] = [name, ms]
    }
  }

  /** `consultation.list 812 ms`, the slowest first. */
  get slowest(): string[] {
    const all: [string, number][] = [
      [this.#first, this.#firstMs],
      [this.#second, this.#secondMs],
      [this.#third, this.#thirdMs],
    ]
    return all.filter(([name]) => name !== '').map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
  }
}

export type MeterOptions = {
  meters: Meters
  log: Log
  /** From how many ms a statement is told in the journal; 0: none. */
  slowMs: number
}

// In ten seconds: when the whole database is slow, each is as good an example as the others.
const mostLines = 20
// Names stand in the code; were one ever made from a value, it would not fill the memory.
const mostNames = 500
const recordBounds = [1, 2, 5, 10, 20, 50, 100, 200, 500]

/** What a process's work in the database takes. Never a value, a text of a statement or an establishment. */
export class Meter {
  readonly #options: MeterOptions
  readonly #lines = new Seldom(mostLines)
  readonly #statements: Series<Histogram>
  readonly #known = new Map<string, Histogram>()
  readonly #waits: Record<'turn' | 'connection', Histogram>
  readonly #groups: Histogram
  readonly #records: Histogram

  constructor(options: MeterOptions) {
    const { meters } = options
    this.#options = options
    this.#statements = meters.histograms(
      'sis_db_statement_duration_seconds',
      'From sending a statement to its answer, by its name; others by verb and table.',
    )
    const waits = meters.histograms(
      'sis_db_wait_seconds',
      'Wait of a transaction before it begins: for its turn among the others, and for a connection.',
    )
    this.#waits = { turn: waits.of(labelled({ for: 'turn' })), connection: waits.of(labelled({ for: 'connection' })) }
    this.#groups = meters
      .histograms('sis_audit_group_entries', 'Reads put on record by one COMMIT.', recordBounds)
      .of('')
    this.#records = meters
      .histograms('sis_audit_record_duration_seconds', 'What one COMMIT of the record of reads takes.')
      .of('')
  }

  /** @param sentAt of performance.now() */
  statement(name: string, sentAt: number, spent?: Spent): void {
    const ms = performance.now() - sentAt
    ;(this.#known.get(name) ?? this.#knownFrom(name)).observe(ms / 1_000)
    spent?.add(name, ms)
    const { slowMs } = this.#options
    if (slowMs > 0 && ms >= slowMs) this.#tell(name, ms)
  }

  /** A transaction has its turn, or its connection. @param since of performance.now() */
  waited(since: number, spent?: Spent, what: 'turn' | 'connection' = 'connection'): void {
    const ms = performance.now() - since
    this.#waits[what].observe(ms / 1_000)
    if (spent) spent.waitedMs += ms
  }

  /** A group of reads is on record. @param since of performance.now() */
  recorded(entries: number, since: number): void {
    this.#groups.observe(entries)
    this.#records.observe((performance.now() - since) / 1_000)
  }

  #knownFrom(name: string): Histogram {
    const statement = this.#known.size < mostNames ? name : '(other)'
    const histogram = this.#statements.of(labelled({ statement }))
    if (this.#known.size < mostNames) this.#known.set(name, histogram)
    return histogram
  }

  #tell(statement: string, ms: number): void {
    const leftOut = this.#lines.take()
    if (leftOut === undefined) return
    const { log } = this.#options
    log.warn({ statement, ms: Math.round(ms), ...(leftOut > 0 && { leftOut }) }, 'slow statement')
  }
}

const verbs: Record<string, string> = {
  SelectQueryNode: 'select',
  InsertQueryNode: 'insert',
  UpdateQueryNode: 'update',
  DeleteQueryNode: 'delete',
}

/** What a statement without a name is counted as: its verb and its first table, `select patient`. */
export function statementName(query: RootOperationNode): string {
  const { kind, from, into, table } = query as Shape
  return `${verbs[kind] ?? 'other'} ${tableOf(from?.froms[0] ?? into ?? table) ?? 'nothing'}`
}

type Shape = { kind: string; from?: { froms: readonly Node[] }; into?: Node; table?: Node }
type Node = { kind?: string; node?: Node; table?: { identifier?: { name: string } } }

/** The schema is left out: it could be an establishment's. */
function tableOf(node: Node | undefined): string | undefined {
  const { table, node: aliased } = node ?? {}
  return table?.identifier?.name ?? (aliased && tableOf(aliased))
}
