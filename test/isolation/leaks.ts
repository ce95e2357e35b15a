import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { audit } from '../../src/platform/audit/index.ts'
import { IdempotencyKey } from '../../src/platform/http/index.ts'
import { requestScope, type Access } from '../../src/platform/auth/index.ts'
import { problem } from '../../src/shared/errors.ts'
import { object, responses, Uuid } from '../../src/shared/schemas.ts'
import type { Plan } from './plan.ts'
import { unique, type Place } from './world.ts'

/** Where the routes below stand: no part of the application, only to be found out. */
export const leaksPrefix = '/api/v1/leaks'

type Found = { family_name: string; schema: string }

const Text = Type.String({ maxLength: 300, description: 'x' })
const Told = object({ family_name: Type.Optional(Text), schema: Type.Optional(Text), name: Type.Optional(Text) })
const documented = (way: string) => ({
  operationId: `leak_${way}`,
  summary: 'A leak',
  description: 'A leak',
  tags: ['leaks'],
  response: responses({ 200: Told }, 'patient_not_found', 'right_missing'),
})

/** One route for each way to tell that a patient exists elsewhere. */
export async function leaks(app: FastifyInstance, access: Access): Promise<void> {
  const everywhere = async (id: string): Promise<Found | undefined> => {
    for (const establishment of access.tenancy.directory.list()) {
      if (establishment.status !== 'active') continue
      const tenant = access.tenancy.tenant(establishment)
      const row = await tenant.read((db) =>
        db.selectFrom('patient').select('family_name').where('id', '=', id).executeTakeFirst(),
      )
      if (row) return { ...row, schema: establishment.schema }
    }
    return undefined
  }
  const ways: Record<
    string,
    (found: Found | undefined, request: FastifyRequest, reply: FastifyReply) => Promise<unknown>
  > = {
    row: async (found) => found,
    status: async (found, request) => {
      if (found && found.schema !== request.tenant.establishment.schema) throw problem('right_missing')
    },
    header: async (found, _, reply) => {
      if (found) void reply.header('x-hint', 'elsewhere')
      return {}
    },
    record: async (found, request) => {
      const entry = { action: 'patient.elsewhere', resource: 'patient', resourceId: '-' }
      if (found) await request.tenant.transaction((db) => audit(db, request.actor, entry))
    },
    log: async (found, request) => {
      if (found) request.log.info({ requestId: request.id }, 'elsewhere')
    },
  }
  const answered = new Map<string, object>()
  await app.register(async (scope) => {
    await scope.register(requestScope(access, 1_000_000))
    for (const [way, tell] of Object.entries(ways))
      scope.get(
        `${leaksPrefix}/${way}/:id`,
        {
          config: { right: 'patients:read', access: { action: 'patient.read' } },
          schema: { ...documented(way), params: object({ id: Uuid }) },
        },
        async (request, reply) => {
          const { id } = request.params as { id: string }
          const told = await tell(await everywhere(id), request, reply)
          if (told !== undefined) return told
          throw problem('patient_not_found')
        },
      )
    scope.post(
      `${leaksPrefix}/key`,
      {
        config: { right: 'patients:write' },
        schema: { ...documented('key'), headers: IdempotencyKey, body: object({ name: Text }) },
      },
      async (request) => {
        const key = String(request.headers['idempotency-key'])
        answered.set(key, answered.get(key) ?? (request.body as object))
        return answered.get(key)
      },
    )
    scope.get(
      `${leaksPrefix}/unknown`,
      {
        config: { right: 'patients:read', access: { action: 'patient.read' } },
        schema: { ...documented('unknown'), querystring: object({ otherId: Type.Optional(Uuid) }) },
      },
      async () => ({}),
    )
  })
}

const read = (place: Place) => ({ params: { id: place.records.patients.id } })

export const leakPlans: Record<string, Plan> = {
  ...Object.fromEntries(
    ['row', 'status', 'header', 'record', 'log'].map((way) => [
      `GET ${leaksPrefix}/${way}/{id}`,
      { who: 'agent', path: 'patients', status: 200, make: read } satisfies Plan,
    ]),
  ),
  [`POST ${leaksPrefix}/key`]: {
    who: 'agent',
    status: 200,
    make: ({ mark }) => ({ body: { name: `${mark} ${unique()}` } }),
  },
  [`GET ${leaksPrefix}/unknown`]: { who: 'agent', status: 200, make: () => ({}) },
}
