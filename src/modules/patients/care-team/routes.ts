import { Type } from 'typebox'
import type { Access } from '../../../platform/auth/index.ts'
import { changeOnce, IdempotencyKey, type Routes } from '../../../platform/http/index.ts'
import { getColleague, listColleagues, MOST_COLLEAGUES } from '../../../platform/users/index.ts'
import { Line, object, responses, Uuid } from '../../../shared/schemas.ts'
import { Nothing, PatientPath } from '../schemas.ts'
import { refuseProtected } from '../visibility.ts'
import { addMember, getCareTeam, removeMember } from './queries.ts'
import { CareTeam, MemberChange, MemberPath } from './schemas.ts'

const tags = ['sensitive files']

const pathId = (_: unknown, { params }: { params: unknown }) => [(params as { id: string }).id]

/** Who cares for a patient whose file is sensitive. */
export const careTeamRoutes =
  ({ tenancy: { platform } }: Access): Routes =>
  async (app) => {
    app.get(
      '/colleagues',
      {
        config: { right: 'patients:read', access: { action: 'colleague.list' } },
        schema: {
          operationId: 'listColleagues',
          tags,
          summary: 'The agents of the own establishment',
          description: 'By name, to be named in a caring team; the first hundred.',
          querystring: object({
            q: Type.Optional(Line(100, { description: 'A part of the name or username', examples: ['coulibaly'] })),
          }),
          response: responses({
            200: object({
              items: Type.Array(object({ id: Uuid, name: Type.String({ maxLength: 160 }) }), {
                maxItems: MOST_COLLEAGUES,
              }),
            }),
          }),
        },
      },
      async ({ tenant, query }) => ({
        items: await platform.read('accounts', (db) => listColleagues(db, tenant.establishment.id, query.q)),
      }),
    )

    app.get(
      '/patients/:id/care-team',
      {
        config: { right: 'patients:read', access: { action: 'care_team.list', patients: pathId } },
        schema: {
          operationId: 'getCareTeam',
          tags,
          summary: 'Who cares for a patient',
          description:
            'Everybody who is or was of the caring team, newest first: the only ones who see a sensitive file.',
          params: PatientPath,
          response: responses({ 200: CareTeam }, 'patient_not_found', 'patient_protected'),
        },
      },
      async ({ tenant, actor, params }) => tenant.read((db) => getCareTeam(db, actor, params.id)),
    )

    app.put(
      '/patients/:id/care-team/:userId',
      {
        config: { right: 'patients:write' },
        schema: {
          operationId: 'addToCareTeam',
          tags,
          summary: 'Add a colleague to the caring team',
          description: 'By one of the team. Who is of it already stays so.',
          params: MemberPath,
          headers: IdempotencyKey,
          body: MemberChange,
          response: responses(
            { 200: CareTeam },
            'patient_not_found',
            'patient_protected',
            'care_team_only',
            'patient_not_sensitive',
            'colleague_not_found',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
        },
      },
      async (request, reply) => {
        const { tenant, actor, params, body } = request
        const colleague = await platform.read('accounts', (db) =>
          getColleague(db, tenant.establishment.id, params.userId),
        )
        return changeOnce(
          request,
          reply,
          (db) => addMember(db, actor, params.id, colleague, body.reason),
          (db) => refuseProtected(db, actor, params.id),
        )
      },
    )

    app.delete(
      '/patients/:id/care-team/:userId',
      {
        config: { right: 'patients:write' },
        schema: {
          operationId: 'removeFromCareTeam',
          tags,
          summary: 'Take a person out of the caring team',
          description: 'By one of the team, also oneself; somebody always remains. Stays written down with the reason.',
          params: MemberPath,
          headers: IdempotencyKey,
          body: MemberChange,
          response: responses(
            { 204: Nothing },
            'patient_not_found',
            'patient_protected',
            'care_team_only',
            'patient_not_sensitive',
            'care_team_member_not_found',
            'care_team_last',
            'invalid_idempotency_key',
            'idempotency_key_reused',
          ),
        },
      },
      async (request, reply) => {
        const { actor, params, body } = request
        return changeOnce(request, reply, async (db) => {
          await removeMember(db, actor, params.id, params.userId, body.reason)
          return null
        })
      },
    )
  }
