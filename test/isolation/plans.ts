import { testPassword } from '../fixtures.ts'
import { composed } from '../modules.ts'
import { change, create, hide, ifMatch, list, nothing, read, reason, search, type Plan } from './plan.ts'
import {
  allModules,
  breakGlassOf,
  patientOf,
  protectedOf,
  registerOf,
  unique,
  userOf,
  visitOf,
  type Place,
} from './world.ts'

/** A sensitive file of ours and of a colleague, and whom both may take into its team or out of it. */
async function teamOf({ agent, colleague, third, mark }: Place): Promise<{ id: string; userId: string }> {
  const me = async ({ get }: Place['agent']) => (await get('/api/v1/auth/me', 200)).body.id as string
  const { id } = (await agent.post('/api/v1/patients', { ...patientOf(mark), sensitive: true }, 201)).body as { id: string }
  await agent.send('PUT', `/api/v1/patients/${id}/care-team/${await me(colleague.agent)}`, { body: reason, expect: 200 })
  return { id, userId: await me(third) }
} // prettier-ignore

const ofCore: Record<string, Plan> = {
  'GET /health/live': nothing(200, 'tells of the process only', undefined, 'anonymous'),
  'GET /health/ready': nothing(200, 'tells of the process only', undefined, 'anonymous'),
  'GET /.well-known/jwks.json': nothing(200, 'public keys', undefined, 'anonymous'),

  // By the person's own secret; what it opens is the tokens' own tests' business.
  'POST /api/v1/auth/login': { who: 'anonymous', status: 200, make: ({ establishment: { slug } }) => ({ body: { username: `${slug}.agent`, password: testPassword, establishment: slug } }) },
  'POST /api/v1/auth/token': nothing(200, 'a person’s own password', ({ establishment: { slug } }) => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ grant_type: 'password', username: `${slug}.agent`, password: testPassword }).toString() }), 'anonymous'),
  'POST /api/v1/auth/refresh': nothing(401, 'a session’s own secret, which names nothing else', () => ({ body: { refresh_token: 'A'.repeat(86) } }), 'anonymous'),
  'POST /api/v1/auth/second-factor': nothing(401, 'a login’s own secret, which names nothing else', () => ({ body: { challenge: 'A'.repeat(43), code: '000000' } }), 'anonymous'),
  'POST /api/v1/auth/activate': nothing(400, 'a one-time secret, which names nothing else', () => ({ body: { token: 'A'.repeat(43), password: testPassword } }), 'anonymous'),
  'POST /api/v1/auth/logout': { ...nothing(204, 'the own session'), endsSession: true },
  'GET /api/v1/auth/me': nothing(200, 'the own account'),
  'POST /api/v1/auth/password': nothing(403, 'the own account', () => ({ body: { currentPassword: 'un autre', newPassword: testPassword } })),
  'GET /api/v1/auth/totp': nothing(200, 'the own account'),
  'POST /api/v1/auth/totp': nothing(403, 'the own account', () => ({ body: { password: testPassword } })),
  'DELETE /api/v1/auth/totp': nothing(409, 'the own account', () => ({ body: { password: testPassword, code: '000000' } })),
  'POST /api/v1/auth/totp/confirm': nothing(409, 'the own account', () => ({ body: { code: '000000' } })),
  'POST /api/v1/auth/totp/recovery-codes': nothing(409, 'the own account', () => ({ body: { code: '000000' } })),
  'GET /api/v1/auth/sessions': nothing(200, 'the own sessions'),
  'DELETE /api/v1/auth/sessions/{id}': { who: 'agent', path: 'sessions', personal: true, status: 204, make: ({ records }) => ({ params: { id: records.sessions.id } }) },
  'POST /api/v1/auth/establishment': { who: 'agent', status: 200, endsSession: true, make: ({ establishment: { slug } }) => ({ body: { establishment: slug } }) },
  'GET /api/v1/auth/invitations': nothing(200, 'the own invitations'),
  'POST /api/v1/auth/invitations/{id}': { who: 'agent', path: 'invitations', personal: true, status: 204, make: ({ records }) => ({ params: { id: records.invitations.id }, body: { accept: false } }) },

  'GET /api/v1/users': list('admin'),
  'POST /api/v1/users': create('admin', ({ mark, establishment: { slug } }) => ({ ...userOf(mark), establishment: slug })),
  'GET /api/v1/users/{id}': read('users', 'admin'),
  'PATCH /api/v1/users/{id}': change('users', 'admin', () => ({ roles: [] })),
  'POST /api/v1/users/{id}/reset': { ...read('users', 'admin'), status: 201 },
  'DELETE /api/v1/users/{id}/second-factor': { ...read('users', 'admin'), status: 409, make: ({ records }) => ({ params: { id: records.users.id }, body: reason }) },
  'GET /api/v1/establishments': list(),
  'GET /api/v1/establishments/{slug}': { who: 'agent', path: 'establishments', status: 200, make: ({ establishment: { slug } }) => ({ params: { slug } }) },
  'POST /api/v1/establishments': { ...create('superadmin', ({ mark }) => ({ slug: unique(), name: mark, type: 'cscom', region: 'Mopti' }), 202), because: 'the platform sees every establishment' },
  'PATCH /api/v1/establishments/{slug}': { who: 'superadmin', path: 'establishments', because: 'the platform sees every establishment', status: 200, make: async ({ establishment: { slug }, admin }) => ({ params: { slug }, headers: ifMatch((await admin.get(`/api/v1/establishments/${slug}`, 200)).body.version as number), body: { region: 'Mopti' } }) },
  'GET /api/v1/modules': nothing(200, 'what the own establishment uses'),
  'GET /api/v1/establishments/{slug}/modules': { who: 'superadmin', path: 'establishments', because: 'the platform sees every establishment', status: 200, make: ({ establishment: { slug } }) => ({ params: { slug } }) },
  'PUT /api/v1/establishments/{slug}/modules': { who: 'superadmin', path: 'establishments', because: 'the platform sees every establishment', status: 200, make: async ({ establishment: { slug }, admin }) => ({ params: { slug }, headers: ifMatch((await admin.get(`/api/v1/establishments/${slug}`, 200)).body.version as number), body: allModules }) },
  'GET /api/v1/counts': nothing(200, 'figures of the whole country', undefined, 'ministere'),
  'GET /api/v1/audit': list('admin', { source: 'records' }),
  'GET /api/v1/audit/export': list('admin', { outcome: 'failure' }),

  'GET /api/v1/patients': list(),
  'POST /api/v1/patients': create('agent', ({ mark }) => patientOf(mark)),
  'POST /api/v1/patients/search': search,
  'GET /api/v1/patients/{id}': read('patients'),
  'PATCH /api/v1/patients/{id}': change('patients', 'agent', () => ({ village: 'Kewa' })),
  'DELETE /api/v1/patients/{id}': hide('patients'),
  'GET /api/v1/patients/{id}/history': read('patients'),
  'GET /api/v1/patients/export': list(),
  'GET /api/v1/patients/{id}/file': read('patients'),
  'GET /api/v1/patients/{id}/accesses': read('patients'),
  'GET /api/v1/patients/{id}/care-team': read('patients'),
  'PUT /api/v1/patients/{id}/care-team/{userId}': { who: 'agent', path: 'patients', status: 200, make: async (place) => ({ params: await teamOf(place), body: reason }) },
  'DELETE /api/v1/patients/{id}/care-team/{userId}': { who: 'agent', path: 'patients', status: 204, async make(place) {
    const params = await teamOf(place)
    await place.agent.send('PUT', `/api/v1/patients/${params.id}/care-team/${params.userId}`, { body: reason, expect: 200 })
    return { params, body: reason }
  } },
  'GET /api/v1/colleagues': list(),
  'POST /api/v1/patients/{id}/break-glass': { who: 'agent', path: 'patients', status: 201, make: async (place) => ({ params: { id: (await protectedOf(place)).id }, body: reason }) },
  'GET /api/v1/break-glass': list('admin'),
  'PATCH /api/v1/break-glass/{id}': { who: 'admin', path: 'breakGlasses', status: 200, make: async (place) => ({ params: { id: (await breakGlassOf(place)).id }, headers: ifMatch(), body: { remark: 'Vu avec la garde' } }) },
  'GET /api/v1/consultations': list(),
  'POST /api/v1/consultations': create('agent', ({ mark, records }) => visitOf(mark, records.patients.id)),
  'POST /api/v1/consultations/search': search,
  'GET /api/v1/consultations/summaries': list(),
  'GET /api/v1/consultations/{id}': read('consultations'),
  'PATCH /api/v1/consultations/{id}': change('consultations', 'agent', () => ({ notes: 'Kewa' })),
  'DELETE /api/v1/consultations/{id}': hide('consultations'),
  'GET /api/v1/consultations/{id}/history': read('consultations'),
  'GET /api/v1/consultations/export': list(),
  'GET /api/v1/icd10': nothing(200, 'the nomenclature that all share', () => ({ query: { q: 'paludisme' } })),
  'POST /api/v1/imports': { who: 'agent', status: 201, make: ({ mark }) => registerOf(mark) },
  'GET /api/v1/imports/{id}': read('imports'),
  'GET /api/v1/imports/{id}/refused.csv': read('imports'),
} // prettier-ignore

/** Every operation of the OpenAPI document; one that is missing here fails the matrix. */
export const plans: Readonly<Record<string, Plan>> = composed(ofCore, ({ plans }) => plans)
