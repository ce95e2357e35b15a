import { list, nothing } from '../../../test/isolation/plan.ts'
import type { Found, Place } from '../../../test/isolation/world.ts'
import type { ModuleFixture } from '../../../test/modules.ts'
import { staff } from '../../../test/roles.ts'

declare module '../../../test/modules.ts' {
  interface ModuleKinds {
    notifications: true
  }
}

/** What breaks down is told to everybody of the establishment, by a text that holds its mark. */
async function made(place: Place): Promise<Found> {
  await place.make('equipment')
  const { body } = await place.admin.get('/api/v1/notifications?limit=1', 200)
  return { id: body.items[0].id as string, version: 1 }
}

export const fixture: ModuleFixture = {
  rights: {
    'GET /api/v1/notifications': staff,
    'POST /api/v1/notifications/:id/read': staff,
    'POST /api/v1/notifications/read': staff,
    'GET /api/v1/notifications/stream': staff,
  },
  plans: {
    'GET /api/v1/notifications': list('admin'),
    'GET /api/v1/notifications/stream': nothing(
      200,
      'its establishment is the token’s; what it begins after is tried in stream.test.ts',
      () => ({ query: { follow: 'false' } }),
      'admin',
    ),
    'POST /api/v1/notifications/{id}/read': {
      who: 'admin',
      path: 'notifications',
      status: 204,
      make: async (place) => ({ params: { id: (await made(place)).id } }),
    },
    'POST /api/v1/notifications/read': {
      who: 'admin',
      status: 204,
      make: async (place) => ({ body: { upTo: (await made(place)).id } }),
    },
  },
  kinds: { notifications: { make: made } },
  parameters: { upTo: 'notifications' },
  fuzz: { hints: (id) => ({ notifications: { upTo: id('notifications') } }) },
}
