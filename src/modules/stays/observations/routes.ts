import {
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Routes,
} from '../../../platform/http/index.ts'
import { responses } from '../../../shared/schemas.ts'
import { HistoryOf } from '../../history/index.ts'
import { refuseProtected } from '../../patients/index.ts'
import { changed, patientOf, patientsOf } from '../routes.ts'
import { Nothing, StayPath, StayReasoned } from '../schemas.ts'
import {
  createObservation,
  getObservation,
  hideObservation,
  listObservations,
  listObservationVersions,
  updateObservation,
} from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['stays']
const resourceId = (request: { params: unknown }) => (request.params as { observationId: string }).observationId
const missing = ['observation_not_found', 'stay_not_found', 'patient_protected'] as const

/** What was observed of a patient, day by day. */
export const observationRoutes: Routes = async (app) => {
  app.get(
    '/stays/:id/observations',
    {
      config: { right: 'stays:read', access: { action: 'observation.list', patients: patientsOf } },
      schema: {
        operationId: 'listObservations',
        tags,
        summary: 'The observations of a stay',
        description: 'Newest first by (at, id), with the alarms of their vital signs.',
        params: StayPath,
        querystring: schemas.ObservationQuery,
        response: responses({ 200: schemas.ObservationPage }, 'stay_not_found', 'patient_protected', 'invalid_cursor'),
      },
    },
    async ({ tenant, actor, params, query, language }) =>
      tenant.read((db) => listObservations(db, actor, params.id, query, language)),
  )

  app.post(
    '/stays/:id/observations',
    {
      config: { right: 'stays:write', access: { action: 'observation.create', patients: patientOf } },
      schema: {
        operationId: 'createObservation',
        tags,
        summary: 'Record an observation',
        description:
          'Vital signs, a note, or both, at an instant of the stay. Implausible vital signs are refused; worrying ones are ' +
          'stored and told in `alarms`. The same id with the same content again answers 200.',
        params: StayPath,
        headers: IdempotencyKey,
        body: schemas.ObservationCreate,
        response: responses(
          { 200: schemas.Observation, 201: schemas.Observation },
          'stay_not_found',
          'patient_protected',
          'id_already_used',
          'invalid_idempotency_key',
          'idempotency_key_reused',
        ),
      },
    },
    async (request, reply) => {
      const { actor, params, body, language } = request
      return createOnce(
        request,
        reply,
        (db) => createObservation(db, actor, params.id, body, language),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.get(
    '/stays/:id/observations/:observationId',
    {
      config: { right: 'stays:read', access: { action: 'observation.read', patients: patientOf, resourceId } },
      schema: {
        operationId: 'getObservation',
        tags,
        summary: 'Read an observation',
        description: 'The ETag is its version.',
        params: schemas.ObservationPath,
        response: responses({ 200: schemas.Observation }, ...missing),
      },
    },
    async ({ tenant, actor, params, language }, reply) =>
      versioned(reply, await tenant.read((db) => getObservation(db, actor, params, language))),
  )

  app.patch(
    '/stays/:id/observations/:observationId',
    {
      config: { right: 'stays:write', access: { action: 'observation.update', patients: patientOf, resourceId } },
      schema: {
        operationId: 'updateObservation',
        tags,
        summary: 'Correct an observation',
        description: 'Only what changes; null clears. What it said before stays in its history. Needs If-Match.',
        params: schemas.ObservationPath,
        headers: ChangeHeaders,
        body: schemas.ObservationUpdate,
        response: responses({ 200: schemas.Observation }, ...changed, 'observation_not_found'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body, language } = request
      return changeOnce(
        request,
        reply,
        (db) => updateObservation(db, actor, params, expected, body, language),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.delete(
    '/stays/:id/observations/:observationId',
    {
      config: { right: 'stays:write' },
      schema: {
        operationId: 'hideObservation',
        tags,
        summary: 'Hide an observation',
        description: 'Written by mistake: hidden with the reason, its history stays readable. Needs If-Match.',
        params: schemas.ObservationPath,
        headers: ChangeHeaders,
        body: StayReasoned,
        response: responses({ 204: Nothing }, ...changed, 'observation_not_found'),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, async (db) => {
        await hideObservation(db, actor, params, expected, body.reason)
        return null
      })
    },
  )

  app.get(
    '/stays/:id/observations/:observationId/history',
    {
      config: { right: 'stays:read', access: { action: 'observation.history', patients: patientsOf, resourceId } },
      schema: {
        operationId: 'getObservationHistory',
        tags,
        summary: 'All versions of an observation',
        description:
          'Newest first: what it said, who wrote it, when and why; of a hidden one, or of a hidden stay, too.',
        params: schemas.ObservationPath,
        response: responses({ 200: HistoryOf(schemas.ObservationVersion) }, ...missing),
      },
    },
    async ({ tenant, actor, params }) => ({
      items: await tenant.read((db) => listObservationVersions(db, actor, params)),
    }),
  )
}
