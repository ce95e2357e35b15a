import type { preHandlerAsyncHookHandler } from 'fastify'
import { responses } from '../../shared/schemas.ts'
import type { Routes } from '../http/index.ts'
import type { Access } from './access.ts'
import { answerInvitation, listInvitations } from './invitations.ts'
import { originOf } from './login.ts'
import { changePassword, endSession, getMe, listSessions, switchEstablishment } from './own-account.ts'
import { noticeNow } from './scope.ts'
import * as schemas from './schemas.ts'

const tags = ['session']
const config = { authenticated: true } as const
// What a session may use that has yet to enrol a second factor.
const early = { authenticated: true, beforeEnrolment: true } as const
const tokenCodes = ['token_missing', 'token_invalid', 'token_expired', 'token_stale', 'session_closed'] as const

/**
 * What a signed-in person does with their own account, whatever the role.
 * @param counted slows down who guesses a password, by person; the present password also by how often it was wrong: a stolen
 * access token must not find it out
 */
export const ownAccountRoutes =
  (access: Access, counted: preHandlerAsyncHookHandler): Routes =>
  async (app) => {
    app.get(
      '/auth/me',
      {
        config: early,
        schema: {
          operationId: 'getMe',
          summary: 'Who am I',
          description: 'The signed-in person: establishment, roles, rights, other memberships.',
          tags,
          response: responses({ 200: schemas.Me }, ...tokenCodes),
        },
      },
      (request) => getMe(access, request.auth),
    )

    app.post(
      '/auth/password',
      {
        config: { ...early, rateLimit: false },
        preHandler: counted,
        schema: {
          operationId: 'changePassword',
          summary: 'Change the own password',
          description: 'Needs the present one. All other sessions of the account end.',
          tags,
          body: schemas.ChangePassword,
          response: responses(
            { 204: schemas.Nothing },
            ...tokenCodes,
            'current_password_wrong',
            'too_many_attempts',
            'busy',
          ),
        },
      },
      async (request, reply) => {
        await changePassword(access, request.auth, request.actor, request.body)
        await noticeNow(access)
        return reply.code(204).send(null)
      },
    )

    app.get(
      '/auth/sessions',
      {
        config,
        schema: {
          operationId: 'listSessions',
          summary: 'List the own sessions',
          description: 'Those that can still be used, latest used first.',
          tags,
          response: responses({ 200: schemas.Sessions }, ...tokenCodes),
        },
      },
      (request) => listSessions(access, request.auth),
    )

    app.delete(
      '/auth/sessions/:id',
      {
        config,
        schema: {
          operationId: 'endSession',
          summary: 'End one of the own sessions',
          description: 'For example that of a lost telephone.',
          tags,
          params: schemas.Id,
          response: responses({ 204: schemas.Nothing }, ...tokenCodes),
        },
      },
      async (request, reply) => {
        await endSession(access, request.auth, request.actor, request.params.id)
        await noticeNow(access)
        return reply.code(204).send(null)
      },
    )

    app.post(
      '/auth/establishment',
      {
        config,
        schema: {
          operationId: 'switchEstablishment',
          summary: 'Work in another establishment, or under another role',
          description: 'A new session bound to another membership of the person; the present session ends.',
          tags,
          body: schemas.Switch,
          response: responses({ 200: schemas.Tokens }, ...tokenCodes, 'membership_missing', 'establishment_suspended'),
        },
      },
      async (request) => {
        const tokens = await switchEstablishment(access, request.auth, request.actor, request.body, originOf(request))
        await noticeNow(access)
        return tokens
      },
    )

    app.get(
      '/auth/invitations',
      {
        config,
        schema: {
          operationId: 'listInvitations',
          summary: 'List the invitations that wait for an answer',
          description: 'An existing person joins another establishment only by accepting.',
          tags,
          response: responses({ 200: schemas.Invitations }, ...tokenCodes),
        },
      },
      (request) => listInvitations(access, request.auth),
    )

    app.post(
      '/auth/invitations/:id',
      {
        config,
        schema: {
          operationId: 'answerInvitation',
          summary: 'Accept or decline an invitation',
          description: 'Once accepted, POST /auth/establishment goes to work there.',
          tags,
          params: schemas.Id,
          body: schemas.Answer,
          response: responses({ 204: schemas.Nothing }, ...tokenCodes, 'role_not_grantable'),
        },
      },
      async (request, reply) => {
        await answerInvitation(access, request.auth, request.actor, request.params.id, request.body.accept)
        return reply.code(204).send(null)
      },
    )
  }
