import assert from 'node:assert/strict'
import test from 'node:test'
import { harness, type Body } from '../../../test/harness.ts'

const patients = '/api/v1/patients'
const born = { precision: 'month', date: '1986-03' }
let count = 0

async function newPatient(fields: object = {}): Promise<Body> {
  const { hospital } = await harness()
  const person = { familyName: 'Guindo', givenName: 'Essai', sex: 'F', birth: born, ...fields, confirmDuplicate: true }
  return (await hospital.agent.post(patients, { ...person, phone: `76 00 00 ${10 + count++}` }, 201)).body
}

test('a change needs the version that was read', async () => {
  const { hospital } = await harness()
  const { id } = await newPatient()
  const path = `${patients}/${id}`
  assert.equal((await hospital.agent.patch(path, { village: 'Ireli' }, undefined, 428)).body.code, 'version_required')
  assert.equal((await hospital.agent.patch(path, { village: 'Ireli' }, 2, 412)).body.code, 'version_stale')
  const { body, headers } = await hospital.agent.patch(path, { village: 'Ireli' }, 1, 200)
  assert.equal(body.version, 2)
  assert.equal(headers['etag'], '"2"')
  assert.equal((await hospital.agent.patch(path, { village: 'Banani' }, 1, 412)).body.code, 'version_stale')
  assert.equal((await hospital.agent.delete(path, { reason: 'Essai de saisie' }, 1, 412)).body.code, 'version_stale')
  assert.equal((await hospital.agent.get(path, 200)).body.village, 'Ireli')
})

test('a change, or its hiding, that is sent again with its key is answered again and stored once', async () => {
  const { hospital } = await harness()
  const { id } = await newPatient()
  const path = `${patients}/${id}`
  const send = (method: string, key: string, version: number, body: object, expect: number) =>
    hospital.agent.send(method, path, {
      body,
      headers: { 'if-match': `"${version}"`, 'idempotency-key': key },
      expect,
    })
  const first = await send('PATCH', 'changement', 1, { village: 'Ireli' }, 200)
  const again = await send('PATCH', 'changement', 1, { village: 'Ireli' }, 200)
  assert.deepEqual([again.body, again.headers['etag']], [first.body, '"2"'])
  assert.equal(again.headers['idempotency-replayed'], 'true')
  for (const [version, village] of [
    [1, 'Banani'],
    [2, 'Ireli'],
  ] as const)
    assert.equal((await send('PATCH', 'changement', version, { village }, 422)).body.code, 'idempotency_key_reused')
  await send('DELETE', 'retrait', 2, { reason: 'Essai de saisie' }, 204)
  assert.equal((await send('DELETE', 'retrait', 2, { reason: 'Essai de saisie' }, 204)).text, '')
  const { body: history } = await hospital.agent.get(`${path}/history`, 200)
  assert.equal(history.items.length, 3)
})

test('a write without a key can be sent again under the id of its request', async () => {
  const { hospital } = await harness()
  const { id } = await newPatient()
  const path = `${patients}/${id}`
  const send = (headers: Record<string, string>) =>
    hospital.agent.send('PATCH', path, { body: { village: 'Ireli' }, headers: { 'if-match': '"1"', ...headers } })
  const first = await send({})
  const again = await send({ 'idempotency-key': first.headers['x-request-id'] ?? '' })
  assert.deepEqual([again.status, again.body, again.headers['idempotency-replayed']], [200, first.body, 'true'])
})

test('of two changes at once one is stored, the other told', async () => {
  const { hospital } = await harness()
  const { id } = await newPatient()
  const answers = await Promise.all(
    ['Ireli', 'Banani'].map((village) => hospital.agent.patch(`${patients}/${id}`, { village }, 1)),
  )
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, 412],
  )
})

test('only what is given changes; null clears; the same again makes no version', async () => {
  const { hospital } = await harness()
  const before = await newPatient({ village: 'Sangha', motherName: 'Yassa Dolo', allergies: ['Arachide'] })
  const path = `${patients}/${before.id}`
  const { body } = await hospital.agent.patch(
    path,
    { village: null, birth: { precision: 'year', date: '1986' } },
    1,
    200,
  )
  const { version, updatedAt, age, ...rest } = body
  assert.equal(version, 2)
  assert.ok(updatedAt > before.updatedAt)
  assert.equal(age.unit, 'years')
  const expected = { ...before, village: null, birth: { precision: 'year', date: '1986' } }
  for (const key of ['version', 'updatedAt', 'age']) delete expected[key]
  assert.deepEqual(rest, expected)
  assert.equal((await hospital.agent.patch(path, { village: null, sex: 'F' }, 2, 200)).body.version, 2)
  for (const bad of [
    {},
    { familyName: null },
    { birth: null },
    { phone: '12' },
    { version: 9 },
    { confirmDuplicate: true },
  ])
    await hospital.agent.patch(path, bad, 2, 400)
})

test('a renamed patient is found under the new name and not under the old', async () => {
  const { hospital } = await harness()
  const { id } = await newPatient({ familyName: 'Zoromé' })
  await hospital.agent.patch(`${patients}/${id}`, { familyName: 'Yalcouyé' }, 1, 200)
  const found = async (q: string) =>
    (await hospital.agent.get(`${patients}?q=${q}`, 200)).body.items.map((p: Body) => p.id)
  assert.deepEqual(await found('yalkouye'), [id])
  assert.deepEqual(await found('zorome'), [])
})

test('hiding needs a reason and a version; the history stays', async () => {
  const { hospital, database } = await harness()
  const { id, fileNumber } = await newPatient({ givenName: 'Cachée' })
  const path = `${patients}/${id}`
  for (const body of [undefined, {}, { reason: '' }, { reason: 'ab' }, { reason: 'x'.repeat(501) }])
    assert.equal((await hospital.agent.delete(path, body, 1)).status, 400, JSON.stringify(body))
  await hospital.agent.delete(path, { reason: 'Saisi deux fois' }, undefined, 428)
  const { text } = await hospital.agent.delete(path, { reason: 'Saisi deux fois' }, 1, 204)
  assert.equal(text, '')
  assert.equal((await hospital.agent.get(path, 404)).body.code, 'patient_not_found')
  await hospital.agent.patch(path, { village: 'Ireli' }, 2, 404)
  await hospital.agent.delete(path, { reason: 'Saisi deux fois' }, 2, 404)
  assert.equal((await hospital.agent.get(`${patients}?q=${fileNumber}`, 200)).body.items.length, 0)
  const { body } = await hospital.agent.get(`${path}/history`, 200)
  assert.equal(body.items[0].action, 'hide')
  assert.equal(body.items[0].reason, 'Saisi deux fois')
  const schema = hospital.establishment.schema
  const rows = await database.asSuperuser(
    `select given_name, hidden_by, hidden_reason from "${schema}".patient where id = $1`,
    [id],
  )
  assert.equal(rows[0]?.['given_name'], 'Cachée')
  assert.ok(rows[0]?.['hidden_by'])
})

test('the history shows every version: what, who, when and why', async () => {
  const { hospital } = await harness()
  const first = await newPatient({ village: 'Sangha' })
  const path = `${patients}/${first.id}`
  await hospital.agent.patch(path, { village: 'Ireli' }, 1, 200)
  await hospital.agent.delete(path, { reason: 'Patient de passage' }, 2, 204)
  const { items } = (await hospital.agent.get(`${path}/history`, 200)).body
  assert.deepEqual(
    items.map((v: Body) => [v.version, v.action, v.reason, v.data.village, v.data.version, v.data.hidden]),
    [
      [3, 'hide', 'Patient de passage', 'Ireli', 3, true],
      [2, 'update', null, 'Ireli', 2, undefined],
      [1, 'create', null, 'Sangha', 1, undefined],
    ],
  )
  for (const { by, at, data } of items) {
    assert.equal(by.name, 'Essai sih_mopti.agent')
    assert.match(at, /Z$/)
    assert.equal(data.age, undefined)
    assert.deepEqual(data.birth, born)
  }
  const { age, ...created } = first
  assert.ok(age)
  assert.deepEqual(items[2].data, created)
})

test('each act stands in the audit without a clinical value', async () => {
  const { hospital, database } = await harness()
  const { id } = await newPatient({ givenName: 'Suivie' })
  await hospital.agent.patch(`${patients}/${id}`, { village: 'Ireli' }, 1, 200)
  await hospital.agent.delete(`${patients}/${id}`, { reason: 'Essai de saisie' }, 2, 204)
  const entries = await database.asSuperuser(
    `select action, resource_id, patients, outcome, reason from sis_audit.entry
     where tenant = $1 and patients = array[$2::uuid] order by seq`,
    [hospital.establishment.schema, id],
  )
  assert.deepEqual(
    entries.map(({ action, reason }) => [action, reason]),
    [
      ['patient.create', null],
      ['patient.update', null],
      ['patient.hide', null],
    ],
  )
  assert.doesNotMatch(JSON.stringify(entries), /Suivie|Ireli|Guindo|Essai/)
})
