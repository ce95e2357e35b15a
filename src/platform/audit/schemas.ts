import { Type, type Static } from 'typebox'
import { Cursor, IsoDate, Limit, nullable, object, page, Timestamp, Uuid } from '../../shared/schemas.ts'

const Outcome = Type.Enum(['success', 'refused', 'failure'])

const filters = {
  source: Type.Optional(
    Type.Enum(['accounts', 'records'], {
      description:
        '`accounts`: logins, rights, acts of the platform on this establishment; `records`: what was read and done in it; both unless said',
    }),
  ),
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  actorId: Type.Optional(Uuid),
  patientId: Type.Optional(Uuid),
  action: Type.Optional(
    Type.String({ maxLength: 60, pattern: '^[a-z][a-z0-9_.-]*$', examples: ['patient.read', 'login'] }),
  ),
  outcome: Type.Optional(Outcome),
}

export const AuditFilters = object(filters)
export type AuditFilters = Static<typeof AuditFilters>
export const AuditQuery = object({ ...filters, limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) })
export type AuditQuery = Static<typeof AuditQuery>

const AuditEvent = object({
  id: Uuid,
  at: Timestamp,
  actor: object({ id: nullable(Uuid), name: Type.String(), role: nullable(Type.String()) }),
  action: Type.String({ examples: ['login'] }),
  outcome: Outcome,
  target: nullable(object({ type: Type.String(), id: nullable(Type.String()) })),
  patients: Type.Array(Uuid, { description: 'Whose files; at most 100, of an export 1,000 an entry' }),
  reason: nullable(Type.String()),
  ip: nullable(Type.String()),
  requestId: nullable(Type.String()),
  detail: Type.Array(object({ name: Type.String(), value: Type.String() }), {
    description: 'Names of filters and fields, counts, hashes: never a clinical value',
  }),
})
export type AuditEvent = Static<typeof AuditEvent>
export const AuditPage = page(AuditEvent)
