import { Type, type Static } from 'typebox'
import { regions } from '../../shared/regions.ts'
import { Cursor, IsoDate, Limit, nullable, object } from '../../shared/schemas.ts'
import { Slug, TypeName } from '../auth/index.ts'

export const CountsQuery = object({
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  region: Type.Optional(Type.Enum([...regions])),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type CountsQuery = Static<typeof CountsQuery>

const Cell = (description: string) => nullable(Type.Integer({ minimum: 5, description }))

export const Counts = object({
  from: nullable(IsoDate),
  to: nullable(IsoDate),
  items: Type.Array(
    object({
      slug: Slug,
      name: Type.String(),
      type: TypeName,
      region: Type.String(),
      patients: Cell('Files on record today; null when under 5'),
      consultations: Cell('In the period; months under 5 are left out'),
      newCases: Cell('Consultations for a new case, in the months whose follow-ups are not few'),
      hidden: Type.Boolean({ description: 'Something was hidden or left out' }),
    }),
    { maxItems: 100 },
  ),
  nextCursor: nullable(Cursor),
})
export type Counts = Static<typeof Counts>
