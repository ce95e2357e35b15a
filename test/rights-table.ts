import { composed } from './modules.ts'
import { administrator, agents, all, managers, national, platform, staff, type Role, type Rule } from './roles.ts'

// All routes × all roles. What each role may do is written here a second time, from the design and not from
// platform/auth/rights.ts: a right that is given by mistake fails here. A route that is not in this list fails too.

export { all, type Role } from './roles.ts'

const ofCore: Record<string, Rule> = {
  'GET /docs': 'public',
  'GET /docs/': 'public',
  'GET /docs/*': 'public',
  'HEAD /docs/*': 'public',
  'GET /docs/errors': 'public',
  'GET /docs/json': 'public',
  'GET /docs/yaml': 'public',
  'GET /docs/static/index.html': 'public',
  'GET /docs/static/swagger-initializer.js': 'public',
  'GET /openapi.json': 'public',
  'GET /health/live': 'public',
  'HEAD /health/live': 'public',
  'GET /health/ready': 'public',
  'HEAD /health/ready': 'public',
  'GET /.well-known/jwks.json': 'public',
  'GET /activation': 'public',

  'POST /api/v1/auth/login': 'public',
  'POST /api/v1/auth/token': 'public',
  'POST /api/v1/auth/second-factor': 'public',
  'POST /api/v1/auth/refresh': 'public',
  'POST /api/v1/auth/activate': 'public',
  'POST /api/v1/auth/logout': all,
  'GET /api/v1/auth/me': all,
  'POST /api/v1/auth/password': all,
  'GET /api/v1/auth/totp': all,
  'POST /api/v1/auth/totp': all,
  'DELETE /api/v1/auth/totp': all,
  'POST /api/v1/auth/totp/confirm': all,
  'POST /api/v1/auth/totp/recovery-codes': all,
  'GET /api/v1/auth/sessions': all,
  'DELETE /api/v1/auth/sessions/:id': all,
  'POST /api/v1/auth/establishment': all,
  'GET /api/v1/auth/invitations': all,
  'POST /api/v1/auth/invitations/:id': all,

  'GET /api/v1/users': managers,
  'POST /api/v1/users': managers,
  'GET /api/v1/users/:id': managers,
  'PATCH /api/v1/users/:id': managers,
  'POST /api/v1/users/:id/reset': managers,
  'DELETE /api/v1/users/:id/second-factor': managers,
  'GET /api/v1/establishments': all,
  'GET /api/v1/establishments/:slug': all,
  'POST /api/v1/establishments': platform,
  'PATCH /api/v1/establishments/:slug': platform,
  'GET /api/v1/modules': staff,
  'GET /api/v1/establishments/:slug/modules': platform,
  'PUT /api/v1/establishments/:slug/modules': platform,
  'GET /api/v1/audit': administrator,
  'GET /api/v1/audit/export': administrator,
  'GET /api/v1/counts': national,

  'GET /api/v1/patients': agents,
  'POST /api/v1/patients': agents,
  'POST /api/v1/patients/search': agents,
  'GET /api/v1/patients/export': agents,
  'GET /api/v1/patients/:id': agents,
  'PATCH /api/v1/patients/:id': agents,
  'DELETE /api/v1/patients/:id': agents,
  'GET /api/v1/patients/:id/history': agents,
  'GET /api/v1/patients/:id/accesses': agents,
  'GET /api/v1/patients/:id/file': agents,
  'GET /api/v1/patients/:id/care-team': agents,
  'PUT /api/v1/patients/:id/care-team/:userId': agents,
  'DELETE /api/v1/patients/:id/care-team/:userId': agents,
  'POST /api/v1/patients/:id/break-glass': agents,
  'GET /api/v1/colleagues': agents,
  'GET /api/v1/break-glass': administrator,
  'PATCH /api/v1/break-glass/:id': administrator,
  'GET /api/v1/consultations': agents,
  'POST /api/v1/consultations': agents,
  'POST /api/v1/consultations/search': agents,
  'GET /api/v1/consultations/summaries': agents,
  'GET /api/v1/consultations/export': agents,
  'GET /api/v1/consultations/:id': agents,
  'PATCH /api/v1/consultations/:id': agents,
  'DELETE /api/v1/consultations/:id': agents,
  'GET /api/v1/consultations/:id/history': agents,
  // Agents the registers of patients, the administrator the lists: src/modules/exchange/lists/lists.test.ts.
  'POST /api/v1/imports': staff,
  'GET /api/v1/imports/:id': staff,
  'GET /api/v1/imports/:id/refused.csv': staff,
  'GET /api/v1/icd10': staff,
}

/** Every route; a module's stand in its folder. */
export const expected: Readonly<Record<string, Rule>> = composed(ofCore, ({ rights }) => rights)

/** An account of the fixtures for each role. */
export const username: Record<Role, string> = {
  SIH: 'sih_mopti.agent',
  SIS_CSREF: 'csref_djenne.agent',
  SIS_CSCOM: 'cscom_sangha.agent',
  SIS_CABINET: 'cabinet_etoile.agent',
  ADMIN_LOCAL: 'csref_djenne.admin',
  SUPER_ADMIN: 'superadmin',
  MINISTERE_SIS: 'ministere',
  SIS_INRSP: 'insp',
}

/** All that a person may use whose role demands a second factor and who has none yet. */
export const beforeEnrolment: readonly string[] = [
  'GET /api/v1/auth/me',
  'POST /api/v1/auth/logout',
  'POST /api/v1/auth/password',
  'GET /api/v1/auth/totp',
  'POST /api/v1/auth/totp',
  'DELETE /api/v1/auth/totp',
  'POST /api/v1/auth/totp/confirm',
  'POST /api/v1/auth/totp/recovery-codes',
]
