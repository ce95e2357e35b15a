import type { Socket } from 'node:net'
import type pg from 'pg'
import { Inflow } from './inflow.ts'
import { Outgoing } from './outgoing.ts'
import type { Bytes } from './rows.ts'

/** What PostgreSQL says of a statement that failed; its words stay here, only the state counts (failures.ts). */
export class ServerError extends Error {
  readonly code: string
  readonly constraint: string | undefined
  constructor(fields: ReadonlyMap<string, string>) {
    super(fields.get('M') ?? '')
    this.code = fields.get('C') ?? 'XX000'
    this.constraint = fields.get('n')
  }
}

/** Some messages that end with one Sync, and what is answered to them. */
export type Exchange = {
  /** It is one statement, whose Sync is that of the exchange behind it: when it fails PostgreSQL skips that one too. */
  isJoined?: boolean
  parsed(): void
  /** RowDescription; `at`: where its number of columns stands. */
  described(bytes: Bytes, at: number): void
  /** DataRow; `at`: where its first column's length stands, `end`: behind its last one. */
  row(bytes: Bytes, at: number, end: number): void
  /** CommandComplete: `INSERT 0 1`. */
  completed(tag: string): void
  failed(error: ServerError): void
  /** ReadyForQuery: I no transaction is open, T one is, E one has failed. Nothing comes after it. */
  ended(status: string): void
  /** The connection went away before its end. */
  lost(error: Error): void
}

/**
 * An authenticated connection of `pg` whose socket is ours from now on: `pg` 8.23 takes no query class of another's in its
 * pipeline mode. All that is sent in one turn of the event loop leaves in one write.
 */
export class Wire {
  readonly out = new Outgoing()
  /** Those that are not answered yet, in the order in which they were sent. */
  readonly flying: Exchange[] = []
  readonly #client: pg.Client
  readonly #stream: Socket
  /** Copies of the beginning of a message that is not whole yet. */
  #parts: Bytes[] = []
  #gathered = 0
  #needed = 0
  /** Which of `flying` is being answered: those before it wait for the Sync that they share. */
  #at = 0
  /** The one that was sent last, when its Sync is still to come. */
  #unended: Exchange | undefined
  #scheduled = false
  #lost = false
  /** Since when the first in `flying` is the first (ms). */
  headSince = 0

  constructor(client: pg.Client, onLoss: (error: Error) => void) {
    this.#client = client
    this.#stream = (client as unknown as { connection: { stream: Socket } }).connection.stream
    this.#stream.removeAllListeners('data')
    const read = (bytes: Buffer): void => this.#read(bytes as Bytes)
    // Not with TLS, whose socket is another one.
    if (this.#stream instanceof Inflow) this.#stream.taker = read
    else this.#stream.on('data', read)
    const lose = (error: Error = new Error('connection ended')): void => {
      if (this.#lost) return
      this.#lost = true
      this.#at = 0
      for (const exchange of this.flying.splice(0)) exchange.lost(error)
      onLoss(error)
    }
    client.on('error', lose).on('end', lose)
    // It was lost before anybody listened, and says so to nobody any more.
    if (this.#stream.destroyed) setImmediate(lose)
  }

  get isLost(): boolean {
    return this.#lost
  }

  /**
   * `exchange` is what answers the messages that were put into `out` since the last time; a Sync ends them, at once or, when
   * it is joined, behind the next ones of this turn: PostgreSQL answers all that one Sync ends in one write.
   * @param simple they are one Query, which is a Sync of its own; `separate` came before them
   */
  sent(exchange: Exchange, simple = false): void {
    if (this.#lost) {
      setImmediate(() => exchange.lost(new Error('the connection was lost before')))
      return
    }
    this.#unended = exchange.isJoined ? exchange : undefined
    if (!simple && !exchange.isJoined) this.out.sync()
    if (this.flying.length === 0) this.headSince = performance.now()
    this.flying.push(exchange)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#flush)
  }

  /** Ends what was sent before: what comes now is not skipped when that fails. */
  separate(): void {
    if (this.#unended === undefined) return
    this.#unended.isJoined = false
    this.#unended = undefined
    this.out.sync()
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    this.separate()
    if (!this.#lost && !this.out.isEmpty) this.#stream.write(this.out.take())
  }

  /** Ends it after the answers to what was sent. */
  async end(): Promise<void> {
    if (this.#lost) return
    this.#flush()
    await this.#client.end()
  }

  /** Ends it now. */
  destroy(error: Error): void {
    this.#stream.destroy(error)
  }

  #read(chunk: Bytes): void {
    let bytes = chunk
    if (this.#parts.length > 0) {
      this.#gathered += chunk.length
      this.#parts.push(Buffer.from(chunk) as Bytes)
      // Put together once: a row of some megabytes comes in as many chunks.
      if (this.#gathered < this.#needed) return
      bytes = Buffer.concat(this.#parts) as Bytes
      this.#parts = []
    }
    let at = 0
    let needed = 5
    for (; at + 5 <= bytes.length; at += needed, needed = 5) {
      const length = bytes.readInt32BE(at + 1)
      // A connection whose answers are not understood any longer could give one to anybody: it ends.
      if (length < 4 || length > mostBytes || !known.has(bytes[at]!)) {
        this.destroy(new Error('an answer that is no message of PostgreSQL'))
        return
      }
      needed = 1 + length
      if (at + needed > bytes.length) break
      this.#message(bytes[at]!, bytes, at + 5, at + needed)
    }
    if (at === bytes.length) return
    this.#parts = [Buffer.from(bytes.subarray(at)) as Bytes]
    this.#gathered = bytes.length - at
    this.#needed = needed
  }

  #message(code: number, bytes: Bytes, at: number, end: number): void {
    const exchange = this.flying[this.#at]
    if (exchange === undefined) {
      // Without anything asked PostgreSQL says only what concerns the session; an error is its end.
      if (code === 0x45) this.destroy(errorIn(bytes, at, end))
      else if (![0x53, 0x4e, 0x41].includes(code)) this.destroy(new Error('an answer that nobody asked for'))
      return
    }
    switch (code) {
      case 0x44: // DataRow
        exchange.row(bytes, at + 2, end)
        return
      case 0x43: // CommandComplete
        exchange.completed(bytes.latin1Slice(at, end - 1))
        if (exchange.isJoined) this.#at++
        return
      case 0x5a: // ReadyForQuery
        this.#ended(bytes[at] === 0x49 ? 'I' : bytes[at] === 0x54 ? 'T' : 'E')
        return
      case 0x31: // ParseComplete
        exchange.parsed()
        return
      case 0x54: // RowDescription
        exchange.described(bytes, at)
        return
      case 0x45: // ErrorResponse
        exchange.failed(errorIn(bytes, at, end))
    }
  }

  /** All that shared the Sync have ended, in their order; those behind one that failed were skipped. */
  #ended(status: string): void {
    const answered = this.#at
    this.#at = 0
    this.headSince = performance.now()
    for (let n = 0, more = true; more; n++) {
      const exchange = this.flying.shift()
      if (exchange === undefined) return
      more = exchange.isJoined === true
      if (n > answered) exchange.failed(new ServerError(skipped))
      exchange.ended(status)
    }
  }
}

/** What PostgreSQL says to whatever follows a failure in a transaction. */
const skipped = new Map([
  ['C', '25P02'],
  ['M', 'skipped: the statement before it failed'],
])
/** What PostgreSQL may answer to our messages; COPY is none of them. */
const known = new Set(Buffer.from('123ACDEINSTZnst'))
/** PostgreSQL's own limit of a row (1 GB). */
const mostBytes = 0x3fffffff

function errorIn(bytes: Bytes, from: number, end: number): ServerError {
  const fields = new Map(
    bytes
      .utf8Slice(from, end)
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  )
  return new ServerError(fields)
}
