import { inSources } from './sources.ts'

/** What may be written down of a failure: its class, its code, where it happened. Never what it says. */
export type Trace = { type: string; code?: string; stack?: string[]; cause?: Trace }

const identifier = /^[\w$]{1,60}$/
const frame = /^ +at .{1,300}:\d+:\d+\)?$/
const [deepest, mostFrames] = [3, 8]

/**
 * A failure without its words: messages, details and parameters of PostgreSQL, and whatever hangs on an error of a
 * library (the raw bytes of a request on those of Node's HTTP parser), quote values of records.
 */
export function traceOf(error: unknown, depth = 1): Trace {
  if (!(error instanceof Error)) return { type: error === null ? 'null' : typeof error }
  const code = codeOf(error)
  const stack = framesOf(error)
  return {
    type: identifier.test(error.constructor.name) ? error.constructor.name : 'Error',
    ...(code && { code }),
    ...(stack && { stack }),
    ...(error.cause !== undefined && depth < deepest && { cause: traceOf(error.cause, depth + 1) }),
  }
}

/** Where an error was made, the innermost call first; none when its message cannot be told from the calls. */
export function framesOf({ stack, message }: Error): string[] | undefined {
  const end = typeof stack === 'string' ? stack.indexOf(message) : -1
  if (end < 0) return undefined
  const lines = stack!.slice(end + message.length).split('\n')
  return lines
    .filter((line) => frame.test(line))
    .slice(0, mostFrames)
    .map((line) => inSources(line.trim()))
}

/**
 * The message of a failure that concerns the server, the schema or the system; for one about data (SQLSTATE classes 21,
 * 22, 23, P0: `invalid input syntax for type date: "…"`) only the class, the code and the constraint.
 */
export function sayable(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = codeOf(error)
  if (!code || !/^(2[123]|P0)[0-9A-Z]{3}$/.test(code)) return error.message
  const { constraint } = error as { constraint?: unknown }
  return [error.constructor.name, code, typeof constraint === 'string' && constraint].filter(Boolean).join(' ')
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && identifier.test(code) ? code : undefined
}
