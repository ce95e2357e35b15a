import type { Routes } from '../../platform/http/index.ts'
import { responses } from '../../shared/schemas.ts'
import { readDashboard } from './dashboard.ts'
import { Dashboard } from './schemas.ts'

export const dashboardRoutes: Routes = async (app) => {
  app.get(
    '/dashboard',
    {
      config: { right: 'dashboard:read', access: { action: 'dashboard.read' } },
      schema: {
        operationId: 'getDashboard',
        tags: ['dashboard'],
        summary: 'The establishment at a glance',
        description:
          'Patients, visits, stays and beds, the curves of the last days and weeks, the first diagnoses, and what waits to be ' +
          'handled, in one answer. Nobody is named; parts of modules that are off are null.',
        response: responses({ 200: Dashboard }),
      },
    },
    async ({ tenant, auth, actor }) => readDashboard(tenant, auth, actor),
  )
}
