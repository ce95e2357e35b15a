import assert from 'node:assert/strict'
import test from 'node:test'
import { harness, type Answer } from '../../../test/harness.ts'

const patients = '/api/v1/patients'
const paths = ({ body }: Answer): string[] => (body.errors ?? []).map(({ path }: { path: string }) => path)

test('text and numbers that cannot be stored are refused by the name of their field', async () => {
  const { app, cscom } = await harness()
  const send = async (payload: string) => {
    const headers = { authorization: `Bearer ${await cscom.agent.token()}`, 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url: patients, headers, payload })
    return { status: answer.statusCode, paths: paths({ body: answer.json() } as Answer), text: answer.body }
  }
  for (const [payload, path] of [
    ['{"familyName":"Secret\\u0000"}', 'familyName'],
    ['{"allergies":["riz","Secret\\ud800"]}', 'allergies[1]'],
    ['{"birth":{"estimate":{"value":1e400}}}', 'birth.estimate.value'],
    ['{"Secret\\u0000":1}', 'body'],
  ] as const) {
    const answer = await send(payload)
    assert.deepEqual([answer.status, answer.paths], [400, [path]], payload)
    assert.doesNotMatch(answer.text, /Secret/)
  }
  const many = await send(JSON.stringify({ allergies: Array(6_000).fill(1) }))
  assert.equal(many.status, 413)
})

test('an address is read to the letter, and a refusal names the parameter', async () => {
  const { cscom } = await harness()
  const { agent } = cscom
  for (const limit of ['0x10', '1e1', '%205', '5.0', '', '0', '101', 'abc', '1&limit=2'])
    assert.deepEqual(paths(await agent.get(`${patients}?limit=${limit}`, 400)), ['limit'], limit)
  await agent.get(`${patients}?limit=100`, 200)
  assert.deepEqual(paths(await agent.get(`${patients}?q=a%00`, 400)), ['q'])
  assert.deepEqual(paths(await agent.get(`${patients}/%00`, 400)), ['id'])
})

test('a cursor that is damaged, made up or of another list is refused', async () => {
  const { cscom } = await harness()
  const id = '0198c0de-7a1b-7c2d-8e3f-0123456789ab'
  const [instant, day, rank] = [
    ['2026-01-01T00:00:00.000Z', id],
    ['2026-01-01', id],
    [5_000, id],
  ]
  const lists: [address: string, own: unknown[], foreign: unknown[][]][] = [
    ['/api/v1/patients?', instant, [day, rank, ['infinity', id], ['2026-13-01T00:00:00.000Z', id], [instant[0], 'x']]],
    ['/api/v1/patients?q=awa&', rank, [day, instant, [0.5, id], [1e300, id], [5_000, 'x']]],
    ['/api/v1/consultations?', day, [instant, rank, ['infinity', id], ['2026-02-31x', id]]],
    ['/api/v1/services?', ['medecine'], [day, rank]],
    ['/api/v1/icd10?', [20], [instant, [-1], [1.5]]],
  ]
  const encoded = (keys: unknown[]): string => Buffer.from(JSON.stringify(keys)).toString('base64url')
  for (const [address, own, foreign] of lists) {
    await cscom.agent.get(`${address}cursor=${encoded(own)}`, 200)
    for (const keys of foreign) {
      const answer = await cscom.agent.get(`${address}cursor=${encoded(keys)}`, 400)
      assert.deepEqual([answer.body.code, paths(answer)], ['invalid_cursor', ['cursor']], JSON.stringify(keys))
    }
  }
})

test('a refusal of a form says what would be right, in both languages', async () => {
  const { cscom } = await harness()
  const body = { familyName: '  ', givenName: 'Awa', sex: 'F', birth: { precision: 'day', date: '1978-1-1' } }
  const said = async (language: string) =>
    (await cscom.agent.post(patients, body, 400, { 'accept-language': language })).body.errors
  assert.deepEqual(await said('fr'), [
    {
      path: 'familyName',
      message: 'Une seule ligne, avec au moins un caractère visible et sans caractère de contrôle.',
    },
    { path: 'birth.date', message: 'Forme attendue : 1986-03-21.' },
  ])
  assert.deepEqual(await said('en'), [
    { path: 'familyName', message: 'A single line with at least one visible character and no control character.' },
    { path: 'birth.date', message: 'Expected form: 1986-03-21.' },
  ])
})

test('a day, an instant or an identifier of the wrong length is told its form, not its length', async () => {
  const { cscom } = await harness()
  const said = async (address: string) => (await cscom.agent.get(address, 400)).body.errors
  const id = { path: 'id', message: 'Un UUID en minuscules.' }
  assert.deepEqual(await said(`${patients}/x`), [id])
  assert.deepEqual(await said('/api/v1/consultations?from=2026-1-1&updatedSince=2026-01-01&x=1'), [
    { path: 'x', message: "Ce champ n'existe pas ici." },
    { path: 'from', message: 'Un jour qui existe, sous la forme AAAA-MM-JJ, de 1850 à 2200.' },
    { path: 'updatedSince', message: 'Un instant UTC sous la forme 2026-07-01T09:30:00Z.' },
  ])
})

test('every operation that takes a body declares what it answers to one that it cannot read', async () => {
  const { app } = await harness()
  type Operation = { requestBody?: object; responses: Record<string, object> }
  const { paths: all } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> }
  const taking = Object.values(all)
    .flatMap((methods) => Object.values(methods))
    .filter(({ requestBody }) => requestBody)
  assert.ok(taking.length > 10)
  for (const { responses } of taking) assert.ok(responses['413'] && responses['415'])
})
