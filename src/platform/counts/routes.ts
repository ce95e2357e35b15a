import { Type, type Static } from 'typebox'
import type { Tenancy } from '#tenancy'
import { regions } from '../../shared/regions.ts'
import { Cursor, IsoDate, Limit, nullable, object, responses } from '../../shared/schemas.ts'
import { Slug, TypeName } from '../auth/index.ts'
import type { Routes } from '../http/index.ts'
import { listCounts } from './queries.ts'

const Query = object({
  from: Type.Optional(IsoDate),
  to: Type.Optional(IsoDate),
  region: Type.Optional(Type.Enum([...regions])),
  limit: Type.Optional(Limit),
  cursor: Type.Optional(Cursor),
})
export type CountsQuery = Static<typeof Query>

const Cell = (description: string) => nullable(Type.Integer({ minimum: 5, description }))

const Counts = object({
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
      newCases: Cell('Consultations for a new case in the period'),
      hidden: Type.Boolean({ description: 'Something was hidden or left out' }),
    }),
    { maxItems: 100 },
  ),
  nextCursor: nullable(Cursor),
})
export type Counts = Static<typeof Counts>

/** The national level's figures: nothing nominative, nothing small enough to point at somebody. */
export const countsRoutes = ({ tenancy }: { tenancy: Tenancy }): Routes => async (app) => {
  app.get(
    '/counts',
    {
      config: { right: 'counts:read' },
      schema: {
        operationId: 'listCounts',
        summary: 'Figures by establishment',
        description:
          'By slug. Figures under 5 are hidden, and whatever would give them by difference: periods are whole months (`from` and `to` tell which), and there are no totals.',
        tags: ['national'],
        querystring: Query,
        response: responses({ 200: Counts }, 'invalid_cursor', 'right_missing'),
      },
    },
    (request) => listCounts(tenancy, request.query),
  )
}
