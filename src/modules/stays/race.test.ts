import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Answer, type Body, type Client, type Site } from '../../../test/harness.ts'
import { isFull, random, seed, size } from '../../../test/size.ts'

const url = '/api/v1/stays'
const why = { reason: 'Saisi par erreur' }
const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()

/** A ward of one establishment, and what its tables hold. */
class Ward {
  readonly site: Site
  readonly agent: Client
  readonly service: string
  #serial = 0

  private constructor(site: Site, service: string) {
    this.site = site
    this.agent = site.agent
    this.service = service
  }

  static async open(site: Site): Promise<Ward> {
    const { body } = await site.admin.post('/api/v1/services', { name: 'Urgences' }, 201)
    // Signed in before: a crowd of logins is another test's.
    await site.agent.token()
    return new Ward(site, body.id)
  }

  async rows<R extends Record<string, unknown>>(sql: string): Promise<R[]> {
    const { database } = await harness()
    return database.asSuperuser<R>(sql.replaceAll('@', `"${this.site.establishment.schema}".`))
  }

  /** Files in the database itself: their own rules are others' tests' business. */
  async patients(count: number): Promise<string[]> {
    const rows = await this.rows<{ id: string }>(
      `insert into @patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from,
         born_to, search_key, created_by_name)
       select gen_random_uuid(), 2020, (select coalesce(max(file_number), 0) from @patient where file_year = 2020) + n, 'Course',
         'Awa', 'F', 'year', '1980', '1980-01-01', '1980-12-31', 'course awa', 'SIS' from generate_series(1, ${count}) n returning id`,
    )
    return rows.map(({ id }) => id)
  }

  async beds(count: number): Promise<string[]> {
    const ids: string[] = []
    for (let i = 0; i < count; i++) {
      const body = { code: `C-${++this.#serial}`, serviceId: this.service, openedOn: '2025-01-01' }
      ids.push((await this.site.admin.post('/api/v1/beds', body, 201)).body.id)
    }
    return ids
  }

  admit = (patientId: string, bedId: string | null, more: object = {}): Promise<Answer> =>
    this.agent.post(url, { patientId, serviceId: this.service, bedId, admittedAt: ago(1), ...more })
  act = (stay: Body, verb: string, body: object): Promise<Answer> =>
    this.agent.send('POST', `${url}/${stay.id}/${verb}`, { body, headers: { 'if-match': `"${stay.version}"` } })
  transfer = (stay: Body, bedId: string | null, at = ago(0.5)) => this.act(stay, 'transfers', { at, bedId })
  discharge = (stay: Body, at = ago(0.25)) => this.act(stay, 'discharge', { at, mode: 'home' })
  reopen = (stay: Body) => this.act(stay, 'reopen', why)
  stay = async (patientId: string, bedId: string | null): Promise<Body> => {
    const answer = await this.admit(patientId, bedId)
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }

  /** What must never stand in the tables, whatever was asked at once. */
  async wrong(): Promise<Body[]> {
    return this.rows(
      `with place as (select p.*, tstzrange(p.from_at, p.to_at) as span, s.patient_id, s.discharged_at, s.admitted_at,
           lead(p.from_at) over (partition by p.stay_id order by p.from_at) as next_from,
           row_number() over (partition by p.stay_id order by p.from_at) as n, s.bed_id as last_bed, s.service_id as last_service
         from @stay_place p join @stay s on s.id = p.stay_id where s.hidden_at is null)
       select 'two in a bed' as what, a.id from place a join place b on a.bed_id = b.bed_id and a.id < b.id and a.span && b.span
       union all select 'a patient twice', a.id from @stay a join @stay b on a.patient_id = b.patient_id and a.id < b.id
         and a.hidden_at is null and b.hidden_at is null
         and tstzrange(a.admitted_at, a.discharged_at) && tstzrange(b.admitted_at, b.discharged_at)
       union all select 'a gap', id from place where to_at is distinct from coalesce(next_from, discharged_at)
       union all select 'not from the admission', id from place where n = 1 and from_at <> admitted_at
       union all select 'not where the stay says', id from place where next_from is null
         and (bed_id is distinct from last_bed or service_id <> last_service)
       union all select 'a stay without a place', id from @stay s where not exists (select from @stay_place p where p.stay_id = s.id)
       union all select 'hidden in a bed', p.id from @stay_place p join @stay s on s.id = p.stay_id
         where (s.hidden_at is not null) <> p.hidden`,
    )
  }
}

const tally = (answers: readonly Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { status, body } of answers) {
    const name = status < 300 ? 'done' : `${status} ${body?.code}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** As many as there are beds get one, the others are told why. @throws AssertionError */
async function raceForBeds(ward: Ward, admissions: number, count: number): Promise<void> {
  const [patients, beds] = [await ward.patients(admissions), await ward.beds(count)]
  const answers = await Promise.all(patients.map((id, i) => ward.admit(id, beds[i % count]!)))
  assert.deepEqual(tally(answers), { done: count, '409 bed_taken': admissions - count })
  assert.deepEqual(await ward.wrong(), [])
}

/** One of two beds for a patient who is admitted to many at once. @throws AssertionError */
async function raceForPatient(ward: Ward, admissions: number): Promise<void> {
  const [[patient], beds] = [await ward.patients(1), await ward.beds(admissions)]
  const answers = await Promise.all(beds.map((bed) => ward.admit(patient!, bed)))
  assert.deepEqual(tally(answers), { done: 1, '409 patient_already_admitted': admissions - 1 })
  assert.deepEqual(await ward.wrong(), [])
}

let ward: Ward
before(async () => {
  ward = await Ward.open((await harness()).csref)
})

describe('at the same time', () => {
  test('as many are admitted as there are beds', () => raceForBeds(ward, size(24, 200), size(3, 10)))

  test('a patient is admitted once', () => raceForPatient(ward, size(4, 40)))

  test('a consultation admits once', async () => {
    const [patientId] = await ward.patients(1)
    const visit = { patientId, date: '2026-07-01', diagnosis: 'Paludisme grave' }
    const consultationId = (await ward.agent.post('/api/v1/consultations', visit, 201)).body.id
    const asked = { consultationId, serviceId: ward.service, admittedAt: ago(1) }
    const answers = await Promise.all([1, 2, 3].map(() => ward.agent.post(url, asked)))
    assert.equal(tally(answers)['done'], 1, JSON.stringify(tally(answers)))
    // The very same, sent again as a network does: one stay, and everybody is told of it.
    const same = { ...asked, consultationId: null, patientId: (await ward.patients(1))[0], id: uuidv7() }
    const repeated = await Promise.all([1, 2, 3].map(() => ward.agent.post(url, same)))
    assert.deepEqual(repeated.map(({ status }) => String(status)).sort(), ['200', '200', '201'])
  })

  test('a transfer and an admission into one bed: one of them', async () => {
    for (let round = 0; round < size(2, 20); round++) {
      const [[mover, comer], [from, to]] = [await ward.patients(2), await ward.beds(2)]
      const stay = await ward.stay(mover!, from!)
      const answers = await Promise.all([ward.transfer(stay, to!), ward.admit(comer!, to!)])
      assert.deepEqual(tally(answers), { done: 1, '409 bed_taken': 1 })
    }
    assert.deepEqual(await ward.wrong(), [])
  })

  test('a discharge and a transfer of one patient: one of them, and the other has not read the newest', async () => {
    for (let round = 0; round < size(2, 20); round++) {
      const [[patient], [from, to]] = [await ward.patients(1), await ward.beds(2)]
      const stay = await ward.stay(patient!, from!)
      const answers = await Promise.all([ward.discharge(stay), ward.transfer(stay, to!)])
      assert.deepEqual(tally(answers), { done: 1, '412 version_stale': 1 })
    }
    assert.deepEqual(await ward.wrong(), [])
  })

  test('two who swap their beds are both refused, and wait for nobody', async () => {
    for (let round = 0; round < size(2, 20); round++) {
      const [[one, two], [left, right]] = [await ward.patients(2), await ward.beds(2)]
      const stays = [await ward.stay(one!, left!), await ward.stay(two!, right!)]
      const answers = await Promise.all([ward.transfer(stays[0], right!), ward.transfer(stays[1], left!)])
      assert.deepEqual(tally(answers), { '409 bed_taken': 2 })
    }
  })

  test('a reopening and an admission into the bed that was left: one of them', async () => {
    for (let round = 0; round < size(2, 20); round++) {
      const [[leaver, comer], [bed]] = [await ward.patients(2), await ward.beds(1)]
      const left = (await ward.discharge(await ward.stay(leaver!, bed!))).body
      const answers = await Promise.all([ward.reopen(left), ward.admit(comer!, bed!, { admittedAt: ago(0.1) })])
      assert.deepEqual(tally(answers), { done: 1, '409 bed_taken': 1 })
    }
    assert.deepEqual(await ward.wrong(), [])
  })

  test('an admission, and the closing of its bed, of its service, the hiding of its patient: one of them', async () => {
    const { admin } = ward.site
    for (let round = 0; round < size(1, 15); round++) {
      const [[first, second, third], [bed]] = [await ward.patients(3), await ward.beds(1)]
      const service = (await admin.post('/api/v1/services', { name: `Passage ${round}` }, 201)).body
      const races = [
        [ward.admit(first!, bed!), admin.patch(`/api/v1/beds/${bed}`, { active: false }, 1)],
        [
          ward.admit(second!, null, { serviceId: service.id }),
          admin.patch(`/api/v1/services/${service.id}`, { active: false }, 1),
        ],
        [ward.admit(third!, null), ward.agent.delete(`/api/v1/patients/${third}`, why, 1)],
      ]
      for (const race of races) {
        const counts = tally(await Promise.all(race))
        assert.equal(counts['done'], 1, JSON.stringify(counts))
        const [refused] = Object.keys(counts).filter((name) => name !== 'done')
        assert.match(refused!, /^409 (bed_occupied|bed_unavailable|service_in_use|patient_admitted)|400 invalid_input/)
      }
    }
  })
})

test('whatever a ward does at once, nobody gets what another has, and nothing fails', async (t) => {
  t.diagnostic(`seed ${seed}`)
  const choose = random('ward')
  const [patients, beds] = [await ward.patients(size(8, 20)), await ward.beds(size(4, 8))]
  const answers: Answer[] = []
  const newest = async (patientId: string): Promise<Body> =>
    (await ward.agent.get(`${url}?patientId=${patientId}&limit=1`, 200)).body.items[0]
  async function worker(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const patient = choose.pick(patients)
      const bed = choose.pick([...beds, null])
      const stay = await newest(patient)
      const acts: (() => Promise<Answer>)[] = [
        () => ward.admit(patient, bed, { admittedAt: ago(choose.pick([0.1, 1, 5, 20])) }),
        ...(stay
          ? [
              () => ward.transfer(stay, bed, ago(choose.pick([0.05, 0.5, 4]))),
              () => ward.discharge(stay, ago(choose.pick([0.01, 0.4, 3]))),
              () => ward.reopen(stay),
              () => ward.agent.patch(`${url}/${stay.id}`, { admittedAt: ago(choose.pick([0.3, 2, 10])) }, stay.version),
              () => ward.agent.delete(`${url}/${stay.id}`, why, stay.version),
              async () => {
                const { items } = (await ward.agent.get(`${url}/${stay.id}/movements`)).body ?? {}
                const one = items ? choose.pick(items as Body[]) : { id: uuidv7() }
                const at = `${url}/${stay.id}/movements/${one.id}`
                return choose.pick([true, false])
                  ? ward.agent.patch(at, { bedId: bed }, stay.version)
                  : ward.agent.delete(at, why, stay.version)
              },
            ]
          : []),
      ]
      answers.push(await choose.pick(acts)())
    }
  }
  await Promise.all(Array.from({ length: 8 }, () => worker(size(5, 120))))
  const counts = tally(answers)
  t.diagnostic(JSON.stringify(counts))
  assert.deepEqual(
    // The sample shares its machine: what is refused for that is no failure.
    Object.keys(counts).filter((name) => name.startsWith('5') && (isFull || !/^503 busy|^504 timeout/.test(name))),
    [],
  )
  assert.deepEqual(await ward.wrong(), [])
  if (isFull) assert.ok(counts['409 bed_taken']! > 10 && counts['done']! > 100, JSON.stringify(counts))
})

describe('the controls: without the constraint', () => {
  test('of the beds the race is lost', async () => {
    const other = await Ward.open((await harness()).hospital)
    await raceForBeds(other, 8, 2)
    await other.rows('alter table @stay_place drop constraint stay_place_bed_taken')
    await assert.rejects(raceForBeds(other, 8, 2), assert.AssertionError)
    assert.ok((await other.wrong()).some(({ what }) => what === 'two in a bed'))
  })

  test('of the patients the race is lost', async () => {
    const other = await Ward.open((await harness()).cscom)
    await raceForPatient(other, 3)
    await other.rows('alter table @stay drop constraint stay_patient_admitted')
    await assert.rejects(raceForPatient(other, 3), assert.AssertionError)
    assert.ok((await other.wrong()).some(({ what }) => what === 'a patient twice'))
  })
})
