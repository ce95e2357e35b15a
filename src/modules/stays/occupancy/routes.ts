import type { Routes } from '../../../platform/http/index.ts'
import { responses } from '../../../shared/schemas.ts'
import { readBoard, withoutStrangers } from './board.ts'
import { readIndicators } from './indicators.ts'
import { Board, Indicators, IndicatorsQuery, type Occupant } from './schemas.ts'

const tags = ['occupancy']

/** Whose files the board opens: of those who are shown by name. */
function* patientsOf({ services }: Board) {
  for (const { beds, withoutBed } of services) {
    for (const { stay } of beds) yield named(stay)
    for (const stay of withoutBed) yield named(stay)
  }
}

const named = (stay: Occupant | null): string | undefined => stay?.patient?.id

/** The beds as they are, and the figures of a period. */
export const occupancyRoutes: Routes = async (app) => {
  app.get(
    '/occupancy',
    {
      config: {
        right: 'occupancy:read',
        access: {
          action: 'bedBoard.read',
          patients: (board) => patientsOf(board as Board),
          detail: (board) => ({ count: (board as Board).total.patients }),
        },
      },
      schema: {
        operationId: 'getBedBoard',
        tags,
        summary: 'The beds of every service, now',
        description:
          'Every open bed with its state and who lies in it, by service, and the patients who have no bed. Those who care ' +
          'for patients see who they are and how, as far as sensitive files allow; of others, and to the administrator, only ' +
          'that somebody lies there is told.',
        response: responses({ 200: Board }),
      },
    },
    async ({ tenant, auth, actor }) =>
      withoutStrangers(await tenant.read((db) => readBoard(db, auth.rights.has('stays:read') ? actor : undefined))),
  )

  app.get(
    '/occupancy/indicators',
    {
      config: { right: 'occupancy:read', access: { action: 'bedIndicators.read' } },
      schema: {
        operationId: 'getBedIndicators',
        tags,
        summary: 'Occupancy, mean stay, turnover and death rate of a period',
        description:
          'Of the establishment and of each of its services, with the counts that they are made of. Hidden stays do not ' +
          'count; of a stay that goes on count its days until the end of the period. The conventions stand in ' +
          'docs/indicateurs-lits.fr.md.',
        querystring: IndicatorsQuery,
        response: responses({ 200: Indicators }, 'service_not_found'),
      },
    },
    async ({ tenant, query }) => tenant.read((db) => readIndicators(db, query)),
  )
}
