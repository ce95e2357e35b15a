import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { judgeNew } from '../modules/consultations/index.ts'
import { ConsultationCreate } from '../modules/consultations/schemas.ts'
import { birthErrors, identityWarnings, readPhone } from '../modules/patients/index.ts'
import { birthRange } from '../modules/patients/rules/birth.ts'
import { PatientCreate } from '../modules/patients/schemas.ts'
import { packageRoot } from '../config.ts'
import { demoRecords } from './pyramid.ts'
import { wardOf } from './ward.ts'

const records = demoRecords()
const patients = records.flatMap((of) => of.patients)
const consultations = records.flatMap((of) => of.consultations)
const byId = new Map(patients.map((patient) => [patient.id, patient]))
const mainCode = ({ codes }: (typeof consultations)[number]): string => codes?.[0]?.code ?? ''
const share = (of: typeof consultations, pattern: RegExp): number =>
  of.filter((visit) => pattern.test(mainCode(visit))).length / of.length

test('the demonstration is the same at every run, on every machine', () => {
  assert.deepEqual(demoRecords(), records)
  // Figures that a machine's rounding or time zone would move. A deliberate change of the demonstration changes them here.
  const digest = createHash('sha256').update(JSON.stringify(records)).digest('hex').slice(0, 16)
  assert.equal(digest, '6644f736983fd8d2')
})

test('the wards are the same at every run; nobody is in two places, and no bed has two at once', () => {
  const wards = records.map(wardOf)
  assert.deepEqual(records.map(wardOf), wards)
  const digest = createHash('sha256').update(JSON.stringify(wards)).digest('hex').slice(0, 16)
  assert.equal(digest, 'b2c9131559b0cd5a')
  for (const { stays } of wards) {
    // On the wards of adults.
    for (const { patientId, consultationId } of stays)
      if (consultationId === null) assert.ok(birthRange(byId.get(patientId)!.birth)[1] < '2008')
    const taken = new Map<string, { from: string; to: string }[]>()
    const take = (key: string, from: string, to: string): void => {
      const others = taken.get(key) ?? []
      for (const other of others) assert.ok(from >= other.to || to <= other.from, `${key} at ${from}`)
      taken.set(key, [...others, { from, to }])
    }
    for (const { patientId, admittedAt, dischargedAt, places } of stays) {
      take(patientId, admittedAt, dischargedAt ?? '9')
      places.forEach(({ bed, at }, i) => bed && take(bed, at, places[i + 1]?.at ?? dischargedAt ?? '9'))
      const later = consultations.filter((visit) => visit.patientId === patientId && visit.createdAt > admittedAt)
      const died = stays.find((stay) => stay.patientId === patientId && stay.dischargeMode?.startsWith('death'))
      if (died)
        assert.ok(
          later.every((visit) => visit.createdAt < died.dischargedAt!),
          'nobody is seen after death',
        )
    }
  }
})

test('there are 200 patients and 2,000 consultations over two years, in five establishments', () => {
  assert.equal(patients.length, 200)
  assert.equal(consultations.length, 2_000)
  assert.deepEqual(
    records.map(({ establishment: { slug }, ...of }) => [slug, of.patients.length, of.consultations.length]),
    [['sih_mopti', 50, 500], ['csref_djenne', 60, 600], ['cscom_sangha', 50, 500], ['cabinet_etoile', 20, 200], ['cabinet_nando', 20, 200]], // prettier-ignore
  )
  const days = consultations.map(({ date }) => date).sort()
  assert.ok(days[0]! >= '2024-11-01' && days.at(-1)! <= '2026-10-31')
  assert.equal(new Set([...patients, ...consultations].map(({ id }) => id)).size, 2_200)
  for (const patient of patients) assert.ok(consultations.some(({ patientId }) => patientId === patient.id))
})

test('every patient is one that the API would take, without a warning', () => {
  for (const { openedAt, ...patient } of patients) {
    assert.ok(Value.Check(PatientCreate, patient), JSON.stringify(patient))
    assert.deepEqual(birthErrors(patient.birth, openedAt.slice(0, 10)), [])
    assert.deepEqual(identityWarnings(patient), [])
    if (patient.phone) assert.deepEqual(readPhone(patient.phone), { kind: 'malian', phone: patient.phone })
  }
  const kinds = patients.map(({ birth }) => birth.precision)
  for (const precision of ['day', 'year', 'estimate'])
    assert.ok(kinds.filter((kind) => kind === precision).length >= 40, `too few births known by ${precision}`)
})

test('every consultation is one that the API would take, on the file of a patient who was born and registered', () => {
  const known = icd10Codes()
  for (const { service: _service, specialty: _specialty, createdAt, ...visit } of consultations) {
    assert.ok(Value.Check(ConsultationCreate, visit), JSON.stringify(visit))
    const patient = byId.get(visit.patientId)!
    assert.ok(patient.openedAt < createdAt && createdAt.startsWith(visit.date))
    const [bornFrom] = birthRange(patient.birth)
    assert.deepEqual(judgeNew(visit, { today: '2026-10-31', bornFrom, known }).errors, [])
  }
})

test('what is found fits the sex and the age', () => {
  for (const visit of consultations) {
    const { sex, birth } = byId.get(visit.patientId)!
    const years = (Date.parse(visit.date) - Date.parse(birthRange(birth)[1])) / (365.25 * 86_400_000)
    if (/^(O|Z3|N76)/.test(mainCode(visit))) assert.equal(sex, 'F', mainCode(visit))
    if (/^(O|Z34|Z39)/.test(mainCode(visit))) assert.ok(years > 14 && years < 50, `pregnant at ${years}`)
    if (mainCode(visit).startsWith('E4')) assert.ok(years < 6, `malnutrition of a child at ${years}`)
    if (/^(I10|E11)/.test(mainCode(visit))) assert.ok(years > 35, `hypertension or diabetes at ${years}`)
  }
})

test('frequencies are those of first-line care in Mali', () => {
  const malaria = /^B5[04]/
  assert.ok(
    share(consultations, malaria) > 0.35 && share(consultations, malaria) < 0.41,
    `${share(consultations, malaria)}`,
  )
  const inRains = consultations.filter(({ date }) => ['08', '09', '10'].includes(date.slice(5, 7)))
  const inDry = consultations.filter(({ date }) => ['02', '03', '04'].includes(date.slice(5, 7)))
  assert.ok(share(inRains, malaria) > 1.8 * share(inDry, malaria), 'malaria follows the rains')
  assert.ok(share(consultations, /^J/) > 0.1 && share(consultations, /^J/) < 0.22)
  for (const [what, pattern, least] of [
    ['diarrhoea', /^A0/, 0.03],
    ['malnutrition', /^E4/, 0.02],
    ['antenatal care', /^Z34/, 0.02],
    ['hypertension', /^I10/, 0.02],
  ] as const)
    assert.ok(share(consultations, pattern) > least, what)
})

function icd10Codes(): Map<string, { code: string; label: string }> {
  const sql = readFileSync(join(packageRoot, 'migrations/platform/0002_reference.sql'), 'utf8')
  return new Map(
    [...sql.matchAll(/^ {2}\('([A-Z][0-9.]+)', '/gm)].map(([, code]) => [code!, { code: code!, label: code! }]),
  )
}
