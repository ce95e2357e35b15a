import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import { harness, type Client } from '../../../test/harness.ts'
import type { Consultation, ConsultationSummary } from './schemas.ts'

const url = '/api/v1/consultations'
type Query = Record<string, string>
type Page<T> = { items: T[]; nextCursor: string | null }

let agent: Client
let moussa: string

const listed = async <T>(path: string, query: Query): Promise<Page<T>> =>
  (await agent.get(`${path}?${new URLSearchParams(query)}`, 200)).body
const short = (query: Query) => listed<ConsultationSummary>(`${url}/summaries`, query)
const whole = (query: Query) => listed<Consultation>(url, query)

before(async () => {
  const { hospital } = await harness()
  agent = hospital.agent
  const named = async (path: string, name: string): Promise<string> =>
    (await hospital.admin.post(path, { name }, 201)).body.id as string
  const patient = async (givenName: string, birth: object): Promise<string> =>
    (await agent.post('/api/v1/patients', { familyName: 'Tangara', givenName, sex: 'M', birth }, 201)).body.id as string
  moussa = await patient('Moussa', { precision: 'estimate', estimate: { value: 7, unit: 'months', on: '2026-02-01' } })
  const adama = await patient('Adama', { precision: 'year', date: '1951' })
  const [serviceId, specialtyId] = [
    await named('/api/v1/services', 'Chirurgie'),
    await named('/api/v1/specialties', 'Orthopédie'),
  ]
  for (const visit of [
    { patientId: moussa, date: '2026-03-02', codes: [{ code: 'B54' }, { code: 'B50.9', role: 'main' }] },
    { patientId: moussa, date: '2026-03-03', diagnosis: 'Plaie « main »', codes: [{ code: 'T14.1' }], serviceId },
    { patientId: adama, date: '2026-03-03', reason: 'Boiterie', serviceId, specialtyId, caseType: 'followUp' },
    { patientId: adama, date: '2026-03-04', diagnosis: 'Œdème', practitionerName: 'Dr Diarra', outcome: 'referred' },
  ])
    await agent.post(url, visit, 201)
})

test('a line of each consultation says what the whole one says', async () => {
  for (const query of [
    {},
    { q: 'tangara' },
    { q: 'moussa' },
    { patientId: moussa },
    { caseType: 'followUp' },
    { code: 'B50' },
    { q: 'ng', to: '2026-03-03' },
  ] as Query[]) {
    // prettier-ignore
    const expected = (await whole(query)).items.map((one) => ({
      id: one.id,
      version: one.version,
      date: one.date,
      patientId: one.patientId,
      patient: {
        fileNumber: one.patient.fileNumber,
        familyName: one.patient.familyName,
        givenName: one.patient.givenName,
        sex: one.patient.sex,
        age: one.patient.age,
      },
      practitionerName: one.practitionerName,
      service: one.service?.name ?? null,
      specialty: one.specialty?.name ?? null,
      diagnosis: one.diagnosis ?? one.codes[0]?.label ?? null,
      caseType: one.caseType,
      outcome: one.outcome,
    }))
    assert.ok(expected.length > 0)
    assert.deepEqual((await short(query)).items, expected, JSON.stringify(query))
  }
  const diagnoses = (await short({})).items.map(({ diagnosis }) => diagnosis)
  assert.deepEqual(diagnoses.slice(0, 1), ['Œdème'])
  // Where none is written, the main code says it; where there is no code either, nothing does.
  assert.match(diagnoses.at(-1) ?? '', /[Pp]aludisme/)
  assert.ok(diagnoses.includes(null))
})

test('its pages and those of the whole list follow each other, its cursor serves both', async () => {
  const first = await short({ limit: '3' })
  assert.equal(first.items.length, 3)
  const cursor = first.nextCursor ?? ''
  const [rest, same] = [await short({ limit: '3', cursor }), await whole({ limit: '3', cursor })]
  assert.equal(rest.nextCursor, null)
  assert.deepEqual(rest.items.map(({ id }) => id), same.items.map(({ id }) => id)) // prettier-ignore
  assert.equal(new Set([...first.items, ...rest.items].map(({ id }) => id)).size, 4)
})

test('what is hidden is not in it, and a copy is not kept up with it', async () => {
  const [newest] = (await short({ limit: '1' })).items
  await agent.delete(`${url}/${newest!.id}`, { reason: 'Saisie en double' }, newest!.version, 204)
  assert.ok(!(await short({})).items.some(({ id }) => id === newest!.id))
  for (const wrong of ['updatedSince=2026-01-01T00:00:00Z', 'limit=101', 'cursor=abc', 'colour=red'])
    await agent.get(`${url}/summaries?${wrong}`, 400)
})
