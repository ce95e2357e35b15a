import assert from 'node:assert/strict'
import test from 'node:test'
import { harness } from '../../../test/harness.ts'
import { insertPatients, matchPatients, type NewPatient } from './index.ts'

const actor = { id: null, name: 'Reprise du registre', role: 'SIS_CABINET' }
const patient = (rank: number, at?: string): NewPatient => ({
  familyName: 'Tapily',
  givenName: `Reprise ${'ABCDEFGHIJ'[rank % 10]}`,
  sex: 'F',
  birth: { precision: 'year', date: String(1930 + (rank % 90)) },
  ...(at !== undefined && { at }),
})

test('many patients at once get their years’ numbers in order, their history and their audit', async () => {
  const { cabinet, tenancy, database } = await harness()
  const { establishment } = cabinet
  const given = Array.from({ length: 1_100 }, (_, i) => patient(i, `${i % 2 ? 2024 : 2025}-06-01T08:00:00.000Z`))
  const stored = await tenancy.tenant(establishment).transaction((db) => insertPatients(db, actor, given, 'import'))
  assert.deepEqual([stored[0]?.fileNumber, stored[1]?.fileNumber], ['2025-000001', '2024-000001'])
  assert.deepEqual([stored.at(-2)?.fileNumber, stored.at(-1)?.fileNumber], ['2025-000550', '2024-000550'])
  assert.equal(stored[7]?.createdAt, '2024-06-01T08:00:00.000Z')
  assert.equal(stored[7]?.birth.date, '1937')
  const [counts] = await database.asSuperuser(
    `select (select count(*)::int from "${establishment.schema}".record_version where action = 'import') as versions,
       (select count(*)::int from sis_audit.entry where tenant = '${establishment.schema}' and action = 'patient.import') as entries`,
  )
  assert.deepEqual(counts, { versions: 1_100, entries: 1_100 })
})

test('a refused patient among many stores none and takes no number', async () => {
  const { hospital, tenancy } = await harness()
  const tenant = tenancy.tenant(hospital.establishment)
  const bad = { ...patient(2), phone: '12' }
  await assert.rejects(
    tenant.transaction((db) => insertPatients(db, actor, [patient(0), bad])),
    { code: 'invalid_input' },
  )
  const { id } = (await tenant.transaction((db) => insertPatients(db, actor, [patient(0)])))[0]!
  const twice = [patient(3), { ...patient(4), id }]
  await assert.rejects(tenant.transaction((db) => insertPatients(db, actor, twice)))
  const [next] = await tenant.transaction((db) => insertPatients(db, actor, [patient(1)]))
  assert.match(next!.fileNumber, /-000002$/)
  assert.deepEqual(await tenant.transaction((db) => insertPatients(db, actor, [])), [])
})

test('matches are judged with all that is known', async () => {
  const { csref, tenancy } = await harness()
  const tenant = tenancy.tenant(csref.establishment)
  const known = { ...patient(0), phone: '76 12 34 56', village: 'Sofara' }
  await tenant.transaction((db) => insertPatients(db, actor, [known, patient(5), { ...patient(0), sex: 'M' }]))
  const person = {
    familyName: 'TAPILI',
    givenName: 'Reprise A',
    sex: 'F' as const,
    birth: known.birth,
    phone: '+22376123456',
    village: 'sofara',
  }
  const matches = await tenant.read((db) => matchPatients(db, actor, person))
  assert.equal(matches[0]?.score, 1)
  assert.equal(matches[0]?.patient.phone, '+22376123456')
  assert.ok(matches.every(({ score }, i) => i === 0 || score < 1))
})
