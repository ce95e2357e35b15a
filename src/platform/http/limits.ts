import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../../shared/errors.ts'
import { Present } from '../../shared/present.ts'
import { whenClosed } from './endings.ts'

/** Slow and oversized clients are cut off (research/security.md, fact 6: with the defaults 800 slow connections stayed open). */
export const serverLimits = {
  // The bound for any upload; each route's own is kept by registerBodyDeadline.
  requestTimeout: 300_000,
  connectionTimeout: 20_000,
  keepAliveTimeout: 5_000,
  bodyLimit: 256 * 1024,
  maxRequestsPerSocket: 1_000,
  // While we stop, what still arrives is served, and told that its connection ends (supervisor/drain.ts).
  return503OnClosing: false,
  routerOptions: { maxParamLength: 100 },
  http: {
    headersTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16_384,
    // Refused by us, with a document (problems.ts).
    requireHostHeader: false,
  },
} satisfies FastifyHttpOptions<Server>

// How long the receiver of a big file may take nothing at all.
const stalledMs = 60_000

/**
 * What takes minutes (`load: 'bulk'`) is silent while the server works, and a stream while nothing happens, which
 * connectionTimeout would take for a dead client; once something leaves, a receiver who stops reading is cut off.
 */
export function registerBulkDeadline(app: FastifyInstance): void {
  // A request that was injected has no connection.
  const connectionOf = ({ route, raw }: FastifyRequest): Socket | undefined =>
    (route.load === 'bulk' || route.load === 'stream') && raw.socket instanceof Socket ? raw.socket : undefined
  app.addHook('onRequest', (request, _reply, done) => {
    connectionOf(request)?.setTimeout(0)
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const socket = connectionOf(request)
    if (socket) cutOffWhenStalled(socket, reply.raw)
    done(null, payload)
  })
}

// Not the connection's own timeout: whoever sends a byte now and then would put it off without reading.
function cutOffWhenStalled(socket: Socket, answer: ServerResponse): void {
  // Nobody waits for it any more, and no event will say so again.
  if (answer.closed) return
  let [taken, since] = [0, performance.now()]
  const timer = setInterval(() => {
    const now = socket.bytesWritten - socket.writableLength
    if (socket.writableLength === 0 || now !== taken) [taken, since] = [now, performance.now()]
    else if (performance.now() - since > stalledMs) socket.destroy()
  }, stalledMs / 12).unref()
  const clear = (): void => clearInterval(timer)
  answer.once('finish', clear).once('close', clear)
}

/** RFC 9112 6.3: a request without either header has no body. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

const bodySeconds = 10

/**
 * Ends a connection whose request body does not arrive in time: 10 s, or what the route grants (an import over a weak
 * network). Node's own requestTimeout knows no routes.
 */
export function registerBodyDeadline(app: FastifyInstance): void {
  const waiting = new Present<{ raw: IncomingMessage; until: number }>()
  app.addHook('onRequest', ({ raw, route }, _reply, done) => {
    // Without a body there is no end to wait for: nobody reads it, and a long download would be cut off.
    if (!raw.complete && hasBody(raw)) {
      const leave = waiting.enter({ raw, until: performance.now() + (route.bodySeconds ?? bodySeconds) * 1_000 })
      raw.on('end', leave).on('close', leave)
    }
    done()
  })
  everySecond(app, (now) => {
    for (const { raw } of waiting.take(({ until }) => until <= now)) raw.destroy()
  })
}

const answerMs = 15_000

/**
 * Answers 504, or outcome_unknown where something is written, to whoever has waited for 15 s, as Fastify's handlerTimeout does (which a route that takes longer sets for
 * itself): one look a second at all requests instead of a timer, a signal and two listeners for each (5 µs).
 */
export function registerAnswerDeadline(app: FastifyInstance, ms = answerMs): void {
  const unanswered = new Present<{ reply: FastifyReply; until: number }>()
  app.addHook('onRoute', (route) => {
    if (route.handlerTimeout || route.config?.load === 'stream') route.config = { ...route.config, ownDeadline: true }
  })
  app.addHook('onRequest', ({ route }, reply, done) => {
    if (!route.ownDeadline) whenClosed(reply.raw, unanswered.enter({ reply, until: performance.now() + ms }))
    done()
  })
  everySecond(app, (now) => {
    for (const { reply } of unanswered.take(({ until }) => until <= now)) {
      if (reply.sent) continue
      if (reply.raw.headersSent) reply.raw.destroy()
      // What was being written may still be stored: only a read can be said to have left nothing.
      else
        void reply.send(reply.request.route.writes ? problem('outcome_unknown', { retryAfter: 5 }) : problem('timeout'))
    }
  })
}

function everySecond(app: FastifyInstance, look: (now: number) => void): void {
  const timer = setInterval(() => look(performance.now()), 1_000).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(timer)
    done()
  })
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route sets its own handlerTimeout, or its answer goes on for as long as it is read; noted by registerAnswerDeadline. */
    ownDeadline?: true
  }
}
