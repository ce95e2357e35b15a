import { Type, type Static } from 'typebox'
import { Cursor, IsoDate, Limit, nullable, object, page, Timestamp, Uuid } from '../../shared/schemas.ts'

export const AuditQuery = object({
  source: Type.Optional(
    Type.Enum(['accounts', 'records'], {
      default: 'accounts',
      description:
        '`accounts`: logins, rights, acts of the platform on this establishment; `records`: acts on its records',
    }),
  ),
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  patientId: Type.Optional(Uuid),
  actorId: Type.Optional(Uuid),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type AuditQuery = Static<typeof AuditQuery>

const AuditEvent = object({
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
export type AuditEvent = Static<typeof AuditEvent>
export const AuditPage = page(AuditEvent)
