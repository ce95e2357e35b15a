import type { Tenancy } from '#tenancy'
import { responses } from '../../shared/schemas.ts'
import type { Routes } from '../http/index.ts'
import { listCounts } from './queries.ts'
import { Counts, CountsQuery } from './schemas.ts'

/** The national level's figures: nothing nominative, nothing small enough to point at somebody. */
export const countsRoutes =
  ({ tenancy }: { tenancy: Tenancy }): Routes =>
  async (app) => {
    app.get(
      '/counts',
      {
        config: { right: 'counts:read', access: { action: 'count.list' } },
        schema: {
          operationId: 'listCounts',
          summary: 'Figures by establishment',
          description:
            'By slug. Figures under 5 are hidden, and whatever would give them by difference: periods are whole months (`from` and `to` tell which), and there are no totals.',
          tags: ['national'],
          querystring: CountsQuery,
          response: responses({ 200: Counts }, 'invalid_cursor', 'right_missing'),
        },
      },
      (request) => listCounts(tenancy, request.query),
    )
  }
