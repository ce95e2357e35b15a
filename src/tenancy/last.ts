import type { CompiledQuery } from 'kysely'
import { sqlState } from './failures.ts'
import type { GuardedConnection, KnownStatement } from './guarded-connection.ts'
import { toText } from './shared/values.ts'
import { filled, type Statement } from './statement.ts'

/** What a transaction ends with: a statement that travels with COMMIT in one round trip, and what is answered then. */
export class Last<T> {
  readonly value: T
  readonly #query: CompiledQuery & { known: KnownStatement; joined: true }

  constructor(query: CompiledQuery & { known: KnownStatement }, value: T) {
    // Now, in `work`: a value that cannot be sent must not fail beside a COMMIT that can.
    this.#query = { ...query, parameters: query.parameters.map(toText), joined: true }
    this.value = value
  }

  /** Sends the statement at once: COMMIT follows in the same breath, and is skipped when it fails. @throws AlreadyThere; as any statement */
  on(connection: GuardedConnection): Promise<unknown> {
    return connection.executeQuery(this.#query).catch((error: unknown) => {
      throw sqlState(error) === '23505' ? new AlreadyThere(error) : error
    })
  }
}

/** The last statement met a row with one of its keys: nothing of the transaction was stored. */
export class AlreadyThere extends Error {
  constructor(cause: unknown) {
    super('one of the keys is taken', { cause })
  }
}

/**
 * Ends a transaction with a statement whose answer is not needed: it stores all of its rows, or an error stores nothing.
 * @param value what the transaction gives once COMMIT is answered
 */
export const last = <Values extends object, T>(
  statement: Statement<Values, unknown>,
  values: Values,
  value: T,
): Last<T> => new Last(filled(statement, values), value)
