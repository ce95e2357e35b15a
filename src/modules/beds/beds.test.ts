import assert from 'node:assert/strict'
import test from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Answer, type Body } from '../../../test/harness.ts'

const url = '/api/v1/beds'
const why = { reason: 'Saisi par erreur' }
const today = new Date().toISOString().slice(0, 10)
const code = ({ status, body }: Answer) => [status, body?.code]

test('the administrator keeps the beds, agents read them and say their state', async () => {
  const { csref, ministere } = await harness()
  const { admin, agent } = csref
  const make = async (name: string): Promise<Body> => (await admin.post('/api/v1/services', { name }, 201)).body
  const [one, two] = [await make('Maternité'), await make('Réanimation')]
  const asked = { code: ' MAT   1 ', serviceId: one.id, openedOn: '2026-01-01' }
  const { body: bed, headers } = await admin.post(url, asked, 201)
  assert.deepEqual(
    { ...bed, id: '', createdAt: '', updatedAt: '' },
    {
      id: '', version: 1, code: 'MAT 1', serviceId: one.id, service: { id: one.id, name: 'Maternité' }, state: 'free',
      active: true, openedOn: '2026-01-01', closedOn: null, createdAt: '', updatedAt: '',
    }, // prettier-ignore
  )
  assert.equal(headers['location'], `${url}/${bed.id}`)
  const at = `${url}/${bed.id}`
  await agent.post(url, asked, 403)
  await agent.patch(at, { active: false }, 1, 403)
  await ministere.get(url, 403)
  assert.deepEqual(code(await admin.post(url, { code: 'mat 1', serviceId: two.id })), [409, 'bed_code_taken'])
  for (const [more, path] of [
    [{ serviceId: bed.id }, 'serviceId'],
    [{ openedOn: '2030-01-01' }, 'openedOn'],
    [{ code: '\u200b' }, 'code'],
    [{ state: 'occupied' }, 'state'],
  ] as const)
    assert.equal((await admin.post(url, { code: 'X', serviceId: one.id, ...more }, 400)).body.errors[0].path, path)
  // The same id with the same content again is the same bed.
  assert.deepEqual((await admin.post(url, { ...asked, code: 'MAT 1', id: bed.id }, 200)).body, bed)
  assert.deepEqual(code(await admin.post(url, { ...asked, code: 'MAT 2', id: bed.id })), [409, 'id_already_used'])

  const state = (to: string, version: number) =>
    agent.send('PUT', `${at}/state`, { body: { state: to }, headers: { 'if-match': `"${version}"` } })
  assert.equal((await state('cleaning', 1)).body.state, 'cleaning')
  assert.deepEqual(code(await state('free', 1)), [412, 'version_stale'])
  assert.equal((await state('occupied', 2)).status, 400)
  await state('free', 2)

  // Past days count as they were: in the former service, then in the new one, then closed.
  const moved = (await admin.patch(at, { serviceId: two.id, code: 'REA 9', changeReason: 'Travaux' }, 3, 200)).body
  assert.deepEqual([moved.service.name, moved.openedOn, moved.closedOn], ['Réanimation', today, null])
  const closed = (await admin.patch(at, { active: false }, 4, 200)).body
  assert.deepEqual([closed.active, closed.closedOn], [false, today])
  const opened = (await admin.patch(at, { active: true }, 5, 200)).body
  assert.deepEqual([opened.active, opened.openedOn, opened.version], [true, today, 6])
  const { database } = await harness()
  const openings = await database.asSuperuser(
    `select service_id, opened_on::text, closed_on::text from "${csref.establishment.schema}".bed_opening where bed_id = $1 order by 2`,
    [bed.id],
  )
  assert.deepEqual(openings, [
    { service_id: one.id, opened_on: '2026-01-01', closed_on: today },
    { service_id: two.id, opened_on: today, closed_on: null },
  ])
  const { items } = (await agent.get(`${at}/history`, 200)).body
  assert.deepEqual(
    items.map(({ version, reason, data }: Body) => [version, reason, data.code, data.state, data.active]),
    [
      [6, null, 'REA 9', 'free', true],
      [5, null, 'REA 9', 'free', false],
      [4, 'Travaux', 'REA 9', 'free', true],
      [3, null, 'MAT 1', 'free', true],
      [2, null, 'MAT 1', 'cleaning', true],
      [1, null, 'MAT 1', 'free', true],
    ],
  )
  // Sent again late it is the same act still, and of a bed that is gone no more.
  assert.deepEqual((await admin.post(url, { ...asked, id: bed.id }, 200)).body, opened)
  // Never used: it goes, its history stays.
  await admin.delete(at, why, 6, 204)
  assert.deepEqual(code(await admin.post(url, { ...asked, id: bed.id })), [409, 'id_already_used'])
  assert.deepEqual(code(await agent.get(at)), [404, 'bed_not_found'])
  assert.equal((await agent.get(`${at}/history`, 200)).body.items[0].reason, why.reason)
})

test('the days of a bed stay with the service where it stood, also when it is moved while closed or as it closes', async () => {
  const { csref, database } = await harness()
  const { admin } = csref
  const make = async (name: string): Promise<string> => (await admin.post('/api/v1/services', { name }, 201)).body.id
  const [one, two] = [await make('Pneumologie'), await make('Cardiologie')]
  const past = { service_id: one, opened_on: '2026-01-01', closed_on: today }
  const present = { service_id: two, opened_on: today, closed_on: null }
  const moved = { serviceId: two }
  const [closed, reopened] = [{ active: false }, { active: true }]
  const courses: [string, object[]][] = [
    ['PNE 1', [closed, moved, reopened]],
    ['PNE 2', [{ ...moved, ...closed }, reopened]],
    ['PNE 3', [closed, { ...moved, ...reopened }]],
    ['PNE 4', [moved, { serviceId: one }, moved]],
  ]
  for (const [name, changes] of courses) {
    const { id } = (await admin.post(url, { code: name, serviceId: one, openedOn: '2026-01-01' }, 201)).body
    for (const [i, change] of changes.entries()) await admin.patch(`${url}/${id}`, change, i + 1, 200)
    const openings = await database.asSuperuser(
      `select service_id, opened_on::text, closed_on::text from "${csref.establishment.schema}".bed_opening where bed_id = $1 order by 2`,
      [id],
    )
    assert.deepEqual(openings, [past, present], name)
  }
})

test('a bed that is sent several times at once is one bed, and its tag tells that somebody lies in it', async () => {
  const { csref } = await harness()
  const { admin, agent } = csref
  const { id: serviceId } = (await admin.post('/api/v1/services', { name: 'Urologie' }, 201)).body
  const asked = { id: uuidv7(), code: 'URO 1', serviceId, openedOn: '2026-01-01' }
  const sent = await Promise.all(Array.from({ length: 6 }, () => admin.post(url, asked)))
  assert.deepEqual(
    sent.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 200, 200, 201],
  )
  assert.deepEqual(code(await admin.post(url, { ...asked, id: uuidv7() })), [409, 'bed_code_taken'])
  const at = `${url}/${asked.id}`
  const { headers } = await agent.get(at, 200)
  const known = { 'if-none-match': headers['etag'] ?? '' }
  await agent.get(at, 304, known)
  const patient = { familyName: 'Sidibé', givenName: 'Issa', sex: 'M', birth: { precision: 'year', date: '1970' } }
  const { id: patientId } = (await agent.post('/api/v1/patients', patient, 201)).body
  const stay = { patientId, admittedAt: '2026-11-20T08:00:00Z', serviceId, bedId: asked.id, diagnosis: 'Lithiase' }
  await agent.post('/api/v1/stays', stay, 201)
  const occupied = await agent.get(at, 200, known)
  assert.deepEqual([occupied.body.state, occupied.body.version], ['occupied', 1])
})

test('the list of beds is filtered and goes on by code', async () => {
  const { hospital } = await harness()
  const { admin, agent } = hospital
  const { id: serviceId } = (await admin.post('/api/v1/services', { name: 'Ophtalmologie' }, 201)).body
  const beds: Body[] = []
  for (const name of ['Oph 3', 'OPH 1', 'oph 2'])
    beds.push(
      (await admin.post(url, { code: name, serviceId, state: name === 'OPH 1' ? 'outOfOrder' : 'free' }, 201)).body,
    )
  await admin.patch(`${url}/${beds[0].id}`, { active: false }, 1, 200)
  const found = async (query: string) =>
    (await agent.get(`${url}?${query}`, 200)).body.items.map((one: Body) => one.code)
  assert.deepEqual(await found(`serviceId=${serviceId}`), ['OPH 1', 'oph 2', 'Oph 3'])
  assert.deepEqual(await found('q=oph'), ['OPH 1', 'oph 2', 'Oph 3'])
  assert.deepEqual(await found('active=true&state=free'), ['oph 2'])
  assert.deepEqual(await found('state=outOfOrder'), ['OPH 1'])
  assert.deepEqual(await found('state=occupied'), [])
  const first = (await agent.get(`${url}?limit=2`, 200)).body
  const second = (await agent.get(`${url}?limit=2&cursor=${first.nextCursor}`, 200)).body
  assert.deepEqual(
    [...first.items, ...second.items].map((one: Body) => one.code),
    ['OPH 1', 'oph 2', 'Oph 3'],
  )
})
