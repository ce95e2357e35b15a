import {
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Routes,
} from '../../platform/http/index.ts'
import { moduleState } from '../../platform/modules/index.ts'
import { responses } from '../../shared/schemas.ts'
import { HistoryOf } from '../history/index.ts'
import { refuseProtected } from '../patients/index.ts'
import { admit } from './admit.ts'
import { hideStay, updateStay } from './changes.ts'
import { listStays } from './list.ts'
import { getStay, listStayVersions } from './queries.ts'
import * as schemas from './schemas.ts'
import { holdModule } from './switch.ts'

const tags = ['stays']

// Whose files an answer opens, for the record; each version in a history says it too.
export const patientOf = ({ patientId }: { patientId: string }): string[] => [patientId]
export const patientsOf = ({ items }: { items: { patientId?: string; data?: { patientId: string } }[] }) =>
  items.map(({ patientId, data }) => patientId ?? data?.patientId)

/** What a change of a stay may be refused with. */
export const changed = [
  'stay_not_found',
  'patient_protected',
  'version_required',
  'version_stale',
  'invalid_if_match',
  'invalid_idempotency_key',
  'idempotency_key_reused',
] as const

const filters =
  'Newest first by (admittedAt, id). Filters combine freely; `q` looks for words within the diagnoses, the labels of their ' +
  "codes, the reason and the patient's names, accents and capitals aside."

export const stayRoutes: Routes = async (app) => {
  app.get(
    '/stays',
    {
      config: { right: 'stays:read', access: { action: 'stay.list', patients: patientsOf } },
      schema: {
        operationId: 'listStays',
        tags,
        summary: 'List or search stays',
        description: filters,
        querystring: schemas.StayQuery,
        response: responses({ 200: schemas.StayPage }, 'invalid_cursor', 'patient_protected'),
      },
    },
    async (request) => request.tenant.read((db) => listStays(db, request.actor, request.query)),
  )

  app.post(
    '/stays/search',
    {
      config: { right: 'stays:read', access: { action: 'stay.search', patients: patientsOf } },
      schema: {
        operationId: 'searchStays',
        tags,
        summary: 'List or search stays, filters in the body',
        description: `For those whose proxy logs addresses: what is searched stays out of them. ${filters}`,
        body: schemas.StayQuery,
        response: responses({ 200: schemas.StayPage }, 'invalid_cursor', 'patient_protected'),
      },
    },
    async (request) => request.tenant.read((db) => listStays(db, request.actor, request.body)),
  )

  app.post(
    '/stays',
    {
      config: { right: 'stays:write', access: { action: 'stay.create', patients: patientOf } },
      schema: {
        operationId: 'admitPatient',
        tags,
        summary: 'Admit a patient',
        description:
          'Directly, or from a consultation whose patient, reason, diagnosis and codes are taken. In a bed of the service, or ' +
          'without one when there is none. A patient has one stay at a time and a bed one patient: of several who ask at ' +
          'once one gets it. The same id with the same content again answers 200.',
        headers: IdempotencyKey,
        body: schemas.StayCreate,
        response: responses(
          { 200: schemas.Stay, 201: schemas.Stay },
          'patient_protected',
          'patient_already_admitted',
          'consultation_already_admitted',
          'bed_taken',
          'bed_unavailable',
          'id_already_used',
          'invalid_idempotency_key',
          'idempotency_key_reused',
        ),
      },
    },
    async (request, reply) => {
      const { actor, body, tenant } = request
      const isShort = moduleState(tenant.establishment, 'stays').mode === 'observation'
      return createOnce(
        request,
        reply,
        async (db) => {
          await holdModule(db, tenant)
          return admit(db, actor, body, isShort)
        },
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.get(
    '/stays/:id',
    {
      config: { right: 'stays:read', access: { action: 'stay.read', patients: patientOf } },
      schema: {
        operationId: 'getStay',
        tags,
        summary: 'Read a stay',
        description:
          'With the patient as of the day of the admission, the service and the bed. The ETag is its version.',
        params: schemas.StayPath,
        response: responses({ 200: schemas.Stay }, 'stay_not_found', 'patient_protected'),
      },
    },
    async (request, reply) =>
      versioned(reply, await request.tenant.read((db) => getStay(db, request.actor, request.params.id))),
  )

  app.patch(
    '/stays/:id',
    {
      config: { right: 'stays:write', access: { action: 'stay.update', patients: patientOf } },
      schema: {
        operationId: 'updateStay',
        tags,
        summary: 'Change or correct a stay',
        description:
          'Only the fields that change; null clears one. What the discharge said is corrected here too. Places are corrected ' +
          'by the movements. Needs If-Match with the version that was read.',
        params: schemas.StayPath,
        headers: ChangeHeaders,
        body: schemas.StayUpdate,
        response: responses(
          { 200: schemas.Stay },
          ...changed,
          'patient_already_admitted',
          'bed_taken',
          'bed_unavailable',
        ),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(
        request,
        reply,
        (db) => updateStay(db, actor, params.id, expected, body),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.delete(
    '/stays/:id',
    {
      config: { right: 'stays:delete' },
      schema: {
        operationId: 'hideStay',
        tags,
        summary: 'Hide a stay',
        description:
          'Nothing clinical is erased: the stay is hidden with the reason, its bed is free, and its history stays readable. ' +
          'Needs If-Match.',
        params: schemas.StayPath,
        headers: ChangeHeaders,
        body: schemas.StayReasoned,
        response: responses({ 204: schemas.Nothing }, ...changed),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, async (db) => {
        await hideStay(db, actor, params.id, expected, body.reason)
        return null
      })
    },
  )

  app.get(
    '/stays/:id/history',
    {
      config: { right: 'stays:read', access: { action: 'stay.history', patients: patientsOf } },
      schema: {
        operationId: 'getStayHistory',
        tags,
        summary: 'All versions of a stay',
        description:
          'Newest first: what it said, with every place that the patient had, who wrote it, when and why; of a hidden one too.',
        params: schemas.StayPath,
        response: responses({ 200: HistoryOf(schemas.StayVersion) }, 'stay_not_found', 'patient_protected'),
      },
    },
    async (request) => ({
      items: await request.tenant.read((db) => listStayVersions(db, request.actor, request.params.id)),
    }),
  )
}
