import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import test from 'node:test'
import { harness, type Body } from '../../../test/harness.ts'

const patients = '/api/v1/patients'
const person = {
  familyName: 'Coulibaly',
  givenName: 'Fatoumata',
  sex: 'F',
  birth: { precision: 'year', date: '1990' },
  village: 'Sangha',
  phone: '76 12 34 56',
}

test('a person already on file is told before creation, and created all the same when confirmed', async () => {
  const { cscom } = await harness()
  const { body: first } = await cscom.agent.post(patients, person, 201)
  const again = { ...person, familyName: 'KOULIBALI', givenName: 'Fatimata' }
  const { body, headers } = await cscom.agent.post(patients, again, 409)
  assert.equal(body.code, 'possible_duplicate')
  assert.match(String(headers['content-type']), /^application\/problem\+json/)
  const { id, fileNumber, familyName, givenName, sex, birth, age, village, phone } = first
  const [candidate, ...others] = body.candidates
  assert.deepEqual(others, [])
  assert.ok(candidate.score >= 0.8 && candidate.score <= 1)
  assert.deepEqual(
    { ...candidate, score: 0 },
    { id, fileNumber, familyName, givenName, sex, birth, age, village, phone, score: 0 },
  )
  const { body: second } = await cscom.agent.post(patients, { ...again, confirmDuplicate: true }, 201)
  assert.equal(Number(second.fileNumber.slice(5)), Number(first.fileNumber.slice(5)) + 1)
  const { body: both } = await cscom.agent.post(patients, person, 409)
  assert.deepEqual(
    both.candidates.map((c: Body) => c.id),
    [first.id, second.id],
  )
  assert.equal(both.candidates[0].score, 1)
})

test('another person is created without a question', async () => {
  const { cscom } = await harness()
  await cscom.agent.post(patients, { ...person, familyName: 'Dolo', givenName: 'Hawa' }, 201)
  await cscom.agent.post(patients, { ...person, familyName: 'Dolo', givenName: 'Adama' }, 201)
  await cscom.agent.post(
    patients,
    { ...person, familyName: 'Dolo', givenName: 'Hawa', birth: { precision: 'year', date: '2020' } },
    201,
  )
})

test('a card finds its person under another name', async () => {
  const { cscom } = await harness()
  const card = { ...person, familyName: 'Arama', givenName: 'Djénéba', phone: null, nina: '2 1990 102013045 K' }
  const { body: first } = await cscom.agent.post(patients, card, 201)
  const other = {
    familyName: 'Poudiougo',
    givenName: 'Assan',
    sex: 'F',
    birth: { precision: 'year', date: '1970' },
    nina: '21990102013045K',
  }
  const { body } = await cscom.agent.post(patients, other, 409)
  assert.deepEqual(
    body.candidates.map((c: Body) => c.id),
    [first.id],
  )
})

test('of two agents who enter one person at once, one is told of the other', async () => {
  const { cscom } = await harness()
  const walkIn = { ...person, familyName: 'Témé', givenName: 'Anta', phone: null }
  for (let round = 0; round < 3; round++) {
    const one = { ...walkIn, familyName: ['Témé', 'Saye', 'Kodio'][round]! }
    const answers = await Promise.all(Array.from({ length: 4 }, () => cscom.agent.post(patients, one)))
    assert.deepEqual(
      answers.map(({ status }) => status).sort((a, b) => a - b),
      [201, 409, 409, 409],
    )
    const created = answers.find(({ status }) => status === 201)!.body
    for (const { body } of answers.filter(({ status }) => status === 409))
      assert.equal(body.candidates[0].id, created.id)
  }
})

test('the same creation sent several times at once, by id or by key, is one patient', async () => {
  const { cscom } = await harness()
  const byId = { ...person, id: randomUUID(), familyName: 'Niangaly', givenName: 'Yadè' }
  const answers = await Promise.all(Array.from({ length: 4 }, () => cscom.agent.post(patients, byId)))
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, 200, 200, 201],
  )
  const byKey = { ...person, familyName: 'Kassambara', givenName: 'Bouréma' }
  const key = { 'idempotency-key': randomUUID() }
  const keyed = await Promise.all(Array.from({ length: 4 }, () => cscom.agent.post(patients, byKey, 201, key)))
  assert.equal(new Set(keyed.map(({ body }) => body.id)).size, 1)
  assert.equal((await cscom.agent.post(patients, { ...byKey, sex: 'M' }, 422, key)).body.code, 'idempotency_key_reused')
})

test('of a sensitive file a candidate shows only that it exists', async () => {
  const { cscom } = await harness()
  const discreet = { ...person, familyName: 'Sawadogo', givenName: 'Rose', phone: '66 00 00 01', sensitive: true }
  const { body: first } = await cscom.agent.post(patients, discreet, 201)
  const { body, text } = await cscom.agent.post(patients, { ...discreet, sensitive: false }, 409)
  assert.deepEqual(body.candidates, [{ id: first.id, fileNumber: first.fileNumber, score: 1 }])
  assert.doesNotMatch(text, /Sawadogo|Rose|66000001/)
})

test('hidden patients and other establishments give no candidate', async () => {
  const { cscom, csref } = await harness()
  const lone = { ...person, familyName: 'Timbiné', givenName: 'Akouni', phone: '66 00 00 02' }
  const { body: first } = await cscom.agent.post(patients, lone, 201)
  await csref.agent.post(patients, lone, 201)
  await cscom.agent.delete(`${patients}/${first.id}`, { reason: 'Saisi deux fois' }, 1, 204)
  await cscom.agent.post(patients, lone, 201)
})

test('at most ten candidates, the likest first', async () => {
  const { hospital } = await harness()
  for (let i = 0; i < 12; i++)
    await hospital.agent.post(patients, { ...person, phone: `76 12 34 ${10 + i}`, confirmDuplicate: true }, 201)
  const { body } = await hospital.agent.post(patients, { ...person, phone: '76 12 34 15' }, 409)
  assert.equal(body.candidates.length, 10)
  assert.equal(body.candidates[0].phone, '+22376123415')
  const scores = body.candidates.map((c: Body) => c.score)
  assert.deepEqual(
    scores,
    [...scores].sort((a, b) => b - a),
  )
})
