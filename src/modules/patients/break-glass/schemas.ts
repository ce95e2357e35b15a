import { Type, type Static } from 'typebox'
import { Cursor, Limit, Line, nullable, object, page, Timestamp, Uuid } from '../../../shared/schemas.ts'
import { FileNumber } from '../schemas.ts'

const Name = Type.String({ maxLength: 160, examples: ['Moussa Traoré'] })

export const BreakGlassRequest = object({
  reason: Line(500, {
    minLength: 10,
    description:
      'Why this file must be opened now. The administrator of the establishment reads it: no illness, no result',
    examples: ['Urgence : patient inconscient, antécédents nécessaires'],
  }),
})

export const BreakGlass = object({
  id: Uuid,
  version: Type.Integer({ minimum: 1, description: 'Grows by one when it is reviewed; the ETag' }),
  patient: object({ id: Uuid, fileNumber: FileNumber }),
  user: object({ id: Uuid, name: Name, role: Type.String({ maxLength: 40, examples: ['SIS_CSREF'] }) }),
  reason: Type.String({ maxLength: 500 }),
  openedAt: Timestamp,
  expiresAt: Type.Unsafe<string>({ ...Timestamp, description: 'The file is open until before this instant' }),
  review: nullable(
    object({
      at: Timestamp,
      by: object({ id: nullable(Uuid), name: Name }),
      remark: Type.String({ maxLength: 500 }),
      admitted: Type.Boolean({ description: 'The person was let into the caring team' }),
    }),
  ),
})
export type BreakGlass = Static<typeof BreakGlass>

export const BreakGlassQuery = object({
  status: Type.Optional(
    Type.Enum(['open', 'closed'], { type: 'string', description: 'open: waits for its review; closed: reviewed' }),
  ),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type BreakGlassQuery = Static<typeof BreakGlassQuery>

export const BreakGlassPage = object({
  ...page(BreakGlass).properties,
  waiting: Type.Integer({ minimum: 0, description: 'How many wait for their review' }),
})
export type BreakGlassPage = Static<typeof BreakGlassPage>

export const Review = object(
  {
    remark: Line(500, {
      minLength: 3,
      description: 'What the review found; kept',
      examples: ['Urgence confirmée par le registre de garde'],
    }),
    admit: Type.Optional(
      Type.Boolean({
        description: 'true: the person goes on treating this patient and comes into the caring team',
      }),
    ),
  },
  { examples: [{ remark: 'Urgence confirmée par le registre de garde' }] },
)
export type Review = Static<typeof Review>
export const BreakGlassPath = object({ id: Uuid })
