import assert from 'node:assert/strict'
import test from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Body, type Client } from '../../../test/harness.ts'
import { form } from '../exchange/register.fixture.ts'
import { Daily } from '../notifications/daily.ts'
import { equipment } from './index.ts'
import { MOST_NAMED } from './notices.ts'
import { tellOverdue } from './overdue.ts'
import { daysUnavailable, withState } from './rules.ts'
import { MOST_PERIODS, type Period } from './schemas.ts'

const url = '/api/v1/equipment'
const today = (): string => new Date().toISOString().slice(0, 10)
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)

test('days are counted right across months and years, none twice', () => {
  const states: Period[] = [
    { state: 'working', since: '2023-11-01' },
    { state: 'outOfOrder', since: '2023-12-30' },
    { state: 'maintenance', since: '2024-01-02' },
    { state: 'working', since: '2024-01-05' },
    { state: 'outOfOrder', since: '2024-02-28' },
    { state: 'closed', since: '2024-03-02' },
    { state: 'maintenance', since: '2024-06-30' },
  ]
  // Day by day, as somebody would with a calendar.
  const naive = (from: string, to: string): number => {
    let days = 0
    for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000) {
      const day = new Date(at).toISOString().slice(0, 10)
      const { state } = states.filter(({ since }) => since <= day).at(-1) ?? {}
      if (state === 'maintenance' || state === 'outOfOrder') days++
    }
    return days
  }
  const now = '2024-07-03'
  assert.equal(daysUnavailable(states, now), 3 + 3 + 3 + 4)
  assert.equal(daysUnavailable(states, now), naive('2020-01-01', now))
  let compared = 0
  for (let first = Date.parse('2023-12-20'); first < Date.parse('2024-07-10'); first += 3 * 86_400_000)
    for (const length of [0, 1, 2, 30, 31, 90]) {
      const [from, to] = [first, first + length * 86_400_000].map((at) => new Date(at).toISOString().slice(0, 10))
      assert.equal(daysUnavailable(states, now, { from, to }), naive(from!, to! < now ? to! : now), `${from}..${to}`)
      compared += 1
    }
  assert.ok(compared > 300)
  assert.equal(daysUnavailable(states, now, { from: '2024-02-01', to: '2024-01-01' }), 0)
})

test('broken and repaired on one day is no day, and the same again is nothing new', () => {
  const broken = withState(
    [{ state: 'working', since: '2026-01-01' }],
    { state: 'outOfOrder', since: '2026-03-01' },
    '2026-03-01',
  )
  assert.deepEqual(withState(broken, { state: 'working', since: '2026-03-01' }, '2026-03-01'), [
    { state: 'working', since: '2026-01-01' },
  ])
  assert.throws(() => withState(broken, { state: 'working', since: '2026-02-28' }, '2026-03-01'), /invalid_input/)
  assert.throws(() => withState(broken, { state: 'working', since: '2026-03-02' }, '2026-03-01'), /invalid_input/)
})

test('no more states are kept than can be corrected', () => {
  const dayOf = (n: number): string => new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10)
  const states = Array.from({ length: MOST_PERIODS }, (_, n): Period => ({ state: n % 2 ? 'outOfOrder' : 'working', since: dayOf(n) })) // prettier-ignore
  const next = dayOf(MOST_PERIODS)
  assert.throws(() => withState(states, { state: 'working', since: next }, next), /invalid_input/)
  assert.equal(withState(states.slice(1), { state: 'working', since: next }, next).length, MOST_PERIODS)
})

const add = async (admin: Client, more: object): Promise<Body> => (await admin.post(url, more, 201)).body

test('it is kept, breaks down, is repaired, corrected and closed, with every version on file', async () => {
  const { csref } = await harness()
  const service = (await csref.admin.post('/api/v1/services', { name: 'Radiologie' }, 201)).body
  const made = await add(csref.admin, {
    code: 'Écho 2',
    name: 'Échographe',
    serviceId: service.id,
    stateSince: daysAgo(40),
  })
  assert.deepEqual(made.service, { id: service.id, name: 'Radiologie' })
  assert.equal((await csref.admin.post(url, { code: 'ECHO 2', name: 'Autre' }, 409)).body.code, 'equipment_code_taken')
  await csref.agent.post(url, { code: 'X', name: 'X' }, 403)
  const at = `${url}/${made.id}`
  let { version } = made
  const patch = async (change: object): Promise<Body> => {
    const { body } = await csref.admin.patch(at, change, version, 200)
    ;({ version } = body)
    return body
  }
  assert.equal((await patch({ state: 'outOfOrder', stateSince: daysAgo(10) })).daysUnavailable, 11)
  assert.equal((await patch({ state: 'working', stateSince: daysAgo(4) })).daysUnavailable, 6)
  await csref.admin.patch(at, { state: 'maintenance', stateSince: daysAgo(5) }, version, 400)
  await csref.admin.patch(at, { state: 'working' }, 1, 412)
  const { body: within } = await csref.agent.get(`${at}?from=${daysAgo(6)}&to=${today()}`, 200)
  assert.equal(within.daysUnavailable, 2)
  const corrected = await csref.admin.send('PUT', `${at}/states`, {
    body: {
      states: [
        { state: 'working', since: daysAgo(40) },
        { state: 'outOfOrder', since: daysAgo(12) },
        { state: 'working', since: daysAgo(4) },
      ],
      changeReason: 'La panne datait de deux jours avant',
    },
    headers: { 'if-match': `"${version}"` },
    expect: 200,
  })
  assert.equal(corrected.body.daysUnavailable, 8)
  ;({ version } = corrected.body)
  const overlap = { states: [{ state: 'working', since: daysAgo(3) }, { state: 'outOfOrder', since: daysAgo(3) }], changeReason: 'Essai' } // prettier-ignore
  await csref.admin.send('PUT', `${at}/states`, { body: overlap, headers: { 'if-match': `"${version}"` }, expect: 400 })
  const versions = (await csref.agent.get(`${at}/history`, 200)).body.items
  assert.deepEqual(
    versions.map((one: Body) => one.reason),
    ['La panne datait de deux jours avant', null, null, null],
  )
  assert.equal(versions[1].data.states[1].since, daysAgo(10))
  const removal = await csref.admin.delete(at, { reason: 'Doublon' }, version, 409)
  assert.equal(removal.body.code, 'equipment_in_use')
  const closed = await patch({ state: 'closed' })
  assert.deepEqual([closed.active, closed.daysUnavailable], [false, 8])
  const fresh = await add(csref.admin, { code: 'Erreur', name: 'Erreur' })
  await csref.admin.delete(`${url}/${fresh.id}`, { reason: 'Saisi par erreur' }, 1, 204)
  await csref.agent.get(`${url}/${fresh.id}`, 404)
  assert.equal((await csref.agent.get(`${url}/${fresh.id}/history`, 200)).body.items.length, 2)
})

test('sent twice, at once or late, it is one act; its tag changes with what is counted', async () => {
  const { cabinet } = await harness()
  const { admin, agent } = cabinet
  const asked = { id: uuidv7(), code: 'Poupinel', name: 'Poupinel', state: 'maintenance', stateSince: daysAgo(3) }
  // Signed in, or each of them would do so.
  await admin.get(url, 200)
  const sent = await Promise.all(Array.from({ length: 6 }, () => admin.post(url, asked)))
  assert.deepEqual(
    sent.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 200, 200, 201],
  )
  assert.ok(sent.every(({ body }) => body.id === asked.id && body.version === 1))
  assert.equal((await admin.post(url, { ...asked, id: uuidv7() }, 409)).body.code, 'equipment_code_taken')
  assert.equal((await admin.post(url, { ...asked, name: 'Four' }, 409)).body.code, 'id_already_used')
  const at = `${url}/${asked.id}`
  const { headers, body } = await agent.get(at, 200)
  const known = { 'if-none-match': headers['etag'] ?? '' }
  await agent.get(at, 304, known)
  // Another period counts other days, as tomorrow would.
  const other = await agent.get(`${at}?from=${today()}`, 200, known)
  assert.deepEqual([body.daysUnavailable, other.body.daysUnavailable], [4, 1])
  const change = { body: { state: 'working' }, headers: { 'if-match': known['if-none-match'] }, expect: 200 }
  assert.equal((await admin.send('PATCH', at, change)).body.version, 2)
  assert.equal((await admin.post(url, asked, 200)).body.version, 2)
})

test('the list is filtered and walked page by page', async () => {
  const { hospital } = await harness()
  for (const code of ['a1', 'B2', 'c3']) await add(hospital.admin, { code, name: `Pompe ${code}` })
  await add(hospital.admin, { code: 'd4', name: 'Moniteur', state: 'maintenance', nextMaintenanceOn: daysAgo(1) })
  const codes = async (query: string): Promise<string> =>
    (await hospital.agent.get(`${url}?${query}`, 200)).body.items.map(({ code }: Body) => code).join()
  assert.equal(await codes(''), 'a1,B2,c3,d4')
  assert.equal(await codes('q=pompe'), 'a1,B2,c3')
  assert.equal(await codes('state=maintenance'), 'd4')
  assert.equal(await codes('overdue=true'), 'd4')
  assert.equal(await codes('overdue=false'), 'a1,B2,c3')
  assert.equal(await codes('active=false'), '')
  const first = (await hospital.agent.get(`${url}?limit=3`, 200)).body
  assert.equal(await codes(`limit=3&cursor=${first.nextCursor}`), 'd4')
})

test('overdue maintenance is told once a day, by one of several processes', async () => {
  const { cscom, tenancy, database } = await harness()
  const due = await add(cscom.admin, { code: 'Frigo', name: 'Réfrigérateur à vaccins', nextMaintenanceOn: daysAgo(3) })
  await add(cscom.admin, { code: 'Plus tard', name: 'Balance', nextMaintenanceOn: today() })
  const told = async (): Promise<Body[]> =>
    (await cscom.admin.get('/api/v1/notifications', 200)).body.items.filter(
      (one: Body) => one.event === 'equipment.overdue',
    )
  const [first] = await told()
  assert.deepEqual([first.resourceId, (await told()).length], [due.id, 1])
  assert.match(
    first.message,
    /^Maintenance en retard : Frigo \(Réfrigérateur à vaccins\), prévue le \d\d\/\d\d\/\d{4}\.$/,
  )
  // Other processes, at the same time, on the day after.
  const { schema, id } = cscom.establishment
  await database.asSuperuser(`update ${schema}.equipment set overdue_told_on = overdue_told_on - 1`)
  await Promise.all(Array.from({ length: 6 }, () => new Daily(tenancy, [equipment]).look(id)))
  assert.equal((await told()).length, 2)
  await tellOverdue(tenancy.tenant(cscom.establishment), today())
  assert.equal((await told()).length, 2)
  // Many are told in one sentence.
  for (let i = 0; i < 11; i++)
    await add(cscom.admin, { code: `Lot ${i}`, name: 'Aspirateur', nextMaintenanceOn: daysAgo(1) })
  await tellOverdue(tenancy.tenant(cscom.establishment), today())
  const [{ message }] = (await cscom.admin.get('/api/v1/notifications', 200)).body.items
  assert.equal(message, 'Maintenance en retard pour 11 équipements.')
})

test('what breaks down, and works again, is told to everybody of the establishment', async () => {
  const { cabinet } = await harness()
  const made = await add(cabinet.admin, { code: 'ECG', name: 'Électrocardiographe' })
  const broken = (await cabinet.admin.patch(`${url}/${made.id}`, { state: 'outOfOrder' }, 1, 200)).body
  await cabinet.admin.patch(`${url}/${made.id}`, { state: 'working' }, broken.version, 200)
  for (const who of [cabinet.agent, cabinet.admin]) {
    const { body } = await who.get('/api/v1/notifications', 200)
    assert.deepEqual(
      body.items.map(({ message }: Body) => message),
      ['De nouveau en service : ECG (Électrocardiographe).', 'Hors service : ECG (Électrocardiographe).'],
    )
  }
})

test('what one list changes is told piece by piece, of many how many', async () => {
  const { cscom } = await harness()
  const codes = Array.from({ length: MOST_NAMED + 1 }, (_, n) => `LISTE-${n}`)
  const store = async (lines: readonly string[]): Promise<string[]> => {
    const file = ['Code équipement;Désignation;État', ...lines].join('\n')
    const sent = { ...form(file), expect: 201 }
    const { body } = await cscom.admin.send('POST', '/api/v1/imports?dryRun=false', sent)
    assert.equal(body.stored.equipment, lines.length)
    const { items } = (await cscom.agent.get('/api/v1/notifications?kind=equipment', 200)).body
    return items.map(({ message }: Body) => message)
  }
  assert.deepEqual(await store(codes.map((code) => `${code};Lampe;En marche`)), [])
  const many = [`Hors service : ${codes.length} équipements d’une liste.`]
  assert.deepEqual(await store(codes.map((code) => `${code};;HS`)), many)
  const named = ['De nouveau en service : LISTE-0 (Lampe).', ...many]
  assert.deepEqual(await store([`${codes[0]};;En marche`, `${codes[1]};;Réformé`]), named)
  const [last] = await store(codes.map((code) => `${code};Lampe à fente;HS`))
  assert.equal(last, 'Hors service : LISTE-1 (Lampe à fente).')
})
