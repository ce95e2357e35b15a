import assert from 'node:assert/strict'
import test from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Client } from '../../../test/harness.ts'

const url = '/api/v1/consultations'

/** A patient of their own for each test: the lists of a test are then told apart by patientId. */
async function newPatient(agent: Client, more: object = {}) {
  const birth = { precision: 'day', date: '1990-05-04' }
  const body = { familyName: 'Traoré', givenName: 'Awa', sex: 'F', birth, confirmDuplicate: true, ...more }
  return (await agent.post('/api/v1/patients', body, 201)).body as { id: string; fileNumber: string; version: number }
}

const pathsOf = (body: { errors?: { path: string }[] }) => (body.errors ?? []).map(({ path }) => path)

test('a visit is stored as sent and given as the contract says', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const service = (await csref.admin.post('/api/v1/services', { name: 'Urgences' }, 201)).body as { id: string }
  const specialty = (await csref.admin.post('/api/v1/specialties', { name: 'Pédiatrie' }, 201)).body as { id: string }
  const sent = {
    patientId: patient.id,
    date: '2026-07-01',
    practitionerName: '  Dr   Diarra ',
    serviceId: service.id,
    specialtyId: specialty.id,
    reason: 'Fièvre depuis 3 jours',
    diagnosis: 'Paludisme grave',
    codes: [{ code: 'd649' }, { system: 'icd10', code: 'B50.8', role: 'main', label: 'autre chose' }],
    caseType: 'followUp',
    examinations: 'TDR positif\r\nGoutte épaisse positive',
    treatment: 'Artésunate',
    notes: 'À revoir',
    vitals: { temperature: 39.2, systolic: 118, diastolic: 74, pulse: 96, weight: 61.5, spo2: 93 },
    outcome: 'hospitalised',
  }
  const created = await csref.agent.post(url, sent, 201)
  assert.equal(created.headers['etag'], '"1"')
  assert.equal(created.headers['location'], `${url}/${created.body.id}`)
  const { id, createdAt, updatedAt, createdBy, patient: who, alarms, ...rest } = created.body
  assert.deepEqual(rest, {
    version: 1,
    ...sent,
    practitionerName: 'Dr Diarra',
    examinations: 'TDR positif\nGoutte épaisse positive',
    codes: [
      {
        system: 'icd10',
        code: 'B50.8',
        label: 'Autres formes graves et compliquées de paludisme à Plasmodium falciparum',
        role: 'main',
      },
      { system: 'icd10', code: 'D64.9', label: 'Anémie, sans précision', role: 'secondary' },
    ],
    vitals: { ...sent.vitals, respiration: null, height: null, muac: null },
    service: { id: service.id, name: 'Urgences' },
    specialty: { id: specialty.id, name: 'Pédiatrie' },
  })
  assert.equal(createdAt, updatedAt)
  assert.equal(createdBy.name, 'Essai csref_djenne.agent')
  assert.deepEqual(who, {
    id: patient.id,
    fileNumber: patient.fileNumber,
    familyName: 'Traoré',
    givenName: 'Awa',
    sex: 'F',
    birth: { precision: 'day', date: '1990-05-04' },
    age: { value: 36, unit: 'years' },
  })
  assert.deepEqual(
    alarms.map(({ vital, level }: { vital: string; level: string }) => [vital, level]),
    [
      ['temperature', 'warning'],
      ['spo2', 'warning'],
    ],
  )
  assert.match(alarms[0].message, /Fièvre élevée/)
  const read = await csref.agent.get(`${url}/${id}`, 200, { 'accept-language': 'en' })
  assert.match(read.body.alarms[0].message, /High fever/)
  assert.deepEqual({ ...read.body, alarms }, created.body)
  assert.equal(read.headers['etag'], '"1"')
})

test('age and alarms are those of the day of the visit', async () => {
  const { csref } = await harness()
  const child = await newPatient(csref.agent, { birth: { precision: 'day', date: '2024-01-10' } })
  const vitals = { respiration: 45, muac: 112 }
  const infant = (await csref.agent.post(url, { patientId: child.id, date: '2024-09-15', vitals }, 201)).body
  assert.deepEqual(infant.patient.age, { value: 8, unit: 'months' })
  assert.deepEqual(
    infant.alarms.map((alarm: { vital: string }) => alarm.vital),
    ['muac'],
  )
  const toddler = (await csref.agent.post(url, { patientId: child.id, date: '2025-09-15', vitals }, 201)).body
  assert.deepEqual(
    toddler.alarms.map((alarm: { vital: string }) => alarm.vital),
    ['respiration', 'muac'],
  )
})

test('what is wrong is refused with the name of the field, and nothing is stored', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const base = { patientId: patient.id, date: '2026-07-01' }
  const cases: [body: object, paths: string[]][] = [
    [{ ...base, date: '2999-01-01' }, ['date']],
    [{ ...base, date: '2199-01-01' }, ['date']],
    [{ ...base, date: '1899-12-31' }, ['date']],
    [{ ...base, date: '1990-05-03' }, ['date']],
    [{ ...base, date: '2026-02-30' }, ['date']],
    [{ ...base, vitals: { temperature: 385, systolic: 80, diastolic: 120 } }, ['vitals.temperature']],
    [{ ...base, vitals: { systolic: 80, diastolic: 120 } }, ['vitals.diastolic']],
    [{ ...base, vitals: { pulse: '80' } }, ['vitals.pulse']],
    [{ ...base, vitals: { tension: 12 } }, ['vitals.tension']],
    [{ ...base, codes: [{ code: 'B54' }, { code: 'ZZ99' }] }, ['codes[1].code']],
    [{ ...base, codes: [{ code: 'B54' }, { code: 'D64.9' }] }, ['codes']],
    [{ ...base, codes: [{ code: 'B54', role: 'main' }, { code: 'b54' }] }, ['codes[1].code']],
    [{ ...base, caseType: 'old' }, ['caseType']],
    [{ ...base, outcome: 'cured' }, ['outcome']],
    [{ ...base, serviceId: uuidv7() }, ['serviceId']],
    [{ ...base, specialtyId: uuidv7() }, ['specialtyId']],
    [{ ...base, patientId: uuidv7() }, ['patientId']],
    [{ ...base, colour: 'red' }, ['colour']],
    [{ date: '2026-07-01' }, ['patientId']],
  ]
  for (const [body, paths] of cases) {
    const answer = await csref.agent.post(url, body, 400)
    assert.equal(answer.body.code, 'invalid_input')
    assert.deepEqual(pathsOf(answer.body), paths, JSON.stringify(body))
  }
  const temperature = await csref.agent.post(url, { ...base, vitals: { temperature: 20 } }, 400)
  assert.equal(temperature.body.errors[0].message, 'La température va de 25 à 45 °C.')
  assert.deepEqual((await csref.agent.get(`${url}?patientId=${patient.id}`, 200)).body.items, [])
})

test('the same id with the same body is the same visit, with another body a conflict', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const body = {
    id: uuidv7(),
    patientId: patient.id,
    date: '2026-07-02',
    diagnosis: 'Gale',
    codes: [{ code: 'B86' }],
    vitals: { weight: 12.345 },
  }
  const first = await csref.agent.post(url, body, 201)
  const again = await csref.agent.post(url, body, 200)
  assert.deepEqual(again.body, first.body)
  assert.equal((await csref.agent.post(url, { ...body, diagnosis: 'Teigne' }, 409)).body.code, 'id_already_used')
  assert.equal((await csref.agent.get(`${url}?patientId=${patient.id}`, 200)).body.items.length, 1)
})

test('the same visit sent five times at once is stored once', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const body = { id: uuidv7(), patientId: patient.id, date: '2026-07-02', diagnosis: 'Gale' }
  await csref.agent.token()
  const answers = await Promise.all(Array.from({ length: 5 }, () => csref.agent.post(url, body)))
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 200, 201],
  )
  assert.equal((await csref.agent.get(`${url}/${body.id}/history`, 200)).body.items.length, 1)
})

test('a change needs the version that was read, merges measures and keeps every version', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const body = {
    patientId: patient.id,
    date: '2026-07-02',
    diagnosis: 'Paludisme simple',
    codes: [{ code: 'B54' }],
    vitals: { temperature: 38, pulse: 90 },
  }
  const { id } = (await csref.agent.post(url, body, 201)).body as { id: string }
  assert.equal(
    (await csref.agent.patch(`${url}/${id}`, { outcome: 'home' }, undefined, 428)).body.code,
    'version_required',
  )
  const changed = await csref.agent.patch(
    `${url}/${id}`,
    { outcome: 'referred', vitals: { temperature: 39, pulse: null, spo2: 97 } },
    1,
    200,
  )
  assert.equal(changed.headers['etag'], '"2"')
  assert.equal(changed.body.version, 2)
  assert.equal(changed.body.diagnosis, 'Paludisme simple')
  assert.equal(changed.body.vitals.temperature, 39)
  assert.equal(changed.body.vitals.pulse, null)
  assert.equal(changed.body.vitals.spo2, 97)
  assert.equal((await csref.agent.patch(`${url}/${id}`, { outcome: 'home' }, 1, 412)).body.code, 'version_stale')
  const same = await csref.agent.patch(`${url}/${id}`, { outcome: 'referred' }, 2, 200)
  assert.equal(same.body.version, 2)
  assert.deepEqual(pathsOf((await csref.agent.patch(`${url}/${id}`, { date: '1980-01-01' }, 2, 400)).body), ['date'])
  const other = await newPatient(csref.agent)
  assert.deepEqual(pathsOf((await csref.agent.patch(`${url}/${id}`, { patientId: other.id }, 2, 400)).body), [
    'patientId',
  ])
  await csref.agent.patch(`${url}/${id}`, { codes: [], diagnosis: null }, 2, 200)
  const history = (await csref.agent.get(`${url}/${id}/history`, 200)).body.items as {
    version: number
    action: string
    data: { diagnosis: string | null; codes: unknown[]; vitals: { temperature: number } }
  }[]
  assert.deepEqual(
    history.map(({ version, action }) => [version, action]),
    [
      [3, 'update'],
      [2, 'update'],
      [1, 'create'],
    ],
  )
  assert.equal(history[0]?.data.diagnosis, null)
  assert.equal(history[2]?.data.vitals.temperature, 38)
  assert.equal(history[2]?.data.codes.length, 1)
})

test('a hidden visit is gone from lists and reads, told to synchronisation, and its history stays', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const { id } = (await csref.agent.post(url, { patientId: patient.id, date: '2026-07-02', diagnosis: 'Erreur' }, 201))
    .body as { id: string }
  await csref.agent.delete(`${url}/${id}`, { reason: 'Saisie deux fois' }, undefined, 428)
  assert.deepEqual(pathsOf((await csref.agent.delete(`${url}/${id}`, {}, 1, 400)).body), ['reason'])
  await csref.agent.delete(`${url}/${id}`, { reason: 'Saisie deux fois' }, 1, 204)
  assert.equal((await csref.agent.get(`${url}/${id}`, 404)).body.code, 'consultation_not_found')
  await csref.agent.patch(`${url}/${id}`, { outcome: 'home' }, 2, 404)
  await csref.agent.delete(`${url}/${id}`, { reason: 'Encore une fois' }, 2, 404)
  assert.deepEqual((await csref.agent.get(`${url}?patientId=${patient.id}`, 200)).body.items, [])
  const since = await csref.agent.get(`${url}?patientId=${patient.id}&updatedSince=2020-01-01T00:00:00Z`, 200)
  assert.deepEqual(
    since.body.items.map((item: { id: string; hidden?: boolean; version: number }) => [
      item.id,
      item.hidden,
      item.version,
    ]),
    [[id, true, 2]],
  )
  const [last] = (await csref.agent.get(`${url}/${id}/history`, 200)).body.items
  assert.deepEqual([last.action, last.reason, last.data.hidden], ['hide', 'Saisie deux fois', true])
})

test('another establishment’s visit is like one that is nowhere', async () => {
  const { csref, cscom } = await harness()
  const patient = await newPatient(csref.agent)
  const service = (await csref.admin.post('/api/v1/services', { name: 'Maternité' }, 201)).body as { id: string }
  const { id } = (await csref.agent.post(url, { patientId: patient.id, date: '2026-07-02' }, 201)).body as {
    id: string
  }
  const nowhere = uuidv7()
  const without = (body: { requestId?: string }) => ({ ...body, requestId: undefined })
  for (const [method, path, body, headers] of [
    ['GET', '', undefined, {}],
    ['GET', '/history', undefined, {}],
    ['PATCH', '', { outcome: 'home' }, { 'if-match': '"1"' }],
    ['DELETE', '', { reason: 'Par erreur' }, { 'if-match': '"1"' }],
  ] as const) {
    const foreign = await cscom.agent.send(method, `${url}/${id}${path}`, { body, headers, expect: 404 })
    const unknown = await cscom.agent.send(method, `${url}/${nowhere}${path}`, { body, headers, expect: 404 })
    assert.deepEqual(without(foreign.body), without(unknown.body))
  }
  const own = await newPatient(cscom.agent)
  for (const wrong of [
    { patientId: patient.id },
    { patientId: own.id, serviceId: service.id },
    { patientId: own.id, specialtyId: service.id },
  ])
    await cscom.agent.post(url, { date: '2026-07-02', ...wrong }, 400)
  assert.deepEqual((await cscom.agent.get(`${url}?patientId=${patient.id}`, 200)).body.items, [])
  assert.equal((await csref.agent.get(`${url}/${id}`, 200)).body.version, 1)
  // The same id may stand in two establishments: neither learns of the other's.
  await cscom.agent.post(url, { id, patientId: own.id, date: '2026-07-02' }, 201)
})

test('an administrator of the establishment or the platform reads no visit', async () => {
  const { csref, superadmin, ministere, anonymous } = await harness()
  for (const client of [csref.admin, superadmin, ministere]) await client.get(url, 403)
  await anonymous.get(url, 401)
})

test('a service that is switched off cannot be chosen, but stays where it was', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  const service = (await csref.admin.post('/api/v1/services', { name: 'Petite chirurgie' }, 201)).body as { id: string }
  const body = { patientId: patient.id, date: '2026-07-02', serviceId: service.id }
  const { id } = (await csref.agent.post(url, body, 201)).body as { id: string }
  await csref.admin.patch(`/api/v1/services/${service.id}`, { active: false }, 1, 200)
  assert.deepEqual(pathsOf((await csref.agent.post(url, body, 400)).body), ['serviceId'])
  const kept = await csref.agent.patch(`${url}/${id}`, { serviceId: service.id, outcome: 'home' }, 1, 200)
  assert.deepEqual(kept.body.service, { id: service.id, name: 'Petite chirurgie' })
})

test('a hidden patient takes no further visit', async () => {
  const { csref } = await harness()
  const patient = await newPatient(csref.agent)
  await csref.agent.delete(`/api/v1/patients/${patient.id}`, { reason: 'Saisi deux fois' }, 1, 204)
  assert.deepEqual(pathsOf((await csref.agent.post(url, { patientId: patient.id, date: '2026-07-02' }, 400)).body), [
    'patientId',
  ])
})
