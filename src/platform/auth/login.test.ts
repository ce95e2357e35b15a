import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { buildApp } from '../../app.ts'
import { Client, harness, harnessConfig, type Answer } from '../../../test/harness.ts'
import { testPassword } from '../../../test/fixtures.ts'

const login = '/api/v1/auth/login'
const form = { 'content-type': 'application/x-www-form-urlencoded' }

test('a login answers tokens bound to the establishment, and who one is', async () => {
  const { anonymous, csref, withToken } = await harness()
  const { body } = await anonymous.post(login, { username: ' CSREF_Djenne.Agent ', password: testPassword }, 200)
  assert.equal(body.token_type, 'bearer')
  assert.equal(body.expires_in, 600)
  const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString())
  const { slug, id } = csref.establishment
  assert.deepEqual(
    [claims.establishment, claims.establishmentId, claims.role, claims.aud, claims.exp - claims.iat],
    [slug, id, 'SIS_CSREF', 'sis-api', 600],
  )
  assert.ok(body.user.rights.includes('patients:write') && !body.user.rights.includes('users:write'))
  const me = await withToken(body.access_token).get('/api/v1/auth/me', 200)
  assert.deepEqual(me.body, body.user)
  assert.equal(me.headers['cache-control'], 'no-store')
})

test('a platform account works in no establishment', async () => {
  const { superadmin } = await harness()
  const { body } = await superadmin.get('/api/v1/auth/me', 200)
  assert.deepEqual([body.establishment, body.role, body.roles], [null, 'SUPER_ADMIN', ['SUPER_ADMIN']])
  assert.ok(!body.rights.some((right: string) => /^(patients|consultations|imports|icd10|services)/.test(right)))
})

test('wrong password, unknown name, account without a password: one answer, nothing in the headers', async () => {
  const { anonymous, csref } = await harness()
  const added = await csref.admin.post(
    '/api/v1/users',
    { username: 'pas.encore', displayName: 'Pas Encore', roles: ['SIS_CSREF'] },
    201,
  )
  assert.equal(added.body.status, 'invited')
  const answers: Answer[] = []
  for (const username of ['csref_djenne.agent', 'personne', 'pas.encore', "x' or 1=1 --", 'a\u0001b'])
    answers.push(await anonymous.post(login, { username, password: 'tout autre chose' }, 401))
  const shape = ({ body, headers }: Answer) => ({
    body: { ...body, requestId: '' },
    headers: Object.keys(headers).sort(),
  })
  for (const answer of answers) assert.deepEqual(shape(answer), shape(answers[0]!))
  assert.equal(answers[0]?.body.code, 'invalid_credentials')
  assert.equal(answers[0]?.headers['www-authenticate'], 'Bearer')
})

test('another establishment or role than one’s own is refused, the right password told apart only then', async () => {
  const { anonymous } = await harness()
  const as = (extra: object, password = testPassword) =>
    anonymous.post(login, { username: 'csref_djenne.agent', password, ...extra })
  for (const extra of [
    { establishment: 'sih_mopti' },
    { establishment: 'nulle_part' },
    { role: 'ADMIN_LOCAL' },
    { role: 'SUPER_ADMIN' },
  ]) {
    const { status, body } = await as(extra)
    assert.deepEqual([status, body.code], [403, 'membership_missing'], JSON.stringify(extra))
    assert.equal((await as(extra, 'tout autre chose')).body.code, 'invalid_credentials')
  }
  assert.equal((await as({ establishment: 'csref_djenne', role: 'SIS_CSREF' })).status, 200)
  assert.equal((await as({ admin: true })).status, 400)
})

test('a hash made by passlib logs in once, then argon2id stands in its place', async () => {
  const { anonymous, database } = await harness()
  const password = 'táБℓə'
  const set = (hash: string) =>
    database.asSuperuser('update sis_platform.account set password_hash = $1 where username = $2', [
      hash,
      'cabinet_etoile.agent',
    ])
  await set('$2b$05$Z17AXnnlpzddNUvnC6cZNOSwMA/8oNiKnHTHTwLlBijfucQQlHjaG')
  await anonymous.post(login, { username: 'cabinet_etoile.agent', password: 'autre' }, 401)
  await anonymous.post(login, { username: 'cabinet_etoile.agent', password }, 200)
  const [row] = await database.asSuperuser<{ password_hash: string }>(
    'select password_hash from sis_platform.account where username = $1',
    ['cabinet_etoile.agent'],
  )
  assert.match(row?.password_hash ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  await anonymous.post(login, { username: 'cabinet_etoile.agent', password }, 200)
})

test('the OAuth 2.0 form gives the same tokens; its errors speak RFC 6749', async () => {
  const { anonymous, withToken } = await harness()
  const post = (fields: Record<string, string>) =>
    anonymous.send('POST', '/api/v1/auth/token', { body: new URLSearchParams(fields).toString(), headers: form })
  const good = await post({
    grant_type: 'password',
    username: 'csref_djenne.agent',
    password: testPassword,
    scope: '',
    client_id: 'swagger',
  })
  assert.equal(good.status, 200, good.text)
  await withToken(good.body.access_token).get('/api/v1/auth/me', 200)
  assert.equal((await post({ grant_type: 'refresh_token', refresh_token: good.body.refresh_token })).status, 200)
  const expect = async (fields: Record<string, string>, status: number, error: string) => {
    const answer = await post(fields)
    assert.deepEqual([answer.status, answer.body.error], [status, error], answer.text)
    assert.match(answer.headers['content-type'] ?? '', /problem\+json/)
  }
  await expect({ grant_type: 'password', username: 'csref_djenne.agent', password: 'faux' }, 400, 'invalid_grant')
  await expect({ grant_type: 'refresh_token', refresh_token: 'faux' }, 400, 'invalid_grant')
  await expect({ grant_type: 'client_credentials' }, 400, 'unsupported_grant_type')
  await expect({ grant_type: 'password', username: 'csref_djenne.agent' }, 400, 'invalid_request')
})

test('a form is taken nowhere else', async () => {
  const { anonymous } = await harness()
  const { status } = await anonymous.send('POST', login, { body: 'username=a&password=b', headers: form })
  assert.equal(status, 415)
})

test('logins and refused logins stand on the establishment’s record, without what was typed', async () => {
  const { anonymous, cscom } = await harness()
  await anonymous.post(login, { username: 'cscom_sangha.agent', password: 'mot-de-passe-tapé' }, 401)
  await cscom.agent.token()
  const { body, text } = await cscom.admin.get('/api/v1/audit', 200)
  const acts = body.items.map((item: { action: string; outcome: string; actor: { name: string } }) => [
    item.action,
    item.outcome,
    item.actor.name,
  ])
  assert.ok(
    acts.some((act: string[]) => act.join() === 'login,failure,cscom_sangha.agent'),
    text,
  )
  assert.ok(acts.some((act: string[]) => act.join() === 'login,success,cscom_sangha.agent'))
  assert.ok(!text.includes('mot-de-passe-tapé'))
})

test('who guesses is slowed down: by network, over all doors together, but for a known device; who is signed in, by person', async () => {
  const { access, csref } = await harness()
  const app = await buildApp({ config: { ...harnessConfig, rateLogin: 3 }, access, log: pino({ level: 'silent' }) })
  const guess = async (remoteAddress: string, url: string, payload: object = { username: 'x', password: 'y' }) =>
    (await app.inject({ method: 'POST', url, payload, remoteAddress })).statusCode
  try {
    assert.equal(await guess('2001:db8:1:2::1', login), 401)
    assert.equal(await guess('2001:db8:1:2:ffff::2', login), 401)
    assert.equal(await guess('2001:db8:1:2:3:4:5:6', '/api/v1/auth/activate', { token: 'x', password: 'y' }), 400)
    assert.equal(await guess('2001:db8:1:2::9', login), 429)
    assert.equal(await guess('2001:db8:1:2::9', '/api/v1/auth/token', { grant_type: 'refresh_token' }), 429)
    assert.equal(await guess('2001:db8:1:3::1', login), 401)
    assert.equal(await guess('192.0.2.1', login), 401)
    assert.equal(await guess('::ffff:192.0.2.2', login), 401)

    // The device that was let in by its mark is let in with its code too.
    const { body: known } = await csref.admin.post(
      login,
      { username: 'csref_djenne.agent', password: testPassword },
      200,
    )
    const code = { challenge: 'x', code: '000000' }
    assert.equal(await guess('2001:db8:1:2::9', '/api/v1/auth/second-factor', code), 429)
    const device = known.device_token as string
    assert.equal(await guess('2001:db8:1:2::9', '/api/v1/auth/second-factor', { ...code, device }), 401)

    const token = (await csref.agent.token()) ?? ''
    const change = () =>
      app.inject({
        method: 'POST',
        url: '/api/v1/auth/password',
        remoteAddress: '2001:db8:1:2::9',
        headers: { authorization: `Bearer ${token}` },
        payload: { currentPassword: 'une supposition', newPassword: 'trois pirogues sur le Bani' },
      })
    const answers = []
    for (let i = 0; i < 4; i++) answers.push((await change()).statusCode)
    assert.deepEqual(answers, [403, 403, 403, 429])
  } finally {
    await app.close()
  }
})

test('a route needs a token that is well formed', async () => {
  const { anonymous, withToken } = await harness()
  const missing = await anonymous.get('/api/v1/auth/me', 401)
  assert.equal(missing.body.code, 'token_missing')
  assert.equal(missing.headers['www-authenticate'], 'Bearer')
  assert.equal((await withToken('abc').get('/api/v1/auth/me', 401)).body.code, 'token_invalid')
  assert.equal(
    (await anonymous.get('/api/v1/auth/me', 401, { authorization: 'Basic YTpi' })).body.code,
    'token_invalid',
  )
})

test('neither passwords nor tokens are ever logged, whatever happens', async () => {
  const { access, csref } = await harness()
  let written = ''
  const log = pino({ level: 'trace' }, { write: (line: string) => (written += line) })
  const app = await buildApp({ config: harnessConfig, access, log })
  try {
    const client = new Client(app)
    const { body } = await client.post(login, { username: 'csref_djenne.agent', password: testPassword }, 200)
    const added = await csref.admin.post(
      '/api/v1/users',
      { username: 'r.canari', displayName: 'Canari', roles: ['SIS_CSREF'] },
      201,
    )
    await client.post(login, { username: 'CANARI-nom', password: 'CANARI-mot-de-passe' }, 401)
    await client.post(login, { username: 'CANARI-nom', password: 'CANARI-mot-de-passe', 'CANARI-champ': 1 }, 400)
    await client.post('/api/v1/auth/refresh', { refresh_token: body.refresh_token }, 200)
    await client.post('/api/v1/auth/activate', { token: added.body.activation.token, password: 'CANARI' }, 400)
    await client.get('/api/v1/auth/me?CANARI=1', undefined, { authorization: `Bearer ${body.access_token}` })
    await client.get('/api/v1/auth/me', 401, { authorization: 'Bearer CANARI' })
    await client.send('POST', login, { body: '{"password":"CANARI', headers: { 'content-type': 'application/json' } })
    assert.ok(written.includes('/api/v1/auth/login'), 'the log was written at all')
    for (const secret of ['CANARI', testPassword, body.access_token, body.refresh_token, added.body.activation.token])
      assert.ok(!written.includes(secret), secret.slice(0, 8))
  } finally {
    await app.close()
  }
})
