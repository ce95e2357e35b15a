import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely'
import type { PoolClient, QueryConfig, QueryResult as PgResult } from 'pg'

import { statementName, type Meter, type Spent } from './meter.ts'

const allowedRoots = new Set(['SelectQueryNode', 'InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode'])
// As the builder's own compiler begins them: a node that was made by hand can carry any text.
const allowedBeginning = /^(?:select|insert into|update|delete from|with) /

/** A statement that is known by a number: the connection remembers it, for one path only. */
export type KnownStatement = { readonly name: string; readonly number: number }

export type Means = {
  /** Whose path it is; without it nothing is remembered. */
  remembersFor?: string
  meter?: Meter
  spent?: Spent
}

/** @throws when the statement is none that an establishment may run */
export function refuseUnlessAllowed({ query, sql }: Pick<CompiledQuery, 'query' | 'sql'>): void {
  if (!allowedRoots.has(query.kind) || !allowedBeginning.test(sql))
    throw new Error(`statement refused by tenancy: ${query.kind}`)
}

/**
 * The only road from a query builder to a connection. It refuses whatever is not select, insert, update or delete
 * (with or without WITH), speaks the extended protocol only (PostgreSQL then takes one statement per message) and is
 * dead once its transaction has ended.
 */
export class GuardedConnection implements DatabaseConnection {
  readonly #client: PoolClient
  readonly #means: Means
  #open = true

  constructor(client: PoolClient, means: Means = {}) {
    this.#client = client
    this.#means = means
  }

  close(): void {
    this.#open = false
  }

  /** @param joined answered together with what is asked next in this turn, which is skipped when it fails */
  async executeQuery<R>(
    compiled: CompiledQuery & { known?: KnownStatement; joined?: boolean },
  ): Promise<QueryResult<R>> {
    if (!this.#open) throw new Error('this transaction has ended: its handle must not be kept')
    refuseUnlessAllowed(compiled)
    const { known, joined, sql, parameters } = compiled
    const { remembersFor, meter, spent } = this.#means
    const sentAt = performance.now()
    const name = known && remembersFor && `${remembersFor} ${known.number}`
    const asked = extended<R & object>(this.#client, sql, parameters as unknown[], { name, joined })
    const result = await asked.finally(() =>
      meter?.statement(known?.name ?? statementName(compiled.query), sentAt, spent),
    )
    const affected = result.rowCount === null ? undefined : BigInt(result.rowCount)
    return { rows: result.rows, ...(affected !== undefined && { numAffectedRows: affected }) }
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streams are read page by page: a portal cannot share a pipelined connection')
  }
}

/**
 * One statement by the extended protocol: PostgreSQL refuses a second one in the same message.
 * @param how name: remembered under it by this connection; joined: answered with what is asked next in this turn, and that is
 * skipped when this one fails
 */
export const extended = <R extends object>(
  client: PoolClient,
  text: string,
  values: unknown[],
  { name, joined }: { name?: string | undefined; joined?: boolean | undefined } = {},
): Promise<PgResult<R>> => client.query<R>({ text, values, queryMode: 'extended', name, joined } as QueryConfig)

class OneConnectionDriver implements Driver {
  readonly #connection: GuardedConnection

  constructor(connection: GuardedConnection) {
    this.#connection = connection
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
  async beginTransaction(): Promise<void> {
    throw new Error('already inside a transaction')
  }
  async commitTransaction(): Promise<void> {
    throw new Error('the transaction wrapper commits')
  }
  async rollbackTransaction(): Promise<void> {
    throw new Error('the transaction wrapper rolls back')
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
}

/** A query builder that can only use this one connection. */
export function builderOn<Tables>(connection: GuardedConnection): Kysely<Tables> {
  const builder = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new OneConnectionDriver(connection),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createIntrospector: (db) => new PostgresIntrospector(db),
    },
  })
  connections.set(builder, connection)
  return builder
}

const connections = new WeakMap<object, GuardedConnection>()

/** The connection behind a builder: a statement that was compiled before needs nothing of the builder. */
export const connectionOf = (builder: object): GuardedConnection | undefined => connections.get(builder)
