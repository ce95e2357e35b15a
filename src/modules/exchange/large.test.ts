import assert from 'node:assert/strict'
import test from 'node:test'
import { holdLock } from '../../../test/faults/held-lock.ts'
import { harness, type Site } from '../../../test/harness.ts'
import { until } from '../../../test/sis-process.ts'
import { importFile, line, register } from './register.fixture.ts'

// More than one batch of what is stored together (import/store.ts: 1,000).
const MANY = 1_205

/** Visits of as many persons, each with a name and a phone of their own. */
const visits = (count: number, change: (i: number) => Record<string, string> = () => ({})): string[] =>
  Array.from({ length: count }, (_, i) => line({ 'N°': String(i + 1), ...personOf(i), ...change(i) }))

const families = ['Traoré', 'Coulibaly', 'Dolo', 'Guindo', 'Sangaré', 'Maïga', 'Konaté', 'Fofana', 'Bah', 'Togo']
const personOf = (i: number) => ({ Nom: families[i % families.length]!, Téléphone: String(76_000_000 + i) })

const count = async ({ establishment: { schema } }: Site, from: string): Promise<number> => {
  const { database } = await harness()
  const [row] = await database.asSuperuser<{ n: number }>(`select count(*)::int as n from ${schema}.${from}`)
  return row!.n
}

/** Until a statement of an import waits for a lock that names `table`. */
async function untilHeld(table: string): Promise<void> {
  const { database } = await harness()
  const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%${table}%'`
  await until(async () => (await database.asSuperuser(waiting))[0])
}

const aPatient = { familyName: 'Sangaré', givenName: 'Oumou', sex: 'F', birth: { precision: 'year', date: '1990' } }

test('a line is compared with those of earlier batches, and one refused at a border hinders nobody', async () => {
  const { hospital } = await harness()
  const again = [0, 999, 1_000].map((i) => line({ 'N°': `${i}b`, ...personOf(i), Date: '03/07/2026' }))
  const lines = visits(MANY, (i) => ({ Sexe: i === 999 || i === 1_001 ? '?' : 'F' }))
  const { body } = await importFile(hospital.agent, register(...lines, ...again), { expect: 201 })
  assert.deepEqual(
    body.refused.map((one: { line: number }) => one.line),
    [1_001, 1_003],
  )
  // The person of the refused line 1,001 comes with another line.
  assert.deepEqual(body.stored, { patients: MANY - 1, consultations: MANY + 1 })
  assert.equal(body.matchedPatients, 2)
  assert.equal(await count(hospital, 'patient'), MANY - 1)
  assert.equal(await count(hospital, 'consultation'), MANY + 1)
  assert.equal(await count(hospital, 'import_line'), MANY + 1)
  assert.equal(
    await count(hospital, "record_version where action = 'import' and resource in ('patient', 'consultation')"),
    2 * MANY,
  )
  const { schema } = hospital.establishment
  const { database } = await harness()
  const audited = `select count(*)::int as n, count(distinct patients[1])::int as persons from sis_audit.entry where tenant = $1 and action = $2`
  assert.deepEqual(await database.asSuperuser(audited, [schema, 'consultation.import']), [
    { n: MANY + 1, persons: MANY - 1 },
  ])
  assert.deepEqual(await database.asSuperuser(audited, [schema, 'patient.import']), [
    { n: MANY - 1, persons: MANY - 1 },
  ])
  const [twice] = await database.asSuperuser<{ patient_id: string }>(
    `select patient_id from ${schema}.consultation group by patient_id having count(*) = 2 order by 1 limit 1`,
  )
  const { body: kept } = await hospital.agent.get(`/api/v1/patients/${twice!.patient_id}`, 200)
  // What was stored in bulk reads as what is stored one by one.
  const { body: history } = await hospital.agent.get(`/api/v1/patients/${twice!.patient_id}/history`, 200)
  const { age: _age, ...version } = kept
  assert.deepEqual(history.items[0].data, version)
})

test('a failure in the last batch leaves nothing, and gives the file numbers back', async () => {
  const { cscom, database } = await harness()
  const { schema } = cscom.establishment
  await database.asSuperuser(`alter table ${schema}.patient add constraint broken check (family_name <> 'Zoumana')`)
  const lines = visits(MANY, (i) => (i === MANY - 1 ? { Nom: 'Zoumana' } : personOf(i)))
  const { status } = await importFile(cscom.agent, register(...lines))
  assert.ok(status >= 400)
  for (const table of ['patient', 'consultation', 'record_version', 'import_line', 'import_run', 'service'])
    assert.equal(await count(cscom, table), 0, table)
  await database.asSuperuser(`alter table ${schema}.patient drop constraint broken`)
  const { body } = await cscom.agent.post('/api/v1/patients', aPatient, 201)
  assert.match(body.fileNumber, /-000001$/)
})

test('while a register is being stored, a patient can be created', async () => {
  const { cabinet, database } = await harness()
  const { schema } = cabinet.establishment
  const lock = await holdLock(database.superuserUrl, schema, 'import_line', 'share')
  const importing = importFile(cabinet.agent, register(...visits(20)))
  await untilHeld('import_line')
  const { body } = await cabinet.agent.post('/api/v1/patients', aPatient, 201)
  assert.match(body.fileNumber, /-000021$/)
  await lock.release()
  assert.equal((await importing).status, 201)
  assert.equal(await count(cabinet, 'patient'), 21)
})

test('a plan that no longer holds is made again: nobody is given to a file that was hidden meanwhile', async () => {
  const { csref, database } = await harness()
  const { schema } = csref.establishment
  await importFile(csref.agent, register(...visits(1)), { expect: 201 })
  const lock = await holdLock(database.superuserUrl, schema, 'file_counter', 'exclusive')
  const importing = importFile(csref.agent, register(...visits(2, () => ({ Date: '05/07/2026' }))))
  await untilHeld('file_counter')
  await database.asSuperuser(`update ${schema}.patient set hidden_at = now(), hidden_reason = 'doublon'`)
  await lock.release()
  const { body } = await importing
  assert.deepEqual(body.stored, { patients: 2, consultations: 2 })
  assert.equal(await count(csref, 'consultation join patient p on p.id = patient_id where p.hidden_at is not null'.replace('join patient', `join ${schema}.patient`)), 1) // prettier-ignore
  // The number that the first plan had taken was given back.
  const [numbers] = await database.asSuperuser(`select max(file_number) as last from ${schema}.patient`)
  assert.deepEqual(numbers, { last: 3 })
})
