import type { FastifyRequest } from 'fastify'
import { responses } from '../../shared/schemas.ts'
import { noticeNow, type Access } from '../auth/index.ts'
import {
  changeOnceOnPlatform,
  createOnceOnPlatform,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Auth,
  type Routes,
} from '../http/index.ts'
import { changeEstablishment, createEstablishment } from './change.ts'
import { getEstablishment, listEstablishments } from './queries.ts'
import * as schemas from './schemas.ts'

const tags = ['establishments']
/** Of which establishment the platform's administrators read. */
const named = ({ params }: FastifyRequest): string => (params as { slug: string }).slug

// The platform and the national level see the directory; who works in an establishment sees that one.
const ownOnly = ({ establishment }: Auth): string | undefined => establishment?.id

export const establishmentsRoutes =
  (access: Access): Routes =>
  async (app) => {
    const { platform } = access.tenancy

    app.get(
      '/establishments',
      {
        config: { right: 'establishments:read', access: { action: 'establishment.list' } },
        schema: {
          operationId: 'listEstablishments',
          summary: 'List establishments',
          description: 'Newest first. Who works in an establishment sees that one only.',
          tags,
          querystring: schemas.EstablishmentQuery,
          response: responses({ 200: schemas.EstablishmentPage }, 'invalid_cursor', 'right_missing'),
        },
      },
      (request) => platform.read('accounts', (db) => listEstablishments(db, request.query, ownOnly(request.auth))),
    )

    app.post(
      '/establishments',
      {
        config: { right: 'establishments:write' },
        schema: {
          operationId: 'createEstablishment',
          summary: 'Open an establishment',
          description:
            'Answers at once with status `provisioning`; its schema is ready within a second as a rule, then the status is `active`.',
          tags,
          headers: IdempotencyKey,
          body: schemas.NewEstablishment,
          response: responses(
            { 202: schemas.Establishment },
            'right_missing',
            'slug_taken',
            'idempotency_key_reused',
            'invalid_idempotency_key',
          ),
        },
      },
      async (request, reply) => {
        const created = await createOnceOnPlatform(request, reply, platform, async (db) => {
          const body = await createEstablishment(db, request.actor, request.body, access.installation)
          return { status: 202, body, location: `/api/v1/establishments/${body.slug}` }
        })
        access.onWished()
        return created
      },
    )

    app.get(
      '/establishments/:slug',
      {
        config: { right: 'establishments:read', access: { action: 'establishment.read', establishment: named } },
        schema: {
          operationId: 'getEstablishment',
          summary: 'Read an establishment',
          description: 'Another one than your own is answered like one that does not exist.',
          tags,
          params: schemas.SlugParams,
          response: responses({ 200: schemas.Establishment }, 'establishment_not_found', 'right_missing'),
        },
      },
      async (request, reply) =>
        versioned(
          reply,
          await platform.read('accounts', (db) => getEstablishment(db, request.params.slug, ownOnly(request.auth))),
        ),
    )

    app.patch(
      '/establishments/:slug',
      {
        config: { right: 'establishments:write' },
        schema: {
          operationId: 'changeEstablishment',
          summary: 'Change, suspend, reactivate or archive an establishment',
          description:
            'A change of status needs a reason. Suspended: refused within two seconds here and by the database. Archived is final. One whose preparation `failed` is prepared again by `active`.',
          tags,
          params: schemas.SlugParams,
          headers: ChangeHeaders,
          body: schemas.EstablishmentChange,
          response: responses(
            { 200: schemas.Establishment },
            'establishment_not_found',
            'right_missing',
            'status_change_refused',
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
        const changed = await changeOnceOnPlatform(request, reply, platform, (db) =>
          changeEstablishment(db, request.actor, request.params.slug, request.body, expected),
        )
        access.onWished()
        await noticeNow(access)
        return changed
      },
    )
  }
