import {
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Routes,
} from '../../platform/http/index.ts'
import { problem } from '../../shared/errors.ts'
import { responses } from '../../shared/schemas.ts'
import { say, type Language } from '../../shared/text.ts'
import { HistoryOf } from '../history/index.ts'
import { createPatient, hidePatient, updatePatient } from './changes.ts'
import { hidingCodes } from './hiding.ts'
import { PatientPage, PatientQuery } from './list-schemas.ts'
import { pagePatients } from './list.ts'
import { listPatientVersions, readPatient } from './queries.ts'
import { identityWarnings } from './rules/identity.ts'
import * as schemas from './schemas.ts'
import { refuseProtected } from './visibility.ts'

const tags = ['patients']

// Whose files an answer opens, for the record.
const idOf = ({ id }: { id: string }): string[] => [id]
const idsOf = ({ items, protected: found = [] }: PatientPage): string[] => [...items, ...found].map(({ id }) => id)

const filters =
  'Newest first, or the likest first with `q`, which tolerates accents, capitals and spelling ("koulibali" finds Coulibaly), ' +
  'and also takes phone digits or a file number. Filters combine freely.'

export const patientRoutes: Routes = async (app) => {
  app.get(
    '/patients',
    {
      config: { right: 'patients:read', access: { action: 'patient.list', patients: idsOf } },
      schema: {
        operationId: 'listPatients',
        tags,
        summary: 'List or search patients',
        description: filters,
        querystring: PatientQuery,
        response: responses({ 200: PatientPage }, 'invalid_cursor'),
      },
    },
    async (request) => pagePatients(request.tenant, request.actor, request.query),
  )

  app.post(
    '/patients/search',
    {
      config: { right: 'patients:read', access: { action: 'patient.search', patients: idsOf } },
      schema: {
        operationId: 'searchPatients',
        tags,
        summary: 'List or search patients, filters in the body',
        description: `For those whose proxy logs addresses: names stay out of them. ${filters}`,
        body: PatientQuery,
        response: responses({ 200: PatientPage }, 'invalid_cursor'),
      },
    },
    async (request) => pagePatients(request.tenant, request.actor, request.body),
  )

  app.post(
    '/patients',
    {
      config: { right: 'patients:write', access: { action: 'patient.create', patients: idOf } },
      schema: {
        operationId: 'createPatient',
        tags,
        summary: 'Open a file for a patient',
        description:
          'Gives the next file number of the year. When patients like this one are on file, answers 409 with `candidates`: ' +
          'take one of them, or send again with `confirmDuplicate: true`. A NINA or AMO number of an unusual shape is stored and told in `warnings`.',
        headers: IdempotencyKey,
        body: schemas.PatientCreate,
        response: {
          ...responses(
            { 200: schemas.SavedPatient, 201: schemas.SavedPatient },
            'patient_not_found',
            'patient_protected',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
          409: possibleDuplicate as never,
        },
      },
    },
    async (request, reply) =>
      createOnce(
        request,
        reply,
        async (db) => {
          const created = await createPatient(db, request.actor, request.body)
          return { ...created, body: withWarnings(created.body, request.language) }
        },
        (db, { id }) => refuseProtected(db, request.actor, id),
      ),
  )

  app.get(
    '/patients/:id',
    {
      config: { right: 'patients:read', access: { action: 'patient.read', patients: idOf } },
      schema: {
        operationId: 'getPatient',
        tags,
        summary: 'Read a patient',
        description: 'The file as it stands, with the age today. The ETag is its version.',
        params: schemas.PatientPath,
        response: responses({ 200: schemas.Patient }, 'patient_not_found', 'patient_protected'),
      },
    },
    async (request, reply) => versioned(reply, await readPatient(request.tenant, request.actor, request.params.id)),
  )

  app.patch(
    '/patients/:id',
    {
      config: { right: 'patients:write', access: { action: 'patient.update', patients: idOf } },
      schema: {
        operationId: 'updatePatient',
        tags,
        summary: 'Change a patient',
        description: 'Only the fields that change; null clears one. Needs If-Match with the version that was read.',
        params: schemas.PatientPath,
        headers: ChangeHeaders,
        body: schemas.PatientUpdate,
        response: responses(
          { 200: schemas.SavedPatient },
          'patient_not_found',
          'patient_protected',
          'care_team_only',
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
        async (db) => withWarnings(await updatePatient(db, actor, params.id, expected, body), language),
        (db, { id }) => refuseProtected(db, actor, id),
      )
    },
  )

  app.delete(
    '/patients/:id',
    {
      config: { right: 'patients:delete' },
      schema: {
        operationId: 'hidePatient',
        tags,
        summary: 'Hide a patient',
        description:
          'Nothing clinical is erased: the file is hidden with the reason, and its history stays readable. Needs If-Match.',
        params: schemas.PatientPath,
        headers: ChangeHeaders,
        body: schemas.PatientHide,
        response: responses(
          { 204: schemas.Nothing },
          'patient_not_found',
          'patient_protected',
          'care_team_only',
          ...hidingCodes(),
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
        await hidePatient(db, actor, params.id, expected, body.reason)
        return null
      })
    },
  )

  app.get(
    '/patients/:id/history',
    {
      config: {
        right: 'patients:read',
        access: { action: 'patient.history', patients: (_, { params }) => [(params as { id: string }).id] },
      },
      schema: {
        operationId: 'getPatientHistory',
        tags,
        summary: 'All versions of a patient',
        description: 'Newest first: what the file said, who wrote it, when and why; of a hidden patient too.',
        params: schemas.PatientPath,
        response: responses({ 200: HistoryOf(schemas.PatientVersion) }, 'patient_not_found', 'patient_protected'),
      },
    },
    async (request) => {
      const items = await request.tenant.read((db) => listPatientVersions(db, request.actor, request.params.id))
      if (items.length === 0) throw problem('patient_not_found')
      return { items }
    },
  )
}

const possibleDuplicate = {
  description: 'possible_duplicate, id_already_used',
  content: { 'application/problem+json': { schema: schemas.PossibleDuplicate } },
}

function withWarnings(patient: schemas.Patient, language: Language): schemas.SavedPatient {
  const warnings = identityWarnings(patient).map(({ path, message }) => ({ path, message: say(message, language) }))
  return warnings.length > 0 ? { ...patient, warnings } : patient
}
