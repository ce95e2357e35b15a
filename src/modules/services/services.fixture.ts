import { change, create, list, read, reason } from '../../../test/isolation/plan.ts'
import { unique } from '../../../test/isolation/records.ts'
import type { Place } from '../../../test/isolation/world.ts'
import type { KindFixture, ModuleFixture } from '../../../test/modules.ts'
import { administrator, staff } from '../../../test/roles.ts'

declare module '../../../test/modules.ts' {
  interface ModuleKinds {
    services: true
    specialties: true
  }
}

const named = ({ mark }: Place) => ({ name: `${mark} ${unique()}` })
const kind = (path: 'services' | 'specialties'): KindFixture => ({
  make: async (place) => (await place.admin.post(`/api/v1/${path}`, named(place), 201)).body,
  revise: async (place, { id, version }) =>
    (await place.admin.patch(`/api/v1/${path}/${id}`, { active: true, ...named(place) }, version, 200)).body,
})

export const fixture: ModuleFixture = {
  rights: {
    'GET /api/v1/services': staff,
    'GET /api/v1/services/export': staff,
    'GET /api/v1/services/:id': staff,
    'POST /api/v1/services': administrator,
    'PATCH /api/v1/services/:id': administrator,
    'DELETE /api/v1/services/:id': administrator,
    'GET /api/v1/services/:id/history': staff,
    'GET /api/v1/specialties': staff,
    'GET /api/v1/specialties/:id': staff,
    'POST /api/v1/specialties': administrator,
    'PATCH /api/v1/specialties/:id': administrator,
  },
  plans: {
    'GET /api/v1/services': list(),
    'GET /api/v1/services/export': list(),
    'POST /api/v1/services': create('admin', named),
    'GET /api/v1/services/{id}': read('services'),
    'PATCH /api/v1/services/{id}': change('services', 'admin', () => ({ active: false })),
    'DELETE /api/v1/services/{id}': {
      ...change('services', 'admin', () => reason),
      status: 204,
    },
    'GET /api/v1/services/{id}/history': read('services'),
    'GET /api/v1/specialties': list(),
    'POST /api/v1/specialties': create('admin', named),
    'GET /api/v1/specialties/{id}': read('specialties'),
    'PATCH /api/v1/specialties/{id}': change('specialties', 'admin', () => ({ active: false })),
  },
  kinds: { services: kind('services'), specialties: kind('specialties') },
  parameters: { serviceId: 'services', specialtyId: 'specialties' },
}
