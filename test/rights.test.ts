import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness, type Answer, type Client } from './harness.ts'
import { all, beforeEnrolment, expected, username, type Role } from './rights-table.ts'

// All routes × all roles, as rights-table.ts says.

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

const demanding: Role[] = ['ADMIN_LOCAL', 'SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP']

test('a role that demands a second factor may only enrol one before', async () => {
  const { as, database } = await harness()
  const mark = (demo: boolean) => database.asSuperuser('update sis_platform.account set demo = $1', [demo])
  await mark(false)
  try {
    for (const role of all) {
      const client = as(username[role])
      const { body: me } = await client.get('/api/v1/auth/me', 200)
      assert.equal(me.secondFactor.required, demanding.includes(role), role)
      if (!demanding.includes(role)) {
        await client.get('/api/v1/icd10?q=paludisme', 200)
        continue
      }
      for (const [route, rule] of Object.entries(expected)) {
        if (rule === 'public') continue
        const { status, body } = await ask(route.endsWith('/logout') ? as(username[role]) : client, route)
        if (beforeEnrolment.includes(route)) assert.ok(![401, 403].includes(status), `${role} ${route}: ${status}`)
        else assert.deepEqual([status, body?.code], [403, 'second_factor_enrolment_required'], `${role} ${route}`)
      }
    }
  } finally {
    await mark(true)
  }
})

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
