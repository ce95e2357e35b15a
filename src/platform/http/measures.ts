import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Spent } from '#tenancy'
import type { ErrorCode } from '../../shared/errors.ts'
import { labelled, type Counter, type Histogram, type Meters } from '../../shared/meters.ts'
import { Seldom } from '../../shared/seldom.ts'
import { whenClosed } from './endings.ts'

export type Measuring = {
  meters: Meters
  /** From how many ms a request is told in the journal; 0: none. */
  slowMs: number
}

/** Of one route, by the first digit of the status; 0: the client went away before its answer. */
type OfRoute = (Histogram | undefined)[]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What is counted of the route; set by registerMeasures. */
    measured?: { labels: { method: string; route: string }; durations: OfRoute }
  }
  interface FastifyRequest {
    /** What it waited for and asked of its establishment's tables. */
    spent: Spent | undefined
  }
  interface FastifyReply {
    /** The code that it was refused with. */
    refusedAs: ErrorCode | undefined
  }
}

// In ten seconds: when everything is slow, each is as good an example as the others.
const mostLines = 20

/**
 * Counts every request by its route's pattern, and tells of the slow ones: durations, statements by name. Nothing of its path,
 * query, body or person, nor of its establishment: 5,000 of them would be 5,000 times as many numbers.
 */
export function registerMeasures(app: FastifyInstance, { meters, slowMs }: Measuring): void {
  const ended = counting(meters)
  const slow = new Seldom(mostLines)
  let inFlight = 0
  meters.gauge('sis_http_requests_in_flight', 'Requests that are being answered.', () => inFlight)
  app.decorateReply('refusedAs', undefined)
  app.addHook('onRoute', (route) => {
    const labels = { method: [route.method].flat().join('|'), route: route.url }
    route.config = { ...route.config, measured: { labels, durations: [] } }
  })
  const end = (request: FastifyRequest, reply: FastifyReply): void => {
    inFlight--
    const ms = reply.elapsedTime
    ended(request, reply, ms)
    // Files take minutes, streams hours; they have no bound that one could call slow.
    if (slowMs === 0 || ms < slowMs || ['bulk', 'stream'].includes(request.route.load ?? '')) return
    const leftOut = slow.take()
    if (leftOut !== undefined) app.log.warn(slowFields(request, reply, ms, leftOut), 'slow request')
  }
  app.addHook('onRequest', (request, reply, done) => {
    // One listener for all who wait for the end (endings.ts): with the counting 1 µs a request.
    if (!reply.raw.closed) {
      inFlight++
      whenClosed(reply.raw, () => end(request, reply))
    }
    done()
  })
}

const isAborted = ({ raw }: FastifyReply): boolean => !raw.writableFinished

/** @returns what counts a request that has ended */
function counting(meters: Meters): (request: FastifyRequest, reply: FastifyReply, ms: number) => void {
  const durations = meters.histograms(
    'sis_http_request_duration_seconds',
    'From the head of a request to the end of its answer, by route; aborted: its client went away before.',
  )
  const refusals = meters.counters('sis_http_refusals_total', 'Requests that were refused, by the code of the problem.')
  const byCode = new Map<ErrorCode, Counter>()
  const unrouted = { labels: { method: 'any', route: '(none)' }, durations: [] as OfRoute }
  const counterOf = (code: ErrorCode): Counter => {
    const counter = refusals.of(labelled({ code }))
    byCode.set(code, counter)
    return counter
  }
  return (request, reply, ms) => {
    const of = request.route.measured ?? unrouted
    const digit = isAborted(reply) ? 0 : Math.trunc(reply.statusCode / 100)
    const histogram = (of.durations[digit] ??= durations.of(
      labelled({ ...of.labels, status: digit === 0 ? 'aborted' : `${digit}xx` }),
    ))
    histogram.observe(ms / 1_000)
    const { refusedAs } = reply
    if (refusedAs !== undefined) (byCode.get(refusedAs) ?? counterOf(refusedAs)).add()
  }
}

function slowFields(request: FastifyRequest, reply: FastifyReply, ms: number, leftOut: number): object {
  const { spent, route } = request
  return {
    requestId: request.id,
    method: request.method,
    route: route.url ?? null,
    status: isAborted(reply) ? 'aborted' : reply.statusCode,
    ms: Math.round(ms),
    ...(spent && {
      waitedMs: Math.round(spent.waitedMs),
      databaseMs: Math.round(spent.databaseMs),
      statements: spent.statements,
      slowest: spent.slowest,
    }),
    ...(leftOut > 0 && { leftOut }),
  }
}
