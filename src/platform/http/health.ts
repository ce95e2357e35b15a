import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { problem } from '../../shared/errors.ts'
import { object, responses } from '../../shared/schemas.ts'

const Health = object({ status: Type.Literal('ok') })

/** Liveness says that the process runs; readiness that the database answered the last poll. Neither needs a token. */
export function registerHealth(app: FastifyInstance, isReady: () => boolean): void {
  const schema = (summary: string, operationId: string) => ({
    summary,
    operationId,
    tags: ['server'],
    response: responses({ 200: Health }),
  })
  app.get(
    '/health/live',
    { config: { public: true, rateLimit: false }, schema: schema('Le processus tourne', 'live') },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/health/ready',
    { config: { public: true, rateLimit: false }, schema: schema('La base répond', 'ready') },
    async () => {
      if (!isReady()) throw problem('database_unavailable', { retryAfter: 2 })
      return { status: 'ok' as const }
    },
  )
}
