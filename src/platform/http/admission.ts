import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problem } from '../../shared/errors.ts'
import { InFlight } from './in-flight.ts'
import { hasBody } from './limits.ts'
import { Pressure } from './pressure.ts'

const all = 'all'

// Made once, since an error's trace costs more than the refusal; for different seconds, so that not all come back at once.
const refusals = [1, 2, 3].map((retryAfter) => problem('busy', { retryAfter }))

/**
 * Bounds the requests that a process answers at the same time, fewer while it runs late: past it, 503 before anything else is looked at, so that
 * refusing costs next to nothing and whoever is let in is answered soon. One whose body is still on its way is not counted
 * yet (slow senders would keep everybody out), nor is what says `load`: health, and files that take minutes.
 */
export function registerAdmission(app: FastifyInstance, max: number): void {
  const pressure = new Pressure(max)
  app.addHook('onClose', async () => pressure.close())
  const inFlight = new InFlight(() => pressure.bound)
  const refuse = (): never => {
    throw refusals[Math.floor(Math.random() * refusals.length)]
  }
  const enter = ({ route }: FastifyRequest, reply: FastifyReply): void => {
    if (route.load === undefined && !inFlight.enter(all, reply.raw)) refuse()
  }
  app.addHook('onRequest', (request, reply, done) => {
    if (!hasBody(request.raw)) enter(request, reply)
    else if (request.route.load === undefined && !inFlight.hasRoom(all)) refuse()
    done()
  })
  app.addHook('preValidation', (request, reply, done) => {
    if (hasBody(request.raw)) enter(request, reply)
    done()
  })
}
