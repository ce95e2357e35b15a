import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newcomer } from '../../platform/users/people.fixture.ts'
import { harness, type Answer, type Body, type Client, type Site } from '../../../test/harness.ts'

const url = '/api/v1/stays'
const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()
const ifMatch = (version: number) => ({ 'if-match': `"${version}"` })
const code = ({ status, body }: Answer) => [status, body?.code]
const paths = ({ body }: Answer): string[] => body.errors.map(({ path }: { path: string }) => path)
const why = { reason: 'Saisi par erreur' }

let site: Site
let agent: Client
let service: Body
let other: Body
let serial = 0

before(async () => {
  site = (await harness()).csref
  agent = site.agent
  service = (await site.admin.post('/api/v1/services', { name: 'Médecine interne', capacity: 4 }, 201)).body
  other = (await site.admin.post('/api/v1/services', { name: 'Chirurgie' }, 201)).body
})

const letters = (n: number): string => [...String(n)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('a')
const patient = async (more: object = {}, of: Client = agent): Promise<Body> => {
  const person = { familyName: `Sejour${letters(++serial)}`, givenName: 'Oumou', sex: 'F', confirmDuplicate: true }
  const birth = { precision: 'year', date: '1990' }
  return (await of.post('/api/v1/patients', { ...person, birth, ...more }, 201)).body
}
const bed = async (of: Body = service, more: object = {}): Promise<Body> =>
  (
    await site.admin.post(
      '/api/v1/beds',
      { code: `L-${++serial}`, serviceId: of.id, openedOn: '2025-01-01', ...more },
      201,
    )
  ).body
const admit = async (more: object = {}): Promise<Body> => {
  const patientId = 'patientId' in more || 'consultationId' in more ? {} : { patientId: (await patient()).id }
  return (await agent.post(url, { ...patientId, admittedAt: ago(100), serviceId: service.id, ...more }, 201)).body
}
const post = (path: string, body: object, version?: number, client = agent) =>
  client.send('POST', path, { body, ...(version && { headers: ifMatch(version) }) })
const transfer = ({ id, version }: Body, body: object) => post(`${url}/${id}/transfers`, body, version)
const discharge = ({ id, version }: Body, body: object) => post(`${url}/${id}/discharge`, body, version)
const reopen = ({ id, version }: Body) => post(`${url}/${id}/reopen`, why, version)

describe('an admission', () => {
  test('takes patient, reason, diagnosis and codes from a consultation, once', async () => {
    const { id: patientId } = await patient()
    const date = ago(100).slice(0, 10)
    const visit = { patientId, date, reason: 'Fièvre', diagnosis: 'Paludisme grave', codes: [{ code: 'B50.8' }] }
    const consultation = (await agent.post('/api/v1/consultations', visit, 201)).body
    const asked = {
      consultationId: consultation.id,
      admittedAt: ago(90),
      serviceId: service.id,
      attendingName: 'Dr Diarra',
    }
    const stay = await admit(asked)
    assert.equal(stay.patientId, patientId)
    assert.equal(stay.patient.familyName, (await agent.get(`/api/v1/patients/${patientId}`, 200)).body.familyName)
    assert.deepEqual(
      [stay.reason, stay.diagnosis, stay.codes[0].code, stay.codes[0].role],
      ['Fièvre', 'Paludisme grave', 'B50.8', 'main'],
    )
    assert.deepEqual(
      [stay.status, stay.service.name, stay.bed, stay.shortObservation],
      ['stable', 'Médecine interne', null, false],
    )
    await discharge(stay, { at: ago(80), mode: 'home' })
    assert.deepEqual(code(await post(url, { ...asked, admittedAt: ago(70) })), [409, 'consultation_already_admitted'])
    // A hidden one gives the consultation back.
    await agent.delete(`${url}/${stay.id}`, why, 2, 204)
    await agent.post(url, { ...asked, admittedAt: ago(70) }, 201)
  })

  test('twice with the same id and content is one; with a key it answers what was answered', async () => {
    const asked = { id: uuidv7(), patientId: (await patient()).id, admittedAt: ago(10), serviceId: service.id }
    const [first, again] = [await post(url, asked), await post(url, asked)]
    assert.deepEqual([first.status, again.status], [201, 200])
    assert.deepEqual(again.body, first.body)
    assert.deepEqual(code(await post(url, { ...asked, reason: 'Autre' })), [409, 'id_already_used'])
    const key = { 'idempotency-key': uuidv7() }
    const other = { patientId: (await patient()).id, admittedAt: ago(10), serviceId: service.id }
    const keyed = await agent.post(url, other, 201, key)
    const replayed = await agent.post(url, other, 201, key)
    assert.deepEqual([replayed.body, replayed.headers['idempotency-replayed']], [keyed.body, 'true'])
  })

  test('is refused with every field that is wrong', async () => {
    const { id: patientId } = await patient({ birth: { precision: 'day', date: '2026-01-10' } })
    const ok = { patientId, serviceId: service.id }
    const refused = async (more: object): Promise<string[]> => {
      const answer = await post(url, { ...ok, admittedAt: ago(1), ...more })
      assert.equal(answer.status, 400, answer.text)
      return paths(answer)
    }
    assert.deepEqual(await refused({ admittedAt: ago(-1) }), ['admittedAt'])
    assert.deepEqual(await refused({ admittedAt: '2026-01-09T23:00:00.000Z' }), ['admittedAt'])
    assert.deepEqual(await refused({ patientId: uuidv7() }), ['patientId'])
    assert.deepEqual(await refused({ serviceId: uuidv7() }), ['serviceId'])
    assert.deepEqual(await refused({ bedId: uuidv7() }), ['bedId'])
    assert.deepEqual(await refused({ bedId: (await bed(other)).id }), ['bedId'])
    assert.deepEqual(await refused({ codes: [{ code: 'Z99.99' }] }), ['codes[0].code'])
    assert.deepEqual(await refused({ consultationId: uuidv7() }), ['consultationId'])
    assert.deepEqual(await refused({ status: 'discharged' }), ['status'])
    assert.deepEqual(await refused({ patientId: undefined }), ['patientId'])
    // A minute ahead is a clock that is not set, not the future.
    await agent.post(url, { ...ok, admittedAt: ago(-1 / 60) }, 201)
  })

  test('names its service by the bed; closed beds and those out of order take nobody', async () => {
    const mine = await bed(other)
    const stay = await admit({ serviceId: undefined, bedId: mine.id })
    assert.deepEqual([stay.service.name, stay.bed], ['Chirurgie', { id: mine.id, code: mine.code }])
    const closed = await bed()
    await site.admin.patch(`/api/v1/beds/${closed.id}`, { active: false }, 1, 200)
    const broken = await bed(service, { state: 'outOfOrder' })
    const late = await bed(service, { openedOn: new Date().toISOString().slice(0, 10) })
    const ask = async (bedId: string) =>
      post(url, { patientId: (await patient()).id, admittedAt: ago(50), serviceId: service.id, bedId })
    for (const { id } of [closed, broken, late]) {
      const answer = await ask(id)
      assert.deepEqual([...code(answer), paths(answer)], [409, 'bed_unavailable', ['bedId']])
    }
    const cleaned = await bed(service, { state: 'cleaning' })
    await admit({ bedId: cleaned.id })
    assert.equal((await agent.get(`/api/v1/beds/${cleaned.id}`, 200)).body.state, 'occupied')
  })

  test('of a centre with short observation only is marked, and says when it lasts over 72 hours', async () => {
    const { cscom } = await harness()
    const { id: serviceId } = (await cscom.admin.post('/api/v1/services', { name: 'Observation' }, 201)).body
    const stayed = async (hours: number) => {
      const { id: patientId } = await patient({}, cscom.agent)
      return (await cscom.agent.post(url, { patientId, serviceId, admittedAt: ago(hours) }, 201)).body
    }
    const [short, long] = [await stayed(71), await stayed(73)]
    assert.deepEqual([short.shortObservation, short.over72h, long.over72h], [true, false, true])
  })
})

describe('a bed and a patient', () => {
  test('are taken by one stay at a time, also in the past, and free again afterwards', async () => {
    const { id: bedId } = await bed()
    const { id: patientId } = await patient()
    const first = await admit({ patientId, bedId, admittedAt: ago(50) })
    const ask = async (more: object) =>
      code(await post(url, { patientId: (await patient()).id, serviceId: service.id, admittedAt: ago(10), ...more }))
    assert.deepEqual(await ask({ bedId }), [409, 'bed_taken'])
    assert.deepEqual(await ask({ patientId }), [409, 'patient_already_admitted'])
    const left = (await discharge(first, { at: ago(20), mode: 'home' })).body
    // Before the first one began, it would still be there when it did.
    assert.deepEqual(await ask({ bedId, admittedAt: ago(60) }), [409, 'bed_taken'])
    assert.deepEqual(await ask({ patientId, admittedAt: ago(60) }), [409, 'patient_already_admitted'])
    const second = await admit({ patientId, bedId, admittedAt: ago(20) })
    assert.deepEqual(code(await reopen(left)), [409, 'patient_already_admitted'])
    // A correction cannot overlap either.
    const corrected = await agent.patch(`${url}/${left.id}`, { dischargedAt: ago(10) }, left.version)
    assert.deepEqual(code(corrected), [409, 'patient_already_admitted'])
    await agent.delete(`${url}/${second.id}`, why, 1, 204)
    const third = await admit({ bedId, admittedAt: ago(19) })
    assert.deepEqual(code(await reopen(left)), [409, 'bed_taken'])
    await agent.delete(`${url}/${third.id}`, why, 1, 204)
    const back = await reopen(left)
    assert.deepEqual(
      [back.status, back.body.status, back.body.bedId, back.body.dischargeMode],
      [200, 'stable', bedId, null],
    )
    assert.deepEqual(await ask({ bedId }), [409, 'bed_taken'])
  })

  test('hold what they are in use for', async () => {
    const mine = await bed()
    const { id: patientId } = await patient()
    const stay = await admit({ patientId, bedId: mine.id })
    const patch = async (path: string, body: object, version = 1) =>
      code(await site.admin.patch(`/api/v1/${path}`, body, version))
    assert.deepEqual(await patch(`beds/${mine.id}`, { active: false }), [409, 'bed_occupied'])
    assert.deepEqual(await patch(`beds/${mine.id}`, { serviceId: other.id }), [409, 'bed_occupied'])
    const state = { body: { state: 'outOfOrder' }, headers: ifMatch(1) }
    assert.deepEqual(code(await agent.send('PUT', `/api/v1/beds/${mine.id}/state`, state)), [409, 'bed_occupied'])
    assert.deepEqual(code(await agent.delete(`/api/v1/patients/${patientId}`, why, 1)), [409, 'patient_admitted'])
    assert.deepEqual(await patch(`services/${service.id}`, { active: false }), [409, 'service_in_use'])
    await discharge(stay, { at: ago(1), mode: 'home' })
    assert.deepEqual(code(await site.admin.delete(`/api/v1/beds/${mine.id}`, why, 1)), [409, 'bed_in_use'])
    assert.deepEqual(code(await site.admin.delete(`/api/v1/services/${service.id}`, why, 1)), [409, 'service_in_use'])
    await agent.delete(`/api/v1/patients/${patientId}`, why, 1, 204)
    await site.admin.patch(`/api/v1/beds/${mine.id}`, { active: false }, 1, 200)
  })
})

describe('what changed since', () => {
  test('neither keeps a patient in the ward nor brings one back to what is closed', async () => {
    const { database } = await harness()
    const late = await bed()
    const [leaving, moving] = [
      await admit({ bedId: late.id, admittedAt: ago(50) }),
      await admit({ admittedAt: ago(50) }),
    ]
    // As a ward's old book brings it: the stay is older than the bed.
    await database.asSuperuser(
      `update "${site.establishment.schema}".bed_opening set opened_on = $2 where bed_id = $1`,
      [late.id, ago(0).slice(0, 10)],
    )
    const longer = await agent.patch(`${url}/${leaving.id}`, { admittedAt: ago(60) }, 1)
    assert.deepEqual(code(longer), [409, 'bed_unavailable'])
    assert.equal((await discharge(leaving, { at: ago(1), mode: 'home' })).status, 200)

    const passing = (await site.admin.post('/api/v1/services', { name: `Passage ${++serial}` }, 201)).body
    const there = (await transfer(moving, { at: ago(40), serviceId: passing.id })).body
    const back = (await transfer(there, { at: ago(30), serviceId: service.id })).body
    const ended = await admit({ serviceId: passing.id })
    const left = (await discharge(ended, { at: ago(20), mode: 'home' })).body
    await site.admin.patch(`/api/v1/services/${passing.id}`, { active: false }, 1, 200)
    const refused = await reopen(left)
    assert.deepEqual([refused.status, paths(refused)], [400, ['serviceId']])
    const { items } = (await agent.get(`${url}/${back.id}/movements`, 200)).body
    const undone = await agent.delete(`${url}/${back.id}/movements/${items[2].id}`, why, back.version)
    assert.deepEqual([undone.status, paths(undone)], [400, ['serviceId']])

    const hidden = await admit()
    const gone = (await discharge(hidden, { at: ago(1), mode: 'home' })).body
    await agent.delete(`/api/v1/patients/${hidden.patientId}`, why, 1, 204)
    assert.deepEqual(code(await reopen(gone)), [404, 'patient_not_found'])
  })
})

describe('a transfer', () => {
  test('moves the patient; the former bed is free; what was entered by mistake is undone', async () => {
    const [one, two] = [await bed(), await bed(other)]
    const stay = await admit({ bedId: one.id, admittedAt: ago(50) })
    const elsewhere = await transfer(stay, { at: ago(40), serviceId: service.id, bedId: two.id })
    assert.deepEqual([elsewhere.status, paths(elsewhere)], [400, ['bedId']])
    assert.deepEqual(paths(await transfer(stay, { at: ago(60), bedId: two.id })), ['at'])
    assert.deepEqual(paths(await transfer(stay, { at: ago(-1), bedId: two.id })), ['at'])
    const moved = (await transfer(stay, { at: ago(40), bedId: two.id, reason: 'Opération' })).body
    assert.deepEqual([moved.service.name, moved.bed.code, moved.version], ['Chirurgie', two.code, 2])
    assert.equal((await agent.get(`/api/v1/beds/${one.id}`, 200)).body.state, 'free')
    const { items } = (await agent.get(`${url}/${stay.id}/movements`, 200)).body
    assert.deepEqual(
      items.map(({ bed: { code: in_ }, to, reason }: Body) => [in_, to === null, reason]),
      [
        [one.code, false, null],
        [two.code, true, 'Opération'],
      ],
    )
    assert.equal(items[0].to, items[1].from)
    // Since when: the place before ends then.
    const at = `${url}/${stay.id}/movements`
    const corrected = (
      await agent.patch(`${at}/${items[1].id}`, { from: ago(30), changeReason: 'Heure fausse' }, 2, 200)
    ).body
    const later = (await agent.get(at, 200)).body.items
    assert.deepEqual([later[0].to, later[0].id, corrected.version], [later[1].from, items[0].id, 3])
    assert.deepEqual(paths(await agent.patch(`${at}/${items[1].id}`, { from: ago(51) }, 3)), ['from'])
    const [first] = later
    const since = (await agent.patch(`${at}/${first.id}`, { from: ago(49) }, 3, 200)).body
    assert.deepEqual([since.admittedAt, since.version], [(await agent.get(at, 200)).body.items[0].from, 4])
    assert.equal((await agent.delete(`${at}/${first.id}`, why, 4)).status, 400)
    const undone = (await agent.delete(`${at}/${items[1].id}`, why, 4, 200)).body
    assert.deepEqual([undone.bed.code, undone.service.name], [one.code, 'Médecine interne'])
    assert.equal((await agent.get(`/api/v1/beds/${two.id}`, 200)).body.state, 'free')
    const history = (await agent.get(`${url}/${stay.id}/history`, 200)).body.items
    assert.deepEqual(
      history.map(({ version, reason }: Body) => [version, reason]),
      [
        [5, why.reason],
        [4, null],
        [3, 'Heure fausse'],
        [2, null],
        [1, null],
      ],
    )
    assert.deepEqual(
      history[1].data.movements.map(({ bedId }: Body) => bedId),
      [one.id, two.id],
    )
  })

  test('to a bed that is taken is refused; without a bed it is a shortage', async () => {
    const taken = await bed()
    await admit({ bedId: taken.id })
    const stay = await admit({ bedId: (await bed()).id })
    assert.deepEqual(code(await transfer(stay, { at: ago(1), bedId: taken.id })), [409, 'bed_taken'])
    const out = (await transfer(stay, { at: ago(1), serviceId: other.id })).body
    assert.deepEqual([out.service.name, out.bed], ['Chirurgie', null])
    assert.equal((await transfer(out, { at: ago(0.5), bedId: null })).status, 400)
  })
})

describe('a discharge', () => {
  test('ends the stay in its mode; a death agrees with the hours', async () => {
    const stay = await admit({ admittedAt: ago(60), bedId: (await bed()).id })
    for (const [at, mode, field] of [
      [ago(13), 'deathAfter48h', 'mode'],
      [ago(11), 'deathBefore48h', 'mode'],
      [ago(61), 'home', 'at'],
      [ago(-1), 'home', 'at'],
    ] as const)
      assert.deepEqual(paths(await discharge(stay, { at, mode })), [field])
    assert.deepEqual(code(await post(`${url}/${stay.id}/discharge`, { at: ago(1), mode: 'home' })), [
      428,
      'version_required',
    ])
    const left = (
      await discharge(stay, {
        at: ago(11),
        mode: 'deathAfter48h',
        finalDiagnosis: 'Sepsis',
        finalCodes: [{ code: 'A41.9' }],
      })
    ).body
    assert.deepEqual(
      [left.status, left.dischargeMode, left.finalCodes[0].code],
      ['discharged', 'deathAfter48h', 'A41.9'],
    )
    assert.deepEqual(code(await discharge(left, { at: ago(1), mode: 'home' })), [409, 'stay_ended'])
    assert.deepEqual(code(await transfer(left, { at: ago(1), serviceId: other.id })), [409, 'stay_ended'])
    // Corrected, and judged again as a whole.
    const patch = (body: object) => agent.patch(`${url}/${stay.id}`, body, left.version)
    assert.deepEqual(paths(await patch({ dischargedAt: ago(20) })), ['dischargeMode'])
    assert.deepEqual(paths(await patch({ status: 'stable' })), ['status'])
    const corrected = await patch({ dischargedAt: ago(20), dischargeMode: 'referred', changeReason: 'Vivant, évacué' })
    assert.deepEqual([corrected.status, corrected.body.dischargeMode], [200, 'referred'])
  })

  test('that is not there cannot be corrected, nor undone', async () => {
    const stay = await admit()
    assert.deepEqual(paths(await agent.patch(`${url}/${stay.id}`, { dischargeMode: 'home' }, 1)), ['dischargeMode'])
    assert.deepEqual(paths(await agent.patch(`${url}/${stay.id}`, { finalDiagnosis: 'Guéri' }, 1)), ['finalDiagnosis'])
    assert.deepEqual(paths(await agent.patch(`${url}/${stay.id}`, { status: 'discharged' }, 1)), ['status'])
    assert.deepEqual(code(await reopen(stay)), [409, 'stay_open'])
  })
})

describe('an observation', () => {
  test('lies within the stay, tells alarms, and is corrected with trace', async () => {
    const stay = await admit({ admittedAt: ago(50) })
    const all = `${url}/${stay.id}/observations`
    const write = (body: object) => post(all, body)
    assert.deepEqual(paths(await write({ at: ago(51), notes: 'Avant' })), ['at'])
    assert.deepEqual(paths(await write({ at: ago(-1), notes: 'Après' })), ['at'])
    assert.deepEqual(paths(await write({ at: ago(1), vitals: { temperature: 370 } })), ['vitals.temperature'])
    assert.deepEqual(paths(await write({ at: ago(1) })), ['notes'])
    const body = { id: uuidv7(), at: ago(30), vitals: { temperature: 40.2, pulse: 110 }, notes: 'Agité' }
    const [first, again] = [await write(body), await write(body)]
    assert.deepEqual([first.status, again.status, first.body.alarms[0].vital], [201, 200, 'temperature'])
    await write({ at: ago(20), notes: 'Calme' })
    const { items } = (await agent.get(all, 200)).body
    assert.deepEqual(
      items.map(({ notes }: Body) => notes),
      ['Calme', 'Agité'],
    )
    const one = `${all}/${body.id}`
    const corrected = (await agent.patch(one, { vitals: { temperature: 38.2 }, changeReason: 'Mal lu' }, 1, 200)).body
    assert.deepEqual([corrected.vitals.temperature, corrected.vitals.pulse, corrected.version], [38.2, 110, 2])
    assert.deepEqual(code(await agent.patch(one, { notes: 'x' }, 1)), [412, 'version_stale'])
    const { items: versions } = (await agent.get(`${one}/history`, 200)).body
    assert.deepEqual(
      versions.map(({ reason, data }: Body) => [reason, data.vitals.temperature]),
      [
        ['Mal lu', 38.2],
        [null, 40.2],
      ],
    )
    // The stay began before it was observed, and ends after.
    assert.deepEqual(paths(await agent.patch(`${url}/${stay.id}`, { admittedAt: ago(29) }, 1)), ['admittedAt'])
    assert.deepEqual(paths(await discharge(stay, { at: ago(25), mode: 'home' })), ['at'])
    await agent.delete(one, why, 2, 204)
    assert.equal((await agent.get(all, 200)).body.items.length, 1)
    assert.deepEqual(code(await agent.get(one)), [404, 'observation_not_found'])
    // Of a hidden stay the histories stay readable, as a hidden consultation's: they say what was written, and why no more.
    await agent.delete(`${url}/${stay.id}`, why, 1, 204)
    assert.deepEqual(code(await agent.get(all)), [404, 'stay_not_found'])
    for (const [path, count] of [[`${one}/history`, 3], [`${url}/${stay.id}/history`, 2]] as const)
      assert.equal((await agent.get(path, 200)).body.items.length, count) // prettier-ignore
  })
})

describe('a bed', () => {
  const correct = ({ id }: Body, version: number, openedOn: string, more: object = {}) =>
    site.admin.patch(`/api/v1/beds/${id}`, { openedOn, changeReason: 'Date du bon de livraison', ...more }, version)
  const day = (hours: number): string => ago(hours).slice(0, 10)

  test('has its first day corrected with trace, where neither a stay nor its former opening contradicts it', async () => {
    const one = await bed(service, { openedOn: day(240) })
    await admit({ bedId: one.id, admittedAt: ago(100) })
    for (const wrong of [day(-48), '1899-12-31', day(24)])
      assert.deepEqual([wrong, paths(await correct(one, 1, wrong))], [wrong, ['openedOn']])
    const later = await correct(one, 1, day(120))
    assert.deepEqual([later.status, later.body.openedOn, later.body.version], [200, day(120), 2])
    assert.deepEqual(code(await correct(one, 1, day(130))), [412, 'version_stale'])
    assert.equal((await correct(one, 2, '2025-01-01')).body.openedOn, '2025-01-01')
    const { items } = (await site.admin.get(`/api/v1/beds/${one.id}/history`, 200)).body
    assert.deepEqual(
      items.map(({ reason, data }: Body) => [reason, data.openedOn]),
      [['Date du bon de livraison', '2025-01-01'], ['Date du bon de livraison', day(120)], [null, day(240)]],
    )
    const two = await bed(service, { openedOn: day(240) })
    assert.deepEqual(paths(await correct(two, 1, day(200), { active: false })), ['openedOn'])
    await site.admin.patch(`/api/v1/beds/${two.id}`, { serviceId: other.id }, 1, 200)
    assert.deepEqual(paths(await correct(two, 2, day(48))), ['openedOn'])
  }) // prettier-ignore

  test('that only the history of a stay names is not removed', async () => {
    const [wrong, right] = [await bed(), await bed()]
    const stay = await admit({ bedId: wrong.id })
    const { items } = (await agent.get(`${url}/${stay.id}/movements`, 200)).body
    const moved = { bedId: right.id, changeReason: 'Mauvais lit saisi' }
    await agent.patch(`${url}/${stay.id}/movements/${items[0].id}`, moved, stay.version, 200)
    const remove = ({ id, version }: Body) =>
      site.admin.send('DELETE', `/api/v1/beds/${id}`, { body: why, headers: ifMatch(version) })
    assert.deepEqual(code(await remove(wrong)), [409, 'bed_in_use'])
    assert.equal((await remove(await bed())).status, 204)
  })
})

describe('the list', () => {
  test('is filtered by all that it says, newest first, page by page', async () => {
    const { hospital } = await harness()
    const { agent: reader, admin } = hospital
    const { id: serviceId } = (await admin.post('/api/v1/services', { name: 'Pédiatrie' }, 201)).body
    const { id: bedId } = (await admin.post('/api/v1/beds', { code: 'P-1', serviceId, openedOn: '2026-01-01' }, 201))
      .body
    const days = ['2026-03-31', '2026-04-01', '2026-04-02']
    const made: Body[] = []
    for (const [i, day] of days.entries()) {
      const { id: patientId } = await patient({}, reader)
      const more = i === 0 ? { bedId, codes: [{ code: 'B50.8' }], diagnosis: 'Accès palustre' } : {}
      const asked = {
        patientId,
        serviceId,
        admittedAt: `${day}T23:59:59.999Z`,
        ...(i === 2 && { status: 'critical' }),
        ...more,
      }
      made.push((await reader.post(url, asked, 201)).body)
    }
    const end = { at: '2026-04-03T00:00:00.000Z', mode: 'home', finalCodes: [{ code: 'A09' }] }
    await post(`${url}/${made[0].id}/discharge`, end, 1, reader)
    const found = async (query: Record<string, string>): Promise<number[]> => {
      const { body } = await reader.get(`${url}?${new URLSearchParams(query)}`, 200)
      return body.items.map(({ id }: Body) => made.findIndex((one) => one.id === id))
    }
    const cases: [Record<string, string>, number[]][] = [
      [{}, [2, 1, 0]],
      [{ q: 'PALUSTRE' }, [0]],
      [{ q: made[1].patient.familyName }, [1]],
      [{ status: 'critical' }, [2]],
      [{ status: 'discharged' }, [0]],
      [{ open: 'true' }, [2, 1]],
      [{ open: 'false' }, [0]],
      [{ serviceId, open: 'true' }, [2, 1]],
      [{ serviceId: uuidv7() }, []],
      [{ bedId }, [0]],
      [{ patientId: made[1].patientId }, [1]],
      [{ admittedFrom: '2026-04-01', admittedTo: '2026-04-01' }, [1]],
      [{ dischargedTo: '2026-04-02' }, []],
      [{ dischargedFrom: '2026-04-03', dischargedTo: '2026-04-03' }, [0]],
      [{ code: 'B50' }, [0]],
      [{ code: 'A09' }, [0]],
      [{ code: 'A00' }, []],
    ]
    for (const [query, expected] of cases) assert.deepEqual(await found(query), expected, JSON.stringify(query))
    const searched = await reader.post(`${url}/search`, { q: 'palustre', open: false }, 200)
    assert.equal(searched.body.items.length, 1)
    const first = (await reader.get(`${url}?limit=2`, 200)).body
    const second = (await reader.get(`${url}?limit=2&cursor=${first.nextCursor}`, 200)).body
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }: Body) => id),
      [2, 1, 0].map((i) => made[i].id),
    )
    const since = new Date(Date.now() - 1000).toISOString()
    await reader.delete(`${url}/${made[1].id}`, why, 1, 204)
    assert.deepEqual(await found({}), [2, 0])
    const changed = (await reader.get(`${url}?updatedSince=${since}`, 200)).body.items
    assert.equal(changed.find(({ id }: Body) => id === made[1].id).hidden, true)
    assert.deepEqual(code(await reader.get(`${url}/${made[1].id}`)), [404, 'stay_not_found'])
    await reader.get(`${url}/${made[1].id}/history`, 200)
  })
})

describe('the stays of a sensitive file', () => {
  test('are seen by the caring team only, and through a break-glass', async () => {
    const { client: outsider } = await newcomer(site, 'st.outsider', ['SIS_CSREF'])
    const { id: patientId } = await patient({ sensitive: true })
    const stay = await admit({ patientId, diagnosis: 'Canaricanari' })
    const seen = (await post(`${url}/${stay.id}/observations`, { at: ago(2), notes: 'Note' })).body
    const { items } = (await agent.get(`${url}/${stay.id}/movements`, 200)).body
    const at = ago(1)
    const asked: [string, string, object?][] = [
      ['GET', `${url}/${stay.id}`],
      ['PATCH', `${url}/${stay.id}`, { notes: 'x' }],
      ['DELETE', `${url}/${stay.id}`, why],
      ['GET', `${url}/${stay.id}/history`],
      ['GET', `${url}/${stay.id}/movements`],
      ['PATCH', `${url}/${stay.id}/movements/${items[0].id}`, { reason: 'x' }],
      ['DELETE', `${url}/${stay.id}/movements/${items[0].id}`, why],
      ['POST', `${url}/${stay.id}/transfers`, { at, serviceId: other.id }],
      ['POST', `${url}/${stay.id}/discharge`, { at, mode: 'home' }],
      ['POST', `${url}/${stay.id}/reopen`, why],
      ['GET', `${url}/${stay.id}/observations`],
      ['POST', `${url}/${stay.id}/observations`, { at, notes: 'x' }],
      ['GET', `${url}/${stay.id}/observations/${seen.id}`],
      ['PATCH', `${url}/${stay.id}/observations/${seen.id}`, { notes: 'x' }],
      ['DELETE', `${url}/${stay.id}/observations/${seen.id}`, why],
      ['GET', `${url}/${stay.id}/observations/${seen.id}/history`],
      ['GET', `${url}?patientId=${patientId}`],
      ['POST', url, { patientId, admittedAt: at, serviceId: service.id }],
    ]
    for (const [method, path, body] of asked) {
      const answer = await outsider.send(method, path, { headers: ifMatch(1), ...(body && { body }) })
      assert.deepEqual(code(answer), [403, 'patient_protected'], `${method} ${path}`)
    }
    const listed = async (client: Client) =>
      JSON.stringify([
        (await client.get(`${url}?limit=100`, 200)).body,
        (await client.post(`${url}/search`, { q: 'canaricanari' }, 200)).body,
        (await client.get(`${url}?updatedSince=2020-01-01T00:00:00.000Z&limit=100`, 200)).body.items,
      ]).includes(stay.id)
    assert.deepEqual([await listed(agent), await listed(outsider)], [true, false])
    await outsider.post(`/api/v1/patients/${patientId}/break-glass`, { reason: 'Urgence vitale' }, 201)
    await outsider.get(`${url}/${stay.id}`, 200)
    assert.equal(await listed(outsider), true)
  })

  test('stay in sight of those who admitted or observed before it was marked', async () => {
    const [{ client: admitting }, { client: observing }, { client: neither }] = [
      await newcomer(site, 'st.admitting', ['SIS_CSREF']),
      await newcomer(site, 'st.observing', ['SIS_CSREF']),
      await newcomer(site, 'st.neither', ['SIS_CSREF']),
    ]
    const { id: patientId } = await patient()
    const stay = (await admitting.post(url, { patientId, admittedAt: ago(10), serviceId: service.id }, 201)).body
    await post(`${url}/${stay.id}/observations`, { at: ago(2), notes: 'Calme' }, undefined, observing)
    await agent.patch(`/api/v1/patients/${patientId}`, { sensitive: true }, 1, 200)
    for (const client of [agent, admitting, observing]) await client.get(`${url}/${stay.id}`, 200)
    assert.deepEqual(code(await neither.get(`${url}/${stay.id}`)), [403, 'patient_protected'])
  })
})
