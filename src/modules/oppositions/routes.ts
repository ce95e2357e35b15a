import { changeOnce, createOnce, IdempotencyKey, type Routes } from '../../platform/http/index.ts'
import { responses } from '../../shared/schemas.ts'
import { getPatient, refuseProtected } from '../patients/index.ts'
import { listOppositions, recordOpposition, withdrawOpposition } from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['patient rights']

export const oppositionRoutes: Routes = async (app) => {
  app.get(
    '/patients/:id/oppositions',
    {
      config: {
        right: 'patients:read',
        access: { action: 'opposition.list', patients: (_answer, { params }) => [(params as { id: string }).id] },
      },
      schema: {
        operationId: 'listOppositions',
        tags,
        summary: 'What a patient refuses to be shared',
        description: 'Newest first. One that was withdrawn stays, with who, when and why.',
        params: schemas.OppositionsPath,
        response: responses({ 200: schemas.Oppositions }, 'patient_not_found', 'patient_protected'),
      },
    },
    async (request) =>
      request.tenant.read(async (db) => {
        await getPatient(db, request.actor, request.params.id)
        return { items: await listOppositions(db, request.params.id) }
      }),
  )

  app.post(
    '/patients/:id/oppositions',
    {
      config: { right: 'patients:write' },
      schema: {
        operationId: 'recordOpposition',
        tags,
        summary: 'Record what a patient refuses to be shared',
        description:
          'One for each scope at a time. It never concerns care inside the establishment, nor what the law orders to be notified.',
        params: schemas.OppositionsPath,
        headers: IdempotencyKey,
        body: schemas.OppositionCreate,
        response: responses({ 201: schemas.Opposition }, 'patient_not_found', 'patient_protected', 'opposition_exists'),
      },
    },
    async (request, reply) => {
      const { actor, params, body } = request
      return createOnce(
        request,
        reply,
        async (db) => ({
          body: await recordOpposition(db, actor, params.id, body),
          location: `/api/v1/patients/${params.id}/oppositions`,
        }),
        (db) => refuseProtected(db, actor, params.id),
      )
    },
  )

  app.delete(
    '/patients/:id/oppositions/:oppositionId',
    {
      config: { right: 'patients:write' },
      schema: {
        operationId: 'withdrawOpposition',
        tags,
        summary: 'Record that a patient takes an opposition back',
        description: 'It stays on record with the reason and who wrote it down; from then on it no longer stands.',
        params: schemas.OppositionPath,
        headers: IdempotencyKey,
        body: schemas.OppositionWithdraw,
        response: responses(
          { 204: schemas.Nothing },
          'patient_not_found',
          'patient_protected',
          'opposition_not_found',
          'opposition_withdrawn',
        ),
      },
    },
    async (request, reply) => {
      const { actor, params, body } = request
      return changeOnce(request, reply, async (db) => {
        await withdrawOpposition(db, actor, params.id, params.oppositionId, body.reason)
        return null
      })
    },
  )
}
