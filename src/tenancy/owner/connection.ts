import pg from 'pg'

/** Runs owner's statements; only the supervisor, the command line and the tests hold one. */
export type OwnerSession = {
  /** One message, possibly several statements (simple protocol): DDL made of trusted, quoted names only. */
  run(sql: string): Promise<pg.QueryResult[]>
  query<R extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<R[]>
}

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

  async transaction<T>(work: (session: OwnerSession) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      // Only what is named, or PostgreSQL's own: whoever may create in `public` must not be called with the owner's rights.
      const path = 'set local search_path = pg_catalog, pg_temp'
      // A migration that stumbles over a record must not have it quoted in the server's log; only a superuser may say so.
      const quiet = 'set local log_min_messages = log; set local log_error_verbosity = terse'
      const role = this.#role ? `; ${quiet}; set local role ${pg.escapeIdentifier(this.#role)}` : ''
      await client.query(`begin; ${path}${role}`)
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

function sessionOn(client: pg.PoolClient): OwnerSession {
  return {
    async run(sql) {
      const result = (await client.query(sql)) as unknown
      return Array.isArray(result) ? (result as pg.QueryResult[]) : [result as pg.QueryResult]
    },
    async query<R extends pg.QueryResultRow>(sql: string, values: unknown[] = []) {
      return (await client.query<R>({ text: sql, values })).rows
    },
  }
}

export const ident = pg.escapeIdentifier
export const literal = pg.escapeLiteral
