import { Problem, problem } from '../shared/errors.ts'

/** PostgreSQL's five-character code of an error, when it has one. */
export const sqlState = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** The violated constraint's name. Citus suffixes it with the shard's number: `patient_key_102037`. */
export const constraintOf = (error: unknown): string | undefined => {
  const name = (error as { constraint?: unknown } | undefined)?.constraint
  return typeof name === 'string' ? name.replace(/_\d{6,}$/, '') : undefined
}

const serialization = new Set(['40001', '40P01'])
// 08xxx: connection exceptions; 57P01–57P03: the server stops, crashed or is starting.
const connectionStates = /^(08...|57P0[123])$/
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

export const isSerializationFailure = (error: unknown): boolean => serialization.has(sqlState(error) ?? '')

export function isConnectionFailure(error: unknown): boolean {
  const state = sqlState(error)
  if (state && connectionStates.test(state)) return true
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  // The driver has no code for an answer that did not come.
  return socketCodes.has(String(code)) || message === 'Query read timeout'
}

/** Thrown inside the wrapper when the connection went away before COMMIT was sent: repeating is safe. */
export class LostBeforeCommit extends Error {
  constructor(cause: unknown) {
    super('connection lost before COMMIT', { cause })
  }
}

/** Thrown inside the wrapper when the connection's last borrower left something: nothing was done, another one serves. */
export class DirtyConnection extends Error {}

/** Thrown inside the wrapper when a statement that the connection remembers no longer fits its tables: nothing was done. */
export class StalePlan extends Error {
  constructor(cause: unknown) {
    super('a remembered statement is out of date', { cause })
  }
}

/**
 * What a database error means to the caller. Details of PostgreSQL never leave: they carry values of records
 * ("Key (nina)=(…) already exists").
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof LostBeforeCommit || error instanceof StalePlan || isConnectionFailure(error))
    return problem('database_unavailable', { retryAfter: 2, cause: error })
  const state = sqlState(error)
  if (state === undefined) return problem('internal', { cause: error })
  if (serialization.has(state)) return problem('busy', { retryAfter: 1, cause: error })
  if (state.startsWith('53')) return problem('database_unavailable', { retryAfter: 5, cause: error })
  if (state === '57014' || state === '55P03' || state === '25P04') return problem('timeout', { cause: error })
  if (state === '23505' || state === '23503' || state === '23P01') return problem('conflict', { cause: error })
  // An unknown column or table: this establishment's tables are those of another version of the program, until it is migrated.
  if (state === '42703' || state === '42P01') return problem('establishment_not_ready', { retryAfter: 5, cause: error })
  if (state.startsWith('22') || state === '23514' || state === '23502')
    return problem('invalid_input', { cause: error })
  return problem('internal', { cause: error })
}
