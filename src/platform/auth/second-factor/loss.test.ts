import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { createTenancy } from '#tenancy'
import { buildApp } from '../../../app.ts'
import type { Problem } from '../../../shared/errors.ts'
import { quiet } from '../../../../test/cluster.ts'
import { Client, harness, harnessConfig, type Answer } from '../../../../test/harness.ts'
import { activate, enrol, newcomer, password, phoneOf } from '../../users/people.fixture.ts'
import { resetUserFactorByOperator, resetUserPassword } from '../../users/operator.ts'
import { openAccess } from '../access.ts'
import { codeOf, stepAt } from './codes.ts'
import { openSecret } from './factor.ts'
import { actsOf, answer, challengeOf, enrolled, freshCode, operator, refused, secondFactor, wrongCode } from './second-factor.fixture.ts' // prettier-ignore

const login = '/api/v1/auth/login'
const totp = '/api/v1/auth/totp'
const me = '/api/v1/auth/me'
const reason = { reason: 'Téléphone perdu au marché' }
const reset = (client: Client, id: string): Promise<Answer> =>
  client.delete(`/api/v1/users/${id}/second-factor`, reason)

test('a recovery code opens one login, however it is typed; ten new ones end those before; it is told and on record', async () => {
  const { csref, withToken, database } = await harness()
  const person = await enrolled('u.secours', csref, 'ADMIN_LOCAL')
  assert.equal(new Set(person.codes).size, 10)
  const [first = '', second = '', third = ''] = person.codes
  assert.match(first, /^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
  const used = await answer(await challengeOf('u.secours'), first)
  assert.equal(used.body.user.secondFactor.recoveryCodes, 9)
  refused(await answer(await challengeOf('u.secours'), first), 401, 'second_factor_wrong')
  const typed = second.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'L')
  assert.equal((await answer(await challengeOf('u.secours'), typed)).status, 200)
  refused(await answer(await challengeOf('u.secours'), second), 401, 'second_factor_wrong')
  const challenge = await challengeOf('u.secours')
  const atOnce = await Promise.all(Array.from({ length: 5 }, () => answer(challenge, third)))
  assert.equal(atOnce.filter(({ status }) => status === 200).length, 1)

  const client = withToken(used.body.access_token)
  assert.equal((await client.get(totp, 200)).body.recoveryCodes, 7)
  refused(await client.post(`${totp}/recovery-codes`, { code: '000000' }), 403, 'code_wrong')
  const { body } = await client.post(`${totp}/recovery-codes`, { code: await freshCode(person) }, 200)
  assert.equal((await client.get(me, 200)).body.secondFactor.recoveryCodes, 10)
  refused(await answer(await challengeOf('u.secours'), person.codes[5]!), 401, 'second_factor_wrong')
  // With one of them, a new telephone takes the place of the lost one.
  const replaced = await enrol(client, password, body.recoveryCodes[0])
  assert.equal((await answer(await challengeOf('u.secours'), await freshCode({ ...person, phone: replaced.phone }))).status, 200) // prettier-ignore
  const acts = await actsOf(csref, person.id)
  assert.equal(acts.filter((act) => act === 'second_factor.recovery_used success').length, 4, acts.join(', '))

  const rows = await database.asSuperuser<{ text: string }>('select code_hash::text as text from sis_platform.recovery_code') // prettier-ignore
  assert.ok(rows.length >= 10)
  for (const code of body.recoveryCodes as string[])
    for (const form of [code, code.replaceAll('-', ''), Buffer.from(code).toString('hex')])
      assert.ok(!rows.some(({ text }) => text.includes(form)))
})

test('who has lost both is helped by the right person only, and it closes all sessions', async () => {
  const { csref, hospital, cscom, superadmin, tenancy, database, anonymous, withToken } = await harness()
  const agent = await enrolled('u.agent', csref, 'SIS_CSREF')
  const admin = await enrolled('u.admin', csref, 'ADMIN_LOCAL')
  const both = await enrolled('u.deux', csref, 'SIS_CSREF')
  const invited = await enrolled('u.invite', csref, 'SIS_CSREF')
  const nation = await enrolled('u.nation', 'platform', 'MINISTERE_SIS')
  const boss = await enrolled('u.chef', 'platform', 'SUPER_ADMIN')
  for (const { username } of [both, invited])
    await hospital.admin.post('/api/v1/users', { username, roles: ['SIH'], existing: true }, 201)
  const { body: list } = await both.client.get('/api/v1/auth/invitations', 200)
  await both.client.post(`/api/v1/auth/invitations/${list.items[0].id}`, { accept: true }, 204)

  const table: [string, Client, { id: string }, number, string][] = [
    ['an agent', csref.agent, admin, 403, 'right_missing'],
    ['a colleague', both.client, agent, 403, 'right_missing'],
    ['an administrator, himself', admin.client, admin, 403, 'second_factor_reset_refused'],
    ['an administrator of elsewhere', cscom.admin, agent, 404, 'user_not_found'],
    ['an administrator, who works elsewhere too', csref.admin, both, 403, 'person_belongs_elsewhere'],
    ['the other administrator', hospital.admin, both, 403, 'person_belongs_elsewhere'],
    ['an administrator, who is invited elsewhere', csref.admin, invited, 403, 'person_belongs_elsewhere'],
    ['who only invited', hospital.admin, invited, 403, 'person_belongs_elsewhere'],
    ['an administrator, somebody of the nation', csref.admin, nation, 404, 'user_not_found'],
    ['an administrator, SUPER_ADMIN', csref.admin, boss, 404, 'user_not_found'],
    ['somebody of the nation', nation.client, agent, 403, 'right_missing'],
    ['SUPER_ADMIN, another', superadmin, boss, 403, 'second_factor_reset_refused'],
    ['SUPER_ADMIN, himself', boss.client, boss, 403, 'second_factor_reset_refused'],
    ['SUPER_ADMIN, nobody', superadmin, { id: '019b0000-0000-7000-8000-000000000000' }, 404, 'user_not_found'],
  ]
  for (const [who, client, whom, status, code] of table) {
    const { status: got, body } = await reset(client, whom.id)
    assert.deepEqual([got, body.code], [status, code], who)
  }
  for (const person of [agent, admin, both, nation, boss]) await person.client.get(me, 200)

  for (const [client, person] of [
    [csref.admin, agent],
    [csref.admin, admin],
    [superadmin, both],
    [superadmin, nation],
  ] as const) {
    const waiting = await challengeOf(person.username)
    assert.equal((await reset(client, person.id)).status, 204, person.username)
    refused(await answer(waiting, person.codes[0]!), 401, 'challenge_invalid')
    refused(await person.client.get(me), 401, 'session_closed')
    const renewed = await anonymous.post('/api/v1/auth/refresh', { refresh_token: person.tokens.refresh_token })
    assert.equal(renewed.status, 401)
    const { body } = await anonymous.post(login, { username: person.username, password }, 200)
    const isDemanded = person === admin || person === nation
    assert.equal(body.user.secondFactor.required, isDemanded)
    if (isDemanded) {
      refused(await withToken(body.access_token).get('/api/v1/establishments'), 403, 'second_factor_enrolment_required')
      await enrol(withToken(body.access_token))
    } else refused(await reset(superadmin, person.id), 409, 'second_factor_absent')
  }
  const told = 'second_factor.reset success Téléphone perdu au marché'
  for (const [site, id] of [
    [csref, agent.id],
    [csref, both.id],
    [hospital, both.id],
  ] as const)
    // prettier-ignore
    assert.ok((await actsOf(site, id)).includes(told))
  const [refusals] = await database.asSuperuser<{ count: number }>(
    `select count(*)::int as count from sis_audit.entry where action = 'second_factor.reset' and outcome = 'refused'`,
  )
  assert.equal(refusals!.count, 7)

  await resetUserFactorByOperator(tenancy.platform, operator, 'u.chef', 'Téléphone volé')
  await tenancy.directory.refresh()
  refused(await boss.client.get(me), 401, 'session_closed')
  await assert.rejects(resetUserFactorByOperator(tenancy.platform, operator, 'u.chef'), (error: Problem) => error.code === 'second_factor_absent') // prettier-ignore
})

test('the platform restores the password or the second factor, never both: it could come in as that person', async () => {
  const { csref, superadmin, tenancy, withToken, anonymous } = await harness()
  const person = await enrolled('u.passe', csref, 'SIS_CSREF')
  const link = () => superadmin.post(`/api/v1/users/${person.id}/reset`)
  const open = await link()
  assert.equal(open.status, 201)
  refused(await reset(superadmin, person.id), 409, 'other_reset_pending')
  await activate(open.body.activation.token)
  refused(await reset(superadmin, person.id), 409, 'other_reset_pending')
  assert.equal((await answer(await challengeOf('u.passe'), await freshCode(person))).status, 200)

  assert.equal((await reset(superadmin, person.id)).status, 204)
  refused(await link(), 409, 'other_reset_pending')
  const { body } = await anonymous.post(login, { username: 'u.passe', password }, 200)
  await enrol(withToken(body.access_token))
  assert.equal((await link()).status, 201)

  // For a role that demands one a login is not enough.
  const admin = await enrolled('u.passe2', csref, 'ADMIN_LOCAL')
  assert.equal((await reset(superadmin, admin.id)).status, 204)
  const again = await anonymous.post(login, { username: 'u.passe2', password }, 200)
  refused(await superadmin.post(`/api/v1/users/${admin.id}/reset`), 409, 'other_reset_pending')
  await enrol(withToken(again.body.access_token))
  // Who works nowhere else: the own administrator may do both; and the console everything.
  assert.equal((await csref.admin.post(`/api/v1/users/${admin.id}/reset`)).status, 201)
  assert.equal((await reset(csref.admin, admin.id)).status, 204)
  await resetUserPassword(tenancy.platform, operator, 'u.passe2')
})

test('a stolen token does not guess the code that ends an enrolment: ten wrong ones, then the password is asked again', async () => {
  const { csref } = await harness()
  const { client } = await newcomer(csref, 'u.guette', ['SIS_CSREF'])
  const phone = phoneOf((await client.post(totp, { password }, 200)).body.secret)
  const wrong = wrongCode({ phone })
  const codes: string[] = []
  for (let i = 0; i < 12; i++) codes.push((await client.post(`${totp}/confirm`, { code: wrong })).body.code)
  assert.deepEqual(codes, [
    ...Array<string>(10).fill('code_wrong'),
    ...Array<string>(2).fill('second_factor_not_begun'),
  ])
  refused(await client.post(`${totp}/confirm`, { code: phone.next() }), 409, 'second_factor_not_begun')
  await enrol(client)
})

test('a secret at rest opens with the master key, and for its account only', async () => {
  const { csref, access, tenancy, database } = await harness()
  const [person, other] = [
    await enrolled('u.coffre', csref, 'SIS_CSREF'),
    await enrolled('u.autre', csref, 'SIS_CSREF'),
  ]
  const rows = await database.asSuperuser<{ account_id: string; secret: Buffer; text: string }>(
    'select account_id, secret, f::text as text from sis_platform.second_factor f where secret is not null',
  )
  const sealed = rows.find(({ account_id: id }) => id === person.id)!.secret
  assert.deepEqual(openSecret(access, person.id, sealed), person.phone.secret)
  for (const { text, secret } of rows)
    for (const form of ['hex', 'base64', 'latin1'] as const)
      assert.ok(!`${text} ${secret.toString('latin1')}`.includes(person.phone.secret.toString(form)), form)
  assert.throws(() => openSecret(access, other.id, sealed))
  const stolen = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation: database.installation })
  assert.deepEqual(openSecret(stolen, person.id, sealed), person.phone.secret)
  assert.throws(() => openSecret({ ...stolen, factorKey: Buffer.alloc(32, 8) }, person.id, sealed))
  stolen.close()
})

test('another process, started since, ends the login that the first began, and knows which codes were used', async () => {
  const { csref, database } = await harness()
  const person = await enrolled('u.relance', csref, 'SIS_CSREF')
  const begun = [await challengeOf('u.relance'), await challengeOf('u.relance')]
  const { installation, apiUrl: url } = database
  const tenancy = await createTenancy({ url, installation, poolSize: 2, log: quiet })
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation })
  let written = ''
  const log = pino({ level: 'trace' }, { write: (line: string) => (written += line) })
  const app = await buildApp({ config: harnessConfig, access, log })
  try {
    const client = new Client(app)
    const code = await freshCode(person)
    const { body } = await client.post(secondFactor, { challenge: begun[0], code }, 200)
    refused(await client.post(secondFactor, { challenge: begun[1], code }), 401, 'second_factor_wrong')
    refused(await answer(begun[1]!, code), 401, 'second_factor_wrong')
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const grant = (more: object, headers = {}) =>
      client.send('POST', '/api/v1/auth/token', {
        body: new URLSearchParams({ grant_type: 'password', username: 'u.relance', password, ...more }).toString(),
        headers: { ...form, ...headers },
      })
    const asked = await grant({})
    refused(asked, 401, 'second_factor_required')
    assert.equal(asked.body.error, 'mfa_required')
    assert.equal((await answer(asked.body.challenge, await freshCode(person))).status, 200)
    const wrong = await grant({ client_secret: '000000' })
    assert.deepEqual([wrong.status, wrong.body.code, wrong.body.error], [401, 'second_factor_wrong', 'access_denied'])
    assert.equal((await grant({ client_secret: await freshCode(person) })).status, 200)
    const basic = `Basic ${Buffer.from(`swagger:${person.codes[0]}`).toString('base64')}`
    assert.equal((await grant({}, { authorization: basic })).status, 200)
    const mine = new Client(app, undefined, body.access_token)
    const begin = await mine.post(totp, { password, code: await freshCode(person) }, 200)
    const shown = codeOf(person.phone.secret, stepAt(new Date()))
    assert.ok(written.includes('/api/v1/auth/second-factor'), 'the log was written at all')
    for (const digits of [code, shown]) assert.doesNotMatch(written, new RegExp(`(?<![\\w.])${digits}(?!\\w)`))
    for (const secret of [begun[0]!, asked.body.challenge, person.codes[0]!, begin.body.secret, password])
      assert.ok(!written.includes(secret))
  } finally {
    await app.close()
    access.close()
    await tenancy.close()
  }
})

test('an agent without a second factor is not asked for one', async () => {
  const { csref, anonymous } = await harness()
  await newcomer(csref, 'u.sans', ['SIS_CSREF'])
  const { body } = await anonymous.post(login, { username: 'u.sans', password }, 200)
  const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString())
  assert.deepEqual(claims.amr, ['pwd'])
})
