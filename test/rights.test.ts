import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness, type Answer, type Client } from './harness.ts'

// All routes × all roles. What each role may do is written here a second time, from the design and not from
// platform/auth/rights.ts: a right that is given by mistake fails here. A route that is not in this list fails too.

const agents = ['SIH', 'SIS_CSREF', 'SIS_CSCOM', 'SIS_CABINET'] as const
const all = [...agents, 'ADMIN_LOCAL', 'SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP'] as const
type Role = (typeof all)[number]
type Rule = 'public' | readonly Role[]

const administrator: Rule = ['ADMIN_LOCAL']
const staff: Rule = [...agents, 'ADMIN_LOCAL']
const managers: Rule = ['ADMIN_LOCAL', 'SUPER_ADMIN']
const platform: Rule = ['SUPER_ADMIN']
const national: Rule = ['MINISTERE_SIS', 'SIS_INRSP']

const expected: Record<string, Rule> = {
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
  'GET /health/ready': 'public',
  'GET /.well-known/jwks.json': 'public',
  'OPTIONS *': 'public',
  'GET /activation': 'public',

  'POST /api/v1/auth/login': 'public',
  'POST /api/v1/auth/token': 'public',
  'POST /api/v1/auth/refresh': 'public',
  'POST /api/v1/auth/activate': 'public',
  'POST /api/v1/auth/logout': all,
  'GET /api/v1/auth/me': all,
  'POST /api/v1/auth/password': all,
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
  'GET /api/v1/establishments': all,
  'GET /api/v1/establishments/:slug': all,
  'POST /api/v1/establishments': platform,
  'PATCH /api/v1/establishments/:slug': platform,
  'GET /api/v1/audit': administrator,
  'GET /api/v1/counts': national,

  'GET /api/v1/patients': agents,
  'POST /api/v1/patients': agents,
  'POST /api/v1/patients/search': agents,
  'GET /api/v1/patients/export': agents,
  'GET /api/v1/patients/:id': agents,
  'PATCH /api/v1/patients/:id': agents,
  'DELETE /api/v1/patients/:id': agents,
  'GET /api/v1/patients/:id/history': agents,
  'GET /api/v1/consultations': agents,
  'POST /api/v1/consultations': agents,
  'POST /api/v1/consultations/search': agents,
  'GET /api/v1/consultations/export': agents,
  'GET /api/v1/consultations/:id': agents,
  'PATCH /api/v1/consultations/:id': agents,
  'DELETE /api/v1/consultations/:id': agents,
  'GET /api/v1/consultations/:id/history': agents,
  'POST /api/v1/imports': agents,
  'GET /api/v1/imports/:id': agents,
  'GET /api/v1/imports/:id/refused.csv': agents,
  'GET /api/v1/icd10': staff,
  'GET /api/v1/services': staff,
  'GET /api/v1/services/:id': staff,
  'POST /api/v1/services': administrator,
  'PATCH /api/v1/services/:id': administrator,
  'GET /api/v1/specialties': staff,
  'GET /api/v1/specialties/:id': staff,
  'POST /api/v1/specialties': administrator,
  'PATCH /api/v1/specialties/:id': administrator,
}

const username: Record<Role, string> = {
  SIH: 'sih_mopti.agent',
  SIS_CSREF: 'csref_djenne.agent',
  SIS_CSCOM: 'cscom_sangha.agent',
  SIS_CABINET: 'cabinet_etoile.agent',
  ADMIN_LOCAL: 'csref_djenne.admin',
  SUPER_ADMIN: 'superadmin',
  MINISTERE_SIS: 'ministere',
  SIS_INRSP: 'insp',
}

/** Every route that the router holds, documented or not, from its printed tree. */
async function served(): Promise<string[]> {
  const { app } = await harness()
  const above: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', segment = '', methods = ''] = /^([│ ]*)[├└]── (\S*) \(([^)]+)\)$/.exec(line) ?? []
      if (!methods) return assert.ok(line.trim() === '', `unread line ${line}`) ?? []
      const depth = indent.length / 4
      above.length = depth
      const url = above.join('') + segment
      above[depth] = segment
      return methods.split(', ').map((method) => `${method} ${url}`)
    })
}

async function ask(client: Client, route: string): Promise<Answer> {
  const [method = '', url = ''] = route.split(' ')
  const path = url.replace(':id', '019b0000-0000-7000-8000-000000000000').replace(':slug', 'nulle_part')
  return client.send(method, path, method === 'GET' || method === 'DELETE' ? {} : { body: {} })
}

test('every route that is served is in the list, and the other way round', async () => {
  assert.deepEqual((await served()).sort(), Object.keys(expected).sort())
})

test('nobody comes in without a token but where all may', async () => {
  const { anonymous } = await harness()
  for (const [route, rule] of Object.entries(expected)) {
    if (route === 'OPTIONS *') continue
    const { status, body } = await ask(anonymous, route)
    if (rule === 'public') assert.notEqual(body?.code, 'token_missing', route)
    else assert.deepEqual([status, body?.code], [401, 'token_missing'], route)
  }
})

for (const role of all) {
  test(`${role} may do what the table says and nothing else`, async () => {
    const { as } = await harness()
    const client = as(username[role])
    let [allowed, refused] = [0, 0]
    for (const [route, rule] of Object.entries(expected)) {
      if (rule === 'public') continue
      // Some of what everybody may do ends the session: each with one of its own.
      const { status, body } = await ask(rule === all ? as(username[role]) : client, route)
      if (rule.includes(role)) {
        allowed += 1
        assert.ok(status !== 401 && body?.code !== 'right_missing', `${route}: ${status} ${body?.code}`)
      } else {
        refused += 1
        assert.deepEqual([status, body?.code], [403, 'right_missing'], route)
      }
    }
    assert.ok(allowed > 10 && refused > 0, `${allowed} allowed, ${refused} refused`)
  })
}

test('a person who is agent and administrator has the rights of both', async () => {
  const { csref, as, database } = await harness()
  const { body: me } = await csref.agent.get('/api/v1/auth/me', 200)
  await database.asSuperuser(
    `insert into sis_platform.membership (id, account_id, establishment_id, role, status) values (gen_random_uuid(), $1, $2, 'ADMIN_LOCAL', 'active')`,
    [me.id, csref.establishment.id],
  )
  const client = as('csref_djenne.agent')
  await client.get('/api/v1/patients', 200)
  await client.get('/api/v1/users', 200)
  assert.equal((await client.get('/api/v1/auth/me', 200)).body.role, 'SIS_CSREF')
})
