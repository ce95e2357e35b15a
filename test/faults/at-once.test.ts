import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Body, type Client, type Harness } from '../harness.ts'
import { until } from '../sis-process.ts'

// A visit is read about in one statement and stored in another, together with COMMIT. What others do in between is done here
// by a transaction of our own, which waits until the creation stands behind it.

const url = '/api/v1/consultations'
let world: Harness
let other: pg.Client
let agent: Client
let schema: string
let patient: Body

before(async () => {
  world = await harness()
  agent = world.cscom.agent
  schema = world.cscom.establishment.schema
  other = new pg.Client({ connectionString: world.database.superuserUrl })
  // The harness stops the database before we are asked.
  other.on('error', () => {})
  await other.connect()
  patient = await newPatient()
})
after(async () => {
  await other?.end()
})

const newPatient = async (): Promise<Body> => {
  const birth = { precision: 'year', date: '1990' }
  const who = { familyName: 'Traoré', givenName: 'Awa', sex: 'F', birth, confirmDuplicate: true }
  return (await agent.post('/api/v1/patients', who, 201)).body
}
const visit = (more: object = {}): Body => ({ patientId: patient.id, date: '2026-07-02', diagnosis: 'Gale', ...more })
const keyed = (body: object, key: string, expect?: number) => agent.post(url, body, expect, { 'idempotency-key': key })

/** Everything that one creation leaves behind. */
async function kept(id: string): Promise<number[]> {
  const counts = await Promise.all(
    [
      `select count(*)::integer as n from ${schema}.consultation where id = $1::uuid`,
      `select count(*)::integer as n from ${schema}.record_version where resource_id = $1::uuid and version = 1`,
      `select count(*)::integer as n from sis_audit.entry where resource_id = $1::text and action = 'consultation.create'`,
      `select count(*)::integer as n from ${schema}.idempotency_key where body->'body'->>'id' = $1::text and status = 201`,
    ].map((text) => world.database.asSuperuser<{ n: number }>(text, [id])),
  )
  return counts.map(([row]) => row!.n)
}

/** Starts `creation` while our own transaction has done `text`; ends it by `end` once the creation waits for it. */
async function behind<T>(text: string, values: unknown[], end: 'commit' | 'rollback', creation: () => Promise<T>) {
  await agent.token()
  await other.query('begin')
  await other.query(text, values)
  const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid')
  const started = creation()
  await until(async () => {
    const waiting = await world.database.asSuperuser(
      'select pid from pg_stat_activity where $1::integer = any(pg_blocking_pids(pid))',
      [rows[0]!.pid],
    )
    return waiting.length > 0 || undefined
  })
  await other.query(end)
  return started
}

const taking = () => `insert into ${schema}.consultation (id, patient_id, date, search_key, created_by_name)
  values ($1, $2, '2026-07-02', '', 'Essai')`

test('an id that another one takes in between is taken; nothing of the second is kept', async () => {
  const id = uuidv7()
  const answer = await behind(taking(), [id, patient.id], 'commit', () => agent.post(url, visit({ id })))
  assert.deepEqual([answer.status, answer.body.code], [409, 'id_already_used'])
  assert.deepEqual(await kept(id), [1, 0, 0, 0])
})

test('an id whose other creation comes to nothing is free', async () => {
  const id = uuidv7()
  const answer = await behind(taking(), [id, patient.id], 'rollback', () => agent.post(url, visit({ id })))
  assert.equal(answer.status, 201, answer.text)
  assert.deepEqual(await kept(id), [1, 1, 1, 1])
})

test('a key that another request takes in between is not used a second time', async () => {
  const [id, key] = [uuidv7(), uuidv7()]
  const me = (await agent.get('/api/v1/auth/me', 200)).body
  const account = me.id ?? me.user?.id
  const text = `insert into ${schema}.idempotency_key (account_id, route, key, request_hash, status, body) values ($1, $2, $3, 'other', 201, '{}')`
  const route = `${world.cscom.establishment.slug} POST ${url}`
  const answer = await behind(text, [account, route, key], 'commit', () => keyed(visit({ id }), key))
  assert.deepEqual([answer.status, answer.body.code], [422, 'idempotency_key_reused'])
  assert.deepEqual(await kept(id), [0, 0, 0, 0])
})

test('a patient who is marked or hidden in between is protected or gone', async () => {
  const [marked, hidden] = [await newPatient(), await newPatient()]
  const mark = `update ${schema}.patient set sensitive = true, sensitive_at = now() where id = $1`
  const refused = await behind(mark, [marked.id], 'commit', () => agent.post(url, visit({ patientId: marked.id })))
  assert.deepEqual([refused.status, refused.body.code], [403, 'patient_protected'])
  const hide = `update ${schema}.patient set hidden_at = now(), hidden_reason = 'essai' where id = $1`
  const gone = await behind(hide, [hidden.id], 'commit', () => agent.post(url, visit({ patientId: hidden.id })))
  assert.deepEqual([gone.status, gone.body.errors?.[0]?.path], [400, 'patientId'])
})

test('one key sent eight times at once makes one visit, and the same answer for all', async () => {
  const key = uuidv7()
  await agent.token()
  const answers = await Promise.all(Array.from({ length: 8 }, () => keyed(visit(), key, 201)))
  const ids = new Set(answers.map(({ body }) => body.id as string))
  assert.equal(ids.size, 1)
  for (const { body } of answers) assert.deepEqual(body, answers[0]!.body)
  assert.equal(answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined).length, 1)
  assert.deepEqual(await kept([...ids][0]!), [1, 1, 1, 1])
})

test('one id sent at once with two contents is one visit and one conflict', async () => {
  const id = uuidv7()
  const answers = await Promise.all([
    agent.post(url, visit({ id })),
    agent.post(url, visit({ id, diagnosis: 'Teigne' })),
  ])
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [201, 409],
  )
  assert.deepEqual(await kept(id), [1, 1, 1, 1])
})

test('a key is free again after 48 h, and so is its visit', async () => {
  const key = uuidv7()
  const first = await keyed(visit(), key, 201)
  const aged = `update ${schema}.idempotency_key set created_at = now() - interval '49 hours' where key = $1`
  await world.database.asSuperuser(aged, [key])
  const second = await keyed(visit(), key, 201)
  assert.notEqual(second.body.id, first.body.id)
  assert.equal(second.headers['idempotency-replayed'], undefined)
})

test('what is answered is what is read, kept in the history, and told again', async () => {
  const body = visit({
    practitionerName: '  Dr   Diarra ',
    reason: 'Toux\u00a0',
    codes: [{ code: 'b86' }],
    vitals: { temperature: 38.5, weight: 12.345, systolic: 120, diastolic: 80 },
    treatment: 'é'.normalize('NFD'),
  })
  const key = uuidv7()
  const { body: created } = await keyed(body, key, 201)
  assert.deepEqual((await agent.get(`${url}/${created.id}`, 200)).body, created)
  assert.deepEqual((await keyed(body, key, 201)).body, created)
  const [version] = (await agent.get(`${url}/${created.id}/history`, 200)).body.items as Body[]
  for (const [name, value] of Object.entries(version.data)) assert.deepEqual(created[name], value, name)
  assert.deepEqual([version.version, version.action, version.by.id], [1, 'create', created.createdBy.id])
})

test('each thing that a visit refers to is refused by its name', async () => {
  const service = (await world.cscom.admin.post('/api/v1/services', { name: 'Essai' }, 201)).body
  await world.cscom.admin.patch(`/api/v1/services/${service.id}`, { active: false }, service.version, 200)
  const elsewhere = (await world.csref.admin.post('/api/v1/services', { name: 'Ailleurs' }, 201)).body
  const refusals: [object, string[]][] = [
    [{ patientId: uuidv7() }, ['patientId']],
    [{ serviceId: service.id }, ['serviceId']],
    [{ serviceId: elsewhere.id }, ['serviceId']],
    [{ specialtyId: uuidv7() }, ['specialtyId']],
    [{ codes: [{ code: 'B54', role: 'main' }, { code: 'Z998' }] }, ['codes[1].code']],
    [
      { serviceId: uuidv7(), specialtyId: uuidv7(), vitals: { pulse: 5 } },
      ['serviceId', 'specialtyId', 'vitals.pulse'],
    ],
  ]
  for (const [more, paths] of refusals) {
    const { body } = await agent.post(url, visit(more), 400)
    assert.deepEqual(
      (body.errors as { path: string }[]).map(({ path }) => path),
      paths,
    )
  }
})
