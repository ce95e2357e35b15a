import type { preHandlerAsyncHookHandler } from 'fastify'
import { responses } from '../../../shared/schemas.ts'
import type { Routes } from '../../http/index.ts'
import type { Access } from '../access.ts'
import { originOf } from '../login.ts'
import { demandsSecondFactor } from '../rights.ts'
import { Nothing, Tokens } from '../schemas.ts'
import { noticeNow } from '../scope.ts'
import { answerChallenge } from './answer.ts'
import { readFactorState } from './factor.ts'
import { beginEnrolment, confirmEnrolment, disableFactor, renewRecoveryCodes } from './own.ts'
import * as schemas from './schemas.ts'

const tags = ['session']
const config = { authenticated: true, beforeEnrolment: true } as const
const tokenCodes = ['token_missing', 'token_invalid', 'token_expired', 'token_stale', 'session_closed'] as const

/**
 * The code besides the password: at login, and what a person does with their own second factor.
 * @param counted slows down who guesses, as at the other doors
 */
export const secondFactorRoutes =
  (access: Access, counted: preHandlerAsyncHookHandler): Routes =>
  async (app) => {
    const guessable = { config: { ...config, rateLimit: false as const }, preHandler: counted }

    app.post(
      '/auth/second-factor',
      {
        config: { public: true },
        preHandler: counted,
        schema: {
          operationId: 'giveSecondFactor',
          summary: 'End a login by the second factor',
          description:
            'With the `challenge` of a login that answered `second_factor_required`: five minutes, five wrong codes at most. After five wrong codes in a row each further one waits, a quarter of an hour at most; a recovery code does not.',
          tags,
          body: schemas.Answer,
          response: responses(
            { 200: Tokens },
            'challenge_invalid',
            'second_factor_wrong',
            'membership_missing',
            'establishment_suspended',
          ),
        },
      },
      (request) => answerChallenge(access, request.body, originOf(request)),
    )

    app.get(
      '/auth/totp',
      {
        config,
        schema: {
          operationId: 'getSecondFactor',
          summary: 'Read the state of the own second factor',
          description: 'Whether there is one, whether it must be, how many recovery codes are left.',
          tags,
          response: responses({ 200: schemas.State }, ...tokenCodes),
        },
      },
      async ({ auth }) => {
        const state = await access.tenancy.platform.read('accounts', (db) => readFactorState(db, auth.account.id))
        return { ...state, required: auth.mustEnrol || (state.active && demandsSecondFactor(auth.roles)) }
      },
    )

    app.post(
      '/auth/totp',
      {
        ...guessable,
        schema: {
          operationId: 'enrolSecondFactor',
          summary: 'Begin to enrol a second factor',
          description:
            'Answers a secret for an authenticator application (TOTP, RFC 6238: SHA-1, 6 digits, 30 s), also as a QR code; it counts once confirmed. Needs the password; and a code, where a second factor is to be replaced.',
          tags,
          body: schemas.Begin,
          response: responses(
            { 200: schemas.Begun },
            ...tokenCodes,
            'current_password_wrong',
            'too_many_attempts',
            'code_wrong',
            'second_factor_not_for_demo',
          ),
        },
      },
      (request) => beginEnrolment(access, request.auth, request.actor, request.body),
    )

    app.post(
      '/auth/totp/confirm',
      {
        ...guessable,
        schema: {
          operationId: 'confirmSecondFactor',
          summary: 'End the enrolment by a first code',
          description: 'All sessions end; the answer opens a new one, and holds ten recovery codes.',
          tags,
          body: schemas.Confirm,
          response: responses({ 200: schemas.Enrolled }, ...tokenCodes, 'code_wrong', 'second_factor_not_begun'),
        },
      },
      async (request) => {
        const { auth, actor, body } = request
        const enrolled = await confirmEnrolment(access, auth, actor, body.code, originOf(request))
        await noticeNow(access)
        return enrolled
      },
    )

    app.post(
      '/auth/totp/recovery-codes',
      {
        ...guessable,
        schema: {
          operationId: 'renewRecoveryCodes',
          summary: 'Get ten new recovery codes',
          description: 'Those before are worth nothing from now on.',
          tags,
          body: schemas.Renew,
          response: responses({ 200: schemas.Renewed }, ...tokenCodes, 'code_wrong', 'second_factor_absent'),
        },
      },
      (request) => renewRecoveryCodes(access, request.auth, request.actor, request.body.code),
    )

    app.delete(
      '/auth/totp',
      {
        ...guessable,
        schema: {
          operationId: 'disableSecondFactor',
          summary: 'Give the own second factor up',
          description: 'Where no role demands one. Needs the password and a code; all other sessions end.',
          tags,
          body: schemas.Disable,
          response: responses(
            { 204: Nothing },
            ...tokenCodes,
            'current_password_wrong',
            'too_many_attempts',
            'code_wrong',
            'second_factor_absent',
            'second_factor_mandatory',
          ),
        },
      },
      async (request, reply) => {
        await disableFactor(access, request.auth, request.actor, request.body)
        await noticeNow(access)
        return reply.code(204).send(null)
      },
    )
  }
