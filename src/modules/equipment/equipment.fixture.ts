import { change, create, ifMatch, list, read, reason } from '../../../test/isolation/plan.ts'
import { unique } from '../../../test/isolation/records.ts'
import type { Place } from '../../../test/isolation/world.ts'
import type { ModuleFixture } from '../../../test/modules.ts'
import { administrator, staff } from '../../../test/roles.ts'

declare module '../../../test/modules.ts' {
  interface ModuleKinds {
    equipment: true
  }
}

const named = ({ mark }: Place) => ({ code: `${mark.slice(0, 20)} ${unique()}`, name: mark, state: 'outOfOrder' })

export const fixture: ModuleFixture = {
  rights: {
    'GET /api/v1/equipment': staff,
    'GET /api/v1/equipment/export': staff,
    'POST /api/v1/equipment': administrator,
    'GET /api/v1/equipment/:id': staff,
    'PATCH /api/v1/equipment/:id': administrator,
    'DELETE /api/v1/equipment/:id': administrator,
    'GET /api/v1/equipment/:id/states': staff,
    'PUT /api/v1/equipment/:id/states': administrator,
    'GET /api/v1/equipment/:id/history': staff,
  },
  plans: {
    'GET /api/v1/equipment': list(),
    'GET /api/v1/equipment/export': list(),
    'POST /api/v1/equipment': create('admin', named),
    'GET /api/v1/equipment/{id}': read('equipment'),
    'PATCH /api/v1/equipment/{id}': change('equipment', 'admin', () => ({ state: 'working' })),
    'DELETE /api/v1/equipment/{id}': {
      who: 'admin',
      path: 'equipment',
      status: 204,
      async make(place) {
        const { id, version } = await place.make('equipment')
        return { params: { id }, headers: ifMatch(version), body: reason }
      },
    },
    'GET /api/v1/equipment/{id}/states': read('equipment'),
    'PUT /api/v1/equipment/{id}/states': change('equipment', 'admin', () => ({
      states: [{ state: 'maintenance', since: '2026-01-05' }],
      changeReason: 'Essai de cloisonnement',
    })),
    'GET /api/v1/equipment/{id}/history': read('equipment'),
  },
  kinds: {
    equipment: {
      make: async (place) => (await place.admin.post('/api/v1/equipment', named(place), 201)).body,
      revise: async (place, { id, version }) =>
        (await place.admin.patch(`/api/v1/equipment/${id}`, { name: `${place.mark} bis` }, version, 200)).body,
    },
  },
  parameters: {},
  fuzz: {
    hints: () => ({
      equipment: {
        code: (choose) => `E${choose.int(1, 10 ** 6)}`,
        nextMaintenanceOn: () => '2026-09-15',
        since: () => '2026-05-12',
      },
    }),
  },
}
