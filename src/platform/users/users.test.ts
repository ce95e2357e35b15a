import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { harness } from '../../../test/harness.ts'
import type { Problem } from '../../shared/errors.ts'
import { createUser, disableUser, resetUserPassword, type OperatorUser } from './operator.ts'
import { activate, newcomer, password, userOf } from './people.fixture.ts'

const users = '/api/v1/users'

test('a new person chooses the first password by a link that works once', async () => {
  const { csref, anonymous } = await harness()
  const { body, headers } = await csref.admin.post(
    users,
    { username: 'a.kone', displayName: 'Aïssata Koné', roles: ['SIS_CSREF'], phone: '+22376000001' },
    201,
  )
  assert.equal(body.status, 'invited')
  assert.equal(headers['location'], `${users}/${body.id}`)
  assert.equal(body.activation.url, `/activation#${body.activation.token}`)
  assert.deepEqual(body.memberships, [{ establishment: 'csref_djenne', role: 'SIS_CSREF', status: 'active' }])
  const weak = await anonymous.post(
    '/api/v1/auth/activate',
    { token: body.activation.token, password: 'Aïssata Koné 1990' },
    400,
  )
  assert.equal(weak.body.errors[0].path, 'password')
  await activate(body.activation.token)
  assert.equal(
    (await anonymous.post('/api/v1/auth/activate', { token: body.activation.token, password }, 400)).body.code,
    'activation_invalid',
  )
  const { body: login } = await anonymous.post('/api/v1/auth/login', { username: 'a.kone', password }, 200)
  assert.equal(login.user.role, 'SIS_CSREF')
  assert.equal((await csref.admin.get(`${users}/${body.id}`, 200)).body.status, 'active')
})

test('the link leads to a page that runs nothing but its own script', async () => {
  const { anonymous } = await harness()
  const { text, headers } = await anonymous.get('/activation', 200)
  const [, script = ''] = /<script>([^]*)<\/script>/.exec(text) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  assert.ok(headers['content-security-policy']?.includes(`script-src 'sha256-${hash}';`))
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.match(text, /lang="fr"/)
  assert.match((await anonymous.get('/activation', 200, { 'accept-language': 'en' })).text, /Choose a password/)
})

test('the same request again answers the same link, which stands nowhere in clear', async () => {
  const { csref, database } = await harness()
  const send = (displayName: string) =>
    csref.admin.post(users, { username: 'b.kone', displayName, roles: ['SIS_CSREF'] }, undefined, {
      'idempotency-key': 'b-kone-1',
    })
  const [first, again, other] = [await send('Bakary Koné'), await send('Bakary Koné'), await send('Autre Nom')]
  assert.deepEqual([first.status, again.status, other.status], [201, 201, 422])
  assert.deepEqual(again.body, first.body)
  for (const table of ['sis_platform.idempotency_key', 'sis_platform.activation', 'sis_audit.entry']) {
    const rows = await database.asSuperuser<{ text: string }>(`select t::text as text from ${table} t`)
    assert.ok(!rows.some(({ text }) => text.includes(first.body.activation.token)), table)
  }
})

test('an expired link, an older link and a disabled person’s link are refused alike', async () => {
  const { csref, database, anonymous } = await harness()
  const refused = async (token: string) => {
    const { status, body } = await anonymous.post('/api/v1/auth/activate', { token, password })
    assert.deepEqual([status, body.code], [400, 'activation_invalid'])
  }
  const add = async (username: string) =>
    (await csref.admin.post(users, { username, displayName: 'Essai', roles: ['SIS_CSREF'] }, 201)).body
  const late = await add('en.retard')
  await database.asSuperuser(`update sis_platform.activation set expires_at = now() where account_id = $1`, [late.id])
  await refused(late.activation.token)
  const reset = await csref.admin.post(`${users}/${late.id}/reset`, undefined, 201)
  const newer = await csref.admin.post(`${users}/${late.id}/reset`, undefined, 201)
  await refused(reset.body.activation.token)
  const { body } = await csref.admin.get(`${users}/${late.id}`, 200)
  await csref.admin.patch(`${users}/${late.id}`, { status: 'disabled' }, body.version, 200)
  await refused(newer.body.activation.token)
  await refused('inconnu')
})

test('a list holds the establishment’s people only, page by page', async () => {
  const { cabinet, hospital, superadmin } = await harness()
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body } = await cabinet.admin.get(`${users}?limit=1${cursor && `&cursor=${cursor}`}`, 200)
    seen.push(...body.items.map(({ username }: { username: string }) => username))
    cursor = body.nextCursor
  }
  assert.deepEqual(seen.sort(), ['cabinet_etoile.admin', 'cabinet_etoile.agent'])
  const agents = await hospital.admin.get(`${users}?role=SIH`, 200)
  assert.deepEqual(
    agents.body.items.map(({ username }: { username: string }) => username),
    ['sih_mopti.agent'],
  )
  assert.equal((await hospital.admin.get(`${users}?establishment=csref_djenne`, 200)).body.items.length, 0)
  const all = await superadmin.get(`${users}?limit=100`, 200)
  assert.ok(all.body.items.length >= 11)
  assert.equal((await superadmin.get(`${users}?role=MINISTERE_SIS`, 200)).body.items[0].platformRole, 'MINISTERE_SIS')
  await hospital.admin.get(`${users}?cursor=abc`, 400)
})

test('a role that is taken away acts at once; the version is compared', async () => {
  const { cscom } = await harness()
  const person = await newcomer(cscom, 'c.togo', ['SIS_CSCOM', 'ADMIN_LOCAL'])
  await person.client.get(users, 200)
  const { version } = await userOf(cscom, person.id)
  await cscom.admin.patch(`${users}/${person.id}`, { roles: ['SIS_CSCOM'] }, undefined, 428)
  await cscom.admin.patch(`${users}/${person.id}`, { roles: ['SIS_CSCOM'] }, version + 1, 412)
  const { body } = await cscom.admin.patch(`${users}/${person.id}`, { roles: ['SIS_CSCOM'] }, version, 200)
  assert.deepEqual(
    body.memberships.map(({ role }: { role: string }) => role),
    ['SIS_CSCOM'],
  )
  assert.equal((await person.client.get(users, 401)).body.code, 'token_stale')
  const renewed = await person.refresh()
  assert.equal((await renewed.get(users, 403)).body.code, 'right_missing')
  await cscom.admin.patch(`${users}/${person.id}`, { roles: [] }, body.version, 200)
  assert.equal((await renewed.get('/api/v1/auth/me', 401)).status, 401)
  await cscom.admin.get(`${users}/${person.id}`, 404)
})

test('a disabled person is out, a reactivated one is back', async () => {
  const { cscom, anonymous } = await harness()
  const person = await newcomer(cscom, 'd.guindo', ['SIS_CSCOM'])
  const off = await cscom.admin.patch(
    `${users}/${person.id}`,
    { status: 'disabled', reason: 'Départ' },
    (await userOf(cscom, person.id)).version,
    200,
  )
  assert.equal((await person.client.get('/api/v1/auth/me', 401)).body.code, 'session_closed')
  assert.equal(
    (await anonymous.post('/api/v1/auth/login', { username: 'd.guindo', password }, 401)).body.code,
    'account_disabled',
  )
  await cscom.admin.patch(`${users}/${person.id}`, { status: 'active' }, off.body.version, 200)
  await anonymous.post('/api/v1/auth/login', { username: 'd.guindo', password }, 200)
})

test('somebody who works elsewhere joins by accepting, and then works in either', async () => {
  const { csref, hospital, as, withToken } = await harness()
  const person = await newcomer(csref, 'e.dicko', ['SIS_CSREF'])
  const taken = await hospital.admin.post(users, { username: 'e.dicko', displayName: 'Autre', roles: ['SIH'] })
  assert.deepEqual([taken.status, taken.body.code], [409, 'username_taken'])
  const { body: invited } = await hospital.admin.post(
    users,
    { username: 'e.dicko', roles: ['SIH'], existing: true },
    201,
  )
  assert.deepEqual(
    [invited.displayName, invited.status, invited.activation],
    [null, 'invited', null],
    'nothing is told before the person accepts',
  )
  const switching = await person.client.post('/api/v1/auth/establishment', { establishment: 'sih_mopti' })
  assert.equal(switching.body.code, 'membership_missing')
  const { body: list } = await person.client.get('/api/v1/auth/invitations', 200)
  assert.deepEqual(
    list.items.map((one: { establishment: { slug: string }; role: string }) => [one.establishment.slug, one.role]),
    [['sih_mopti', 'SIH']],
  )
  const stranger = await as('csref_djenne.agent').post(`/api/v1/auth/invitations/${list.items[0].id}`, { accept: true })
  assert.equal(stranger.status, 404)
  await person.client.post(`/api/v1/auth/invitations/${list.items[0].id}`, { accept: true }, 204)
  const { body: there } = await person.client.post('/api/v1/auth/establishment', { establishment: 'sih_mopti' }, 200)
  assert.deepEqual([there.user.establishment.slug, there.user.role], ['sih_mopti', 'SIH'])
  assert.deepEqual(
    there.user.memberships.map((one: { establishment: { slug: string } }) => one.establishment.slug).sort(),
    ['csref_djenne', 'sih_mopti'],
  )
  assert.equal((await person.client.get('/api/v1/auth/me', 401)).body.code, 'session_closed')
  await withToken(there.access_token).get('/api/v1/auth/me', 200)
  assert.equal((await hospital.admin.get(`${users}/${person.id}`, 200)).body.displayName, 'Personne e.dicko')
})

test('an establishment keeps an administrator, the platform too', async () => {
  const { cabinet, superadmin } = await harness()
  const { body: list } = await cabinet.admin.get(`${users}?role=ADMIN_LOCAL`, 200)
  const [me] = list.items
  const last = async (change: object) =>
    assert.equal(
      (await cabinet.admin.patch(`${users}/${me.id}`, change, me.version, 409)).body.code,
      'last_administrator',
    )
  await last({ roles: ['SIS_CABINET'] })
  await last({ roles: [] })
  await last({ status: 'disabled' })
  const { body: platform } = await superadmin.get(`${users}?role=SUPER_ADMIN`, 200)
  const refused = await superadmin.patch(
    `${users}/${platform.items[0].id}`,
    { status: 'disabled' },
    platform.items[0].version,
    409,
  )
  assert.equal(refused.body.code, 'last_administrator')
})

test('the console makes the first SUPER_ADMIN, helps who is locked out, and shuts accounts; all on record', async () => {
  const { tenancy, anonymous, csref } = await harness()
  const operator = { id: null, name: 'console', role: 'OPERATOR' }
  const link = await createUser(tenancy.platform, operator, {
    username: 'Premiere.Admin',
    displayName: 'Première',
    role: 'SUPER_ADMIN',
  })
  await activate(link.token)
  const { body } = await anonymous.post('/api/v1/auth/login', { username: 'premiere.admin', password }, 200)
  assert.equal(body.user.role, 'SUPER_ADMIN')
  await disableUser(tenancy.platform, operator, 'premiere.admin')
  await tenancy.directory.refresh()
  await anonymous.post('/api/v1/auth/login', { username: 'premiere.admin', password }, 401)
  const reset = await resetUserPassword(tenancy.platform, operator, 'premiere.admin')
  await anonymous.post('/api/v1/auth/login', { username: 'premiere.admin', password }, 401)
  await activate(reset.token, 'la digue de Markala tient')
  await anonymous.post('/api/v1/auth/login', { username: 'premiere.admin', password: 'la digue de Markala tient' }, 200)
  const refused = (wish: OperatorUser, code: string) =>
    assert.rejects(createUser(tenancy.platform, operator, wish), (error: Problem) => error.code === code)
  await refused({ username: 'p.faux', displayName: 'Faux', role: 'SIH' }, 'role_not_grantable')
  await refused(
    { username: 'p.faux', displayName: 'Faux', role: 'SIH', establishment: 'csref_djenne' },
    'role_not_grantable',
  )
  await refused(
    { username: 'p.faux', displayName: 'Faux', role: 'SUPER_ADMIN', establishment: 'csref_djenne' },
    'role_not_grantable',
  )
  await createUser(tenancy.platform, operator, {
    username: 'q.agent',
    displayName: 'Agent',
    role: 'SIS_CSREF',
    establishment: 'csref_djenne',
  })
  const audit = await csref.admin.get('/api/v1/audit', 200)
  assert.ok(audit.body.items.some((one: { actor: { role: string } }) => one.actor.role === 'OPERATOR'))
})

test('a person who works nowhere logs in to accept an invitation, and may do nothing else', async () => {
  const { csref, cscom, anonymous, withToken } = await harness()
  const person = await newcomer(csref, 's.traore', ['SIS_CSREF'])
  await csref.admin.patch(`${users}/${person.id}`, { roles: [] }, (await userOf(csref, person.id)).version, 200)
  await cscom.admin.post(users, { username: 's.traore', roles: ['SIS_CSCOM'], existing: true }, 201)
  const { body: login } = await anonymous.post('/api/v1/auth/login', { username: 's.traore', password }, 200)
  assert.deepEqual(
    [login.user.role, login.user.establishment, login.user.rights, login.user.invitations],
    [null, null, [], 1],
  )
  const client = withToken(login.access_token)
  for (const path of ['/api/v1/patients', users, '/api/v1/establishments', '/api/v1/counts', '/api/v1/audit'])
    assert.equal((await client.get(path, 403)).body.code, 'right_missing')
  const { body } = await client.get('/api/v1/auth/invitations', 200)
  await client.post(`/api/v1/auth/invitations/${body.items[0].id}`, { accept: true }, 204)
  const renewed = await anonymous.post('/api/v1/auth/refresh', { refresh_token: login.refresh_token }, 200)
  assert.equal(renewed.body.user.role, null, 'a session stays where it was opened')
  const there = await client.post('/api/v1/auth/establishment', { establishment: 'cscom_sangha' }, 200)
  await withToken(there.body.access_token).get('/api/v1/patients', 200)
})
