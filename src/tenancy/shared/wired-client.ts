import pg from 'pg'
import { rowMaker, columnsIn, type Bytes, type RowMaker } from './rows.ts'
import { mostValues } from './outgoing.ts'
import { toText } from './values.ts'
import { Wire, type Exchange, type ServerError } from './wire.ts'

type Question = {
  text: string
  values?: unknown[]
  name?: string
  queryMode?: string
  /** Answered together with what is asked next in this turn, which is skipped when it fails. */
  joined?: boolean
}
type Answer = { command: string; rowCount: number | null; rows: object[] }
type Callback = (error: Error | null, answer?: Answer) => void

/** Named statements of one connection; past it the one used longest ago is closed on the server. */
const mostNamed = 400

let opened = 0

type Named = { readonly name: string; readonly text: string; maker: RowMaker | undefined; isParsed: boolean }

/**
 * A connection of the pool that speaks through our own wire: statements of one turn leave in one write, named ones are not
 * described again, rows are made by a compiled constructor. To pg's pool and to our transactions it is a `pg.Client`.
 */
export class WiredClient extends pg.Client {
  readonly #answerWithin: number
  #wire: Wire | undefined
  #status = 'I'
  #watch: NodeJS.Timeout | undefined
  readonly #named = new Map<string, Named>()
  readonly #forgotten: string[] = []
  #names = 0

  constructor(config: pg.ClientConfig & { query_timeout?: number }) {
    super(config)
    this.#answerWithin = config.query_timeout ?? 20_000
  }

  // Before whoever waits for the connection sends anything.
  // @ts-expect-error the pool calls with a callback; nobody awaits it
  override connect(callback: (error: Error | null) => void): void {
    super.connect((error: Error | null) => {
      if (!error) this.#wire = new Wire(this as unknown as pg.Client, () => clearInterval(this.#watch))
      callback(error)
    })
  }

  /** Any number that no other connection of this process has. */
  readonly number = ++opened

  /** Whose transactions it has had: PostgreSQL keeps their tables in the memory of the connection's process. */
  readonly touched = new Set<string>()

  /** Statements that this connection remembers. */
  get statements(): number {
    return this.#named.size
  }

  get establishments(): number {
    return this.touched.size
  }

  override getTransactionStatus(): 'I' | 'T' | 'E' | null {
    return this.#status as 'I' | 'T' | 'E'
  }

  // The overloads of the driver; pg's pool calls with a callback, our transactions without.
  // @ts-expect-error its declaration has eleven overloads, of which these are the ones in use
  override query(asked: string | Question, values?: unknown[], callback?: Callback): Promise<Answer> | undefined {
    const question = typeof asked === 'string' ? { text: asked, ...(values && { values }) } : asked
    const done = typeof values === 'function' ? (values as Callback) : callback
    if (done) {
      this.#ask(question, done)
      return undefined
    }
    return new Promise<Answer>((resolve, reject) => {
      this.#ask(question, (error, answer) => (error ? reject(error) : resolve(answer!)))
    })
  }

  #ask(question: Question, done: Callback): void {
    const wire = this.#wire
    if (wire === undefined || wire.isLost) {
      process.nextTick(done, new Error('Client has encountered a connection error and is not queryable'))
      return
    }
    try {
      wire.sent(
        this.#write(wire, question, done),
        question.values === undefined && !question.queryMode && !question.name,
      )
    } catch (error) {
      process.nextTick(done, error)
      return
    }
    this.#watch ??= setInterval(() => this.#look(wire), Math.min(1_000, this.#answerWithin / 2)).unref()
  }

  #write(wire: Wire, { text, values, name, queryMode, joined }: Question, done: Callback): OneAnswer {
    const { out } = wire
    if (values === undefined && queryMode === undefined && name === undefined) {
      wire.separate()
      out.query(text)
      return new OneAnswer(this, undefined, [], done)
    }
    const given = (values ?? []).map(toText)
    if (given.length > mostValues) throw new RangeError(`more than ${mostValues} values`)
    if (name === undefined) {
      const unnamed: Named = { name: '', text, maker: undefined, isParsed: false }
      out.parse('', text)
      out.describe('')
      out.bindAndExecute('', given)
      return new OneAnswer(this, undefined, [], done, unnamed, joined)
    }
    let named = this.#named.get(name)
    if (named !== undefined && named.text !== text) {
      this.forget(name, named)
      named = undefined
    }
    if (named === undefined) {
      named = { name: `n${++this.#names}`, text, maker: undefined, isParsed: false }
      out.parse(named.name, text)
      out.describe(named.name)
    } else this.#named.delete(name)
    this.#named.set(name, named)
    out.bindAndExecute(named.name, given)
    if (this.#named.size > mostNamed) {
      const [oldest] = this.#named
      if (oldest) this.forget(...oldest)
    }
    const closing = this.#forgotten.splice(0)
    for (const one of closing) out.close(one)
    return new OneAnswer(this, name, closing, done, named, joined)
  }

  /** Whoever waits for an answer that does not come is told so, by the end of the connection. */
  #look(wire: Wire): void {
    if (wire.flying.length === 0) {
      clearInterval(this.#watch)
      this.#watch = undefined
    } else if (performance.now() - wire.headSince > this.#answerWithin) wire.destroy(new Error('Query read timeout'))
  }

  status(code: string): void {
    this.#status = code
  }

  forget(key: string, named: Named): void {
    if (this.#named.get(key) === named) this.#named.delete(key)
    // Whether it was parsed may not be known yet; PostgreSQL closes without a word what is not there.
    this.#forgotten.push(named.name)
  }

  forgetAll(): void {
    for (const [key, named] of this.#named) this.forget(key, named)
  }

  closeLater(names: readonly string[]): void {
    this.#forgotten.push(...names)
  }
}

class OneAnswer implements Exchange {
  readonly #client: WiredClient
  readonly #key: string | undefined
  readonly #closing: readonly string[]
  readonly #done: Callback
  readonly #named: Named
  #rows: object[] = []
  #tag = ''
  #error: Error | undefined
  isJoined: boolean

  constructor(
    client: WiredClient,
    key: string | undefined,
    closing: readonly string[],
    done: Callback,
    named: Named = { name: '', text: '', maker: undefined, isParsed: false },
    joined = false,
  ) {
    this.#client = client
    this.#key = key
    this.#closing = closing
    this.#done = done
    this.#named = named
    this.isJoined = joined
  }

  parsed(): void {
    this.#named.isParsed = true
  }

  described(bytes: Bytes, at: number): void {
    this.#named.maker = rowMaker(columnsIn(bytes, at))
  }

  row(bytes: Bytes, at: number, end: number): void {
    if (this.#error) return
    try {
      this.#rows.push(this.#named.maker!(bytes, at, end))
    } catch (error) {
      this.#error = error as Error
      // Parsed by one that was cancelled before its description came.
      if (this.#key !== undefined && !this.#named.maker) this.#client.forget(this.#key, this.#named)
    }
  }

  completed(tag: string): void {
    this.#tag = tag
  }

  failed(error: ServerError): void {
    this.#error = error
    this.#client.closeLater(this.#closing)
    // PostgreSQL has forgotten one, and never one alone.
    if (error.code === '26000') this.#client.forgetAll()
    // Parsed anew the next time: it never was, another one's failure took it along, or its columns have changed.
    else if (this.#key !== undefined && (!this.#named.isParsed || error.code === '0A000'))
      this.#client.forget(this.#key, this.#named)
  }

  ended(status: string): void {
    this.#client.status(status)
    if (this.#error) {
      this.#done(this.#error)
      return
    }
    const [command = '', ...counts] = this.#tag.split(' ')
    const count = counts.at(-1)
    this.#done(null, { command, rowCount: count === undefined ? null : Number(count), rows: this.#rows })
  }

  lost(error: Error): void {
    this.#done(error)
  }
}
