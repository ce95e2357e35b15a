import { read, reason } from '../../../test/isolation/plan.ts'
import type { ModuleFixture } from '../../../test/modules.ts'
import { agents } from '../../../test/roles.ts'

declare module '../../../test/modules.ts' {
  interface ModuleKinds {
    oppositions: true
  }
}

export const fixture: ModuleFixture = {
  rights: {
    'GET /api/v1/patients/:id/oppositions': agents,
    'POST /api/v1/patients/:id/oppositions': agents,
    'DELETE /api/v1/patients/:id/oppositions/:oppositionId': agents,
  },
  plans: {
    'GET /api/v1/patients/{id}/oppositions': read('patients'),
    'POST /api/v1/patients/{id}/oppositions': {
      who: 'agent',
      path: 'patients',
      status: 201,
      make: async (place) => ({ params: { id: (await place.make('patients')).id }, body: { scope: 'statistics' } }),
    },
    'DELETE /api/v1/patients/{id}/oppositions/{oppositionId}': {
      who: 'agent',
      path: 'patients',
      status: 204,
      async make({ make, agent }) {
        const { id } = await make('patients')
        const { body } = await agent.post(`/api/v1/patients/${id}/oppositions`, { scope: 'research' }, 201)
        return { params: { id, oppositionId: body.id as string }, body: reason }
      },
    },
  },
  kinds: {
    oppositions: {
      async make({ agent, mark, make }) {
        const { id } = await make('patients')
        return (await agent.post(`/api/v1/patients/${id}/oppositions`, { scope: 'research', reason: mark }, 201)).body
      },
    },
  },
  parameters: { oppositionId: 'oppositions' },
}
