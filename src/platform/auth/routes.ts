import formbody from '@fastify/formbody'
import { responses } from '../../shared/schemas.ts'
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../http/network.ts'
import type { Routes } from '../http/index.ts'
import type { Access } from './access.ts'
import { activate } from './activation.ts'
import { sessionOfMark } from './device-marks.ts'
import { logIn, originOf, refresh } from './login.ts'
import { logOut } from './own-account.ts'
import { ownAccountRoutes } from './own-account-routes.ts'
import { noticeNow } from './scope.ts'
import * as schemas from './schemas.ts'
import { secondFactorRoutes } from './second-factor/routes.ts'
import { grantTokens, withBasic } from './token-form.ts'

export type AuthLimits = { loginsPerMinute: number }

const tags = ['session']
const refusals = [
  'too_many_attempts',
  'invalid_credentials',
  'account_disabled',
  'second_factor_required',
  'membership_missing',
  'establishment_suspended',
  'busy',
] as const

/** Logging in and out, tokens, and what a person does with their own account. */
export const authRoutes =
  (access: Access, { loginsPerMinute }: AuthLimits): Routes =>
  async (app) => {
    // One counter for all doors (a route's own `rateLimit` would give each its own), by network: who guesses has no account
    // to be counted by. A device that bears our mark is counted by itself: its neighbours must not keep it out; nor a
    // person who is signed in.
    const keyGenerator = (request: FastifyRequest): string => {
      const { ip, body } = request
      // The type says that there is always someone; on a public route there is not.
      const auth: FastifyRequest['auth'] | undefined = request.auth
      if (auth) return auth.account.id
      const { device } = (body ?? {}) as { device?: unknown }
      const session = typeof device === 'string' ? sessionOfMark(access.deviceKey, device) : undefined
      return session ?? networkOf(ip)
    }
    const counted = app.rateLimit({ max: loginsPerMinute, timeWindow: 60_000, keyGenerator })
    app.addHook('onClose', () => access.refusedLogins.close())
    const guessable = { public: true } as const

    app.post(
      '/auth/login',
      {
        config: guessable,
        preHandler: counted,
        schema: {
          operationId: 'logIn',
          summary: 'Log in',
          description:
            'Without `establishment` the session is bound to the one last worked in. `user.memberships` lists the others: POST /auth/establishment goes there. A person with a second factor gets 401 `second_factor_required` with a `challenge` for POST /auth/second-factor.',
          tags,
          body: schemas.Login,
          response: responses({ 200: schemas.Tokens }, ...refusals),
        },
      },
      (request) => logIn(access, request.body, originOf(request)),
    )

    app.post(
      '/auth/refresh',
      {
        config: { public: true },
        schema: {
          operationId: 'refresh',
          summary: 'Get new tokens for a refresh token',
          description:
            'The refresh token is replaced. For ten seconds the old one gets the same successor again (a lost answer); later its use closes the session.',
          tags,
          body: schemas.Refresh,
          response: responses(
            { 200: schemas.Tokens },
            'refresh_invalid',
            'refresh_reused',
            'session_closed',
            'establishment_suspended',
          ),
        },
      },
      (request) => refresh(access, request.body.refresh_token, originOf(request)),
    )

    app.post(
      '/auth/logout',
      {
        config: { authenticated: true, beforeEnrolment: true },
        schema: {
          operationId: 'logOut',
          summary: 'Log out',
          description: 'Ends this session: its access and refresh tokens are refused from now on.',
          tags,
          response: responses({ 204: schemas.Nothing }, 'token_missing', 'token_invalid', 'token_expired'),
        },
      },
      async (request, reply) => {
        await logOut(access, request.auth, request.actor)
        await noticeNow(access)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/auth/activate',
      {
        config: guessable,
        preHandler: counted,
        schema: {
          operationId: 'activate',
          summary: 'Choose a password by a one-time link',
          description: 'For a new account or after a reset. The person then logs in; all earlier sessions are closed.',
          tags,
          body: schemas.Activate,
          response: responses({ 204: schemas.Nothing }, 'activation_invalid', 'busy'),
        },
      },
      async (request, reply) => {
        await activate(access, request.body, { ip: request.ip, requestId: request.id })
        await noticeNow(access)
        return reply.code(204).send(null)
      },
    )

    await app.register(async (form) => {
      // Only here: elsewhere a form would be a way around the JSON parser's checks.
      await form.register(formbody, { bodyLimit: 8_192 })
      form.post(
        '/auth/token',
        {
          config: guessable,
          preHandler: counted,
          schema: {
            operationId: 'getToken',
            summary: 'OAuth 2.0 token endpoint (password and refresh_token)',
            description:
              'For *Authorize* in this page and for OAuth 2.0 clients (RFC 6749 4.3 and 6); errors also carry `error`. A person with a second factor gives its code as `client_secret`, in the form or by HTTP Basic; without it the answer is 401 `second_factor_required` with a `challenge`.',
            tags,
            consumes: ['application/x-www-form-urlencoded'],
            body: schemas.TokenForm,
            response: responses(
              { 200: schemas.Tokens },
              'too_many_attempts',
              'invalid_grant',
              'second_factor_required',
              'second_factor_wrong',
              'membership_missing',
              'establishment_suspended',
              'busy',
            ),
          },
        },
        (request) =>
          grantTokens(
            access,
            withBasic(request.body as schemas.TokenForm, request.headers.authorization),
            originOf(request),
          ),
      )
    })

    await app.register(secondFactorRoutes(access, counted))
    await app.register(ownAccountRoutes(access, counted))
  }

/** The public keys, for whoever verifies our tokens elsewhere (RFC 7517). */
export const jwksRoutes =
  (access: Access): Routes =>
  async (app) => {
    app.get(
      '/.well-known/jwks.json',
      {
        config: { public: true },
        schema: {
          operationId: 'getKeys',
          summary: 'Public keys of the access tokens',
          description: 'JSON Web Key Set: the next key, the current one, and earlier ones whose tokens may still live.',
          tags,
          response: responses({ 200: schemas.KeySet }),
        },
      },
      async (_request, reply) => {
        void reply.header('cache-control', 'public, max-age=60')
        return access.keys.ring.jwks
      },
    )
  }
