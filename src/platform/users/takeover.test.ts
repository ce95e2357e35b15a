import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness, type Answer, type Client } from '../../../test/harness.ts'
import { activate, firstLogin, newcomer, password, userOf } from './people.fixture.ts'

// Every way that was found by which somebody could come to work as someone else, or where they have no business.

const users = '/api/v1/users'
const nobody = '019b0000-0000-7000-8000-000000000000'

const refused = (answer: Answer, status: number, code: string): void =>
  assert.deepEqual([answer.status, answer.body?.code], [status, code], answer.text)
const idOf = async (client: Client): Promise<string> => (await client.get('/api/v1/auth/me', 200)).body.id

/** A person of the CSRéf who has accepted to work in the hospital too. */
async function personOfBoth(username: string) {
  const { csref, hospital } = await harness()
  const person = await newcomer(csref, username, ['SIS_CSREF'])
  await hospital.admin.post(users, { username, roles: ['SIH'], existing: true }, 201)
  return { person, csref, hospital, accept: () => acceptAll(person.client) }
}

async function acceptAll(client: Client): Promise<void> {
  const { body } = await client.get('/api/v1/auth/invitations', 200)
  for (const { id } of body.items) await client.post(`/api/v1/auth/invitations/${id}`, { accept: true }, 204)
}

test('an administrator cannot reset, disable or rename somebody who also works elsewhere; the platform can, on both records', async () => {
  const { person, csref, hospital, accept } = await personOfBoth('f.sow')
  await accept()
  for (const { admin } of [csref, hospital]) {
    refused(await admin.post(`${users}/${person.id}/reset`), 403, 'person_belongs_elsewhere')
    const { version } = (await admin.get(`${users}/${person.id}`, 200)).body
    for (const change of [
      { status: 'disabled' },
      { displayName: 'Autre' },
      { email: 'x@example.org' },
      { phone: null },
    ])
      refused(await admin.patch(`${users}/${person.id}`, change, version), 403, 'person_belongs_elsewhere')
  }
  const { superadmin } = await harness()
  await superadmin.post(`${users}/${person.id}/reset`, undefined, 201)
  for (const { admin } of [csref, hospital]) {
    const { body } = await admin.get('/api/v1/audit', 200)
    const acts = body.items.map(
      (item: { action: string; outcome: string; actor: { role: string } }) =>
        `${item.action} ${item.outcome} ${item.actor.role}`,
    )
    assert.ok(acts.includes('user.reset success SUPER_ADMIN'), acts.join('\n'))
    assert.ok(acts.includes('user.reset refused ADMIN_LOCAL'))
  }
})

test('whoever only invites somebody cannot put them out of where they work', async () => {
  const { person, hospital } = await personOfBoth('h.maiga')
  const { version } = (await hospital.admin.get(`${users}/${person.id}`, 200)).body
  await hospital.admin.patch(`${users}/${person.id}`, { roles: ['SIH', 'ADMIN_LOCAL'] }, version, 200)
  await person.client.get('/api/v1/patients', 200)
  await hospital.admin.patch(`${users}/${person.id}`, { roles: [] }, version + 1, 200)
  await person.client.get('/api/v1/patients', 200)
})

test('an invitation that waits elsewhere is enough: who resets could accept it', async () => {
  const { person, csref, hospital } = await personOfBoth('g.ba')
  refused(await csref.admin.post(`${users}/${person.id}/reset`), 403, 'person_belongs_elsewhere')
  refused(await hospital.admin.post(`${users}/${person.id}/reset`), 403, 'person_belongs_elsewhere')
})

test('to invite somebody gives nothing over their account, even when they work nowhere any more', async () => {
  const { csref, hospital } = await harness()
  const person = await newcomer(csref, 'h.cisse', ['SIS_CSREF'])
  await csref.admin.patch(`${users}/${person.id}`, { roles: [] }, (await userOf(csref, person.id)).version, 200)
  const { body } = await hospital.admin.post(users, { username: 'h.cisse', roles: ['SIH'], existing: true }, 201)
  refused(await hospital.admin.post(`${users}/${person.id}/reset`), 403, 'person_belongs_elsewhere')
  refused(
    await hospital.admin.patch(`${users}/${person.id}`, { displayName: 'À moi' }, body.version),
    403,
    'person_belongs_elsewhere',
  )
  refused(await csref.admin.post(`${users}/${person.id}/reset`), 404, 'user_not_found')
})

test('a reset link that an administrator kept is worth nothing once the person joins another establishment', async () => {
  const { csref, hospital, anonymous } = await harness()
  const person = await newcomer(csref, 'i.maiga', ['SIS_CSREF'])
  const kept = (await csref.admin.post(`${users}/${person.id}/reset`, undefined, 201)).body.activation.token
  await hospital.admin.post(users, { username: 'i.maiga', roles: ['SIH'], existing: true }, 201)
  refused(await anonymous.post('/api/v1/auth/activate', { token: kept, password }), 400, 'activation_invalid')
  await acceptAll(person.client)
  refused(await anonymous.post('/api/v1/auth/activate', { token: kept, password }), 400, 'activation_invalid')
})

test('an account whose password nobody has chosen yet cannot be invited: its first link is still about', async () => {
  const { csref, hospital } = await harness()
  await csref.admin.post(users, { username: 'j.diarra', displayName: 'Jeneba Diarra', roles: ['SIS_CSREF'] }, 201)
  refused(
    await hospital.admin.post(users, { username: 'j.diarra', roles: ['SIH'], existing: true }),
    409,
    'account_not_activated',
  )
})

test('SUPER_ADMIN can make neither himself nor another an agent, nor a second administrator', async () => {
  const { superadmin, hospital } = await harness()
  const me = (await superadmin.get('/api/v1/auth/me', 200)).body
  const own = (await superadmin.get(`${users}/${me.id}`, 200)).body
  for (const roles of [['SIS_CSREF'], ['ADMIN_LOCAL'], ['ADMIN_LOCAL', 'SIS_CSREF'], []])
    refused(await superadmin.patch(`${users}/${me.id}`, { roles }, own.version), 403, 'role_not_grantable')
  for (const body of [
    { username: 'superadmin', roles: ['ADMIN_LOCAL'], existing: true },
    { username: 'superadmin', roles: ['SIS_CSREF'], existing: true },
    { username: 'k.faux', displayName: 'Faux', roles: ['SIS_CSREF'] },
    { username: 'k.faux', displayName: 'Faux', roles: ['ADMIN_LOCAL', 'SIS_CSREF'] },
    { username: 'k.faux', displayName: 'Faux', roles: ['ADMIN_LOCAL'] },
    { username: 'k.faux', displayName: 'Faux', roles: ['SUPER_ADMIN'] },
  ])
    refused(await superadmin.post(users, { ...body, establishment: 'csref_djenne' }), 403, 'role_not_grantable')
  for (const roles of [['SIH'], ['ADMIN_LOCAL'], ['SUPER_ADMIN', 'MINISTERE_SIS']])
    refused(await superadmin.post(users, { username: 'k.faux', displayName: 'Faux', roles }), 403, 'role_not_grantable')
  const agent = await idOf(hospital.agent)
  const { version } = (await superadmin.get(`${users}/${agent}`, 200)).body
  refused(
    await superadmin.patch(`${users}/${agent}`, { roles: ['SIH', 'ADMIN_LOCAL'] }, version),
    403,
    'role_not_grantable',
  )
  refused(
    await superadmin.post('/api/v1/auth/establishment', { establishment: 'csref_djenne' }),
    403,
    'membership_missing',
  )
})

test('an administrator cannot let SUPER_ADMIN or a national account in', async () => {
  const { csref, superadmin, ministere, database } = await harness()
  for (const username of ['superadmin', 'ministere'])
    refused(
      await csref.admin.post(users, { username, roles: ['SIS_CSREF'], existing: true }),
      403,
      'role_not_grantable',
    )
  // Even a row that stands in the database gives no right: a platform role alone counts, and no invitation is accepted.
  for (const client of [superadmin, ministere]) {
    const id = await idOf(client)
    await database.asSuperuser(
      `insert into sis_platform.membership (id, account_id, establishment_id, role, status) values (gen_random_uuid(), $1, $2, 'SIS_CSREF', 'invited')`,
      [id, csref.establishment.id],
    )
    const { body } = await client.get('/api/v1/auth/invitations', 200)
    refused(
      await client.post(`/api/v1/auth/invitations/${body.items[0].id}`, { accept: true }),
      403,
      'role_not_grantable',
    )
    await database.asSuperuser(`update sis_platform.membership set status = 'active' where account_id = $1`, [id])
    refused(
      await client.post('/api/v1/auth/establishment', { establishment: 'csref_djenne' }),
      403,
      'membership_missing',
    )
    await database.asSuperuser(`delete from sis_platform.membership where account_id = $1`, [id])
  }
})

test('SUPER_ADMIN invites the first administrator of a new establishment, and none after; it stands on its record', async () => {
  const { superadmin, database, tenancy, withToken } = await harness()
  await superadmin.post(
    '/api/v1/establishments',
    { slug: 'cscom_konna', name: 'CSCOM de Konna', type: 'cscom', region: 'Mopti' },
    202,
  )
  const owner = await database.owner()
  await owner.reconcile()
  await owner.close()
  await tenancy.directory.refresh()
  const add = (username: string) =>
    superadmin.post(users, { username, displayName: 'Premier', roles: ['ADMIN_LOCAL'], establishment: 'cscom_konna' })
  const first = await add('konna.admin')
  assert.equal(first.status, 201)
  await activate(first.body.activation.token)
  refused(await add('konna.second'), 403, 'role_not_grantable')
  const { tokens: login } = await firstLogin('konna.admin')
  const { body } = await withToken(login.access_token).get('/api/v1/audit', 200)
  const acts: string[] = body.items.map((item: { action: string }) => item.action)
  for (const act of ['establishment.create', 'user.create', 'account.activate', 'login'])
    assert.ok(acts.includes(act), acts.join())
})

test('nobody grants a role above their own or foreign to the type', async () => {
  const { cscom, csref } = await harness()
  const agent = await newcomer(cscom, 'l.keita', ['SIS_CSCOM'])
  refused(
    await agent.client.post(users, { username: 'm.faux', displayName: 'Faux', roles: ['SIS_CSCOM'] }),
    403,
    'right_missing',
  )
  refused(await agent.client.patch(`${users}/${agent.id}`, { roles: ['ADMIN_LOCAL'] }, 1), 403, 'right_missing')
  const { version } = await userOf(cscom, agent.id)
  for (const role of ['SUPER_ADMIN', 'MINISTERE_SIS', 'SIS_INRSP'])
    refused(
      await cscom.admin.post(users, { username: 'm.faux', displayName: 'Faux', roles: [role] }),
      403,
      'role_not_grantable',
    )
  for (const role of ['SIH', 'SIS_CSREF', 'SIS_CABINET']) {
    refused(
      await cscom.admin.post(users, { username: 'm.faux', displayName: 'Faux', roles: [role] }),
      403,
      'role_not_grantable',
    )
    refused(
      await cscom.admin.patch(`${users}/${agent.id}`, { roles: ['SIS_CSCOM', role] }, version),
      403,
      'role_not_grantable',
    )
  }
  assert.equal((await cscom.admin.patch(`${users}/${agent.id}`, { roles: ['SUPER_ADMIN'] }, version)).status, 400)
  refused(
    await cscom.admin.post(users, {
      username: 'm.faux',
      displayName: 'Faux',
      roles: ['SIS_CSREF'],
      establishment: 'csref_djenne',
    }),
    404,
    'establishment_not_found',
  )
  assert.equal((await csref.admin.get(`${users}?limit=100`, 200)).text.includes('m.faux'), false)
})

test('a person of another establishment is answered like nobody', async () => {
  const { csref, hospital } = await harness()
  const foreign = await idOf(hospital.agent)
  const shape = ({ status, body, headers }: Answer) => ({
    status,
    body: { ...body, requestId: '' },
    headers: Object.keys(headers)
      .filter((name) => name !== 'date')
      .sort(),
  })
  const { admin } = csref
  for (const ask of [
    (id: string) => admin.get(`${users}/${id}`),
    (id: string) => admin.patch(`${users}/${id}`, { roles: [] }, 1),
    (id: string) => admin.patch(`${users}/${id}`, { status: 'disabled' }, 1),
    (id: string) => admin.post(`${users}/${id}/reset`),
  ]) {
    const [there, nowhere] = [await ask(foreign), await ask(nobody)]
    assert.equal(there.status, 404, there.text)
    assert.deepEqual(shape(there), shape(nowhere))
  }
})

test('no field that is not named is taken: marks, platform roles, passwords', async () => {
  const { csref } = await harness()
  const base = { username: 'n.faux', displayName: 'Faux', roles: ['SIS_CSREF'] }
  for (const extra of [
    { demo: true },
    { platformRole: 'SUPER_ADMIN' },
    { password },
    { status: 'active' },
    { establishmentId: nobody },
  ])
    assert.equal((await csref.admin.post(users, { ...base, ...extra })).status, 400, JSON.stringify(extra))
  const id = await idOf(csref.agent)
  const { version } = (await csref.admin.get(`${users}/${id}`, 200)).body
  for (const extra of [
    { demo: true },
    { platformRole: 'SUPER_ADMIN' },
    { password },
    { username: 'autre.nom' },
    { version: 9 },
  ])
    assert.equal((await csref.admin.patch(`${users}/${id}`, extra, version)).status, 400, JSON.stringify(extra))
})

test('two administrators who remove each other at once leave one', async () => {
  const { cabinet } = await harness()
  const second = await newcomer(cabinet, 'o.second', ['ADMIN_LOCAL'])
  const first = await idOf(cabinet.admin)
  const versions = [await userOf(cabinet, first), await userOf(cabinet, second.id)]
  const answers = await Promise.all([
    cabinet.admin.patch(`${users}/${second.id}`, { roles: [] }, versions[1]!.version),
    second.client.patch(`${users}/${first}`, { roles: [] }, versions[0]!.version),
  ])
  assert.equal(answers.filter(({ status }) => status === 200).length, 1, answers.map(({ text }) => text).join('\n'))
})
