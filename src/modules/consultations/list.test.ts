import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import { harness, type Client } from '../../../test/harness.ts'
import { insertConsultations, walkConsultations } from './index.ts'

const url = '/api/v1/consultations'
type Item = { id: string; date: string; diagnosis: string; patientId: string }
type Query = Record<string, string>

let agent: Client
let patients: { awa: string; moussa: string }
let surgery: string

const list = async (query: Query): Promise<Item[]> =>
  (await agent.get(`${url}?${new URLSearchParams({ limit: '100', ...query })}`, 200)).body.items as Item[]
const diagnoses = async (query: Query): Promise<string[]> =>
  (await list(query)).map(({ diagnosis }) => diagnosis).sort()

before(async () => {
  const { hospital } = await harness()
  agent = hospital.agent
  const patient = async (familyName: string, givenName: string, sex: string): Promise<string> => {
    const body = { familyName, givenName, sex, birth: { precision: 'year', date: '1980' } }
    return (await agent.post('/api/v1/patients', body, 201)).body.id as string
  }
  patients = { awa: await patient('Coulibaly', 'Awa', 'F'), moussa: await patient('Tangara', 'Moussa', 'M') }
  surgery = (await hospital.admin.post('/api/v1/services', { name: 'Chirurgie' }, 201)).body.id as string
  const visits = [
    {
      patientId: patients.awa,
      date: '2026-03-01',
      diagnosis: 'Fièvre typhoïde',
      codes: [{ code: 'A01.0' }],
      practitionerName: 'Dr. Diarra',
    },
    {
      patientId: patients.awa,
      date: '2026-03-02',
      diagnosis: 'Accès palustre',
      codes: [{ code: 'B50.8' }],
      caseType: 'followUp',
      practitionerName: 'Inf. Tapily',
    },
    {
      patientId: patients.moussa,
      date: '2026-03-02',
      diagnosis: 'Accès simple',
      codes: [{ code: 'B54' }, { code: 'B50.9', role: 'main' }],
      practitionerName: 'Dr Diarra',
    },
    {
      patientId: patients.moussa,
      date: '2026-03-03',
      diagnosis: 'Plaie de la main',
      codes: [{ code: 'T14.1' }],
      serviceId: surgery,
      reason: 'Accident de moto',
    },
    {
      patientId: patients.moussa,
      date: '2026-03-04',
      diagnosis: 'Œdème',
      serviceId: surgery,
      practitionerName: 'Dr Diarra',
    },
  ]
  for (const visit of visits) await agent.post(url, visit, 201)
})

test('newest first by date, then id', async () => {
  const items = await list({})
  const keys = items.map(({ date, id }) => `${date} ${id}`)
  assert.equal(items.length, 5)
  assert.deepEqual(keys, keys.toSorted().reverse())
})

test('words of the diagnosis, of the codes’ labels, of the reason and of the names are found without accents', async () => {
  assert.deepEqual(await diagnoses({ q: 'TYPHOIDE' }), ['Fièvre typhoïde'])
  assert.deepEqual(await diagnoses({ q: 'typho' }), ['Fièvre typhoïde'])
  assert.deepEqual(await diagnoses({ q: 'oedeme' }), ['Œdème'])
  assert.deepEqual(await diagnoses({ q: 'paludisme' }), ['Accès palustre', 'Accès simple'])
  assert.deepEqual(await diagnoses({ q: 'moto' }), ['Plaie de la main'])
  assert.deepEqual(await diagnoses({ q: 'coulibaly' }), ['Accès palustre', 'Fièvre typhoïde'])
  assert.deepEqual(await diagnoses({ q: 'coulibaly palustre' }), ['Accès palustre'])
  assert.deepEqual(await diagnoses({ q: 'tangara typhoïde' }), [])
  // Two letters make no trigram: the names are then looked through in the join.
  assert.deepEqual(await diagnoses({ q: 'ng' }), ['Accès simple', 'Plaie de la main', 'Œdème'])
  assert.deepEqual(await diagnoses({ q: '%' }), [])
})

test('a category finds its subdivisions, a code only itself', async () => {
  assert.deepEqual(await diagnoses({ code: 'B50' }), ['Accès palustre', 'Accès simple'])
  assert.deepEqual(await diagnoses({ code: 'b508' }), ['Accès palustre'])
  assert.deepEqual(await diagnoses({ code: 'B54' }), ['Accès simple'])
  assert.deepEqual(await diagnoses({ code: 'B51' }), [])
})

test('filters combine freely, and the search by POST takes the same', async () => {
  const cases: [Query, string[]][] = [
    [{ from: '2026-03-02', to: '2026-03-03' }, ['Accès palustre', 'Accès simple', 'Plaie de la main']],
    [{ patientId: patients.moussa, from: '2026-03-03' }, ['Plaie de la main', 'Œdème']],
    [{ serviceId: surgery, practitioner: 'dr diarra' }, ['Œdème']],
    [{ practitioner: 'DIARRA', code: 'B50' }, ['Accès simple']],
    [{ caseType: 'followUp' }, ['Accès palustre']],
    [{ caseType: 'new', q: 'acces' }, ['Accès simple']],
    [{ specialtyId: surgery }, []],
    [{ updatedSince: '2199-01-01T00:00:00Z' }, []],
  ]
  for (const [query, expected] of cases) {
    assert.deepEqual(await diagnoses(query), expected, JSON.stringify(query))
    const posted = (await agent.post(`${url}/search`, query, 200)).body.items as Item[]
    assert.deepEqual(posted.map(({ diagnosis }) => diagnosis).sort(), expected)
  }
  for (const wrong of [
    'code=XX',
    'caseType=old',
    'from=2026-13-01',
    'patientId=1',
    'limit=0',
    'limit=101',
    'colour=red',
  ])
    await agent.get(`${url}?${wrong}`, 400)
})

test('pages follow each other without doubles or gaps, also within one day, also while visits are added', async () => {
  const { hospital, tenancy } = await harness()
  const tenant = tenancy.tenant(hospital.establishment)
  const actor = { id: null, name: 'Essai', role: 'SIH' }
  const inputs = Array.from({ length: 250 }, (_, i) => ({
    patientId: patients.awa,
    date: i % 2 ? '2025-01-01' : '2025-01-02',
    diagnosis: `Cas ${i}`,
  }))
  const ids = await tenant.transaction((db) => insertConsultations(db, actor, inputs, 'import'))
  assert.equal(new Set(ids).size, 250)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query = new URLSearchParams({ to: '2025-12-31', limit: '37', ...(cursor && { cursor }) })
    const { items, nextCursor } = (await agent.get(`${url}?${query}`, 200)).body as {
      items: Item[]
      nextCursor: string | null
    }
    seen.push(...items.map(({ id }) => id))
    // A newer visit must not push the next page.
    await agent.post(url, { patientId: patients.moussa, date: '2025-02-01', diagnosis: 'Ajout' }, 201)
    cursor = nextCursor
  }
  assert.equal(seen.length, 250)
  assert.deepEqual(seen.toSorted(), ids.toSorted())
  await agent.get(`${url}?cursor=abc`, 400)

  const walked: string[] = []
  for await (const batch of walkConsultations(tenant.read, { id: null }, { to: '2025-01-31' }, 'fr', 60))
    walked.push(...batch.map(({ id }) => id))
  assert.deepEqual(walked, seen)
  const [history] = (await agent.get(`${url}/${ids[0]}/history`, 200)).body.items as {
    action: string
    by: { name: string }
  }[]
  assert.deepEqual([history?.action, history?.by.name], ['import', 'Essai'])
})

test('a batch with one wrong visit stores none and names it', async () => {
  const { hospital, tenancy } = await harness()
  const actor = { id: null, name: 'Essai', role: 'SIH' }
  const good = { patientId: patients.awa, date: '2024-01-01', diagnosis: 'Bon' }
  await assert.rejects(
    tenancy
      .tenant(hospital.establishment)
      .transaction((db) => insertConsultations(db, actor, [good, { ...good, date: '1950-01-01' }])),
    (error: { options: { errors: { path: string }[] } }) => error.options.errors[0]?.path === '[1].date',
  )
  assert.deepEqual(await list({ to: '2024-12-31' }), [])
})

test('every set of filters gives what a recount of the whole list gives, and no set serves the values of another', async () => {
  const whole = (await list({ from: '2026-01-01' })) as (Item & { serviceId: string | null; caseType: string })[]
  const choices: [string, string, (one: (typeof whole)[number]) => boolean][] = [
    ['patientId', patients.moussa, ({ patientId }) => patientId === patients.moussa],
    ['to', '2026-03-03', ({ date }) => date <= '2026-03-03'],
    ['serviceId', surgery, ({ serviceId }) => serviceId === surgery],
    ['caseType', 'new', ({ caseType }) => caseType === 'new'],
  ]
  for (let set = 0; set < 2 ** choices.length; set++)
    for (const limit of ['2', '30']) {
      const chosen = choices.filter((_, i) => set & (1 << i))
      const query = Object.fromEntries(chosen.map(([name, value]) => [name, value]))
      const expected = whole.filter((one) => chosen.every(([, , holds]) => holds(one))).map(({ id }) => id)
      const got = (await list({ from: '2026-01-01', ...query, limit })).map(({ id }) => id)
      assert.deepEqual(got, expected.slice(0, Number(limit)), JSON.stringify(query))
    }
  // The same set with other values.
  const awas = whole.filter(({ patientId }) => patientId === patients.awa).map(({ id }) => id)
  assert.deepEqual(
    (await list({ from: '2026-01-01', patientId: patients.awa })).map(({ id }) => id),
    awas,
  )
})
