import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { newcomer } from '../../platform/users/people.fixture.ts'
import { harness, type Body, type Client, type Site } from '../../../test/harness.ts'
import { random, seed, size } from '../../../test/size.ts'
import { form } from '../exchange/register.fixture.ts'
import { historyOf, store } from '../stays/occupancy/history.fixture.ts'
import { daysBefore, lastMondays, mondayOf, weekOf } from './rules.ts'
import { MOST_SHORT } from './schemas.ts'

const path = '/api/v1/dashboard'
const dayOf = (at: string): string => at.slice(0, 10)
/** What is asked for is of the day that the answer says: it may be another one by then. */
const begun = dayOf(new Date().toISOString())
const codes = ['B50.8', 'A09', 'J06.9', 'I10', 'A01.0', 'B54', 'J18.9', 'N39.0', 'E11.9', 'Z34.9', 'R50.9', 'K29.7']

type Visit = { date: string; codes: string[]; hidden: boolean }
const visits: Visit[] = []
let site: Site

before(async () => {
  const { hospital, tenancy } = await harness()
  site = hospital
  const tenant = tenancy.tenant(hospital.establishment)
  await store(tenant, historyOf('dashboard', 60))
  const draw = random('visits')
  for (let n = 0; n < size(500, 5_000); n++) {
    const of = draw.int(0, 4) === 0 ? [] : [draw.weighted(codes.map((code, i) => [code, 1 / (i + 1)] as const)), draw.pick(codes)]
    visits.push({ date: daysBefore(begun, Math.floor(100 * draw.next() ** 2)), codes: of, hidden: draw.int(0, 9) === 0 })
  }
  await tenant.transaction(async (db) => {
    const { id } = await db.selectFrom('patient').select('id').limit(1).executeTakeFirstOrThrow()
    await db
      .insertInto('consultation')
      .values(
        visits.map(({ date, codes: of, hidden }, n) => ({
          id: uuidv7(),
          patient_id: id,
          date,
          codes: JSON.stringify(
            of.map((code, i) => ({ system: 'icd10', code, category: code.slice(0, 3), label: code, role: i === 0 ? 'main' : 'secondary' })),
          ) as never,
          search_key: '',
          created_by_name: 'Essai',
          // Every third is of before there was such a column.
          ...(n % 3 > 0 && { main_category: of[0]?.slice(0, 3) ?? '' }),
          ...(hidden && { hidden_at: new Date().toISOString(), hidden_reason: 'Saisi deux fois' }),
        })),
      )
      .execute()
    await db.updateTable('patient').set({ hidden_at: new Date().toISOString(), hidden_reason: 'Saisi deux fois' }).where('file_number', 'in', [3, 4]).execute()
  })
}) // prettier-ignore

const read = async (who: 'agent' | 'admin' = 'agent'): Promise<Body> => (await site[who].get(path, 200)).body

describe('counts', () => {
  test('are those of the rows, hidden ones aside: visits by day and ISO week, files, first diagnoses', async (t) => {
    t.diagnostic(`seed ${seed}`)
    const body = await read()
    const today = dayOf(body.at)
    const kept = visits.filter(({ hidden }) => !hidden)
    const on = (from: string, to: string): number => kept.filter(({ date }) => date >= from && date <= to).length
    assert.equal(body.consultationsToday, on(today, today))
    assert.deepEqual(
      body.days.map(({ day, consultations }: Body) => [day, consultations]),
      Array.from({ length: 7 }, (_, n) => daysBefore(today, 6 - n)).map((day) => [day, on(day, day)]),
    )
    assert.equal(body.weeks.length, 12)
    for (const { from, to, consultations } of body.weeks as Body[]) {
      assert.equal(new Date(from).getUTCDay(), 1)
      assert.equal(to, daysBefore(from, -6))
      assert.equal(consultations, on(from, to), from)
    }
    assert.ok(body.weeks[11].from <= today && today <= body.weeks[11].to)
    assert.equal(body.patients, 60 - 2)

    const often = new Map<string, number>()
    const since = daysBefore(today, 29)
    for (const { date, codes: [main] } of kept)
      if (main && date >= since) often.set(main.slice(0, 3), (often.get(main.slice(0, 3)) ?? 0) + 1)
    const first = [...often].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, 10)
    assert.deepEqual(
      body.diagnoses.items.map(({ category, consultations }: Body) => [category, consultations]),
      first,
    )
    assert.deepEqual([body.diagnoses.from, body.diagnoses.to], [since, today])
    for (const { category, label } of body.diagnoses.items as Body[]) assert.notEqual(label, category)
  }) // prettier-ignore

  test('of stays and beds are those of the board', async () => {
    let [body, board] = [await read(), (await site.agent.get('/api/v1/occupancy', 200)).body]
    if (dayOf(body.at) !== dayOf(board.at)) body = await read()
    const { patients, ...counts } = board.total
    assert.equal(body.openStays, patients)
    assert.ok(patients > 0 && counts.beds > 0)
    const { rate, ...given } = body.occupancy
    assert.deepEqual(given, counts)
    assert.equal(rate, Math.round((counts.occupied / counts.beds) * 10_000) / 100)
  })

  test('weeks have the names of ISO 8601, also where the year changes', () => {
    const named: [string, string][] = [
      ['2020-12-31', '2020-W53'],
      ['2021-01-03', '2020-W53'],
      ['2021-01-04', '2021-W01'],
      ['2024-12-30', '2025-W01'],
      ['2026-01-01', '2026-W01'],
      ['2027-01-01', '2026-W53'],
      ['2024-02-29', '2024-W09'],
    ]
    for (const [day, name] of named) assert.equal(weekOf(mondayOf(day)), name, day)
    assert.deepEqual(lastMondays('2024-01-03', 2), ['2023-12-25', '2024-01-01'])
  })
})

describe('alerts', () => {
  test('name no patient; who cares is told which stays, but for those of files that they may not see', async () => {
    const { tenancy } = await harness()
    const tenant = tenancy.tenant(site.establishment)
    const open = await tenant.transaction(async (db) => {
      const rows = await db
        .selectFrom('stay')
        .select(['id', 'patient_id'])
        .where('discharged_at', 'is', null)
        .where('hidden_at', 'is', null)
        .orderBy('id')
        .execute()
      const [secret, plain] = rows
      await db.updateTable('stay').set({ status: 'critical' }).where('id', 'in', [secret!.id, plain!.id]).execute()
      await db.updateTable('stay').set({ short_observation: true }).where('id', '=', plain!.id).execute()
      await db.updateTable('patient').set({ sensitive: true, sensitive_at: new Date().toISOString() }).where('id', '=', secret!.patient_id).execute()
      return { secret: secret!.id, plain: plain!.id, patients: rows.map(({ patient_id }) => patient_id) }
    }) // prettier-ignore
    const answer = await site.agent.get(path, 200)
    const { criticalStays, longObservations } = answer.body.alerts
    const ids = ({ stays }: Body): string[] => stays.map(({ id }: Body) => id)
    // Not one more than are listed: it would tell of the other.
    assert.deepEqual([criticalStays.count, ids(criticalStays)], [1, [open.plain]])
    assert.deepEqual([longObservations.count, ids(longObservations)], [1, [open.plain]])
    assert.ok(!answer.text.includes(open.secret) && !answer.text.includes('Essai'))
    for (const id of open.patients) assert.ok(!answer.text.includes(id))

    const seen = await site.admin.get(path, 200)
    assert.deepEqual(seen.body.alerts.criticalStays, { count: 2 })
    assert.deepEqual(seen.body.alerts.longObservations, { count: 1 })
    assert.equal(seen.body.openStays, answer.body.openStays)
  })

  test('count what waits: beds that are short, break-glasses for who reviews them', async () => {
    const { hospital, tenancy, database } = await harness()
    const { alerts } = await read('admin')
    assert.equal(alerts.breakGlassToReview, 0)
    assert.equal((await read()).alerts.breakGlassToReview, null)
    const { id } = (await hospital.agent.post('/api/v1/patients', { familyName: 'Dara', givenName: 'Yapilé', sex: 'F', birth: { precision: 'year', date: '1991' } }, 201)).body
    await database.asSuperuser(
      `insert into ${hospital.establishment.schema}.break_glass (id, patient_id, user_id, user_name, user_role, reason, opened_at, expires_at)
       values (gen_random_uuid(), $1, gen_random_uuid(), 'Essai', 'SIH', 'Patient inconscient', now(), now() + interval '1 hour')`,
      [id],
    )
    assert.equal((await read('admin')).alerts.breakGlassToReview, 1)

    const fill = (names: string[]): Promise<string[]> =>
      tenancy.tenant(hospital.establishment).transaction(async (db) => {
        const full = names.map((name) => ({ id: uuidv7(), name }))
        await db.insertInto('service').values(full.map(({ id, name }) => ({ id, name, name_key: name }))).execute()
        await db.insertInto('bed').values(full.map(({ id, name: code }) => ({ id, code, code_key: code, service_id: id, state: 'cleaning' }))).execute()
        await db.insertInto('bed_opening').values(full.map(({ id }) => ({ bed_id: id, service_id: id, opened_on: begun }))).execute()
        return full.map(({ id }) => id)
      })
    const shortages = async (): Promise<Body[]> => (await read()).alerts.bedShortages
    const [full = ''] = await fill(['Bloc 0'])
    const short = (await shortages()).find(({ service }) => service.id === full)
    assert.deepEqual(short, { service: { id: full, name: 'Bloc 0' }, beds: 1, free: 0, withoutBed: 0 })
    await fill(Array.from({ length: MOST_SHORT }, (_, n) => `Zone ${n}`))
    const most = await shortages()
    assert.deepEqual([most.length, most.some(({ service }) => service.id === full)], [MOST_SHORT, true])
  }) // prettier-ignore

  test('of few visits with one diagnosis nothing is told to who sees no clinical record', async () => {
    const { cscom } = await harness()
    const patient = (await cscom.agent.post('/api/v1/patients', { familyName: 'Saye', givenName: 'Ada', sex: 'F', birth: { precision: 'year', date: '1990' } }, 201)).body
    const consult = (code: string) =>
      cscom.agent.post('/api/v1/consultations', { patientId: patient.id, date: begun, codes: [{ system: 'icd10', code }] }, 201)
    for (let n = 0; n < 5; n++) await consult('B50.8')
    for (let n = 0; n < 4; n++) await consult('I10')
    const of = async (who: 'agent' | 'admin') =>
      (await cscom[who].get(path, 200)).body.diagnoses.items.map(({ category, consultations }: Body) => [category, consultations])
    assert.deepEqual(await of('agent'), [['B50', 5], ['I10', 4]])
    assert.deepEqual(await of('admin'), [['B50', 5]])
  }) // prettier-ignore

  test('what is of a sensitive file is counted to those who may open it only, and to who counts without opening any', async () => {
    const { csref } = await harness()
    const { client: outsider } = await newcomer(csref, 'dash.outsider', ['SIS_CSREF'])
    const person = { familyName: 'Kodio', givenName: 'Yèrè', sex: 'F', birth: { precision: 'year', date: '1990' }, sensitive: true }
    const patient = (await csref.agent.post('/api/v1/patients', person, 201)).body
    await csref.agent.post('/api/v1/consultations', { patientId: patient.id, date: begun, codes: [{ code: 'B24' }] }, 201)
    const of = async (client: Client) => {
      const { patients, diagnoses, days } = (await client.get(path, 200)).body
      const visits = days.reduce((sum: number, { consultations }: Body) => sum + consultations, 0)
      return [patients, visits, diagnoses.items.map(({ category, consultations }: Body) => [category, consultations])]
    }
    assert.deepEqual(await of(csref.agent), [1, 1, [['B24', 1]]])
    assert.deepEqual([await of(outsider), await of(csref.admin)], [[0, 0, []], [1, 1, []]])
    await outsider.post(`/api/v1/patients/${patient.id}/break-glass`, { reason: 'Patiente inconsciente, traitement ?' }, 201)
    assert.deepEqual(await of(outsider), [1, 1, [['B24', 1]]])
  }) // prettier-ignore
})

test('the parts of modules that are off are null, and so is nothing else', async () => {
  const { cabinet, superadmin } = await harness()
  // A practice has no stays.
  const { body } = await cabinet.agent.get(path, 200)
  assert.deepEqual([body.openStays, body.occupancy, body.days[6].admissions, body.weeks[0].admissions], [null, null, null, null])
  assert.deepEqual([body.alerts.criticalStays, body.alerts.longObservations, body.alerts.bedShortages], [null, null, null])
  assert.deepEqual([body.patients, body.consultationsToday, body.alerts.overdueMaintenance, body.alerts.unreadNotifications], [0, 0, 0, 0])

  const url = '/api/v1/establishments/cabinet_etoile/modules'
  const choose = async (...off: string[]): Promise<void> => {
    const { version } = (await superadmin.get(url, 200)).body
    const chosen = off.map((name) => ({ name, enabled: false }))
    await superadmin.send('PUT', url, { body: { modules: chosen }, headers: { 'if-match': `"${version}"` }, expect: 200 })
  }
  await choose('equipment', 'notifications')
  const { alerts } = (await cabinet.agent.get(path, 200)).body
  assert.deepEqual([alerts.overdueMaintenance, alerts.unreadNotifications], [null, null])
  await choose('dashboard')
  assert.equal((await cabinet.agent.get(path, 404)).body.code, 'module_disabled')
}) // prettier-ignore

test('a visit’s main category is what its codes say, however it was written; another one is refused', async () => {
  const { cabinet, database } = await harness()
  const { schema } = cabinet.establishment
  const patient = (await cabinet.agent.post('/api/v1/patients', { familyName: 'Ouologuem', givenName: 'Yambo', sex: 'M', birth: { precision: 'year', date: '1970' } }, 201)).body
  const consult = async (codes: Body[], headers = {}) =>
    (await cabinet.agent.post('/api/v1/consultations', { patientId: patient.id, date: begun, codes }, 201, headers)).body
  const secondaryFirst = [{ code: 'I10', role: 'secondary' }, { code: 'B50.8', role: 'main' }]
  await consult(secondaryFirst)
  await consult([{ code: 'A09' }], { 'idempotency-key': uuidv7() })
  const { id } = await consult([])
  const change = { body: { codes: secondaryFirst, changeReason: 'Résultat du TDR' }, headers: { 'if-match': '"1"' }, expect: 200 }
  await cabinet.agent.send('PATCH', `/api/v1/consultations/${id}`, change)
  const book = `Date;Nom;Prénom;Sexe;Âge;Diagnostic;CIM-10\n${begun};Dolo;Atimé;F;30 ans;Paludisme;B54\n`
  const { body } = await cabinet.agent.send('POST', '/api/v1/imports?dryRun=false', { ...form(book), expect: 201 })
  assert.equal(body.stored.consultations, 1, JSON.stringify(body.refused))
  const rows = await database.asSuperuser<{ main: string }>(`select main_category as main from ${schema}.consultation order by 1`)
  assert.deepEqual(rows.map(({ main }) => main), ['A09', 'B50', 'B50', 'B54'])
  await assert.rejects(database.asSuperuser(`update ${schema}.consultation set main_category = 'I10'`), /consultation_main_category/)
}) // prettier-ignore
