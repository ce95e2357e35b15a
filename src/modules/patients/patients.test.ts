import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import test from 'node:test'
import { today } from '../../shared/clock.ts'
import { harness, type Body, type Client } from '../../../test/harness.ts'

const patients = '/api/v1/patients'
const person = {
  familyName: 'Sagara',
  givenName: 'Yapérou',
  sex: 'M',
  birth: { precision: 'estimate', estimate: { value: 34, unit: 'years', on: '2026-07-01' } },
}

test('a created patient has the fields of the contract', async () => {
  const { csref } = await harness()
  const { body, headers } = await csref.agent.post(
    patients,
    {
      ...person,
      phone: '00223 76.12.34.56',
      phoneOwner: 'son frère',
      village: 'Sangha',
      motherName: 'Yassa Dolo',
      nina: '1 1992 102013045 K',
      amoNumber: '1234567890',
      allergies: ['Pénicilline'],
      sensitive: true,
    },
    201,
  )
  const { id, createdAt, updatedAt, age, ...rest } = body
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  assert.match(createdAt, /^20\d\d-.*Z$/)
  assert.equal(updatedAt, createdAt)
  assert.equal(age.unit, 'years')
  assert.ok(age.value >= 34)
  assert.deepEqual(rest, {
    ...person,
    version: 1,
    fileNumber: `${today().slice(0, 4)}-000001`,
    phone: '+22376123456',
    phoneOwner: 'son frère',
    village: 'Sangha',
    motherName: 'Yassa Dolo',
    nina: '11992102013045K',
    amoNumber: '1234567890',
    allergies: ['Pénicilline'],
    sensitive: true,
  })
  assert.equal(headers['location'], `${patients}/${id}`)
  assert.equal(headers['etag'], '"1"')
  const read = await csref.agent.get(`${patients}/${id}`, 200)
  assert.deepEqual(read.body, body)
  assert.equal(read.headers['etag'], '"1"')
  await csref.agent.get(`${patients}/${id}`, 304, { 'if-none-match': '"1"' })
})

test('unusual card numbers are stored and told, in the language asked for', async () => {
  const { csref } = await harness()
  const { body } = await csref.agent.post(patients, { ...person, givenName: 'Domo', nina: '123', amoNumber: '1' }, 201)
  assert.equal(body.nina, '123')
  assert.deepEqual(paths(body.warnings), ['nina', 'amoNumber'])
  assert.match(body.warnings[0].message, /vérifiez sur la carte/)
  assert.equal((await csref.agent.get(`${patients}/${body.id}`, 200)).body.warnings, undefined)
  const changed = await csref.agent.send('PATCH', `${patients}/${body.id}`, {
    body: { nina: '456', amoNumber: null },
    headers: { 'if-match': '"1"', 'accept-language': 'en' },
    expect: 200,
  })
  assert.match(changed.body.warnings[0].message, /check it on the card/)
  assert.deepEqual(paths(changed.body.warnings), ['nina'])
})

test('bad input names every field and stores nothing', async () => {
  const { csref } = await harness()
  const count = async () => (await csref.agent.get(`${patients}?limit=100`, 200)).body.items.length
  const before = await count()
  const refused: [object, string[]][] = [
    [{ familyName: undefined }, ['familyName']],
    [{ familyName: '   ' }, ['familyName']],
    [{ familyName: '...' }, ['familyName']],
    [{ familyName: 'A'.repeat(101) }, ['familyName']],
    [{ givenName: 'Ya\np' }, ['givenName']],
    [{ sex: 'X' }, ['sex']],
    [{ sex: null }, ['sex']],
    [{ birth: undefined }, ['birth']],
    [{ birth: { precision: 'day', date: '2026-02-30' } }, ['birth.date']],
    [{ birth: { precision: 'day', date: '2090-01-01' } }, ['birth.date']],
    [{ birth: { precision: 'year', date: '1800' } }, ['birth.date']],
    [{ birth: { precision: 'year', date: '1986-01-01' } }, ['birth.date']],
    [{ birth: { precision: 'week', date: '1986' } }, ['birth.precision']],
    [
      { birth: { precision: 'estimate', estimate: { value: -4, unit: 'years', on: '2026-07-01' } } },
      ['birth.estimate.value'],
    ],
    [
      { birth: { precision: 'estimate', estimate: { value: 240, unit: 'years', on: '2026-07-01' } } },
      ['birth.estimate.value'],
    ],
    [
      { birth: { precision: 'estimate', estimate: { value: 4, unit: 'weeks', on: '2026-07-01' } } },
      ['birth.estimate.unit'],
    ],
    [{ phone: '123', givenName: '?' }, ['givenName', 'phone']],
    [{ phone: '+33 6 12 34 56 78' }, ['phone']],
    [{ allergies: Array(51).fill('x') }, ['allergies']],
    [{ allergies: 'Pénicilline' }, ['allergies']],
    [{ sensitive: 'true' }, ['sensitive']],
    [{ id: 'DEADBEEF' }, ['id']],
    [{ tenant: 'sih_mopti' }, ['tenant']],
    [{ fileNumber: '2026-000001' }, ['fileNumber']],
  ]
  for (const [change, expected] of refused) {
    const { body } = await csref.agent.post(patients, { ...person, ...change }, 400)
    assert.equal(body.code, 'invalid_input')
    assert.deepEqual(paths(body.errors), expected, JSON.stringify(change))
    assert.ok(body.errors.every(({ message }: { message: string }) => message.length > 5))
  }
  assert.equal(await count(), before)
})

test('the same id with the same content is the same act; with another content it is refused', async () => {
  const { csref } = await harness()
  const mine = { id: randomUUID(), ...person, givenName: 'Ambadio', phone: '76 55 44 33' }
  const { body: first } = await csref.agent.post(patients, mine, 201)
  assert.equal(first.id, mine.id)
  assert.deepEqual((await csref.agent.post(patients, mine, 200)).body, first)
  assert.deepEqual(
    (await csref.agent.post(patients, { ...mine, phone: '+22376554433', allergies: [] }, 200)).body,
    first,
  )
  const other = await csref.agent.post(patients, { ...mine, village: 'Ireli' }, 409)
  assert.equal(other.body.code, 'id_already_used')
  await csref.agent.patch(`${patients}/${mine.id}`, { village: 'Ireli' }, 1, 200)
  const again = await csref.agent.post(patients, mine, 200)
  assert.equal(again.body.village, 'Ireli')
  assert.equal(again.body.version, 2)
})

test('file numbers have no gap under twenty creations at once, some of them refused', async () => {
  const { cabinet } = await harness()
  const create = (body: object) => cabinet.agent.post(patients, body)
  await cabinet.agent.post(patients, person, 201)
  const names = ['Aly', 'Binta', 'Cheick', 'Djélika', 'Emile', 'Fily', 'Gaoussou', 'Hamidou', 'Issiaka', 'Jules']
  const families = ['Ongoïba', 'Tembely']
  const wanted = families.flatMap((familyName) => names.map((givenName) => ({ ...person, familyName, givenName })))
  const refusals = [person, { ...person, phone: '1' }, { ...person, confirmDuplicate: false }]
  const answers = await Promise.all([...wanted.slice(0, 10), ...refusals, ...wanted.slice(10)].map(create))
  assert.deepEqual(tally(answers.map(({ status }) => status)), { 201: 20, 400: 1, 409: 2 })
  const numbers = (await cabinet.agent.get(`${patients}?limit=100`, 200)).body.items
    .map((p: Body) => p.fileNumber)
    .sort()
  const year = today().slice(0, 4)
  assert.deepEqual(
    numbers,
    Array.from({ length: 21 }, (_, i) => `${year}-${String(i + 1).padStart(6, '0')}`),
  )
})

test("another establishment's patient is answered as one that is nowhere", async () => {
  const { csref, cscom } = await harness()
  const { body } = await csref.agent.post(patients, { ...person, givenName: 'Anaye' }, 201)
  const answers = async (client: Client, id: string) => [
    await client.get(`${patients}/${id}`),
    await client.get(`${patients}/${id}/history`),
    await client.patch(`${patients}/${id}`, { village: 'Ireli' }, 1),
    await client.delete(`${patients}/${id}`, { reason: 'Saisi deux fois' }, 1),
  ]
  const foreign = await answers(cscom.agent, body.id)
  const nowhere = await answers(cscom.agent, randomUUID())
  foreign.forEach((answer, i) => {
    assert.equal(answer.status, 404)
    assert.deepEqual({ ...answer.body, requestId: '' }, { ...nowhere[i]!.body, requestId: '' })
    assert.deepEqual(Object.keys(answer.headers).sort(), Object.keys(nowhere[i]!.headers).sort())
  })
  assert.deepEqual((await csref.agent.get(`${patients}/${body.id}`, 200)).body, body)
  // The same id may stand in two establishments: neither learns of the other.
  await cscom.agent.post(patients, { ...person, id: body.id, givenName: 'Autre' }, 201)
  assert.equal((await csref.agent.get(`${patients}/${body.id}`, 200)).body.givenName, 'Anaye')
})

test('only agents see patients', async () => {
  const { csref, superadmin, ministere, anonymous } = await harness()
  for (const client of [csref.admin, superadmin, ministere]) await client.get(patients, 403)
  await anonymous.get(patients, 401)
})

const paths = (errors: { path: string }[]) => errors.map(({ path }) => path)
const tally = (values: number[]) =>
  Object.fromEntries([...new Set(values)].map((v) => [v, values.filter((w) => w === v).length]))
