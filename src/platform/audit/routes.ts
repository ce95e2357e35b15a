import { Type, type Static } from 'typebox'
import type { Tenancy } from '#tenancy'
import { Cursor, IsoDate, Limit, nullable, object, page, responses, Timestamp, Uuid } from '../../shared/schemas.ts'
import type { Routes } from '../http/index.ts'
import { listAccountEvents, listRecordEvents } from './queries.ts'

const Query = object({
  source: Type.Optional(
    Type.Enum(['accounts', 'records'], {
      default: 'accounts',
      description: '`accounts`: logins, rights, acts of the platform on this establishment; `records`: acts on its records',
    }),
  ),
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  patientId: Type.Optional(Uuid),
  actorId: Type.Optional(Uuid),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type AuditQuery = Static<typeof Query>

const Event = object({
  id: Uuid,
  at: Timestamp,
  actor: object({ id: nullable(Uuid), name: Type.String(), role: nullable(Type.String()) }),
  action: Type.String({ examples: ['login'] }),
  outcome: Type.Enum(['success', 'refused', 'failure']),
  target: nullable(object({ type: Type.String(), id: nullable(Type.String()) })),
  patientId: nullable(Uuid),
  reason: nullable(Type.String()),
  ip: nullable(Type.String()),
  requestId: nullable(Type.String()),
})
export type AuditEvent = Static<typeof Event>

/** An establishment's own record, for its administrators: what was done, by whom, never a clinical value. */
export const auditRoutes = ({ tenancy }: { tenancy: Tenancy }): Routes => async (app) => {
  app.get(
    '/audit',
    {
      config: { right: 'audit:read' },
      schema: {
        operationId: 'listAudit',
        summary: 'Read the establishment’s record',
        description: 'Newest first. It also holds every act of the platform’s administrators on this establishment.',
        tags: ['audit'],
        querystring: Query,
        response: responses({ 200: page(Event) }, 'invalid_cursor', 'right_missing'),
      },
    },
    (request) =>
      request.query.source === 'records'
        ? request.tenant.read((db) => listRecordEvents(db, request.query))
        : tenancy.platform.read('audit', (db) => listAccountEvents(db, request.tenant.establishment.id, request.query)),
  )
}
