import {
  changeOnce,
  createInOne,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Routes,
} from '../../platform/http/index.ts'
import { problem } from '../../shared/errors.ts'
import { responses } from '../../shared/schemas.ts'
import { HistoryOf } from '../history/index.ts'
import { refuseProtected } from '../patients/index.ts'
import { createConsultation, hideConsultation, updateConsultation } from './changes.ts'
import { createAtOnce } from './create.ts'
import { listConsultations, listSummaries } from './list.ts'
import { listConsultationVersions, readConsultation } from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['consultations']

// Whose files an answer opens, for the record; each version in a history says it too.
const patientOf = ({ patientId }: { patientId: string }): string[] => [patientId]
const patientsOf = ({ items }: { items: { patientId?: string; data?: { patientId: string } }[] }) =>
  items.map(({ patientId, data }) => patientId ?? data?.patientId)

const filters =
  'Newest first by (date, id). Filters combine freely; `q` looks for words within the diagnosis, the labels of its codes, ' +
  "the reason and the patient's names, accents and capitals aside."

export const consultationRoutes: Routes = async (app) => {
  app.get(
    '/consultations',
    {
      config: { right: 'consultations:read', access: { action: 'consultation.list', patients: patientsOf } },
      schema: {
        operationId: 'listConsultations',
        tags,
        summary: 'List or search consultations',
        description: filters,
        querystring: schemas.ConsultationQuery,
        response: responses({ 200: schemas.ConsultationPage }, 'invalid_cursor', 'patient_protected'),
      },
    },
    async (request) => listConsultations(request.tenant, request.actor, request.query, request.language),
  )

  app.get(
    '/consultations/summaries',
    {
      config: { right: 'consultations:read', access: { action: 'consultation.list', patients: patientsOf } },
      schema: {
        operationId: 'listConsultationSummaries',
        tags,
        summary: 'List consultations, a line of each',
        description:
          'What a list on the screen shows, in less than half of the bytes of whole consultations: for weak networks. ' +
          filters,
        querystring: schemas.SummaryQuery,
        response: responses({ 200: schemas.SummaryPage }, 'invalid_cursor', 'patient_protected'),
      },
    },
    async (request) => listSummaries(request.tenant, request.actor, request.query, request.language),
  )

  app.post(
    '/consultations/search',
    {
      config: { right: 'consultations:read', access: { action: 'consultation.search', patients: patientsOf } },
      schema: {
        operationId: 'searchConsultations',
        tags,
        summary: 'List or search consultations, filters in the body',
        description: `For those whose proxy logs addresses: what is searched stays out of them. ${filters}`,
        body: schemas.ConsultationQuery,
        response: responses({ 200: schemas.ConsultationPage }, 'invalid_cursor', 'patient_protected'),
      },
    },
    async (request) => listConsultations(request.tenant, request.actor, request.body, request.language),
  )

  app.post(
    '/consultations',
    {
      config: { right: 'consultations:write', access: { action: 'consultation.create', patients: patientOf } },
      schema: {
        operationId: 'createConsultation',
        tags,
        summary: 'Record a consultation',
        description:
          'A visit of a patient of the establishment. Implausible vital signs and unknown CIM-10 codes are refused; ' +
          'worrying vital signs are stored and told in `alarms`. The same id with the same content again answers 200.',
        headers: IdempotencyKey,
        body: schemas.ConsultationCreate,
        response: responses(
          { 200: schemas.Consultation, 201: schemas.Consultation },
          'patient_protected',
          'invalid_idempotency_key',
          'idempotency_key_reused',
          'id_already_used',
        ),
      },
    },
    async (request, reply) =>
      createInOne(
        request,
        reply,
        (db, key) => createAtOnce(db, request.actor, key, request.body, request.language),
        (db) => createConsultation(db, request.actor, request.body, request.language),
        (db, { patientId }) => refuseProtected(db, request.actor, patientId),
      ),
  )

  app.get(
    '/consultations/:id',
    {
      config: { right: 'consultations:read', access: { action: 'consultation.read', patients: patientOf } },
      schema: {
        operationId: 'getConsultation',
        tags,
        summary: 'Read a consultation',
        description:
          'With the patient as of the day of the visit and the alarms of its vital signs. The ETag is its version.',
        params: schemas.ConsultationPath,
        response: responses({ 200: schemas.Consultation }, 'consultation_not_found', 'patient_protected'),
      },
    },
    async (request, reply) =>
      versioned(reply, await readConsultation(request.tenant, request.actor, request.params.id, request.language)),
  )

  app.patch(
    '/consultations/:id',
    {
      config: { right: 'consultations:write', access: { action: 'consultation.update', patients: patientOf } },
      schema: {
        operationId: 'updateConsultation',
        tags,
        summary: 'Change a consultation',
        description: 'Only the fields that change; null clears one. Needs If-Match with the version that was read.',
        params: schemas.ConsultationPath,
        headers: ChangeHeaders,
        body: schemas.ConsultationUpdate,
        response: responses(
          { 200: schemas.Consultation },
          'consultation_not_found',
          'patient_protected',
          'version_required',
          'version_stale',
          'invalid_if_match',
          'invalid_idempotency_key',
          'idempotency_key_reused',
        ),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body, language } = request
      return changeOnce(
        request,
        reply,
        (db) => updateConsultation(db, actor, params.id, expected, body, language),
        (db, { patientId }) => refuseProtected(db, actor, patientId),
      )
    },
  )

  app.delete(
    '/consultations/:id',
    {
      config: { right: 'consultations:delete' },
      schema: {
        operationId: 'hideConsultation',
        tags,
        summary: 'Hide a consultation',
        description:
          'Nothing clinical is erased: the visit is hidden with the reason, and its history stays readable. Needs If-Match.',
        params: schemas.ConsultationPath,
        headers: ChangeHeaders,
        body: schemas.ConsultationHide,
        response: responses(
          { 204: schemas.Nothing },
          'consultation_not_found',
          'patient_protected',
          'version_required',
          'version_stale',
          'invalid_if_match',
          'invalid_idempotency_key',
          'idempotency_key_reused',
        ),
      },
    },
    async (request, reply) => {
      const expected = expectedVersion(request)
      const { actor, params, body } = request
      return changeOnce(request, reply, async (db) => {
        await hideConsultation(db, actor, params.id, expected, body.reason)
        return null
      })
    },
  )

  app.get(
    '/consultations/:id/history',
    {
      config: { right: 'consultations:read', access: { action: 'consultation.history', patients: patientsOf } },
      schema: {
        operationId: 'getConsultationHistory',
        tags,
        summary: 'All versions of a consultation',
        description: 'Newest first: what it said, who wrote it, when and why; of a hidden consultation too.',
        params: schemas.ConsultationPath,
        response: responses(
          { 200: HistoryOf(schemas.ConsultationVersion) },
          'consultation_not_found',
          'patient_protected',
        ),
      },
    },
    async (request) => {
      const { actor, params } = request
      const items = await request.tenant.read((db) => listConsultationVersions(db, actor, params.id))
      if (items.length === 0) throw problem('consultation_not_found')
      return { items }
    },
  )
}
