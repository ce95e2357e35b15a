import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { problem } from '../../shared/errors.ts'
import { object, responses } from '../../shared/schemas.ts'

const Health = object({ status: Type.Literal('ok') })

/** Liveness says that the process runs; readiness that the database answered the last poll. Neither needs a token; monitors send HEAD too. */
export function registerHealth(app: FastifyInstance, isReady: () => boolean): void {
  const schema = (summary: string, description: string, operationId: string) => ({
    summary,
    description,
    operationId,
    tags: ['server'],
    response: responses({ 200: Health }),
  })
  app.get(
    '/health/live',
    {
      exposeHeadRoute: true,
      config: { public: true, load: 'none' },
      schema: schema(
        'Le processus tourne',
        'Pour un superviseur : 200 tant que le processus répond, base ou non.',
        'live',
      ),
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/health/ready',
    {
      exposeHeadRoute: true,
      config: { public: true, load: 'none' },
      schema: schema('La base répond', 'Pour un répartiteur de charge : 503 quand la base ne répond plus.', 'ready'),
    },
    async () => {
      if (!isReady()) throw problem('database_unavailable', { retryAfter: 2 })
      return { status: 'ok' as const }
    },
  )
}
