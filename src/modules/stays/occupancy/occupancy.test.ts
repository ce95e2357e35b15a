import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Body } from '../../../../test/harness.ts'
import { seed, size } from '../../../../test/size.ts'
import { historyOf, recount, store, type Fault, type History } from './history.fixture.ts'
import { dayAfter, daysOf } from './rules.ts'

const path = '/api/v1/occupancy/indicators'
const figures = ['patientDays', 'bedDays', 'admissions', 'transfersIn', 'transfersOut', 'discharges', 'deathsBefore48h', 'deathsAfter48h'] as const // prettier-ignore

let history: History
before(async () => {
  const { hospital, tenancy } = await harness()
  history = historyOf('occupancy', size(200, 2_000))
  await store(tenancy.tenant(hospital.establishment), history)
})

/** The periods whose ends are the most likely to be wrong, and some of any kind. */
function periods(): [string, string][] {
  const fixed: [string, string][] = [
    ['2023-12-01', '2023-12-31'],
    ['2024-01-01', '2024-01-31'],
    ['2023-12-31', '2024-01-01'],
    ['2024-02-01', '2024-02-29'],
    ['2024-02-29', '2024-02-29'],
    ['2024-02-28', '2024-03-01'],
    ['2024-01-01', '2024-12-31'],
    ['2023-11-15', '2024-04-15'],
    ['2022-01-01', '2022-12-31'],
  ]
  const random = Array.from({ length: size(12, 300) }, () => {
    const from = dayAfter('2023-11-20', history.random(120))
    return [from, dayAfter(from, history.random(45))] as [string, string]
  })
  return [...fixed, ...random]
}

test('indicators are what a count of every patient, every bed and every day says', async (t) => {
  t.diagnostic(`seed ${seed}`)
  const { hospital } = await harness()
  for (const [from, to] of periods()) {
    const { body } = await hospital.agent.get(`${path}?from=${from}&to=${to}`, 200)
    const counted = recount(history, from, to)
    const given = new Map((body.services as Body[]).map((one) => [one.service.id, one]))
    for (const { id } of history.services) {
      const expected = counted.get(id)!
      const isEmpty = figures.every((name) => expected[name] === 0)
      assert.equal(given.has(id), !isEmpty, `${from} ${to}`)
      for (const name of figures)
        if (!isEmpty) assert.equal(given.get(id)[name], expected[name], `${name} ${from} ${to}`)
    }
    const all = [...counted.values()]
    const sum = (name: (typeof figures)[number]): number => all.reduce((total, one) => total + one[name], 0)
    for (const name of figures)
      assert.equal(body.total[name], name.startsWith('transfers') ? 0 : sum(name), `total ${name} ${from} ${to}`)
    assert.equal(body.days, daysOf(from, to))
    const near = (value: number | null, expected: number | null, what: string): void => {
      if (expected === null) assert.equal(value, null, what)
      else assert.ok(value !== null && Math.abs(value - expected) <= 0.0051, `${what}: ${value}, ${expected}`)
    }
    const over = (up: number, down: number): number | null => (down === 0 ? null : up / down)
    const [days, beds, out] = [sum('patientDays'), sum('bedDays'), sum('discharges')]
    near(body.total.occupancyRate, over(days * 100, beds), 'occupancy')
    near(body.total.meanStay, over(days, out), 'mean stay')
    near(body.total.turnover, over(out, beds / body.days), 'turnover')
    near(body.total.meanBeds, beds / body.days, 'mean beds')
    near(body.total.deathRate, over((sum('deathsBefore48h') + sum('deathsAfter48h')) * 100, out), 'deaths')
    near(body.total.deathRateBefore48h, over(sum('deathsBefore48h') * 100, out), 'deaths before 48 h')
    near(body.total.deathRateAfter48h, over(sum('deathsAfter48h') * 100, out), 'deaths after 48 h')
  }
})

test('the histories hold what is easily counted wrong, and a moved boundary is found (controls)', () => {
  const { stays, openings } = history
  const has = (what: string, found: boolean): void => assert.ok(found, what)
  has('an open stay', stays.some(({ places }) => places.at(-1)!.to === null))
  has('a stay of one day', stays.some(({ places }) => places.at(-1)!.to?.slice(0, 10) === places[0]!.from.slice(0, 10)))
  has('two transfers on one day', stays.some(({ places }) => places.some(({ from, to }) => to?.slice(0, 10) === from.slice(0, 10))))
  has('a move at midnight', stays.some(({ places }) => places.some(({ from }) => from.endsWith('T00:00:00.000Z'))))
  has('a move a moment before midnight', stays.some(({ places }) => places.some(({ from }) => from.endsWith('T23:59:59.999Z'))))
  has('a patient without a bed', stays.some(({ places }) => places.some(({ bed }) => bed === null)))
  has('a bed that closes and opens again', openings.some((one) => openings.filter(({ bed }) => bed === one.bed).length > 1))
  has('a hidden stay', stays.some(({ hidden }) => hidden))
  // Who counts the day of discharge too, forgets the stays of one day, or leaves out the last day, must get another sum.
  const counted = (fault?: Fault) => periods().slice(0, 8).map(([from, to]) => [...recount(history, from, to, fault)])
  const right = counted()
  for (const fault of ['dischargeDay', 'noSameDay', 'lastDay', 'closingDay', 'departing'] as const)
    assert.notDeepEqual(counted(fault), right, fault)
}) // prettier-ignore

test('a period is refused upside down, in the future, or longer than a year', async () => {
  const { hospital } = await harness()
  const today = new Date().toISOString().slice(0, 10)
  const refused = async (from: string, to: string, field: string): Promise<void> => {
    const { body } = await hospital.agent.get(`${path}?from=${from}&to=${to}`, 400)
    assert.deepEqual([body.code, body.errors.map((one: Body) => one.path)], ['invalid_input', [field]])
  }
  await refused('2024-03-02', '2024-03-01', 'from')
  await refused(today, dayAfter(today), 'to')
  await refused('2023-01-01', '2024-01-02', 'to')
  await hospital.agent.get(`${path}?from=2024-01-01&to=2024-12-31`, 200)
  await hospital.agent.get(`${path}?from=${today}&to=${today}`, 200)
  await hospital.agent.get(`${path}?from=2024-01-01`, 400)
  await hospital.agent.get(`${path}?from=2024-02-30&to=2024-03-01`, 400)
})

test('one service alone has the figures it has among all, and an unknown one is no service', async () => {
  const { hospital, csref } = await harness()
  const period = 'from=2024-01-01&to=2024-02-29'
  const all = (await hospital.agent.get(`${path}?${period}`, 200)).body
  for (const one of all.services as Body[]) {
    const { body } = await hospital.admin.get(`${path}?${period}&serviceId=${one.service.id}`, 200)
    assert.deepEqual(body, { ...all, total: null, services: [one] })
  }
  assert.equal(
    (await hospital.agent.get(`${path}?${period}&serviceId=${uuidv7()}`, 404)).body.code,
    'service_not_found',
  )
  const foreign = `${path}?${period}&serviceId=${history.services[0]!.id}`
  assert.equal((await csref.agent.get(foreign, 404)).body.code, 'service_not_found')
})

test('where there is nothing to divide by, a figure is null and the reason is told', async () => {
  const { csref } = await harness()
  const { body } = await csref.agent.get(`${path}?from=2024-01-01&to=2024-01-31`, 200)
  assert.deepEqual(body.services, [])
  const { occupancyRate, meanStay, turnover, deathRate, meanBeds, missing } = body.total
  assert.deepEqual([occupancyRate, meanStay, turnover, deathRate, meanBeds], [null, null, null, null, 0])
  assert.deepEqual(missing, ['noAvailableBed', 'noDischarge'])
})

describe('the board', () => {
  const url = '/api/v1/occupancy'
  const today = new Date().toISOString().slice(0, 10)
  const present = () => history.stays.filter(({ hidden, places }) => !hidden && places.at(-1)!.to === null)

  test('has every open bed, and every patient in one of them or without', async () => {
    const { hospital, tenancy } = await harness()
    const tenant = tenancy.tenant(hospital.establishment)
    const open = history.openings.filter(({ openedOn, closedOn }) => openedOn <= today && (closedOn === null || closedOn > today))
    const taken = new Map(present().flatMap(({ id, places }) => (places.at(-1)!.bed ? [[places.at(-1)!.bed, id]] : [])) as [string, string][])
    const [cleaning, broken] = open.filter(({ bed }) => !taken.has(bed))
    await tenant.transaction(async (db) => {
      await db.updateTable('bed').set({ state: 'cleaning' }).where('id', '=', cleaning!.bed).execute()
      await db.updateTable('bed').set({ state: 'outOfOrder' }).where('id', '=', broken!.bed).execute()
      // Where a bed stands today.
      for (const { bed, service } of open) await db.updateTable('bed').set({ service_id: service }).where('id', '=', bed).execute()
    })
    const { body } = await hospital.agent.get(url, 200)
    const beds = (body.services as Body[]).flatMap((service) => service.beds.map((bed: Body) => ({ ...bed, service: service.id })))
    const expected = [...new Set([...open.map(({ bed }) => bed), ...taken.keys()])]
    assert.deepEqual(beds.map(({ id }): string => id).toSorted(), expected.toSorted())
    for (const { id, state, stay } of beds) {
      assert.equal(stay?.id, taken.get(id))
      assert.equal(state, taken.has(id) ? 'occupied' : id === cleaning!.bed ? 'cleaning' : id === broken!.bed ? 'outOfOrder' : 'free')
    }
    const waiting = present().filter(({ places }) => places.at(-1)!.bed === null)
    assert.deepEqual((body.services as Body[]).flatMap(({ withoutBed }) => withoutBed.map(({ id }: Body): string => id) as string[]).toSorted(), waiting.map(({ id }) => id).toSorted())
    for (const { id, admittedAt, since } of [...beds.map(({ stay }) => stay).filter(Boolean), ...(body.services as Body[]).flatMap(({ withoutBed }) => withoutBed)]) {
      const { places } = present().find((one) => one.id === id)!
      assert.deepEqual([admittedAt, since], [places[0]!.from, places.at(-1)!.from])
    }
    const sum = (name: string): number => (body.services as Body[]).reduce((total, { counts }) => total + counts[name], 0)
    for (const name of ['beds', 'free', 'occupied', 'cleaning', 'outOfOrder', 'patients', 'withoutBed']) assert.equal(body.total[name], sum(name), name)
    assert.equal(body.total.patients, present().length)
    assert.equal(body.total.beds, body.total.free + body.total.occupied + body.total.cleaning + body.total.outOfOrder)
  }) // prettier-ignore

  test('names patients to who may see them, nobody to the administrator, and is on record for those named', async () => {
    const { hospital, tenancy, database } = await harness()
    const [secret] = present()
    await tenancy.tenant(hospital.establishment).transaction((db) =>
      db.updateTable('patient').set({ sensitive: true, sensitive_at: new Date().toISOString() }).where('id', '=', secret!.patient).execute(),
    )
    const occupants = ({ services }: Body): Body[] =>
      services.flatMap(({ beds, withoutBed }: Body) => [...beds.map(({ stay }: Body) => stay).filter(Boolean), ...withoutBed])
    const recorded = async (requestId: string | undefined) =>
      (await database.asSuperuser<{ action: string; patients: string[]; reason: string | null }>('select action, patients, reason from sis_audit.entry where request_id = $1', [requestId]))[0]
    const others = present().map(({ patient }) => patient).filter((id) => id !== secret!.patient).toSorted()

    const seen = await hospital.agent.get(url, 200)
    const [stranger, ...more] = occupants(seen.body).filter(({ patient }) => patient === null)
    assert.deepEqual([Object.keys(stranger).toSorted(), more], [['admittedAt', 'patient', 'shortObservation', 'since'], []])
    for (const { id, patient } of occupants(seen.body).filter((one) => one !== stranger))
      assert.equal(patient?.id, present().find((one) => one.id === id)!.patient)
    for (const id of [secret!.id, secret!.patient]) assert.ok(!seen.text.includes(id))
    const entry = await recorded(seen.headers['x-request-id'])
    assert.deepEqual([entry?.action, entry?.patients.toSorted(), entry?.reason], ['bedBoard.read', others, null])

    const unnamed = await hospital.admin.get(url, 200)
    assert.deepEqual(unnamed.body.total, seen.body.total)
    for (const occupant of occupants(unnamed.body))
      assert.deepEqual(Object.keys(occupant).toSorted(), ['admittedAt', 'shortObservation', 'since'])
    for (const { id, patient } of present()) for (const one of [id, patient]) assert.ok(!unnamed.text.includes(one))
    assert.ok(!/Essai|familyName/.test(unnamed.text))
    assert.deepEqual((await recorded(unnamed.headers['x-request-id']))?.patients, [])

    const glass = (await hospital.agent.post(`/api/v1/patients/${secret!.patient}/break-glass`, { reason: 'Patient inconscient, allergies ?' }, 201)).body
    const opened = await hospital.agent.get(url, 200)
    assert.equal(occupants(opened.body).find(({ id }) => id === secret!.id).patient.id, secret!.patient)
    const noted = await recorded(opened.headers['x-request-id'])
    assert.deepEqual([noted?.patients.toSorted(), noted?.reason], [[...others, secret!.patient].toSorted(), `break-glass ${glass.id}`])
  }) // prettier-ignore

  test('is of the own establishment', async () => {
    const { csref } = await harness()
    const { body } = await csref.agent.get(url, 200)
    assert.deepEqual([body.total.beds, body.total.patients], [0, 0])
    for (const { services } of [body]) for (const { id } of services) assert.ok(!history.services.some((one) => one.id === id))
  }) // prettier-ignore
})
