import { change, ifMatch, list, read, reason, search, type Asked, type Plan } from '../../../test/isolation/plan.ts'
import type { Found, Place } from '../../../test/isolation/world.ts'
import type { ModuleFixture } from '../../../test/modules.ts'
import { agents, staff } from '../../../test/roles.ts'

declare module '../../../test/modules.ts' {
  interface ModuleKinds {
    stays: true
    movements: true
    observations: true
  }
}

const admittedAt = '2026-07-01T08:00:00.000Z'

async function stayOf({ mark, records, make }: Place): Promise<object> {
  return {
    patientId: (await make('patients')).id,
    admittedAt,
    serviceId: (records.services ?? (await make('services'))).id,
    attendingName: mark,
    reason: mark,
    diagnosis: mark,
    notes: mark,
  }
}

const observationOf = ({ mark }: Place) => ({ at: '2026-07-02T08:00:00.000Z', notes: mark })
const admitted = async (place: Place): Promise<Found> =>
  (await place.agent.post('/api/v1/stays', await stayOf(place), 201)).body
const observed = async (place: Place, { id }: Found): Promise<Found> =>
  (await place.agent.post(`/api/v1/stays/${id}/observations`, observationOf(place), 201)).body
const movementsOf = async ({ agent }: Place, { id }: Found): Promise<string[]> =>
  (await agent.get(`/api/v1/stays/${id}/movements`, 200)).body.items.map((one: { id: string }) => one.id)
/** To another service, without a bed. */
async function moved(place: Place, { id, version }: Found): Promise<Found> {
  const body = { at: '2026-07-03T08:00:00.000Z', serviceId: (await place.make('services')).id, reason: place.mark }
  const url = `/api/v1/stays/${id}/transfers`
  return (await place.agent.send('POST', url, { body, headers: ifMatch(version), expect: 200 })).body
}

const ofStay = (status: number, make: (place: Place, stay: Found) => Promise<Asked> | Asked): Plan => ({
  who: 'agent',
  path: 'stays',
  status,
  async make(place) {
    const stay = await admitted(place)
    const asked = await make(place, stay)
    return { headers: ifMatch(stay.version), ...asked, params: { id: stay.id, ...asked.params } }
  },
})
const ofObservation = (status: number, body?: object): Plan =>
  ofStay(status, async (place, stay) => ({
    params: { observationId: (await observed(place, stay)).id },
    ...(body && { body }),
  }))
const discharge = { at: '2026-07-05T08:00:00.000Z', mode: 'home' }

export const fixture: ModuleFixture = {
  rights: {
    'GET /api/v1/stays': agents,
    'POST /api/v1/stays': agents,
    'POST /api/v1/stays/search': agents,
    'GET /api/v1/stays/export': agents,
    'GET /api/v1/stays/:id': agents,
    'PATCH /api/v1/stays/:id': agents,
    'DELETE /api/v1/stays/:id': agents,
    'GET /api/v1/stays/:id/history': agents,
    'GET /api/v1/stays/:id/movements': agents,
    'PATCH /api/v1/stays/:id/movements/:movementId': agents,
    'DELETE /api/v1/stays/:id/movements/:movementId': agents,
    'POST /api/v1/stays/:id/transfers': agents,
    'POST /api/v1/stays/:id/discharge': agents,
    'POST /api/v1/stays/:id/reopen': agents,
    'GET /api/v1/stays/:id/observations': agents,
    'POST /api/v1/stays/:id/observations': agents,
    'GET /api/v1/stays/:id/observations/:observationId': agents,
    'PATCH /api/v1/stays/:id/observations/:observationId': agents,
    'DELETE /api/v1/stays/:id/observations/:observationId': agents,
    'GET /api/v1/stays/:id/observations/:observationId/history': agents,
    'GET /api/v1/occupancy': staff,
    'GET /api/v1/occupancy/indicators': staff,
  },
  plans: {
    'GET /api/v1/stays': list(),
    'POST /api/v1/stays': { who: 'agent', status: 201, make: async (place) => ({ body: await stayOf(place) }) },
    'POST /api/v1/stays/search': search,
    'GET /api/v1/stays/export': list(),
    'GET /api/v1/stays/{id}': read('stays'),
    'PATCH /api/v1/stays/{id}': change('stays', 'agent', () => ({ notes: 'Kewa' })),
    'DELETE /api/v1/stays/{id}': { ...change('stays', 'agent', () => reason), status: 204 },
    'GET /api/v1/stays/{id}/history': read('stays'),
    'GET /api/v1/stays/{id}/movements': read('stays'),
    'PATCH /api/v1/stays/{id}/movements/{movementId}': ofStay(200, async (place, stay) => ({
      params: { movementId: (await movementsOf(place, stay))[0]! },
      body: { reason: 'Kewa' },
    })),
    'DELETE /api/v1/stays/{id}/movements/{movementId}': ofStay(200, async (place, stay) => {
      const { version } = await moved(place, stay)
      return { params: { movementId: (await movementsOf(place, stay))[1]! }, headers: ifMatch(version), body: reason }
    }),
    'POST /api/v1/stays/{id}/transfers': ofStay(200, async (place) => ({
      body: { at: '2026-07-03T08:00:00.000Z', serviceId: (await place.make('services')).id },
    })),
    'POST /api/v1/stays/{id}/discharge': ofStay(200, () => ({ body: discharge })),
    'POST /api/v1/stays/{id}/reopen': ofStay(200, async ({ agent }, { id, version }) => {
      const options = { body: discharge, headers: ifMatch(version), expect: 200 }
      const { body } = await agent.send('POST', `/api/v1/stays/${id}/discharge`, options)
      return { headers: ifMatch(body.version as number), body: reason }
    }),
    'GET /api/v1/stays/{id}/observations': read('stays'),
    'POST /api/v1/stays/{id}/observations': {
      who: 'agent',
      path: 'stays',
      status: 201,
      make: async (place) => ({ params: { id: (await admitted(place)).id }, body: observationOf(place) }),
    },
    'GET /api/v1/stays/{id}/observations/{observationId}': ofObservation(200),
    'PATCH /api/v1/stays/{id}/observations/{observationId}': ofObservation(200, { notes: 'Kewa' }),
    'DELETE /api/v1/stays/{id}/observations/{observationId}': ofObservation(204, reason),
    'GET /api/v1/stays/{id}/observations/{observationId}/history': ofObservation(200),
    'GET /api/v1/occupancy': list(),
    'GET /api/v1/occupancy/indicators': list('agent', { from: '2026-07-01', to: '2026-07-31' }),
  },
  kinds: {
    stays: {
      make: admitted,
      // To a version that none of the plans' own stays has.
      async revise({ agent, mark }, made) {
        let stay = made
        for (const notes of ['bis', 'ter', 'quater'])
          stay = (await agent.patch(`/api/v1/stays/${stay.id}`, { notes: `${mark} ${notes}` }, stay.version, 200)).body
        return stay
      },
    },
    movements: { make: async (place) => ({ id: (await movementsOf(place, await admitted(place)))[0]!, version: 1 }) },
    observations: { make: async (place) => observed(place, await admitted(place)) },
  },
  parameters: { consultationId: 'consultations', movementId: 'movements', observationId: 'observations' },
  fuzz: {
    // An admission, what happens during the stay, and the discharge, in this order.
    hints: (id) => ({
      stays: {
        patientId: id('patients'),
        serviceId: id('services'),
        bedId: (choose) => (choose.chance(0.5) ? null : id('beds')(choose)),
        consultationId: () => undefined,
        reason: () => 'Fièvre',
        admittedAt: (choose) => `2026-03-1${choose.int(0, 9)}T08:00:00.000Z`,
        at: (choose) => `2026-08-1${choose.int(0, 9)}T08:00:00.000Z`,
        mode: (choose) => choose.pick(['home', 'referred', 'leftAgainstAdvice']),
        finalCodes: () => [],
      },
      observations: { at: (choose) => `2026-05-1${choose.int(0, 9)}T08:00:00.000Z` },
    }),
    needs: { 'POST /api/v1/stays': ['patientId', 'serviceId', 'reason'] },
  },
}
