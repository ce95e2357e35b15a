import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Answer, type Client, type Harness } from '../harness.ts'

type Operation = { method: string; path: string }
type Record_ = { id: string; version: number }

let world: Harness
/** What stands at the CSRéf, by the path that names it. The CSCOM must see none of it. */
const theirs: Record<string, Record_> = {}

const patient = {
  familyName: 'Kassogué',
  givenName: 'Yaya',
  sex: 'M',
  birth: { precision: 'year', date: '1971' },
  phone: '76 54 32 10',
}

before(async () => {
  world = await harness()
  const { csref } = world
  const make = async (client: Client, path: string, body: object): Promise<Record_> =>
    (await client.post(path, body, 201)).body as Record_
  theirs['patients'] = await make(csref.agent, '/api/v1/patients', patient)
  theirs['services'] = await make(csref.admin, '/api/v1/services', { name: 'Médecine du CSRéf' })
  theirs['specialties'] = await make(csref.admin, '/api/v1/specialties', { name: 'Spécialité du CSRéf' })
  theirs['consultations'] = await make(csref.agent, '/api/v1/consultations', {
    patientId: theirs['patients'].id,
    date: '2026-07-01',
    practitionerName: 'Dr Canari',
    diagnosis: 'Paludisme canari',
  })
  const { body } = await csref.admin.get('/api/v1/users', 200)
  theirs['users'] = (body.items as Record_[])[0] as Record_
})

const operations = (): Operation[] => {
  const { paths = {} } = world.app.swagger() as { paths?: Record<string, object> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
}

// What two answers about nothing may differ in.
const comparable = ({ status, body, headers }: Answer) => {
  const { requestId: _, ...rest } = (body ?? {}) as { requestId?: string }
  const { 'x-request-id': __, date: ___, 'x-ratelimit-remaining': ____, 'x-ratelimit-reset': _____, ...kept } = headers
  return { status, body: rest, headers: kept }
}

/** A body that would be accepted, so that the refusal is about the record. */
const bodies: Record<string, object> = {
  'PATCH patients': { village: 'Ailleurs' },
  'PATCH consultations': { notes: 'Ailleurs' },
  'PATCH services': { active: false },
  'PATCH specialties': { active: false },
  'PATCH users': { displayName: 'Ailleurs' },
  DELETE: { reason: 'Essai de cloisonnement' },
}

describe('a record of another establishment', () => {
  test('is nowhere, on every route that takes an identifier', async () => {
    const withId = operations().filter(({ path }) => path.includes('{id}'))
    const tried: string[] = []
    for (const { method, path } of withId) {
      const resource = path.split('/')[3] ?? ''
      const other = theirs[resource]
      if (!other) continue
      const client = ['services', 'specialties', 'users'].includes(resource) ? world.cscom.admin : world.cscom.agent
      const ask = (id: string) =>
        client.send(method, path.replace('{id}', id), {
          body: method === 'GET' ? undefined : (bodies[`${method} ${resource}`] ?? bodies[method] ?? {}),
          headers: { 'if-match': `"${other.version}"` },
        })
      const [elsewhere, nowhere] = [await ask(other.id), await ask(uuidv7())]
      assert.deepEqual(comparable(elsewhere), comparable(nowhere), `${method} ${path}`)
      assert.equal(elsewhere.status, 404, `${method} ${path}: ${elsewhere.text}`)
      tried.push(`${method} ${path}`)
    }
    // Every kind of record that has an address is among them.
    assert.ok(tried.length >= 14, tried.join('\n'))
  })

  test('cannot be named in a body: a consultation of their patient, or in their service', async () => {
    const { agent } = world.cscom
    const own = (await agent.post('/api/v1/patients', { ...patient, givenName: 'Propre' }, 201)).body as Record_
    const visit = { date: '2026-07-01', practitionerName: 'Dr X', diagnosis: 'Paludisme', patientId: own.id }
    for (const [field, value] of [
      ['patientId', theirs['patients']?.id],
      ['serviceId', theirs['services']?.id],
      ['specialtyId', theirs['specialties']?.id],
    ] as const) {
      const [elsewhere, nowhere] = await Promise.all(
        [value, uuidv7()].map((id) => agent.post('/api/v1/consultations', { ...visit, [field]: id })),
      )
      assert.ok(elsewhere && nowhere)
      assert.deepEqual(comparable(elsewhere), comparable(nowhere), field)
      assert.ok(elsewhere.status >= 400 && elsewhere.status < 500, `${field}: ${elsewhere.text}`)
    }
  })

  test('appears in no list, search, filter or export', async () => {
    const { agent, admin } = world.cscom
    const asked: [Client, string][] = [
      [agent, '/api/v1/patients?q=Kassogue'],
      [agent, '/api/v1/patients?q=76543210'],
      [agent, '/api/v1/patients?updatedSince=2020-01-01T00:00:00Z'],
      [agent, `/api/v1/consultations?patientId=${theirs['patients']?.id}`],
      [agent, `/api/v1/consultations?serviceId=${theirs['services']?.id}`],
      [agent, '/api/v1/consultations?q=canari'],
      [agent, '/api/v1/services'],
      [agent, '/api/v1/specialties'],
      [agent, '/api/v1/patients/export?format=csv'],
      [agent, '/api/v1/consultations/export?format=csv'],
      [admin, '/api/v1/users?limit=100'],
      [admin, '/api/v1/establishments'],
    ]
    for (const [client, path] of asked) {
      const { text } = await client.get(path, 200)
      assert.doesNotMatch(text, /Yaya|canari|CSRéf|csref_djenne/i, path)
    }
    const { text } = await world.csref.agent.get('/api/v1/consultations?q=canari', 200)
    assert.match(text, /canari/, 'the control: its own establishment finds it')
  })

  test('is not reached by a cursor, a header or a key of theirs', async () => {
    const { csref, cscom } = world
    for (const givenName of ['Deux', 'Trois'])
      await csref.agent.post('/api/v1/patients', { ...patient, givenName, confirmDuplicate: true }, 201)
    const { body } = await csref.agent.get('/api/v1/patients?limit=1', 200)
    const paged = await cscom.agent.get(`/api/v1/patients?limit=100&cursor=${body.nextCursor}`, 200)
    assert.doesNotMatch(paged.text, /Yaya|Deux|Trois/)
    for (const header of ['x-tenant', 'x-establishment', 'x-forwarded-host', 'host', 'x-schema', 'establishment']) {
      const { text } = await cscom.agent.get('/api/v1/patients?q=Kassogue', 200, { [header]: 'csref_djenne' })
      assert.doesNotMatch(text, /Yaya/, header)
    }
    const key = { 'idempotency-key': 'la-meme-cle' }
    const mine = await csref.agent.post(
      '/api/v1/patients',
      { ...patient, givenName: 'Clé', confirmDuplicate: true },
      201,
      key,
    )
    const other = await cscom.agent.post(
      '/api/v1/patients',
      { ...patient, givenName: 'Clé', confirmDuplicate: true },
      201,
      key,
    )
    assert.notEqual(mine.body.id, other.body.id)
  })

  test('may have the identifier that we choose: no trace of theirs, no clash', async () => {
    const { cscom } = world
    const { body } = await cscom.agent.post(
      '/api/v1/patients',
      { ...patient, id: theirs['patients']?.id, givenName: 'Homonyme' },
      201,
    )
    assert.equal(body.givenName, 'Homonyme')
    const { body: untouched } = await world.csref.agent.get(`/api/v1/patients/${theirs['patients']?.id}`, 200)
    assert.equal(untouched.givenName, 'Yaya')
  })
})
