import type { FastifyRequest } from 'fastify'
import { Problem } from '../../shared/errors.ts'
import { responses } from '../../shared/schemas.ts'
import { recordEvent } from '../audit/index.ts'
import { Id, Nothing, noticeNow, seal, unseal, type Access, type OneTimeLink } from '../auth/index.ts'
import {
  changeOnceOnPlatform,
  createOnceOnPlatform,
  expectedVersion,
  IdempotencyKey,
  ChangeHeaders,
  versioned,
  type Actor,
  type Auth,
  type Routes,
} from '../http/index.ts'
import { changeUser, resetUser } from './change.ts'
import { addUser } from './create.ts'
import { getUser, listUsers } from './queries.ts'
import * as schemas from './schemas.ts'
import { resetUserFactor } from './second-factor.ts'

const tags = ['users']
/** Of which establishment the platform's administrators read. */
const asked = ({ query }: FastifyRequest): string | undefined => (query as { establishment?: string }).establishment
const guarded = ['user_not_found', 'right_missing', 'person_belongs_elsewhere', 'role_not_grantable'] as const

export const usersRoutes =
  (access: Access): Routes =>
  async (app) => {
    const { platform } = access.tenancy

    app.get(
      '/users',
      {
        config: { right: 'users:read', access: { action: 'user.list', establishment: asked } },
        schema: {
          operationId: 'listUsers',
          summary: 'List people and their roles',
          description: 'Newest first: the people of your establishment, or all for the platform.',
          tags,
          querystring: schemas.UserQuery,
          response: responses({ 200: schemas.UserPage }, 'invalid_cursor', 'right_missing'),
        },
      },
      (request) => platform.read('accounts', (db) => listUsers(db, request.auth.establishment?.id, request.query)),
    )

    app.post(
      '/users',
      {
        config: { right: 'users:write' },
        schema: {
          operationId: 'addUser',
          summary: 'Add a person',
          description:
            'A new person gets a one-time link (`activation`) and chooses the password alone. With `existing: true` the person of that username is invited and must accept. The platform’s administrators add platform accounts, and the first administrator of an establishment.',
          tags,
          headers: IdempotencyKey,
          body: schemas.NewUser,
          response: responses(
            { 201: schemas.CreatedUser },
            ...guarded,
            'username_taken',
            'account_not_activated',
            'establishment_not_found',
            'idempotency_key_reused',
            'invalid_idempotency_key',
          ),
        },
      },
      async (request, reply) => {
        const { auth, actor, body } = request
        const stored = await recordingRefusals(access, auth, actor, 'user.add', () =>
          createOnceOnPlatform(request, reply, platform, async (db) => {
            const { user, link } = await addUser(db, auth, actor, body)
            return {
              body: { ...user, activation: link && hide(access, user.id, link) },
              location: `/api/v1/users/${user.id}`,
            }
          }),
        )
        return { ...stored, activation: stored.activation && toLink(show(access, stored.id, stored.activation)) }
      },
    )

    app.get(
      '/users/:id',
      {
        config: { right: 'users:read', access: { action: 'user.read' } },
        schema: {
          operationId: 'getUser',
          summary: 'Read a person’s roles',
          description: 'A person of another establishment is answered like nobody.',
          tags,
          params: Id,
          response: responses({ 200: schemas.User }, 'user_not_found', 'right_missing'),
        },
      },
      async (request, reply) =>
        versioned(
          reply,
          await platform.read('accounts', (db) => getUser(db, request.auth.establishment?.id, request.params.id)),
        ),
    )

    app.patch(
      '/users/:id',
      {
        config: { right: 'users:write' },
        schema: {
          operationId: 'changeUser',
          summary: 'Change a person’s roles, identity or status',
          description:
            'Roles: those in your establishment. Identity and status of a person who belongs elsewhere too are that person’s and the platform’s business.',
          tags,
          params: Id,
          headers: ChangeHeaders,
          body: schemas.UserChange,
          response: responses(
            { 200: schemas.User },
            ...guarded,
            'last_administrator',
            'account_not_activated',
            'version_required',
            'version_stale',
            'invalid_if_match',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
        },
      },
      async (request, reply) => {
        const { auth, actor, params, body } = request
        const expected = expectedVersion(request)
        const user = await recordingRefusals(access, auth, actor, 'user.change', () =>
          changeOnceOnPlatform(request, reply, platform, (db) =>
            changeUser(db, auth, actor, params.id, body, expected),
          ),
        )
        await noticeNow(access)
        return user
      },
    )

    app.post(
      '/users/:id/reset',
      {
        config: { right: 'users:write' },
        schema: {
          operationId: 'resetUser',
          summary: 'Give a person a one-time link to choose a new password',
          description:
            'The present password holds until the link is used; nobody but the person ever knows the new one. A second factor stays in place.',
          tags,
          params: Id,
          response: responses({ 201: schemas.Reset }, ...guarded, 'other_reset_pending'),
        },
      },
      async (request, reply) => {
        const { auth, actor, params } = request
        const link = await recordingRefusals(access, auth, actor, 'user.reset', () =>
          platform.transaction('accounts', (db) => resetUser(db, auth, actor, params.id)),
        )
        return reply.code(201).send({ activation: toLink(link) })
      },
    )

    app.delete(
      '/users/:id/second-factor',
      {
        config: { right: 'users:write' },
        schema: {
          operationId: 'resetSecondFactor',
          summary: 'Take the second factor of a person away who has lost it',
          description:
            'All sessions of the person end; where a role demands a second factor, the next login enrols a new one. For one’s own: a recovery code. For a SUPER_ADMIN: the console.',
          tags,
          params: Id,
          body: schemas.FactorReset,
          response: responses(
            { 204: Nothing },
            ...guarded,
            'second_factor_absent',
            'second_factor_reset_refused',
            'other_reset_pending',
          ),
        },
      },
      async (request, reply) => {
        const { auth, actor, params, body } = request
        await recordingRefusals(access, auth, actor, 'second_factor.reset', () =>
          platform.transaction('accounts', (db) => resetUserFactor(db, auth, actor, params.id, body.reason)),
        )
        await noticeNow(access)
        return reply.code(204).send(null)
      },
    )
  }

/** An attempt on somebody else's account is on the record even though nothing of it was stored (ASVS 16.3.2). */
async function recordingRefusals<T>(
  access: Access,
  auth: Auth,
  actor: Actor,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Problem && error.status === 403)
      await access.tenancy.platform.transaction('accounts', (db) =>
        recordEvent(db, actor, {
          action,
          outcome: 'refused',
          reason: error.code,
          establishmentId: auth.establishment?.id ?? null,
        }),
      )
    throw error
  }
}

type Hidden = { sealed: string; expiresAt: string }

// The answer waits 48 h for a repeated request: the link in it is as good as a password and is not stored in clear.
const hide = ({ answerKey }: Access, id: string, { token, expiresAt }: OneTimeLink): Hidden => ({
  sealed: seal(answerKey, Buffer.from(token), id).toString('base64url'),
  expiresAt,
})

const show = ({ answerKey }: Access, id: string, { sealed, expiresAt }: Hidden): OneTimeLink => ({
  token: unseal(answerKey, Buffer.from(sealed, 'base64url'), id).toString(),
  expiresAt,
})

// After the #: a fragment is never sent to a server nor written into its log.
const toLink = ({ token, expiresAt }: OneTimeLink) => ({ token, url: `/activation#${token}`, expiresAt })
