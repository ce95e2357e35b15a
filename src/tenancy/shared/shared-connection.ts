import type pg from 'pg'
import { DirtyConnection } from '../failures.ts'
import type { Scope } from '../transaction.ts'
import { columnsIn, rowMaker, type Bytes, type RowMaker } from './rows.ts'
import { Wire, type Exchange, type ServerError } from './wire.ts'

// The role comes last, as in every transaction (transaction.ts). What is answered says what the last one left, which must be
// nothing, and whose transaction it is: an answer that is not to this question is found out by it.
export const enterText = `select current_setting('role'), current_setting('search_path'),
  set_config('transaction_read_only', 'on', true), set_config('search_path', $1, true), set_config('role', $2, true)`
const enterName = 'enter'
// The same, with the same answer, for a statement whose first plan is kept.
export const enterPlannedText = enterText.replace(
  "set_config('transaction_read_only', 'on', true)",
  `case when set_config('plan_cache_mode', 'force_generic_plan', true) is not null
    then set_config('transaction_read_only', 'on', true) end`,
)
const enterPlannedName = 'enter_planned'
const restingPath = 'pg_catalog, pg_temp'

/** Of whom a read is, as bytes: what is sent for it and what must be answered are always the same. */
export type Entrance = {
  /** Any number that no other establishment of this process has. */
  readonly number: number
  /** Which of the connections is its own: any number, to be taken modulo their count. */
  readonly slot: number
  readonly values: readonly string[]
  /** The columns of the row that is answered, with their lengths. */
  readonly answer: Buffer
}

export function entranceOf(number: number, { path, role }: Scope): Entrance {
  const columns = ['none', restingPath, 'on', path, role]
  const answer = Buffer.concat(
    columns.map((column) => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(Buffer.byteLength(column))
      return Buffer.concat([length, Buffer.from(column)])
    }),
  )
  return { number, slot: hash(role), values: [path, role], answer }
}

/** FNV-1a, 32 bits: the names of the schemas are random, but not their beginnings. */
function hash(name: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** A statement's text and its number among all of the process. */
export type Known = { readonly number: number; readonly text: string; readonly isPlannedOnce: boolean }

/** A statement that this connection remembers for one establishment: its plan is for that one's path only. */
type Named = { readonly key: number; readonly name: string; maker: RowMaker | undefined; isParsed: boolean }

export type Limits = {
  /** Statements that a connection remembers. */
  mostNamed: number
}

/**
 * A connection that serves one-shot reads of several requests one behind the other. Each is one implicit transaction, from
 * its Bind to its Sync: path, role (last) and READ ONLY, then the statement. Whatever fails in it, PostgreSQL skips the rest
 * up to the Sync and rolls back: a statement whose entrance failed is not run, and nothing of it is left to the next.
 */
export class SharedConnection {
  readonly wire: Wire
  /** Remembered statements, the one used longest ago first. */
  readonly #named = new Map<number, Named>()
  /** Names that PostgreSQL may forget. */
  readonly #forgotten: string[] = []
  readonly #limits: Limits
  readonly #touched = new Set<number>()
  /** An entrance was refused: for its establishment, or because of what was left on this connection. Another one may know. */
  isSuspect = false
  #names = 0
  /** Which entrances PostgreSQL knows here. */
  readonly #entered = new Set<string>()
  #uses = 0

  constructor(client: pg.Client, limits: Limits, onLoss: (error: Error) => void) {
    this.#limits = limits
    this.wire = new Wire(client, onLoss)
  }

  /** Statements that it remembers. */
  get statements(): number {
    return this.#named.size
  }

  /** Establishments whose tables its backend keeps in memory. */
  get establishments(): number {
    return this.#touched.size
  }

  get uses(): number {
    return this.#uses
  }

  /** Sends the read behind the others. */
  send(entrance: Entrance, statement: Known, values: readonly (string | null)[], settle: Settle): OneRead {
    const { out } = this.wire
    this.#uses++
    this.#touched.add(entrance.number)
    const enter = statement.isPlannedOnce ? enterPlannedName : enterName
    if (!this.#entered.has(enter)) out.parse(enter, statement.isPlannedOnce ? enterPlannedText : enterText)
    this.#entered.add(enter)
    out.bindAndExecute(enter, entrance.values)
    const key = entrance.number * 65_536 + statement.number
    let named = this.#named.get(key)
    const isNew = named === undefined
    if (named === undefined) {
      named = { key, name: `s${++this.#names}`, maker: undefined, isParsed: false }
      // Behind the entrance: tables are looked for in the path of the moment.
      out.parse(named.name, statement.text)
      out.describe(named.name)
    } else this.#named.delete(key)
    this.#named.set(key, named)
    out.bindAndExecute(named.name, values)
    const closing = this.#takeForgotten()
    for (const name of closing) out.close(name)
    const read = new OneRead(this, entrance, named, settle, closing, isNew)
    this.wire.sent(read)
    return read
  }

  forget(named: Named): void {
    if (this.#named.get(named.key) === named) this.#named.delete(named.key)
    // Whether it was parsed may not be known yet; PostgreSQL closes without a word what is not there.
    this.#forgotten.push(named.name)
  }

  /** Not closed, as what came before it failed: it is asked for again. */
  closeLater(names: readonly string[]): void {
    this.#forgotten.push(...names)
  }

  #takeForgotten(): string[] {
    if (this.#named.size > this.#limits.mostNamed) {
      const [oldest] = this.#named.values()
      if (oldest) this.forget(oldest)
    }
    return this.#forgotten.splice(0)
  }

  breakOff(error: Error): void {
    this.isSuspect = true
    const behind = this.wire.flying.splice(0)
    for (const exchange of behind) exchange.lost(error)
    this.wire.destroy(error)
  }
}

/** What becomes of a read: its rows, or why there are none. */
export type Settle = (rows: object[] | undefined, error: unknown) => void

/** The statement itself failed, and not the way to it. */
export class StatementFailed extends Error {
  constructor(cause: ServerError) {
    super('a statement failed', { cause })
  }
}
/** The establishment's role was refused. */
export class EntranceRefused extends Error {
  constructor(cause: ServerError) {
    super('the role was refused', { cause })
  }
}
/** Nothing was answered, and nothing is wrong with the question: it may be asked on another connection. */
export class AskElsewhere extends Error {}

class OneRead implements Exchange {
  readonly #on: SharedConnection
  readonly entrance: Entrance
  readonly #named: Named
  #settle: Settle | undefined
  readonly #closing: readonly string[]
  readonly #isNew: boolean
  #completed = 0
  #isEntered = false
  #rows: object[] = []
  #error: unknown

  constructor(
    on: SharedConnection,
    entrance: Entrance,
    named: Named,
    settle: Settle,
    closing: readonly string[],
    isNew: boolean,
  ) {
    this.#on = on
    this.entrance = entrance
    this.#named = named
    this.#settle = settle
    this.#closing = closing
    this.#isNew = isNew
  }

  /** Nobody waits for it any longer. */
  get isAbandoned(): boolean {
    return this.#settle === undefined
  }

  /** Whoever waits for it is told to ask elsewhere; its answer is thrown away when it comes. */
  abandon(): void {
    this.#finish(undefined, new AskElsewhere('another one keeps this connection'))
  }

  parsed(): void {
    // The entrance's own comes before its row.
    if (this.#completed > 0) this.#named.isParsed = true
  }

  described(bytes: Bytes, at: number): void {
    this.#named.maker = rowMaker(columnsIn(bytes, at))
  }

  row(bytes: Bytes, at: number, end: number): void {
    if (this.#completed > 0) {
      // Decoded at once: the bytes are the socket's.
      if (this.#error !== undefined || this.#settle === undefined) return
      try {
        if (this.#named.maker) this.#rows.push(this.#named.maker(bytes, at, end))
        else {
          // Parsed by a read that was cancelled before its description came.
          this.#on.forget(this.#named)
          this.#error = new AskElsewhere('a statement that was not described')
        }
      } catch (error) {
        this.#error = error
      }
    } else this.#isEntered = this.entrance.answer.compare(bytes, at, end) === 0
  }

  completed(): void {
    this.#completed++
    // Not the establishment's transaction, or one on which something was left: nothing that comes now may be shown.
    if (this.#completed === 1 && !this.#isEntered)
      this.#on.breakOff(new DirtyConnection('the last borrower left a role or a path'))
  }

  failed(error: ServerError): void {
    if (this.#isNew && !this.#named.isParsed) this.#on.forget(this.#named)
    this.#on.closeLater(this.#closing)
    if (this.#completed === 0) this.#on.isSuspect = true
    // Prepared by a read that failed before, or for columns that a migration has changed since: parsed anew elsewhere.
    if (error.code === '26000' && this.#completed === 0) this.#on.breakOff(error)
    else if (error.code === '26000' || error.code === '0A000') {
      this.#on.forget(this.#named)
      this.#error = new AskElsewhere(error.message)
    } else this.#error = this.#completed === 0 ? new EntranceRefused(error) : new StatementFailed(error)
  }

  ended(status: string): void {
    if (status !== 'I') {
      this.#on.breakOff(new Error('a transaction was left open'))
      this.#finish(undefined, new AskElsewhere('a transaction was left open'))
    } else if (this.#error !== undefined) this.#finish(undefined, this.#error)
    else if (this.#completed !== 2) this.#finish(undefined, new AskElsewhere('an answer that is not whole'))
    else this.#finish(this.#rows, undefined)
  }

  lost(error: Error): void {
    this.#finish(undefined, new AskElsewhere('connection lost', { cause: error }))
  }

  #finish(rows: object[] | undefined, error: unknown): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(rows, error)
  }
}
export type { OneRead }
