import { destination, pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino'
import type { Config } from '../config.ts'
import { traceOf } from '../shared/traces.ts'
import { gatherInto } from './journal.ts'

// Libraries log what they hold: whole errors (PostgreSQL's `detail`, the raw bytes of a malformed request), requests with
// their address, an error's message where no other was given. These forms are all that may leave.
const serializers = {
  err: (error: unknown) => traceOf(error),
  error: (error: unknown) => traceOf(error),
  req: (request: { method?: string; routeOptions?: { url?: string } }) => ({
    method: request.method,
    route: request.routeOptions?.url,
  }),
  res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
}

const hooks: LoggerOptions['hooks'] = {
  logMethod(args, method) {
    const [first, second, ...rest] = args as unknown[]
    // Fastify quotes the address of a request that was answered twice.
    if (typeof first === 'string') return method.apply(this, [first.replace(/"\/[^"]*"/g, '"/…"')])
    const fields = first instanceof Error ? { err: first } : withoutObjects(first)
    return method.apply(this, [fields, typeof second === 'string' ? second : 'event', ...rest] as never)
  },
}

// Libraries hand over whole options and requests (the reader of forms, at level trace: all headers, the token with them).
// What we write ourselves is flat, but for counts and for the cause of a trace, which is made of class, code and calls.
function withoutObjects(fields: unknown): object {
  if (isAllScalar(fields)) return fields
  const entries = Object.entries(fields ?? {}).map(([name, value]: [string, unknown]) => {
    if (value instanceof Error) return [name, traceOf(value)]
    return [name, isFlat(value) || isCounts(value) || name === 'cause' || name in serializers ? value : typeof value]
  })
  return Object.fromEntries(entries) as object
}

// The line of a request, and most others: nothing to take out, so nothing is copied.
function isAllScalar(fields: unknown): fields is object {
  if (typeof fields !== 'object' || fields === null) return false
  for (const name in fields) if (!isScalar((fields as Record<string, unknown>)[name])) return false
  return true
}

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null
const isFlat = (value: unknown): boolean => isScalar(value) || (Array.isArray(value) && value.every(isScalar))
const isCounts = (value: unknown): boolean =>
  Object.values(value as object).every((count) => typeof count === 'number') && !ArrayBuffer.isView(value)

/**
 * The journal of one process: one JSON line an event. Nothing of a record is in it, whoever writes.
 * @param to 1 for the standard output, 2 for a command, whose standard output is its result, or a stream
 */
export const createLog = (level: Config['logLevel'], to: 1 | 2 | DestinationStream = 1): Logger =>
  pino({ level, base: { pid: process.pid }, serializers, hooks }, streamOf(to))

function streamOf(to: 1 | 2 | DestinationStream): DestinationStream {
  if (to === 1) return gatherInto(1)
  return to === 2 ? destination({ dest: 2, sync: true }) : to
}
