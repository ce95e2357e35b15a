import { change, create, ifMatch, list, read, reason } from '../../../test/isolation/plan.ts'
import { unique } from '../../../test/isolation/records.ts'
import type { Place } from '../../../test/isolation/world.ts'
import type { ModuleFixture } from '../../../test/modules.ts'
import { administrator, staff } from '../../../test/roles.ts'

declare module '../../../test/modules.ts' {
  interface ModuleKinds {
    beds: true
  }
}

const bedIn = async ({ mark, records, make }: Place) => ({
  code: `${mark.slice(0, 19)} ${unique()}`,
  serviceId: (records.services ?? (await make('services'))).id,
})

export const fixture: ModuleFixture = {
  rights: {
    'GET /api/v1/beds': staff,
    'GET /api/v1/beds/export': staff,
    'POST /api/v1/beds': administrator,
    'GET /api/v1/beds/:id': staff,
    'PATCH /api/v1/beds/:id': administrator,
    'PUT /api/v1/beds/:id/state': staff,
    'DELETE /api/v1/beds/:id': administrator,
    'GET /api/v1/beds/:id/history': staff,
  },
  plans: {
    'GET /api/v1/beds': list(),
    'GET /api/v1/beds/export': list(),
    'POST /api/v1/beds': { ...create('admin', () => ({})), make: async (place) => ({ body: await bedIn(place) }) },
    'GET /api/v1/beds/{id}': read('beds'),
    'PATCH /api/v1/beds/{id}': change('beds', 'admin', () => ({ active: false })),
    'PUT /api/v1/beds/{id}/state': change('beds', 'agent', () => ({ state: 'cleaning' })),
    'DELETE /api/v1/beds/{id}': {
      who: 'admin',
      path: 'beds',
      status: 204,
      make: async ({ make }) => ({ params: { id: (await make('beds')).id }, headers: ifMatch(), body: reason }),
    },
    'GET /api/v1/beds/{id}/history': read('beds'),
  },
  kinds: {
    beds: {
      make: async (place) => (await place.admin.post('/api/v1/beds', await bedIn(place), 201)).body,
      revise: async (place, { id, version }) =>
        (await place.admin.patch(`/api/v1/beds/${id}`, { code: (await bedIn(place)).code }, version, 200)).body,
    },
  },
  parameters: { bedId: 'beds' },
  fuzz: {
    hints: (id) => ({
      beds: {
        code: (choose) => `L${choose.int(1, 10 ** 6)}`,
        serviceId: id('services'),
        openedOn: () => '2020-01-01',
        active: (choose) => choose.chance(0.8),
      },
    }),
  },
}
