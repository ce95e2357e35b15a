import { Type, type Static } from 'typebox'
import { Cursor, IsoDate, Limit, nullable, object, page, Timestamp, Uuid } from '../../shared/schemas.ts'

export const AccessPath = object({ id: Uuid })
export type AccessPath = Static<typeof AccessPath>

export const AccessQuery = object({
  format: Type.Optional(
    Type.Enum(['json', 'html'], { default: 'json', description: 'html: one page to be printed for the patient' }),
  ),
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type AccessQuery = Static<typeof AccessQuery>

export const AccessPage = page(
  object({
    id: Uuid,
    at: Timestamp,
    actor: object({ id: nullable(Uuid), name: Type.String(), role: nullable(Type.String()) }),
    action: Type.String({ examples: ['patient.read'] }),
    outcome: Type.Enum(['success', 'refused', 'failure']),
    target: nullable(object({ type: Type.String(), id: nullable(Type.String()) })),
    reason: nullable(Type.String()),
    requestId: nullable(Type.String()),
  }),
)
