import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'

/** Runs owner's statements; only the supervisor, the command line and the tests hold one. */
export type OwnerSession = {
  /** One message, possibly several statements (simple protocol): DDL made of trusted, quoted names only. */
  run(sql: string): Promise<pg.QueryResult[]>
  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>
  /** The bytes of COPY … TO STDOUT; to be read to the end. */
  copyOut(sql: string): AsyncIterable<Buffer>
  /** Feeds COPY … FROM STDIN. @returns how many rows were stored */
  copyIn(sql: string, source: AsyncIterable<Buffer>): Promise<number>
}

export type OpenSnapshot = { session: OwnerSession; end(): void }

/** A small pool with the owner's rights. When the login is a superuser each transaction works as the owner role. */
export class OwnerPool {
  readonly #pool: pg.Pool
  #role: string | undefined

  constructor(url: string, size = 4) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: size,
      application_name: 'sis-owner',
      connectionTimeoutMillis: 5_000,
    })
    this.#pool.on('error', () => {})
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  /** From now on every transaction runs as this role: what a superuser's URL bootstraps belongs to no superuser. */
  workAs(role: string | undefined): void {
    this.#role = role
  }

  /** With the login's own rights, outside a transaction. */
  asLogin<T>(work: (session: OwnerSession) => Promise<T>): Promise<T> {
    return this.#withClient((client) => work(sessionOn(client)))
  }

  transaction<T>(work: (session: OwnerSession) => Promise<T>): Promise<T> {
    return this.#within('begin', work)
  }

  /** Reads only, and every statement sees the same instant, in forms that no setting of the server changes. */
  snapshot<T>(work: (session: OwnerSession) => Promise<T>): Promise<T> {
    return this.#within('begin isolation level repeatable read read only', async (session) => {
      await session.run(plainForms)
      return work(session)
    })
  }

  /**
   * The same, to be ended by whoever opened it, whatever happens.
   * @param of a snapshot exported by another one that is still open: the same instant
   */
  async openSnapshot(of?: string): Promise<OpenSnapshot> {
    const client = await this.#pool.connect()
    let isOpen = true
    const end = (): void => {
      if (isOpen) client.release(true)
      isOpen = false
    }
    try {
      const same = of === undefined ? '' : `; set transaction snapshot ${literal(of)}`
      await client.query(`begin isolation level repeatable read read only${same}; ${this.#settings()}; ${plainForms}`)
    } catch (error) {
      end()
      throw error
    }
    return { session: sessionOn(client), end }
  }

  // Only what is named, or PostgreSQL's own: whoever may create in `public` must not be called with the owner's rights.
  #settings(): string {
    const path = 'set local search_path = pg_catalog, pg_temp'
    // A migration that stumbles over a record must not have it quoted in the server's log; only a superuser may say so.
    const quiet = 'set local log_min_messages = log; set local log_error_verbosity = terse'
    return this.#role ? `${path}; ${quiet}; set local role ${pg.escapeIdentifier(this.#role)}` : path
  }

  #within<T>(begin: string, work: (session: OwnerSession) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      await client.query(`${begin}; ${this.#settings()}`)
      const result = await work(sessionOn(client))
      const { command } = await client.query('commit')
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back')
      return result
    })
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    try {
      const result = await work(client)
      client.release()
      return result
    } catch (error) {
      // A failed owner transaction is never worth healing: its connection goes.
      client.release(true)
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

/** How values are written as text, whatever the server's administrator prefers. */
export const plainForms = `set local datestyle = 'ISO, YMD'; set local timezone = 'UTC'; set local intervalstyle = 'postgres';
  set local bytea_output = 'hex'; set local extra_float_digits = 1`

function sessionOn(client: pg.PoolClient): OwnerSession {
  return {
    async run(sql) {
      const result = (await client.query(sql)) as unknown
      return Array.isArray(result) ? (result as pg.QueryResult[]) : [result as pg.QueryResult]
    },
    async query<R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) {
      return (await client.query<R>({ text: sql, values })).rows
    },
    copyOut: (sql) => client.query(copyTo(sql)),
    async copyIn(sql, source) {
      const copying = client.query(copyFrom(sql))
      await pipeline(Readable.from(source, { objectMode: false }), copying)
      return copying.rowCount
    },
  }
}

export const ident = pg.escapeIdentifier
export const literal = pg.escapeLiteral
