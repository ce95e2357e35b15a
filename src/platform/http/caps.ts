import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../../shared/errors.ts'
import { InFlight } from './in-flight.ts'
import { networkOf } from './network.ts'
import { Rates } from './rates.ts'

/** What one person and one establishment may ask of one HTTP process. */
export type Caps = {
  /** Requests a minute. */
  rateRequests: number
  rateEstablishment: number
  /** Requests at the same time. */
  rateUserInFlight: number
  rateEstablishmentInFlight: number
}

const nobody = {}

// Files that take minutes: beside the bounds for ordinary requests, so that neither keeps the other out.
const [bulkOfUser, bulkOfEstablishment] = [2, 4]

/**
 * Refuses what a person or an establishment asks too often or too much at once (429). Registered after the request scope:
 * the rates are counted before the body is read, the requests in flight from the moment when it is there. A client that goes
 * away gives its place back at once; what its transaction still does is bounded by the turns at the pool.
 */
export function registerCaps(app: FastifyInstance, caps: Caps): void {
  const [perUser, perEstablishment] = [
    new Rates(caps.rateRequests, 10),
    // Many people together are even; ten seconds' worth of an establishment would be felt by the others.
    new Rates(caps.rateEstablishment, 2),
  ]
  const ordinary = [
    new InFlight(() => caps.rateUserInFlight),
    new InFlight(() => caps.rateEstablishmentInFlight),
  ] as const
  const bulk = [new InFlight(() => bulkOfUser), new InFlight(() => bulkOfEstablishment)] as const

  // The type says that there is always someone; on a public route there is not.
  const whoOf = (request: FastifyRequest): Partial<FastifyRequest['auth']> => request.auth ?? nobody

  app.addHook('onRequest', (request, _reply, done) => {
    const { account, establishment } = whoOf(request)
    // Without a token by network: a whole centre often shares one address, but it signs in only now and then.
    const at = performance.now()
    const wait =
      perUser.take(account?.id ?? networkOf(request.ip), at) ||
      (establishment && perEstablishment.take(establishment.id, at))
    if (wait) throw problem('too_many_requests', { retryAfter: wait })
    done()
  })

  app.addHook('preValidation', (request, reply: FastifyReply, done) => {
    const { account, establishment } = whoOf(request)
    // An answer that goes on for hours would keep its person's place for all others.
    if (account && request.route.load !== 'stream') {
      const [ofUser, ofEstablishment] = request.route.load === 'bulk' ? bulk : ordinary
      const isIn = ofUser.enter(account.id, reply.raw) && (!establishment || ofEstablishment.enter(establishment.id, reply.raw)) // prettier-ignore
      if (!isIn) throw problem('too_many_requests', { retryAfter: 2 })
    }
    done()
  })
}
