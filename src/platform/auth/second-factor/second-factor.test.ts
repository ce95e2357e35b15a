import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness, type Answer } from '../../../../test/harness.ts'
import { activate, enrol, newcomer, password, userOf } from '../../users/people.fixture.ts'
import { Problem } from '../../../shared/errors.ts'
import { mustEnrol } from '../tokens.ts'
import { codeOf, matchCode, newSecret, showSecret, stepAt } from './codes.ts'
import { acceptCode } from './factor.ts'
import { actsOf, answer, challengeOf, enrolled, freshCode, readSvg, refused, secondFactor, wrongCode } from './second-factor.fixture.ts' // prettier-ignore

const login = '/api/v1/auth/login'
const totp = '/api/v1/auth/totp'
const me = '/api/v1/auth/me'

test('codes are those of RFC 6238', () => {
  const secret = Buffer.from('12345678901234567890')
  // Appendix B, SHA-1: eight digits there, of which the last six are ours.
  for (const [seconds, code] of [
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ] as const)
    assert.equal(codeOf(secret, stepAt(new Date(seconds * 1000))), code.slice(2))
})

test('a clock that is up to a minute off is accepted, two minutes are not; each step once, and none before it', () => {
  const secret = Buffer.from('12345678901234567890')
  const shown = (at: number): string => codeOf(secret, stepAt(new Date(at)))
  for (const at of [1_790_000_000_000, 1_790_000_014_999, 1_790_000_029_999])
    for (let off = -180; off <= 180; off++) {
      const { outcome } = matchCode(secret, shown(at + off * 1000), new Date(at), 0)
      if (Math.abs(off) <= 60) assert.equal(outcome, 'right', `${off} s`)
      if (Math.abs(off) >= 90) assert.equal(outcome, 'wrong', `${off} s`)
    }
  const at = new Date(1_790_000_000_000)
  const step = stepAt(at)
  assert.deepEqual(matchCode(secret, codeOf(secret, step), at, step - 1), { outcome: 'right', step })
  for (const before of [step, step - 1, step - 2])
    assert.equal(matchCode(secret, codeOf(secret, before), at, step).outcome, 'replayed')
  for (const code of ['', '12345', '1234567', '١٢٣٤٥٦']) assert.equal(matchCode(secret, code, at, 0).outcome, 'wrong')
})

test('the QR code reads as the address that an application expects', () => {
  const secret = newSecret()
  assert.equal(secret.length, 20)
  const { uri, qr, secret: base32 } = showSecret(secret, 'SIS csref_djenne', 'a.kone')
  assert.equal(readSvg(qr), uri)
  assert.notEqual(readSvg(showSecret(newSecret(), 'SIS csref_djenne', 'a.kone').qr), uri, 'the control')
  const { protocol, hostname, pathname, searchParams } = new URL(uri)
  assert.deepEqual([protocol, hostname, decodeURIComponent(pathname)], ['otpauth:', 'totp', '/SIS csref_djenne:a.kone'])
  assert.deepEqual(Object.fromEntries(searchParams), {
    issuer: 'SIS csref_djenne',
    secret: base32,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
  assert.match(qr, /^<svg [^>]+>(<path [^>]+\/>){2}<\/svg>$/)
})

test('roles that demand a second factor, and a session that has none', () => {
  for (const role of ['ADMIN_LOCAL', 'SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP'] as const) {
    assert.equal(mustEnrol({ roles: [role], amr: ['pwd'] }), true)
    assert.equal(mustEnrol({ roles: [role], amr: ['pwd', 'otp'] }), false)
  }
  for (const role of ['SIH', 'SIS_CSREF', 'SIS_CSCOM', 'SIS_CABINET'] as const)
    assert.equal(mustEnrol({ roles: [role], amr: ['pwd'] }), false)
})

test('a login asks for the code; a challenge opens one session and nothing else', async () => {
  const { csref, withToken, anonymous } = await harness()
  const person = await enrolled('t.admin', csref, 'ADMIN_LOCAL')
  await person.client.get('/api/v1/users', 200)
  const challenge = await challengeOf('t.admin')
  refused(await withToken(challenge).get(me), 401, 'token_invalid')
  refused(await anonymous.post('/api/v1/auth/refresh', { refresh_token: challenge }), 401, 'refresh_invalid')
  refused(await anonymous.post('/api/v1/auth/activate', { token: challenge, password }), 400, 'activation_invalid')
  refused(await answer(challenge, wrongCode(person)), 401, 'second_factor_wrong')
  const code = await freshCode(person)
  const { status, body } = await answer(challenge, code)
  assert.equal(status, 200)
  const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString())
  assert.deepEqual(claims.amr, ['pwd', 'otp'])
  assert.deepEqual(body.user.secondFactor, { active: true, required: true, recoveryCodes: 10 })
  await withToken(body.access_token).get('/api/v1/users', 200)
  const renewed = await anonymous.post('/api/v1/auth/refresh', { refresh_token: body.refresh_token }, 200)
  await withToken(renewed.body.access_token).get('/api/v1/users', 200)
  refused(await answer(challenge, await freshCode(person)), 401, 'challenge_invalid')
  const second = await answer(await challengeOf('t.admin'), await freshCode(person))
  assert.equal(second.status, 200)
  refused(await answer(await challengeOf('t.admin'), code), 401, 'second_factor_wrong')
  const acts = await actsOf(csref, person.id)
  for (const act of [
    'second_factor.enrol success',
    'second_factor.confirm success',
    'second_factor.ask success',
    'second_factor.code failure wrong',
    'second_factor.code failure replayed',
    'login success',
  ])
    assert.ok(acts.includes(act), `${act}: ${acts.join(', ')}`)
})

test('of twenty uses of one code at once exactly one wins, with one challenge or with twenty', async () => {
  const { csref } = await harness()
  const person = await enrolled('t.vingt', csref, 'SIS_CSREF')
  const won = (answers: Answer[]): number[] => answers.map(({ status }) => status).filter((status) => status === 200)
  const one = await challengeOf('t.vingt')
  const code = await freshCode(person)
  const same = await Promise.all(Array.from({ length: 20 }, () => answer(one, code)))
  assert.equal(won(same).length, 1)
  const challenges: string[] = []
  for (let i = 0; i < 20; i++) challenges.push(await challengeOf('t.vingt'))
  const next = await freshCode(person)
  const many = await Promise.all(challenges.map((challenge) => answer(challenge, next)))
  assert.equal(won(many).length, 1)
  const lost = [...same, ...many].filter(({ status }) => status !== 200)
  assert.deepEqual(new Set(lost.map(({ body }) => body.code)), new Set(['challenge_invalid', 'second_factor_wrong', 'too_many_requests'])) // prettier-ignore
})

test('guesses are few: five for a challenge, about a hundred a day for a person; a recovery code never waits', async (t) => {
  const { csref, access, database } = await harness()
  const person = await enrolled('t.devine', csref, 'SIS_CSREF')
  const challenge = await challengeOf('t.devine')
  for (let i = 0; i < 5; i++) refused(await answer(challenge, wrongCode(person)), 401, 'second_factor_wrong')
  refused(await answer(challenge, await freshCode(person)), 401, 'challenge_invalid')
  // A machine that is busy may take longer than the first wait lasts.
  const longer = `update sis_platform.second_factor set retry_at = retry_at + interval '10 minutes' where account_id = $1`
  await database.asSuperuser(longer, [person.id])
  const waiting = await answer(await challengeOf('t.devine'), await freshCode(person))
  refused(waiting, 429, 'too_many_requests')
  const seconds = Number(waiting.headers['retry-after'])
  assert.ok(seconds > 0 && seconds <= 630, `${seconds}`)

  // A day of somebody who knows the password and asks again whenever it is looked at.
  const account = { id: person.id, username: person.username }
  const actor = { id: person.id, name: person.username, role: null }
  const start = Date.now()
  let [looked, at] = [0, start]
  while (at < start + 86_400_000) {
    const verdict = await access.tenancy.platform.transaction('accounts', (db) =>
      acceptCode(db, access, { account, actor, typed: '000 000', wrong: 'code_wrong' }, new Date(at)),
    )
    assert.ok(verdict instanceof Problem)
    if (verdict.code === 'code_wrong') looked += 1
    else at += (verdict.options.retryAfter ?? 0) * 1000
    assert.ok((verdict.options.retryAfter ?? 0) <= 900, 'never locked')
  }
  t.diagnostic(`${looked} guesses in a day`)
  assert.ok(looked > 50 && looked <= 110, `${looked}`)

  const saved = await answer(await challengeOf('t.devine'), person.codes[0]!)
  assert.equal(saved.status, 200, saved.text)
  assert.equal(saved.body.user.secondFactor.recoveryCodes, 9)
  assert.equal((await answer(await challengeOf('t.devine'), await freshCode(person))).status, 200)
  const [row] = await database.asSuperuser('select failures, retry_at from sis_platform.second_factor where account_id = $1', [person.id]) // prettier-ignore
  assert.deepEqual(row, { failures: 0, retry_at: null })
})

test('another password, a disabled account, five minutes: the challenge is dead; a link alone is no way around the code', async () => {
  const { csref, database, anonymous } = await harness()
  const person = await enrolled('t.lien', csref, 'SIS_CSREF')
  const users = `/api/v1/users/${person.id}`
  const dead = async (challenge: string) => refused(await answer(challenge, await freshCode(person)), 401, 'challenge_invalid') // prettier-ignore

  const old = await challengeOf('t.lien')
  await database.asSuperuser(`update sis_platform.login_challenge set expires_at = now() where account_id = $1`, [person.id]) // prettier-ignore
  await dead(old)

  const before = await challengeOf('t.lien')
  const link = (await csref.admin.post(`${users}/reset`, undefined, 201)).body.activation.token
  await activate(link, 'la digue de Markala tient')
  await dead(before)
  const after = await challengeOf('t.lien', 'la digue de Markala tient')

  const { version } = await userOf(csref, person.id)
  await csref.admin.patch(users, { status: 'disabled' }, version, 200)
  await dead(after)
  await csref.admin.patch(users, { status: 'active' }, version + 1, 200)
  refused(await anonymous.post(login, { username: 't.lien', password }), 401, 'invalid_credentials')
  const last = await challengeOf('t.lien', 'la digue de Markala tient')
  assert.equal((await answer(last, await freshCode(person))).status, 200)
  await dead('A'.repeat(43))
})

test('an agent chooses: enrols, replaces and gives up, each with password and code; older sessions end', async () => {
  const { csref, anonymous, withToken, tenancy } = await harness()
  const agent = await newcomer(csref, 't.libre', ['SIS_CSREF'])
  const other = (await anonymous.post(login, { username: 't.libre', password }, 200)).body
  assert.deepEqual((await agent.client.get(totp, 200)).body, {
    active: false,
    since: null,
    required: false,
    recoveryCodes: 0,
  })
  refused(await agent.client.post(`${totp}/confirm`, { code: '000000' }), 409, 'second_factor_not_begun')
  refused(await agent.client.post(totp, { password: 'une supposition' }), 403, 'current_password_wrong')
  refused(await agent.client.delete(totp, { password, code: '000000' }), 409, 'second_factor_absent')
  refused(await agent.client.post(`${totp}/recovery-codes`, { code: '000000' }), 409, 'second_factor_absent')
  await agent.client.post(totp, { password }, 200)
  refused(await agent.client.post(`${totp}/confirm`, { code: 'abcdef' }), 403, 'code_wrong')
  await anonymous.post(login, { username: 't.libre', password }, 200)

  const { tokens, phone } = await enrol(agent.client)
  const person = { id: agent.id, phone }
  await tenancy.directory.refresh()
  for (const token of [other.access_token, agent.tokens.access_token])
    refused(await withToken(token).get(me), 401, 'session_closed')
  refused(await anonymous.post('/api/v1/auth/refresh', { refresh_token: other.refresh_token }), 401, 'refresh_invalid')
  const client = withToken(tokens.access_token)
  await client.get('/api/v1/patients', 200)

  refused(await client.post(totp, { password }), 403, 'code_wrong')
  const replaced = await enrol(client, password, await freshCode(person))
  assert.notDeepEqual(replaced.phone.secret, phone.secret)
  refused(await answer(await challengeOf('t.libre'), codeOf(phone.secret, stepAt(new Date()))), 401, 'second_factor_wrong') // prettier-ignore
  refused(await answer(await challengeOf('t.libre'), tokens.recoveryCodes[0]), 401, 'second_factor_wrong')

  const now = { id: agent.id, phone: replaced.phone }
  const mine = withToken(replaced.tokens.access_token)
  refused(await mine.delete(totp, { password: 'une supposition', code: await freshCode(now) }), 403, 'current_password_wrong') // prettier-ignore
  refused(await mine.delete(totp, { password, code: wrongCode(now) }), 403, 'code_wrong')
  const waiting = await challengeOf('t.libre')
  await mine.delete(totp, { password, code: await freshCode(now) }, undefined, 204)
  refused(await answer(waiting, await freshCode(now)), 401, 'challenge_invalid')
  const without = await anonymous.post(login, { username: 't.libre', password }, 200)
  assert.deepEqual(without.body.user.secondFactor, { active: false, required: false, recoveryCodes: 0 })
})

test('a role that demands a second factor demands it of whoever gets it, goes to it, or wants to give it up', async () => {
  const { csref, hospital, withToken, anonymous } = await harness()
  const person = await newcomer(csref, 't.montee', ['SIS_CSREF'])
  await hospital.admin.post('/api/v1/users', { username: 't.montee', roles: ['ADMIN_LOCAL'], existing: true }, 201)
  const { body: list } = await person.client.get('/api/v1/auth/invitations', 200)
  await person.client.post(`/api/v1/auth/invitations/${list.items[0].id}`, { accept: true }, 204)
  await person.client.get('/api/v1/patients', 200)
  const there = await person.client.post('/api/v1/auth/establishment', { establishment: 'sih_mopti' }, 200)
  const client = withToken(there.body.access_token)
  for (const path of ['/api/v1/users', '/api/v1/establishments', '/api/v1/auth/sessions'])
    refused(await client.get(path), 403, 'second_factor_enrolment_required')
  const { body: early } = await client.get(me, 200)
  assert.deepEqual([early.secondFactor.required, early.breakGlassWaiting], [true, undefined])
  const { tokens, phone } = await enrol(client)
  assert.equal(tokens.user.establishment.slug, 'sih_mopti')
  const administrator = withToken(tokens.access_token)
  await administrator.get('/api/v1/users', 200)
  assert.equal((await administrator.get(me, 200)).body.breakGlassWaiting, 0)
  const given = { password, code: await freshCode({ id: person.id, phone }) }
  refused(await administrator.delete(totp, given), 403, 'second_factor_mandatory')
  const back = await administrator.post('/api/v1/auth/establishment', { establishment: 'csref_djenne' }, 200)
  refused(await withToken(back.body.access_token).delete(totp, given), 403, 'second_factor_mandatory')

  const agent = await newcomer(csref, 't.promue', ['SIS_CSREF'])
  const { version } = await userOf(csref, agent.id)
  await csref.admin.patch(`/api/v1/users/${agent.id}`, { roles: ['SIS_CSREF', 'ADMIN_LOCAL'] }, version, 200)
  refused(await agent.client.get('/api/v1/patients'), 401, 'token_stale')
  refused(await (await agent.refresh()).get('/api/v1/patients'), 403, 'second_factor_enrolment_required')
  refused(await anonymous.post(secondFactor, { challenge: 'x', code: 'abc' }), 400, 'invalid_input')
})

test('a demonstration account has none', async () => {
  const { superadmin } = await harness()
  const { body } = await superadmin.get(me, 200)
  assert.deepEqual(body.secondFactor, { active: false, required: false, recoveryCodes: 0 })
  refused(await superadmin.post(totp, { password: 'mil et karité, fleuve Niger' }), 403, 'second_factor_not_for_demo')
})
