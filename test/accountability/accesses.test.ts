import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AccessLog, PlatformDb, TenantDb } from '#tenancy'
import { harness, type Answer, type Client } from '../harness.ts'
import { until } from '../sis-process.ts'
import { size } from '../size.ts'
import { recordedApp, startDurable, type RecordedApp } from './recorded-app.ts'

const patients = '/api/v1/patients'
const consultations = '/api/v1/consultations'

// Words that stand in no entry of the record: values of records, and what was looked for.
const canaries = ['CANARIGUINDO', 'CANARIVILLAGE', 'CANARIDIAGNOSTIC', 'CANARICHERCHE', 'CANARIMOTIF']

const newPatient = async (agent: Client, givenName: string): Promise<string> => {
  const { body } = await agent.post(
    patients,
    {
      familyName: 'Canariguindo',
      givenName,
      sex: 'F',
      birth: { precision: 'year', date: '1990' },
      village: 'Canarivillage',
      confirmDuplicate: true,
    },
    201,
  )
  return body.id as string
}

type Entry = {
  action: string
  outcome: string
  reason: string | null
  patients: string[]
  tenant: string | null
  chain: string
  resource_id: string | null
  detail: Record<string, unknown> | null
}
const columns = 'action, outcome, reason, patients, tenant, chain, resource_id, detail'

/** What stands on record of one request. */
const entriesOf = async ({ headers }: Answer): Promise<Entry[]> => {
  const { database } = await harness()
  return database.asSuperuser<Entry>(`select ${columns} from sis_audit.entry where request_id = $1 order by seq`, [
    headers['x-request-id'],
  ])
}
const entryOf = async (answer: Answer): Promise<Entry> => {
  const [entry, ...others] = await entriesOf(answer)
  assert.ok(entry, 'nothing on record')
  assert.deepEqual(others, [])
  return entry
}

describe('a read', () => {
  test('is on record with whose files it opened, and never with what they say or what was looked for', async () => {
    const { cscom, database } = await harness()
    const { agent, establishment } = cscom
    const [awa, hawa] = [await newPatient(agent, 'Awa'), await newPatient(agent, 'Hawa')]
    const visit = await agent.post(
      consultations,
      { patientId: awa, date: '2026-07-01', diagnosis: 'CANARIDIAGNOSTIC', codes: [], caseType: 'new' },
      201,
    )
    const both = [awa, hawa].sort()
    const cases: [Answer, string, string[], object | null][] = [
      [await agent.get(`${patients}/${awa}`, 200), 'patient.read', [awa], null],
      [await agent.get(`${patients}?q=canariguindo&village=CANARICHERCHE`, 200), 'patient.list', [], { filters: ['q', 'village'], count: 0 }], // prettier-ignore
      [await agent.get(`${patients}?q=canariguindo&limit=5`, 200), 'patient.list', both, { filters: ['q'], count: 2 }],
      [await agent.post(`${patients}/search`, { q: 'Canariguindo', limit: 5 }, 200), 'patient.search', both, { filters: ['q'], count: 2 }], // prettier-ignore
      [await agent.get(`${patients}/${awa}/history`, 200), 'patient.history', [awa], { count: 1 }],
      [await agent.get(`${consultations}/${visit.body.id}`, 200), 'consultation.read', [awa], null],
      [await agent.get(`${consultations}?patientId=${awa}`, 200), 'consultation.list', [awa], { filters: ['patientId'], count: 1 }], // prettier-ignore
      [await agent.post(`${consultations}/search`, { q: 'canaridiagnostic' }, 200), 'consultation.search', [awa], { filters: ['q'], count: 1 }], // prettier-ignore
      [await agent.get(`${consultations}/${visit.body.id}/history`, 200), 'consultation.history', [awa], { count: 1 }],
      [await agent.get(`${patients}/${awa}/accesses`, 200), 'patient.accesses', [awa], { count: 10 }],
      [await cscom.admin.get('/api/v1/users', 200), 'user.list', [], { count: 2 }],
      [await cscom.admin.get('/api/v1/audit?outcome=refused', 200), 'audit.list', [], { filters: ['outcome'], count: 0 }], // prettier-ignore
      [await agent.get('/api/v1/auth/me', 200), 'me.read', [], null],
    ]
    for (const [answer, action, files, detail] of cases) {
      const entry = await entryOf(answer)
      assert.deepEqual(
        [entry.action, entry.outcome, entry.patients.sort(), entry.detail],
        [action, 'success', files, detail],
        action,
      )
      assert.deepEqual([entry.tenant, entry.chain], [establishment.schema, establishment.schema], action)
    }
    // Those who resemble a new patient are shown.
    const like = await agent.post(patients, { familyName: 'Canariguindo', givenName: 'Awa', sex: 'F', birth: { precision: 'year', date: '1990' }, village: 'Canarivillage' }, 409) // prettier-ignore
    const shown = await entryOf(like)
    assert.equal(shown.action, 'patient.candidates')
    assert.ok(shown.patients.includes(awa))
    const unchanged = await agent.get(`${patients}/${awa}`, 304, { 'if-none-match': '"1"' })
    assert.deepEqual([(await entryOf(unchanged)).action, unchanged.text], ['patient.read', ''])
    assert.deepEqual(await entriesOf(await agent.get('/api/v1/icd10?q=palu', 200)), [], 'what is printed in books')

    const [{ text } = { text: '' }] = await database.asSuperuser<{ text: string }>(
      `select string_agg(e::text, ' ') as text from sis_audit.entry e`,
    )
    for (const canary of canaries) assert.ok(!text.toUpperCase().includes(canary), canary)
  })

  test('by way of a change that changes nothing, or as an import’s report, is on record too', async () => {
    const { hospital } = await harness()
    const { agent } = hospital
    const id = await newPatient(agent, 'Rokia')
    const visit = (await agent.post(consultations, { patientId: id, date: '2026-07-03', diagnosis: 'x' }, 201)).body
    const shown = async (answer: Answer) => {
      const { action, patients: files } = await entryOf(answer)
      return [action, files]
    }
    const same = await agent.patch(`${patients}/${id}`, { sex: 'F' }, 1, 200)
    assert.match(same.text, /Canarivillage/)
    assert.deepEqual(await shown(same), ['patient.read', [id]])
    assert.deepEqual(await shown(await agent.patch(`${consultations}/${visit.id}`, { date: '2026-07-03' }, 1, 200)), ['consultation.read', [id]]) // prettier-ignore
    const { importFile, line, register } = await import('../../src/modules/exchange/register.fixture.ts')
    const report = await importFile(agent, register(line({})), { dryRun: true, expect: 201 })
    assert.deepEqual((await entriesOf(report)).map(({ action }) => action), ['import.try', 'import.read']) // prettier-ignore
  })

  test('that is refused, or told again, is on record too', async () => {
    const { cscom, csref, superadmin, anonymous, withToken, database } = await harness()
    const own = await newPatient(cscom.agent, 'Kadia')
    const foreign = await newPatient(csref.agent, 'Oumou')
    const nobody = '0198c0de-7a1b-7c2d-8e3f-0123456789ab'
    const refused = async (answer: Answer, status: number) => {
      assert.equal(answer.status, status)
      const { action, outcome, reason, patients: files, tenant } = await entryOf(answer)
      assert.equal(outcome, 'refused')
      return [action, reason, files, tenant]
    }
    const schema = cscom.establishment.schema
    const missing = ['patient.read', 'patient_not_found', [], schema]
    assert.deepEqual(await refused(await cscom.agent.get(`${patients}/${foreign}`), 404), missing)
    assert.deepEqual(await refused(await cscom.agent.get(`${patients}/${nobody}`), 404), missing)
    assert.deepEqual(await refused(await cscom.admin.get(`${patients}/${own}`), 403), ['patient.read', 'right_missing', [], schema]) // prettier-ignore
    assert.deepEqual(await refused(await cscom.admin.patch(`${patients}/${own}`, {}, 1), 403), ['patient.update', 'right_missing', [], schema]) // prettier-ignore
    assert.deepEqual(await refused(await superadmin.get(`${patients}/${own}`), 403), ['patient.read', 'right_missing', [], null]) // prettier-ignore
    // What the platform's administrator reads about an establishment stands on that one's own record.
    const { tenant, chain } = await entryOf(await superadmin.get('/api/v1/establishments/cscom_sangha', 200))
    assert.deepEqual([tenant, chain], [schema, 'platform'])

    const body = { familyName: 'Dembélé', givenName: 'Seydou', sex: 'M', birth: { precision: 'year', date: '1970' } }
    const key = { 'idempotency-key': 'essai-1' }
    const created = await cscom.agent.post(patients, body, 201, key)
    assert.equal((await entryOf(created)).action, 'patient.create')
    const again = await entryOf(await cscom.agent.post(patients, body, 201, key))
    assert.deepEqual([again.action, again.patients], ['patient.replay', [created.body.id]])

    // Anybody can send them: the first is on record, the others are counted.
    const forged = await withToken('x.y.z').get(`${patients}/${own}`, 401)
    for (let n = 0; n < 20; n++) await anonymous.get(`${patients}/${own}`, 401)
    const tokens = await database.asSuperuser(
      `select request_id, detail from sis_audit.entry where action = 'token.refused'`,
    )
    assert.deepEqual(tokens, [
      { request_id: forged.headers['x-request-id'], detail: { network: '127.0.0.1', token_invalid: 1 } },
    ])
  })

  test('of a patient’s file: its patient is told of every one, on paper too', async () => {
    const { hospital } = await harness()
    const { agent } = hospital
    const id = await newPatient(agent, 'Nana')
    const other = await newPatient(agent, 'Sitan')
    await agent.get(`${patients}/${id}`, 200)
    await agent.get(`${patients}?limit=100`, 200)
    await agent.patch(`${patients}/${id}`, { phone: '76 00 00 01' }, 1, 200)
    const visit = (await agent.post(consultations, { patientId: id, date: '2026-07-02', diagnosis: 'x' }, 201)).body
    await agent.get(`${consultations}/${visit.id}`, 200)
    await agent.get(`${consultations}/${visit.id}/history`, 200)
    await agent.get(`${consultations}?limit=50`, 200)
    await agent.get(`${patients}/export`, 200)
    await agent.get(`${consultations}/export?format=xlsx`, 200)
    await agent.get(`${patients}/${other}`, 200)
    await agent.delete(`${consultations}/${visit.id}`, { reason: 'Essai de saisie' }, 1, 204)
    const acts: string[] = []
    let page = (await agent.get(`${patients}/${id}/accesses?limit=5`, 200)).body
    acts.push(...page.items.map(({ action }: { action: string }) => action))
    while (page.nextCursor) {
      page = (await agent.get(`${patients}/${id}/accesses?limit=5&cursor=${page.nextCursor}`, 200)).body
      acts.push(...page.items.map(({ action }: { action: string }) => action))
    }
    assert.deepEqual(acts, [
      'consultation.hide',
      'consultation.export',
      'patient.export',
      'consultation.list',
      'consultation.history',
      'consultation.read',
      'consultation.create',
      'patient.update',
      'patient.list',
      'patient.read',
      'patient.create',
    ])
    const paper = await agent.get(`${patients}/${id}/accesses?format=html`, 200)
    assert.match(paper.headers['content-type'] ?? '', /text\/html/)
    assert.match(paper.headers['content-security-policy'] ?? '', /^default-src 'none'/)
    assert.equal(paper.text.match(/<tr><td>/g)?.length, acts.length + 3, 'and the three pages just asked for')
    await agent.get(`${patients}/${id}/accesses`, 304, { 'if-none-match': '*' })
    const { paths } = (await harness()).app.swagger() as { paths: Record<string, { get: { responses: object } }> }
    assert.ok('304' in paths['/api/v1/patients/{id}/accesses']!.get.responses)
    assert.match(paper.text, /lecture \(dossier\)/)
    assert.ok(!paper.text.includes(other))
    assert.equal((await entryOf(paper)).action, 'patient.accesses')
  })
})

test('an export is on record with all its patients, its rows and its hash', async () => {
  const { cabinet, tenancy, database } = await harness()
  const { insertPatients } = await import('../../src/modules/patients/index.ts')
  const given = Array.from({ length: 1_203 }, (_, n) => ({
    familyName: 'Sidibé',
    givenName: `Numéro ${n}`,
    sex: 'M' as const,
    birth: { precision: 'year' as const, date: '1980' },
  }))
  const actor = { id: null, name: 'Essai', role: 'TEST' }
  const tenant = tenancy.tenant(cabinet.establishment)
  const stored = await tenant.transaction((db) => insertPatients(db, actor, given, 'import'))
  for (const format of ['csv', 'xlsx']) {
    const { app } = await harness()
    const { headers, rawPayload } = await app.inject({
      url: `${patients}/export?format=${format}&sex=M`,
      headers: { authorization: `Bearer ${await cabinet.agent.token()}` },
    })
    const entries = await database.asSuperuser<Entry>(
      `select ${columns} from sis_audit.entry where request_id = $1 order by seq`,
      [headers['x-request-id']],
    )
    const parts = entries.slice(0, -1)
    assert.deepEqual(parts.map(({ detail }) => detail?.['count']), [500, 500, 203]) // prettier-ignore
    assert.deepEqual(parts.flatMap(({ patients: files }) => files).sort(), stored.map(({ id }) => id).sort()) // prettier-ignore
    assert.deepEqual(entries.at(-1)?.detail, {
      format,
      filters: ['sex'],
      parts: 3,
      rows: 1_203,
      sha256: createHash('sha256').update(rawPayload).digest('hex'),
    })
    assert.ok(entries.every(({ action, resource_id: id }) => action === 'patient.export' && id === entries[0]?.resource_id)) // prettier-ignore
  }
})

test('a change of the signing keys is on record', async () => {
  const { tenancy, database } = await harness()
  const { rotateKeys } = await import('../../src/platform/auth/keys.ts')
  await rotateKeys(tenancy.platform, Buffer.alloc(32, 7))
  const rows = await database.asSuperuser(
    `select tenant, chain, detail from sis_audit.entry where action = 'keys.rotate'`,
  )
  assert.deepEqual(rows, [{ tenant: null, chain: 'platform', detail: { compromised: false } }])
})

test('the administrator takes the record away as a file, which stands there itself', async () => {
  const { cabinet } = await harness()
  await cabinet.agent.get(`${patients}/0198c0de-7a1b-7c2d-8e3f-0123456789ab`, 404)
  const file = await cabinet.admin.get('/api/v1/audit/export?outcome=refused', 200)
  const lines = file.text.trim().split('\r\n')
  assert.match(lines[0] ?? '', /^Date \(UTC\);Personne;Fonction;Acte;Issue;/)
  assert.match(
    lines[1] ?? '',
    /;Essai cabinet_etoile\.agent;SIS_CABINET;patient\.read;refused;patient;;;patient_not_found;/,
  )
  const { action, detail } = await entryOf(file)
  assert.equal(action, 'audit.export')
  assert.deepEqual(detail, {
    filters: ['outcome'],
    rows: lines.length - 1,
    sha256: createHash('sha256').update(file.text).digest('hex'),
  })
})

describe('without a record', () => {
  const insert = async (verb: 'grant' | 'revoke') => {
    const { database } = await harness()
    await database.asSuperuser(`${verb} insert (detail) on sis_audit.entry ${verb === 'grant' ? 'to' : 'from'} public`)
  }

  test('no access: the answer does not leave, whatever it is', async () => {
    const { cscom, app } = await harness()
    const { agent } = cscom
    const id = await newPatient(agent, 'Fanta')
    const etag = (await agent.get(`${patients}/${id}`, 200)).headers['etag'] ?? ''
    const url = app.server.listening ? '' : await app.listen({ host: '127.0.0.1', port: 0 })
    const token = await agent.token()
    await insert('revoke')
    try {
      for (const [path, headers] of [
        [`${patients}/${id}`, {}],
        [`${patients}/${id}`, { 'if-none-match': etag }],
        [`${patients}?q=canariguindo`, {}],
        [`${patients}/${id}/history`, {}],
        [`${patients}/${id}/accesses?format=html`, {}],
        [`${patients}/export`, {}],
        [`${patients}/0198c0de-7a1b-7c2d-8e3f-0123456789ab`, {}],
      ] as const) {
        const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}`, ...headers } })
        const text = await answer.text()
        assert.equal(answer.status, 503, path)
        assert.equal(JSON.parse(text).code, 'audit_unavailable', path)
        assert.ok(!/canari/i.test(text), path)
        assert.deepEqual([answer.headers.get('etag'), answer.headers.get('retry-after')], [null, '2'], path)
      }
      await agent.get('/api/v1/icd10?q=palu', 200)
    } finally {
      await insert('grant')
    }
    await agent.get(`${patients}/${id}`, 200)
  })

  test('a file that is under way never ends', async () => {
    const { cabinet, app, database } = await harness()
    const address = app.server.address()
    const port = typeof address === 'object' ? address?.port : 0
    // The record of the file's end cannot be written.
    await database.asSuperuser(
      `alter table sis_audit.entry add constraint no_end check (detail is null or not detail ? 'sha256') not valid`,
    )
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${patients}/export`, {
        headers: { authorization: `Bearer ${await cabinet.agent.token()}` },
      })
      assert.equal(answer.status, 200)
      await assert.rejects(answer.text(), 'the file ended like a whole one')
    } finally {
      await database.asSuperuser('alter table sis_audit.entry drop constraint no_end')
    }
  })
})

describe('the table', () => {
  const own = { id: 'gen_random_uuid()', actor_name: `'x'`, action: `'x'`, outcome: `'success'` }
  const insertion = (more: Record<string, string> = {}): string => {
    const values = { ...own, ...more }
    return `insert into sis_audit.entry (${Object.keys(values).join(', ')}) values (${Object.values(values).join(', ')})`
  }

  test('lets an establishment’s role append under its own name, read its own, and nothing else', async () => {
    const { cscom, csref, database } = await harness()
    const [mine, theirs] = [cscom.establishment.schema, csref.establishment.schema]
    const inst = database.installation
    const as = async (role: string, sql: string): Promise<string> => {
      try {
        await database.asSuperuser(`begin; set local role ${role}; ${sql}; reset role; commit`)
        return 'done'
      } catch (error) {
        await database.asSuperuser('rollback')
        return (error as { code: string }).code
      }
    }
    assert.equal(await as(mine, insertion()), 'done', 'the control')
    const [row] = await database.asSuperuser(
      `select tenant, chain, origin, era from sis_audit.entry order by seq desc limit 1`,
    )
    assert.deepEqual(row, { tenant: mine, chain: mine, origin: null, era: 1 })
    for (const sql of [
      insertion({ tenant: `'${theirs}'` }),
      insertion({ tenant: `'${mine}'` }),
      insertion({ chain: `'${theirs}'` }),
      insertion({ chain: `'platform'` }),
      insertion({ era: '2' }),
      insertion({ xid: `'1'` }),
      insertion({ origin: `'x'` }),
      `update sis_audit.entry set actor_name = 'x'`,
      'delete from sis_audit.entry',
      'truncate sis_audit.entry',
      'drop table sis_audit.entry',
      'alter table sis_audit.entry disable row level security',
      'create policy mine on sis_audit.entry using (true)',
      `select nextval(pg_get_serial_sequence('sis_audit.entry', 'seq'))`,
    ])
      assert.equal(await as(mine, sql), '42501', sql)
    assert.equal(await as(mine, insertion({ seq: '1' })), '428C9', 'a number of its own')
    assert.equal(await as(`sis_${inst}_api`, insertion()), '42501', 'the login by itself')
    assert.equal(await as(`sis_${inst}_directory`, insertion()), '42501')
    assert.equal(await as(`sis_${inst}_accounts`, insertion({ tenant: `'${mine}'` })), 'done')
    assert.equal(await as(`sis_${inst}_accounts`, insertion({ chain: `'${mine}'` })), '42501')
    assert.equal(await as(`sis_${inst}_audit`, insertion({ chain: `'${mine}'`, tenant: `'${theirs}'` })), '42501')
    for (const role of ['accounts', 'audit', 'directory', 'api'])
      for (const sql of [
        'update sis_audit.entry set id = id',
        'delete from sis_audit.entry',
        'truncate sis_audit.entry',
      ])
        assert.equal(await as(`sis_${inst}_${role}`, sql), '42501', `${role} ${sql}`)
    const { tenancy } = await harness()
    const whose = (db: TenantDb | PlatformDb) =>
      (db as TenantDb).selectFrom('sis_audit.entry').select('tenant').distinct().execute()
    assert.ok((await tenancy.platform.read('audit', whose)).length > 1, 'the control: there are others')
    assert.deepEqual(await tenancy.tenant(cscom.establishment).read(whose), [{ tenant: mine }])
    assert.deepEqual(await tenancy.platform.read('accounts', whose), [])
  })
})

describe('under load', () => {
  let database: Awaited<ReturnType<typeof startDurable>>
  const sites = ['cscom_sangha', 'csref_djenne', 'sih_mopti', 'cabinet_etoile']

  before(async () => {
    database = await startDurable()
  })
  after(() => database?.stop())

  type Answered = { id: string; status: number; wanted: boolean }
  const statuses = [200, 304, 403, 404]

  /** Reads of many people of all establishments, until told to stop; the answers that came whole. */
  async function crowd(app: RecordedApp, during: (answered: Answered[]) => Promise<void>): Promise<Answered[]> {
    const answered: Answered[] = []
    let over = false
    const worker = async (paths: [string, Record<string, string>][], token: string, n: number): Promise<void> => {
      for (let turn = n; !over; turn++) {
        const [path, headers] = paths[turn % paths.length]!
        try {
          const answer = await fetch(app.url + path, { headers: { authorization: `Bearer ${token}`, ...headers } })
          await answer.text()
          const { status } = answer
          const wanted = statuses.includes(status)
          answered.push({ id: answer.headers.get('x-request-id') ?? '', status, wanted })
          if (!wanted) await sleep(20)
        } catch {
          await sleep(20)
        }
      }
    }
    const workers: Promise<void>[] = []
    for (const slug of sites) {
      const agent = app.as(`${slug}.agent`)
      const id = await newPatient(agent, 'Charge')
      const token = (await agent.token()) ?? ''
      const paths: [string, Record<string, string>][] = [
        [`${patients}/${id}`, {}],
        [`${patients}/${id}`, { 'if-none-match': '"1"' }],
        [`${patients}?limit=5`, {}],
        [`${patients}/0198c0de-7a1b-7c2d-8e3f-0123456789ab`, {}],
        ['/api/v1/users', {}],
        [`${patients}/${id}/history`, {}],
      ]
      workers.push(...[0, 1, 2, 3, 4].map((n) => worker(paths, token, n)))
    }
    await during(answered).finally(() => (over = true))
    await Promise.all(workers)
    return answered
  }

  /** Of the answers with something in them: how many stand on record not once. */
  async function notOnce(answers: readonly Answered[]): Promise<{ missing: number; doubled: number }> {
    const ids = answers.filter(({ wanted }) => wanted).map(({ id }) => id)
    const [row] = await database.asSuperuser<{ missing: number; doubled: number }>(
      `select count(*) filter (where n = 0)::int as missing, count(*) filter (where n > 1)::int as doubled
       from (select a.id, count(e.seq) as n from unnest($1::text[]) a(id) left join sis_audit.entry e on e.request_id = a.id group by a.id) x`,
      [ids],
    )
    assert.ok(row)
    return row
  }

  const unawaited = (accesses: AccessLog): AccessLog => ({
    async append(entries) {
      accesses.append(entries).catch(() => {})
    },
  })

  test('every answered read stands there once, whatever the database goes through', async (t) => {
    const app = await recordedApp(database)
    try {
      const count = (all: Answered[], status: number) => all.filter((one) => one.status === status).length
      const all = await crowd(app, async (answered) => {
        for (let round = 0; round < size(1, 12); round++) {
          await sleep(700)
          await database.restart(round % 2 === 0 ? 'immediate' : 'fast')
          await sleep(300)
          await database.asSuperuser(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sis-audit'`,
          )
          await until(async () => (await fetch(`${app.url}/health/ready`)).status === 200 || undefined)
          await sleep(500)
        }
        await until(() => statuses.every((status) => count(answered, status) > 5) || undefined)
      })
      assert.deepEqual(await notOnce(all), { missing: 0, doubled: 0 })
      const kinds = statuses.map((status) => `${status}: ${count(all, status)}`)
      t.diagnostic(`${all.filter(({ wanted }) => wanted).length} answered reads (${kinds.join(', ')}), ${count(all, 503)} refused by 503`) // prettier-ignore
    } finally {
      await app.close()
    }
  })

  test('a hook that does not wait is found out (control)', async () => {
    const app = await recordedApp(database, unawaited)
    try {
      const all = await crowd(app, async (answered) => {
        await sleep(200)
        await database.asSuperuser('revoke insert (detail) on sis_audit.entry from public')
        const before = answered.length
        await until(() => answered.length > before + 100 || undefined)
        await database.asSuperuser('grant insert (detail) on sis_audit.entry to public')
      })
      assert.ok((await notOnce(all)).missing > 0)
    } finally {
      await app.close()
    }
  })
})
