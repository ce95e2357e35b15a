import {
  ChangeHeaders,
  changeOnce,
  createOnce,
  expectedVersion,
  IdempotencyKey,
  type Routes,
} from '../../../platform/http/index.ts'
import { responses } from '../../../shared/schemas.ts'
import { PatientPath } from '../schemas.ts'
import { breakGlass, listBreakGlasses, reviewBreakGlass } from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['sensitive files']

const patientsOf = (answer: unknown) => (answer as schemas.BreakGlassPage).items.map(({ patient }) => patient.id)

export const breakGlassRoutes: Routes = async (app) => {
  app.post(
    '/patients/:id/break-glass',
    {
      config: { right: 'patients:break-glass' },
      schema: {
        operationId: 'breakGlass',
        tags,
        summary: 'Open a sensitive file that care needs now',
        description:
          'For three hours, to you alone, with all that belongs to the patient. It stands on the list that the ' +
          'administrator of the establishment reviews, and with each access on the record. Ends by itself; again only ' +
          'with a new reason. Asking again while it is open answers 200 with that one, which lasts no longer.',
        params: PatientPath,
        headers: IdempotencyKey,
        body: schemas.BreakGlassRequest,
        response: responses(
          { 200: schemas.BreakGlass, 201: schemas.BreakGlass },
          'patient_not_found',
          'break_glass_needless',
          'invalid_idempotency_key',
          'idempotency_key_reused',
        ),
      },
    },
    async (request, reply) => {
      const { actor, params, body } = request
      return createOnce(request, reply, (db) => breakGlass(db, actor, params.id, body.reason))
    },
  )

  app.get(
    '/break-glass',
    {
      config: { right: 'break-glass:review', access: { action: 'break_glass.list', patients: patientsOf } },
      schema: {
        operationId: 'listBreakGlasses',
        tags,
        summary: 'The break-glasses of the establishment',
        description:
          'Newest first: who opened which file, when and why, with the file number and nothing else of the patient. ' +
          '`waiting` says how many are to be reviewed.',
        querystring: schemas.BreakGlassQuery,
        response: responses({ 200: schemas.BreakGlassPage }, 'invalid_cursor'),
      },
    },
    async (request) => request.tenant.read((db) => listBreakGlasses(db, request.query)),
  )

  app.patch(
    '/break-glass/:id',
    {
      config: { right: 'break-glass:review' },
      schema: {
        operationId: 'reviewBreakGlass',
        tags,
        summary: 'Review a break-glass and close it',
        description:
          'Once, with a remark, by somebody else than who opened the file; a file that is still open shuts. With `admit` ' +
          'the person comes into the caring team. Needs If-Match.',
        params: schemas.BreakGlassPath,
        headers: ChangeHeaders,
        body: schemas.Review,
        response: responses(
          { 200: schemas.BreakGlass },
          'break_glass_not_found',
          'break_glass_own',
          'break_glass_closed',
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
      return changeOnce(request, reply, (db) => reviewBreakGlass(db, actor, params.id, expected, body))
    },
  )
}
