import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness, type Answer } from '../../../test/harness.ts'
import { testPassword } from '../../../test/fixtures.ts'

const path = '/api/v1/auth'

async function signIn(username = 'csref_djenne.agent') {
  const { anonymous } = await harness()
  const { body } = await anonymous.post(`${path}/login`, { username, password: testPassword }, 200)
  return body as { access_token: string; refresh_token: string }
}

async function refresh(refresh_token: string): Promise<Answer> {
  const { anonymous } = await harness()
  return anonymous.post(`${path}/refresh`, { refresh_token })
}

const sessionOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid

test('twenty parallel refreshes give exactly one successor, which works; ten times over', async () => {
  for (let trial = 0; trial < 10; trial++) {
    const { refresh_token: first } = await signIn()
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(first)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    const successors = new Set(answers.map(({ body }) => body.refresh_token))
    assert.equal(successors.size, 1)
    const [successor = ''] = successors
    assert.notEqual(successor, first)
    assert.equal((await refresh(successor)).status, 200)
  }
})

test('the replaced token is good for ten seconds, for the same successor; then it closes the session', async () => {
  const { withToken, database } = await harness()
  const { refresh_token: first, access_token } = await signIn()
  const second = (await refresh(first)).body.refresh_token
  assert.equal((await refresh(first)).body.refresh_token, second)
  const sid = sessionOf(access_token)
  await database.asSuperuser(
    `update sis_platform.session set rotated_at = now() - interval '11 seconds' where id = $1`,
    [sid],
  )
  const reused = await refresh(first)
  assert.deepEqual([reused.status, reused.body.code], [401, 'refresh_reused'])
  assert.equal((await refresh(second)).body.code, 'refresh_invalid', 'the descendant is dead too')
  const { tenancy } = await harness()
  await tenancy.directory.refresh()
  assert.equal((await withToken(access_token).get(`${path}/me`, 401)).body.code, 'session_closed')
})

test('an ancestor closes the session at once, with every descendant, and it is on record', async () => {
  const { csref } = await harness()
  const tokens = [(await signIn()).refresh_token]
  for (let i = 0; i < 3; i++) tokens.push((await refresh(tokens[i]!)).body.refresh_token)
  assert.equal((await refresh(tokens[0]!)).body.code, 'refresh_reused')
  for (const token of tokens) assert.equal((await refresh(token)).body.code, 'refresh_invalid')
  const { body } = await csref.admin.get('/api/v1/audit', 200)
  assert.ok(body.items.some((item: { action: string }) => item.action === 'session.refresh_reused'))
})

test('a made-up token closes nothing', async () => {
  const { refresh_token } = await signIn()
  const bytes = Buffer.from(refresh_token, 'base64url')
  for (const at of [0, 16, 47, 63]) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ 1
    assert.equal((await refresh(changed.toString('base64url'))).body.code, 'refresh_invalid')
  }
  for (const other of ['abc', refresh_token.slice(1), `${refresh_token}A`])
    assert.equal((await refresh(other)).body.code, 'refresh_invalid')
  assert.equal((await refresh(refresh_token)).status, 200)
})

test('neither an idle nor an old session is refreshed', async () => {
  const { database } = await harness()
  for (const column of ['idle_expires_at', 'expires_at']) {
    const { refresh_token, access_token } = await signIn()
    await database.asSuperuser(`update sis_platform.session set ${column} = now() where id = $1`, [
      sessionOf(access_token),
    ])
    assert.equal((await refresh(refresh_token)).body.code, 'refresh_invalid', column)
  }
})

test('logging out ends access and refresh', async () => {
  const { withToken } = await harness()
  const { refresh_token, access_token } = await signIn()
  await withToken(access_token).post(`${path}/logout`, undefined, 204)
  assert.equal((await withToken(access_token).get(`${path}/me`, 401)).body.code, 'session_closed')
  assert.equal((await refresh(refresh_token)).body.code, 'refresh_invalid')
})

test('a new password needs the present one, ends the other sessions and keeps this one', async () => {
  const { withToken, anonymous } = await harness()
  const [here, other] = [await signIn('sih_mopti.agent'), await signIn('sih_mopti.agent')]
  const me = withToken(here.access_token)
  const change = (currentPassword: string, newPassword: string) =>
    me.post(`${path}/password`, { currentPassword, newPassword })
  assert.equal((await change('faux', 'le baobab parle au vent')).body.code, 'current_password_wrong')
  const weak = await change(testPassword, 'Motdepasse2026!')
  assert.deepEqual([weak.status, weak.body.errors[0].path], [400, 'newPassword'])
  assert.equal((await change(testPassword, 'sih_mopti.agent')).status, 400)
  assert.equal((await change(testPassword, 'le baobab parle au vent')).status, 204)
  await me.get(`${path}/me`, 200)
  assert.equal((await withToken(other.access_token).get(`${path}/me`, 401)).body.code, 'session_closed')
  assert.equal((await refresh(other.refresh_token)).status, 401)
  await anonymous.post(`${path}/login`, { username: 'sih_mopti.agent', password: testPassword }, 401)
  await anonymous.post(`${path}/login`, { username: 'sih_mopti.agent', password: 'le baobab parle au vent' }, 200)
})

test('one sees and ends one’s own sessions, nobody else’s', async () => {
  const { withToken, cscom } = await harness()
  const [here, lost] = [await signIn('cscom_sangha.agent'), await signIn('cscom_sangha.agent')]
  const me = withToken(here.access_token)
  const { body } = await me.get(`${path}/sessions`, 200)
  const ids: string[] = body.items.map(({ id }: { id: string }) => id)
  assert.ok(ids.includes(sessionOf(lost.access_token)))
  assert.deepEqual(
    body.items.filter(({ current }: { current: boolean }) => current).map(({ id }: { id: string }) => id),
    [sessionOf(here.access_token)],
  )
  const foreign = await cscom.admin.delete(`${path}/sessions/${sessionOf(lost.access_token)}`)
  const unknown = await cscom.admin.delete(`${path}/sessions/019b0000-0000-7000-8000-000000000000`)
  assert.equal(foreign.status, 404)
  assert.deepEqual({ ...foreign.body, requestId: '' }, { ...unknown.body, requestId: '' })
  await me.delete(`${path}/sessions/${sessionOf(lost.access_token)}`, undefined, undefined, 204)
  await withToken(lost.access_token).get(`${path}/me`, 401)
})

test('nothing of a refresh token is stored', async () => {
  const { database } = await harness()
  const { refresh_token } = await signIn()
  const next = (await refresh(refresh_token)).body.refresh_token
  const rows = await database.asSuperuser<{ text: string }>('select session::text as text from sis_platform.session')
  const text = rows.map((row) => row.text).join()
  for (const token of [refresh_token, next])
    for (const form of [token, Buffer.from(token, 'base64url').toString('hex'), Buffer.from(token).toString('hex')])
      assert.ok(!text.includes(form))
})

test('going to another establishment makes no session last longer, and needs one that is open', async () => {
  const { withToken, database } = await harness()
  const { access_token } = await signIn()
  const end = '2099-01-01T00:00:00.000Z'
  const change = (column: string, at: string, token: string) =>
    database.asSuperuser(`update sis_platform.session set ${column} = $1 where id = $2`, [at, sessionOf(token)])
  await change('expires_at', end, access_token)
  const go = (token: string) => withToken(token).post(`${path}/establishment`, { establishment: 'csref_djenne' })
  const { body: next } = await go(access_token)
  const [stored] = await database.asSuperuser<{ expires_at: Date }>(
    'select expires_at from sis_platform.session where id = $1',
    [sessionOf(next.access_token)],
  )
  assert.equal(stored?.expires_at.toISOString(), end)

  // Ended a moment ago, elsewhere: this process has not read it yet.
  await database.asSuperuser('alter table sis_platform.session disable trigger bump')
  await change('revoked_at', '2026-01-01T00:00:00Z', next.access_token)
  await database.asSuperuser('alter table sis_platform.session enable trigger bump')
  await withToken(next.access_token).get(`${path}/me`, 200)
  const refused = await go(next.access_token)
  assert.deepEqual([refused.status, refused.body.code], [401, 'session_closed'])
})

test('the own sessions and invitations are lists as all others are', async () => {
  const { csref } = await harness()
  for (const list of ['sessions', 'invitations']) {
    const { body } = await csref.agent.get(`${path}/${list}`, 200)
    assert.deepEqual(Object.keys(body), ['items', 'nextCursor'])
    assert.equal(body.nextCursor, null)
  }
})
