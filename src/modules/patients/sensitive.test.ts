import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { pino } from 'pino'
import { Type } from 'typebox'
import { buildApp } from '../../app.ts'
import { packageRoot } from '../../config.ts'
import { requestScope } from '../../platform/auth/index.ts'
import { newcomer } from '../../platform/users/people.fixture.ts'
import { object, responses } from '../../shared/schemas.ts'
import { Canaries } from '../../../test/canaries.ts'
import { Client, harness, harnessConfig, type Answer, type Body } from '../../../test/harness.ts'
import { form, importFile, line, register } from '../exchange/register.fixture.ts'
import { nobodyLooks, visiblePatients } from './index.ts'

// Of csref_djenne: `marker` marks files, `author` wrote a consultation before, `colleague` and `outsider` are agents.
type People = Record<'marker' | 'author' | 'colleague' | 'outsider', { id: string; client: Client }>
let people: People
let admin: Client
const patients = '/api/v1/patients'
const consultations = '/api/v1/consultations'
const why = { reason: 'Urgence : patient inconscient' }

before(async () => {
  const { csref } = await harness()
  admin = csref.admin
  const me = await csref.agent.get('/api/v1/auth/me', 200)
  people = { marker: { id: me.body.id, client: csref.agent } } as People
  for (const name of ['author', 'colleague', 'outsider'] as const)
    people[name] = await newcomer(csref, `s.${name}`, ['SIS_CSREF'])
})

let serial = 0
const letters = (n: number): string => [...String(n)].map((digit) => 'bcdfghjklm'[Number(digit)]).join('o')
const person = (more: object = {}) => ({
  familyName: `Zorome${letters(++serial)}`,
  givenName: `Habibou${letters(serial * 7)}`,
  sex: 'F',
  birth: { precision: 'year', date: '1988' },
  confirmDuplicate: true,
  ...more,
})
const open = async (client: Client, more: object = {}): Promise<Body> =>
  (await client.post(patients, person(more), 201)).body
const visit = (patientId: string, more: object = {}) => ({ patientId, date: '2026-07-01', ...more })
/** A file that `marker` alone sees. */
const secret = (more: object = {}): Promise<Body> => open(people.marker.client, { sensitive: true, ...more })
const code = ({ status, body }: Answer) => [status, body?.code]
const refused = [403, 'patient_protected']
const brk = (client: Client, id: string, reason = why.reason, headers = {}) =>
  client.post(`${patients}/${id}/break-glass`, { reason }, undefined, headers)
const put = (client: Client, id: string, userId: string) =>
  client.send('PUT', `${patients}/${id}/care-team/${userId}`, { body: { reason: 'Soigne aussi' } })
const takeOut = (client: Client, id: string, userId: string) =>
  client.send('DELETE', `${patients}/${id}/care-team/${userId}`, { body: { reason: 'Muté' } })
const mark = (client: Client, { id, version }: Body, sensitive: boolean) =>
  client.patch(`${patients}/${id}`, { sensitive }, version)
const schema = async (): Promise<string> => (await harness()).csref.establishment.schema

/** What stands on record of one request. */
const recordedOf = async ({ headers }: Answer): Promise<[string, string | null, string[]][]> => {
  const { database } = await harness()
  const rows = await database.asSuperuser<{ outcome: string; reason: string | null; patients: string[] }>(
    'select outcome, reason, patients from sis_audit.entry where request_id = $1 order by seq',
    [headers['x-request-id']],
  )
  return rows.map(({ outcome, reason, patients: files }) => [outcome, reason, files])
}

describe('every route', () => {
  const canaries = new Canaries()
  const word = (place: string): string => canaries.word(place)
  let file: Body
  let visitId: string
  let importId: string
  const card = '21988102013045K'
  const phone = '76 98 01 23'
  // Near its end, where the likeness is 0.86 at least whatever the letters (400,000 pairs); without the tenth, down to 0.68.
  const misspelt = (name: string): string => name.slice(0, -5) + name.slice(-4)
  /** The person in a register. */
  const same = () => ({
    Nom: word('family name'),
    Prénom: word('given name'),
    Naissance: '1988',
    Âge: '',
    Unité: '',
    'Village/Quartier': '',
    Téléphone: phone,
  })

  before(async () => {
    const { client } = people.marker
    const known = {
      familyName: word('family name'),
      givenName: word('given name'),
      birth: { precision: 'year', date: '1988' },
      phone,
      phoneOwner: word('phone owner'),
      village: word('village'),
      motherName: `${word('mother')} ${word('mother 2')}`,
      nina: card,
      allergies: [word('allergy')],
    }
    file = await secret(known)
    const written = Object.fromEntries(
      ['practitionerName', 'reason', 'diagnosis', 'examinations', 'treatment', 'notes'].map((name) => [
        name,
        word(name),
      ]),
    )
    visitId = (await client.post(consultations, visit(file.id, written), 201)).body.id
    // Likely the same, with a letter less: proposed, and nobody's canary.
    const twin = line({ ...same(), Nom: misspelt(word('family name')), Prénom: misspelt(word('given name')) })
    importId = (await importFile(client, register(twin), { expect: 201 })).body.id
  })

  type Operation = { name: string; method: string; path: string; query: string[]; body: string[] }
  function operationsOf(app: { swagger(): unknown }): Operation[] {
    type Documented = {
      parameters?: { in: string; name: string }[]
      requestBody?: { content: Record<string, { schema: { properties?: object } }> }
    }
    const { paths } = app.swagger() as { paths: Record<string, Record<string, Documented>> }
    return Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        // Of the own session: nothing of a patient, and some end it.
        .filter(() => !path.startsWith('/api/v1/auth'))
        .map(([method, { parameters = [], requestBody }]) => ({
          name: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          path,
          query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
          body: Object.keys(Object.values(requestBody?.content ?? {})[0]?.schema.properties ?? {}),
        })),
    )
  }

  /** What of our file can be put into a field of this name; several where each finds by other means. */
  const values = (): Record<string, unknown[]> => ({
    q: [word('family name'), word('diagnosis'), card, file.fileNumber, '76980123'],
    village: [word('village')],
    practitioner: [word('practitionerName')],
    patientId: [file.id],
    updatedSince: ['2020-01-01T00:00:00.000Z'],
    limit: [100],
    reason: [why.reason],
    changeReason: ['Essai'],
    remark: ['Essai'],
    familyName: [word('family name')],
    givenName: [word('given name')],
    sex: ['F'],
    birth: [{ precision: 'year', date: '1988' }],
    phone: [phone],
    motherName: [`${word('mother')} ${word('mother 2')}`],
    date: ['2026-07-01'],
    scope: ['research'],
    sensitive: [false],
    name: ['Essai'],
  })

  /** The requests that try to get our file out of an operation: each identifier, each way to find it. */
  function requestsOf({ path, method, query, body }: Operation): { url: string; body?: unknown; headers?: object }[] {
    const ids = path.includes('{') ? [file.id, visitId, importId] : ['']
    const known = values()
    const urls = ids.map((id) =>
      path.replace(/\{(id|patientId)\}/, id as string).replace(/\{\w+\}/g, people.outsider.id),
    )
    const asked = [{}, ...query.flatMap((name) => (known[name] ?? []).map((value) => ({ [name]: String(value) })))]
    const whole = Object.fromEntries(body.flatMap((name) => (known[name] ? [[name, known[name][0]]] : [])))
    const searched = body.includes('q') ? known['q']!.map((q) => ({ ...whole, q })) : []
    const bodies = body.includes('file')
      ? [form(register(line(same())))]
      : [whole, ...searched].map((one) => ({ body: one, headers: {} }))
    const paged: Record<string, string> = query.includes('limit') ? { limit: '100' } : {}
    return urls.flatMap((url, index) =>
      (index === 0 ? asked : [{}]).flatMap((search) => {
        const to = `${url}?${new URLSearchParams({ ...paged, ...search })}`
        if (method === 'GET') return [{ url: to }]
        return bodies.map((sent) => ({ url: to, ...sent, headers: { ...sent.headers, 'if-match': '"1"' } }))
      }),
    )
  }

  /** Which operations answer something of the file to this client. */
  async function walk(client: Client, operations: readonly Operation[], most = 1_000): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const operation of operations)
      for (const { url, ...options } of requestsOf(operation).slice(0, most)) {
        const { text, headers } = await client.send(operation.method, url, options as object)
        const [leak] = /canari[a-z]{14}/i.exec(text + JSON.stringify(headers)) ?? []
        if (leak) found[operation.name] = `${leak} in ${url}`
      }
    return found
  }

  test('that reads shows the file to its team (control), and no route shows anything of it to anybody else', async () => {
    const { app, ministere } = await harness()
    const operations = operationsOf(app)
    const reads = operations.filter(({ method, name }) => method === 'GET' || name.endsWith('/search'))
    const shown = await walk(people.marker.client, reads, 3)
    for (const name of [
      'GET /api/v1/patients',
      'POST /api/v1/patients/search',
      'GET /api/v1/patients/{id}',
      'GET /api/v1/patients/{id}/history',
      'GET /api/v1/patients/{id}/file',
      'GET /api/v1/patients/export',
      'GET /api/v1/consultations',
      'POST /api/v1/consultations/search',
      'GET /api/v1/consultations/summaries',
      'GET /api/v1/consultations/{id}',
      'GET /api/v1/consultations/{id}/history',
      'GET /api/v1/consultations/export',
    ])
      assert.ok(name in shown, `${name} does not show it to the team`)
    assert.ok(operations.length >= 45, String(operations.length))
    // The one way in is tried by its own tests.
    const others = operations.filter(({ path }) => !path.endsWith('/break-glass'))
    assert.deepEqual(await walk(people.outsider.client, others), {})
    for (const client of [admin, ministere]) assert.deepEqual(await walk(client, reads, 3), {})
  })

  test('that forgets the condition is found out (control)', async () => {
    const { access } = await harness()
    const app = await buildApp({ config: harnessConfig, access, log: pino({ level: 'silent' }) })
    await app.register(async (scope) => {
      await scope.register(requestScope(access, 1_000_000))
      scope.get(
        '/api/v1/forgetful',
        {
          config: { right: 'patients:read', access: { action: 'patient.list' } },
          schema: {
            operationId: 'forgetful',
            tags: ['patients'],
            summary: 'Forgets the condition',
            description: 'A control',
            response: responses({ 200: object({ text: Type.String({ maxLength: 1_000_000 }) }) }),
          },
        },
        async (request) => ({
          text: JSON.stringify(await request.tenant.read((db) => visiblePatients(db, nobodyLooks).execute())),
        }),
      )
    })
    await app.ready()
    try {
      const client = new Client(app, undefined, await people.outsider.client.token())
      const found = await walk(
        client,
        operationsOf(app).filter(({ path }) => path === '/api/v1/forgetful'),
      )
      assert.deepEqual(Object.keys(found), ['GET /api/v1/forgetful'])
    } finally {
      await app.close()
    }
  })

  test('says that a protected file is there to who has its identifier, and nothing to another establishment', async () => {
    const { hospital } = await harness()
    const asked: [string, string, object?][] = [
      ['GET', `${patients}/${file.id}`],
      ['PATCH', `${patients}/${file.id}`, { village: 'Kewa' }],
      ['DELETE', `${patients}/${file.id}`, why],
      ['GET', `${patients}/${file.id}/history`],
      ['GET', `${patients}/${file.id}/care-team`],
      ['GET', `${consultations}/${visitId}`],
      ['PATCH', `${consultations}/${visitId}`, { notes: 'Kewa' }],
      ['DELETE', `${consultations}/${visitId}`, why],
      ['GET', `${consultations}/${visitId}/history`],
      ['GET', `${consultations}?patientId=${file.id}`],
      ['GET', `${consultations}/export?patientId=${file.id}`],
      ['POST', consultations, visit(file.id)],
    ]
    for (const [method, url, body] of asked) {
      const options = { headers: { 'if-match': '"1"' }, ...(body && { body }) }
      const answered = await people.outsider.client.send(method, url, options)
      assert.deepEqual(code(answered), refused, `${method} ${url}`)
      // Who was refused the file is told to its patient.
      const recorded = (await recordedOf(answered)).at(-1)
      assert.deepEqual(recorded, ['refused', 'patient_protected', [file.id]], `${method} ${url}`)
      const { status, body: answer } = await hospital.agent.send(method, url, options)
      // A list filtered by what is nowhere is empty; a visit for nobody is refused as input.
      assert.notEqual(answer?.code, 'patient_protected', `${method} ${url}`)
      if (!url.includes('?') && method !== 'POST') assert.equal(status, 404, `${method} ${url}`)
    }
  })

  test('that searches finds it by its whole number only, and then says no more than that', async () => {
    const { client } = people.outsider
    const stub = [{ id: file.id, fileNumber: file.fileNumber }]
    const search = async (filters: object) => (await client.post(`${patients}/search`, filters, 200)).body
    for (const q of [file.fileNumber, card, '2 1988 102013045 k']) {
      const answered = await client.post(`${patients}/search`, { q }, 200)
      assert.deepEqual(answered.body, { items: [], nextCursor: null, protected: stub }, q)
      assert.deepEqual(await recordedOf(answered), [['success', null, [file.id]]])
      assert.deepEqual((await people.marker.client.post(`${patients}/search`, { q }, 200)).body.protected, undefined)
    }
    for (const q of [word('family name'), card.slice(0, 12), '76980123', file.fileNumber.slice(5)])
      assert.equal((await search({ q })).protected, undefined, q)
    const { hospital } = await harness()
    assert.equal((await hospital.agent.post(`${patients}/search`, { q: card }, 200)).body.protected, undefined)
  })

  test('that creates asks about it only where it is evidently the same person', async () => {
    const { client } = people.outsider
    const like = { familyName: word('family name'), givenName: word('given name'), sex: 'F', birth: file.birth }
    const stub = { id: file.id, fileNumber: file.fileNumber, protected: true }
    const asked = async (evidence: object): Promise<Body[]> => {
      const { body } = await client.post(patients, { ...like, ...evidence }, 409)
      assert.equal(body.code, 'possible_duplicate')
      return body.candidates.filter(({ id }: Body) => id === file.id)
    }
    for (const evidence of [{ nina: card }, { phone }, { motherName: file.motherName }])
      assert.deepEqual(await asked(evidence), [stub])
    // A name, a birth and a village can be guessed. (The misspelt one of the register is asked about.)
    assert.deepEqual(await asked({ village: file.village }), [])
  })

  test('that imports puts a line of that person into the file, tells nothing and makes nobody of the team', async () => {
    const { client } = people.outsider
    const lines = register(line({ ...same(), Diagnostic: 'Migraine' }))
    // A try costs nothing and leaves nothing: it tells what the person sees anyway, before and after.
    const tried = async (one: Client) => {
      const { stored, matchedPatients, duplicates } = (await importFile(one, lines, { dryRun: true, expect: 201 })).body
      return [stored.patients, stored.consultations, matchedPatients, duplicates]
    }
    assert.deepEqual([await tried(client), await tried(people.marker.client)], [[1, 1, 0, 0], [0, 1, 1, 0]]) // prettier-ignore
    const { body } = await importFile(client, lines, { expect: 201 })
    assert.deepEqual([await tried(client), await tried(people.marker.client)], [[1, 1, 0, 0], [0, 0, 0, 1]]) // prettier-ignore
    assert.deepEqual([body.stored, body.matchedPatients], [{ patients: 0, consultations: 1 }, 1])
    assert.deepEqual(code(await client.get(`${patients}/${file.id}`)), refused)
    const { items } = (await people.marker.client.get(`${consultations}?patientId=${file.id}`, 200)).body
    const [newest] = items.filter(({ diagnosis }: Body) => diagnosis === 'Migraine')
    assert.equal(newest.createdBy.id, people.outsider.id)
    const proposed = async (one: Client) => {
      const { proposals, proposedMatches } = (await one.get(`/api/v1/imports/${importId}`, 200)).body
      return [proposals.map(({ candidateId }: Body) => candidateId), proposedMatches]
    }
    assert.deepEqual(await proposed(people.marker.client), [[file.id], 1])
    assert.deepEqual(await proposed(client), [[], 0])
  })
})

describe('the caring team', () => {
  const teamOf = (items: Body[]): string[] => items.map(({ user, origin }: Body) => `${user.id} ${origin}`).sort()

  test('is who marks the file and who wrote a consultation in the last twelve months, not who imported one', async () => {
    const { database } = await harness()
    const { marker, author, colleague, outsider } = people
    const file = await open(outsider.client, { phone: '76 55 44 33' })
    const { familyName: Nom, givenName: Prénom } = file
    const seen = {
      Nom,
      Prénom,
      Naissance: '1988',
      Âge: '',
      Unité: '',
      'Village/Quartier': '',
      Téléphone: '76 55 44 33',
    }
    const { body: report } = await importFile(outsider.client, register(line(seen)), { expect: 201 })
    assert.deepEqual(report.stored, { patients: 0, consultations: 1 })
    for (const one of [author, colleague]) await one.client.post(consultations, visit(file.id), 201)
    // Of long ago.
    await database.asSuperuser(
      `update "${await schema()}".consultation set created_at = now() - interval '13 months' where created_by_id = $1 and patient_id = $2`,
      [colleague.id, file.id],
    )
    const marked = (await mark(marker.client, file, true)).body
    const { items } = (await marker.client.get(`${patients}/${file.id}/care-team`, 200)).body
    assert.deepEqual(teamOf(items), [`${marker.id} marked`, `${author.id} treated`].sort())
    // The migration makes the same teams for the files that were marked before it.
    const migration = readFileSync(join(packageRoot, 'migrations/tenant/0007_sensitive.sql'), 'utf8')
    const fill = migration.slice(migration.indexOf('insert into care_team'))
    await database.asSuperuser(
      `begin; set local search_path = "${await schema()}"; delete from care_team; ${fill} commit`,
    )
    const { items: again } = (await marker.client.get(`${patients}/${file.id}/care-team`, 200)).body
    assert.deepEqual(teamOf(again), teamOf(items))
    await author.client.get(`${patients}/${file.id}`, 200)
    for (const one of [outsider, colleague])
      assert.deepEqual(code(await one.client.get(`${patients}/${file.id}`)), refused)
    const { items: history } = (await author.client.get(`${patients}/${file.id}/history`, 200)).body
    assert.deepEqual(
      history.map(({ by, data }: Body) => [by.id, data.sensitive]),
      [
        [marker.id, true],
        [outsider.id, false],
      ],
    )
    // Only the team takes the mark away; then everybody sees the file again.
    assert.deepEqual(code(await mark(outsider.client, marked, false)), refused)
    await mark(author.client, marked, false)
    await outsider.client.get(`${patients}/${file.id}`, 200)
  })

  test('adds colleagues of its own establishment, takes them out, and somebody always remains', async () => {
    const { hospital } = await harness()
    const { marker, colleague, outsider } = people
    const file = await secret()
    const at = `${patients}/${file.id}`
    const { body: foreign } = await hospital.agent.get('/api/v1/auth/me', 200)
    const { body: administrator } = await admin.get('/api/v1/auth/me', 200)
    for (const id of [foreign.id, administrator.id])
      assert.deepEqual(code(await put(marker.client, file.id, id)), [404, 'colleague_not_found'])
    assert.deepEqual(code(await put(outsider.client, file.id, outsider.id)), refused)
    const { body: found } = await marker.client.get('/api/v1/colleagues?q=s.coll', 200)
    assert.deepEqual(found.items, [{ id: colleague.id, name: 'Personne s.colleague' }])
    for (let twice = 0; twice < 2; twice++) {
      const { body } = await put(marker.client, file.id, colleague.id)
      assert.deepEqual(
        body.items.map(({ user }: Body) => user.id),
        [colleague.id, marker.id],
      )
    }
    await colleague.client.get(at, 200)
    assert.deepEqual(code(await takeOut(colleague.client, file.id, outsider.id)), [404, 'care_team_member_not_found'])
    assert.equal((await takeOut(colleague.client, file.id, marker.id)).status, 204)
    assert.deepEqual(code(await marker.client.get(at)), refused)
    assert.deepEqual(code(await takeOut(colleague.client, file.id, colleague.id)), [409, 'care_team_last'])
    const { items } = (await colleague.client.get(`${at}/care-team`, 200)).body
    assert.deepEqual(
      items.map(({ user, removed }: Body) => [user.id, removed?.reason]),
      [
        [colleague.id, undefined],
        [marker.id, 'Muté'],
      ],
    )
    // Marked anew, the file does not bring back who was taken out.
    await colleague.client.post(consultations, visit(file.id), 201)
    const unmarked = (await mark(colleague.client, file, false)).body
    await marker.client.post(consultations, visit(file.id), 201)
    assert.equal((await mark(colleague.client, unmarked, true)).status, 200)
    assert.deepEqual(code(await marker.client.get(at)), refused)
    const ordinary = await open(colleague.client)
    assert.deepEqual(code(await put(colleague.client, ordinary.id, marker.id)), [409, 'patient_not_sensitive'])
  })
})

test('a device that keeps a copy learns what it may see no more, and what it may see again', async () => {
  const { marker, outsider } = people
  const { client } = outsider
  const file = await open(marker.client)
  await marker.client.post(consultations, visit(file.id), 201)
  const sync = async (since: string) => {
    const [one, two] = [patients, consultations].map((path) =>
      client.get(`${path}?limit=100&updatedSince=${since}`, 200),
    )
    const [{ body: p }, { body: c }] = [await one!, await two!]
    const has = (items: Body[], key: string) => items.some((item) => item[key] === file.id)
    return {
      patient: has(p.items, 'id'),
      visits: has(c.items, 'patientId'),
      withdrawn: [p.withdrawn, c.withdrawnPatients].map((ids) => Boolean(ids?.includes(file.id))),
    }
  }
  const shown = { patient: true, visits: true, withdrawn: [false, false] }
  const gone = { patient: false, visits: false, withdrawn: [true, true] }
  const since = () => new Date().toISOString()
  assert.deepEqual(await sync(file.createdAt), shown)
  let at = since()
  const { body: marked } = await mark(marker.client, file, true)
  assert.deepEqual(await sync(at), gone)
  // Later changes of a file that the device has dropped are none of its business.
  at = since()
  const { body: moved } = await marker.client.patch(`${patients}/${file.id}`, { village: 'Kewa' }, marked.version, 200)
  assert.deepEqual(await sync(at), { patient: false, visits: false, withdrawn: [false, false] })
  at = since()
  await put(marker.client, file.id, outsider.id)
  assert.deepEqual(await sync(at), shown)
  at = since()
  await takeOut(marker.client, file.id, outsider.id)
  assert.deepEqual(await sync(at), gone)
  at = since()
  assert.equal((await brk(client, file.id)).status, 201)
  assert.deepEqual(await sync(at), shown)
  at = since()
  await mark(marker.client, moved, false)
  assert.deepEqual(await sync(at), shown)
  // Whom only the team ever saw is in nobody else's copy: not named, nor counted.
  at = since()
  const never = await secret()
  await marker.client.post(consultations, visit(never.id), 201)
  for (const path of [patients, consultations]) {
    const { body, text } = await client.get(`${path}?limit=100&updatedSince=${at}`, 200)
    assert.deepEqual([body.withdrawn, body.withdrawnPatients], [undefined, undefined])
    assert.ok(!text.includes(never.id))
  }
})

test('why a file or a visit was hidden is for its history, not for the administrator', async () => {
  const { marker, outsider } = people
  const file = await secret()
  const { body: seen } = await marker.client.post(consultations, visit(file.id), 201)
  const words = { reason: 'Sérologie positive saisie par erreur' }
  await marker.client.delete(`${consultations}/${seen.id}`, words, 1, 204)
  await marker.client.delete(`${patients}/${file.id}`, words, 1, 204)
  const { text, body } = await admin.get(`/api/v1/audit?patientId=${file.id}`, 200)
  assert.equal(body.items.filter(({ action }: Body) => action.endsWith('.hide')).length, 2)
  assert.ok(!text.includes('Sérologie'))
  const { items } = (await marker.client.get(`${patients}/${file.id}/history`, 200)).body
  assert.equal(items[0].reason, words.reason)
  // An identifier that is taken is taken, whoever asks.
  assert.deepEqual(code(await outsider.client.post(patients, person({ id: file.id }))), [409, 'id_already_used'])
})

describe('a break-glass', () => {
  test('opens one file to one person, and every access through it is on record with it', async () => {
    const { database } = await harness()
    const { outsider, colleague } = people
    const [file, ordinary] = [await secret(), await open(colleague.client)]
    const at = `${patients}/${file.id}`
    await outsider.client.get(at, 403)
    for (const reason of ['court', '   vide   ', '', 'x'.repeat(501)])
      assert.equal((await brk(outsider.client, file.id, reason)).status, 400, reason)
    const { body, status } = await brk(outsider.client, file.id)
    assert.equal(status, 201)
    assert.deepEqual(body.patient, { id: file.id, fileNumber: file.fileNumber })
    assert.equal(Date.parse(body.expiresAt) - Date.parse(body.openedAt), 3 * 3_600_000)
    await outsider.client.get(at, 200)
    await outsider.client.get(`${patients}?limit=100`, 200)
    const { body: visitOf } = await outsider.client.post(consultations, visit(file.id), 201)
    assert.deepEqual(code(await colleague.client.get(at)), refused)
    const entries = await database.asSuperuser<{ action: string; patients: string[] }>(
      `select action, patients from sis_audit.entry where actor_id = $1 and reason = $2 order by seq`,
      [outsider.id, `break-glass ${body.id}`],
    )
    for (const action of ['patient.read', 'patient.list', 'consultation.create'])
      assert.ok(
        entries.some((entry) => entry.action === action && entry.patients.includes(file.id)),
        action,
      )
    // On paper in words; and a file that stood in the same list says nothing of the break-glass.
    const { text: paper } = await outsider.client.get(`${at}/accesses?format=html`, 200)
    for (const wanted of ['ouverture (accès d’urgence)', '<td>accès d’urgence</td>', 'refusé</td><td>Dossier protégé'])
      assert.ok(paper.includes(wanted), wanted)
    assert.ok(!/break.glass|patient_/.test(paper), paper)
    const reasons = async (id: string) => {
      const { items } = (await outsider.client.get(`${patients}/${id}/accesses?limit=100`, 200)).body
      return items.filter(({ action }: Body) => action === 'patient.list').map(({ reason }: Body) => reason)
    }
    assert.deepEqual([await reasons(file.id), await reasons(ordinary.id)], [[`break-glass ${body.id}`], [null]])
    // Whoever is in by a break-glass is not of the team: no unmarking, no hiding, no colleagues, nothing for oneself.
    for (const answer of [
      await mark(outsider.client, file, false),
      await outsider.client.delete(at, why, 1),
      await put(outsider.client, file.id, outsider.id),
    ])
      assert.deepEqual(code(answer), [403, 'care_team_only'])
    // Whatever shows the visit says by what; to the team it is shown without.
    for (const shows of [
      `/${visitOf.id}`,
      '?limit=100',
      '/summaries?limit=100',
      `?q=${encodeURIComponent(file.familyName)}`,
      `?patientId=${file.id}`,
      '/export?format=csv',
    ])
      for (const [client, reason] of [
        [outsider.client, `break-glass ${body.id}`],
        [people.marker.client, null],
      ] as const) {
        const entries = await recordedOf(await client.send('GET', `${consultations}${shows}`))
        const [, noted] = entries.find(([, , files]) => files.includes(file.id)) ?? assert.fail(shows)
        assert.equal(noted, reason, shows)
      }
    await expire(body.id, 0)
    assert.deepEqual(code(await outsider.client.get(at)), refused)
    assert.deepEqual(code(await outsider.client.get(`${consultations}/${visitOf.id}`)), refused)
  })

  test('ends by itself, never lasts longer, and begins again only with a new reason', async () => {
    const { database } = await harness()
    const { client } = people.outsider
    const file = await secret()
    const key = { 'idempotency-key': `cle-${file.id}` }
    const { body: first } = await brk(client, file.id, why.reason, key)
    const again = await brk(client, file.id, why.reason, key)
    assert.deepEqual([again.status, again.body, again.headers['idempotency-replayed']], [201, first, 'true'])
    const twice = await Promise.all([brk(client, file.id), brk(client, file.id)])
    assert.deepEqual(
      twice.map(({ status, body }) => [status, body.id]),
      [
        [200, first.id],
        [200, first.id],
      ],
    )
    // Nothing lengthens it, and no second one stays open when it is reviewed.
    const other = await brk(client, file.id, 'Une autre raison, deux heures plus tard')
    assert.deepEqual([other.status, other.body], [200, first])
    const keyed = { 'if-match': '"1"', 'idempotency-key': `change-${file.id}` }
    const change = () => client.send('PATCH', `${patients}/${file.id}`, { body: { village: 'Kewa' }, headers: keyed })
    assert.equal((await change()).status, 200)
    await expire(first.id, 60_000)
    await client.get(`${patients}/${file.id}`, 200)
    await expire(first.id, 0)
    assert.deepEqual(code(await client.get(`${patients}/${file.id}`)), refused)
    // What was answered then is not answered again.
    assert.deepEqual(code(await change()), refused)
    const same = await brk(client, file.id)
    assert.deepEqual([same.status, same.body.errors.map(({ path }: Body) => path)], [400, ['reason']])
    assert.equal((await brk(client, file.id, 'Nouvelle aggravation cette nuit')).status, 201)
    await client.get(`${patients}/${file.id}`, 200)
    await assert.rejects(
      database.asSuperuser(
        `update "${await schema()}".break_glass set expires_at = opened_at + interval '3 hours 1 millisecond' where id = $1`,
        [first.id],
      ),
      /break_glass_three_hours/,
    )
  })

  test('is for protected files of this establishment only', async () => {
    const { hospital } = await harness()
    const { marker, outsider } = people
    const [ordinary, own] = [await open(marker.client), await secret()]
    for (const [client, id] of [
      [outsider.client, ordinary.id],
      [marker.client, own.id],
    ] as const)
      assert.deepEqual(code(await brk(client, id)), [409, 'break_glass_needless'])
    for (const id of [own.id, crypto.randomUUID()])
      assert.deepEqual(code(await brk(hospital.agent, id)), [404, 'patient_not_found'])
    assert.deepEqual(code(await brk(admin, own.id)), [403, 'right_missing'])
  })

  test('stands on a list until somebody else has reviewed it, once, with a remark', async () => {
    const { hospital } = await harness()
    const { outsider, colleague } = people
    const waiting = async () => (await admin.get('/api/v1/auth/me', 200)).body.breakGlassWaiting
    const before = await waiting()
    const file = await secret()
    const { body: glass } = await brk(outsider.client, file.id)
    assert.equal(await waiting(), before + 1)
    assert.equal((await outsider.client.get('/api/v1/auth/me', 200)).body.breakGlassWaiting, undefined)
    const { body: list, text } = await admin.get('/api/v1/break-glass?status=open&limit=1', 200)
    assert.deepEqual([list.items, list.waiting], [[glass], before + 1])
    assert.ok(!text.includes(file.familyName) && !text.includes(file.givenName))
    const at = `/api/v1/break-glass/${glass.id}`
    const remark = { remark: 'Vu avec le garde' }
    assert.deepEqual(code(await outsider.client.patch(at, remark, 1)), [403, 'right_missing'])
    assert.deepEqual(code(await hospital.admin.patch(at, remark, 1)), [404, 'break_glass_not_found'])
    assert.equal((await hospital.admin.get('/api/v1/break-glass', 200)).body.waiting, 0)
    assert.deepEqual(code(await admin.patch(at, remark)), [428, 'version_required'])
    assert.deepEqual(code(await admin.patch(at, remark, 7)), [412, 'version_stale'])
    const answers = await Promise.all([admin.patch(at, remark, 1), admin.patch(at, remark, 1)])
    assert.deepEqual(answers.map(({ status }) => String(status)).sort(), ['200', '409'])
    assert.deepEqual(code(await admin.patch(at, remark, 2)), [409, 'break_glass_closed'])
    // The review shuts what is still open.
    assert.deepEqual(code(await outsider.client.get(`${patients}/${file.id}`)), refused)
    assert.equal(await waiting(), before)
    const { body: closed } = await admin.get('/api/v1/break-glass?status=closed&limit=1', 200)
    assert.deepEqual(
      [closed.items[0].id, closed.items[0].review.remark, closed.items[0].version],
      [glass.id, remark.remark, 2],
    )
    // Let into the team: for who goes on treating, and where none of the team is left.
    const { body: second } = await brk(colleague.client, file.id)
    await admin.patch(`/api/v1/break-glass/${second.id}`, { ...remark, admit: true }, 1, 200)
    await colleague.client.get(`${patients}/${file.id}`, 200)
    // The administrator decides who sees a file and sees none.
    assert.deepEqual(code(await admin.get(`${patients}/${file.id}`)), [403, 'right_missing'])
  })

  test('is not reviewed by the person who opened the file', async () => {
    const { csref, as, database } = await harness()
    const { body } = await csref.admin.get('/api/v1/auth/me', 200)
    await database.asSuperuser(
      `insert into sis_platform.membership (id, account_id, establishment_id, role, status) values (gen_random_uuid(), $1, $2, 'SIS_CSREF', 'active')`,
      [body.id, csref.establishment.id],
    )
    const both = as('csref_djenne.admin')
    const { body: glass } = await brk(both, (await secret()).id)
    assert.deepEqual(code(await both.patch(`/api/v1/break-glass/${glass.id}`, { remark: 'Rien à dire' }, 1)), [
      403,
      'break_glass_own',
    ])
  })

  /** As if it had been opened so long ago that this much is left. */
  async function expire(id: string, leftMs: number): Promise<void> {
    const { database } = await harness()
    await database.asSuperuser(
      `update "${await schema()}".break_glass set opened_at = $2::timestamptz - interval '3 hours', expires_at = $2 where id = $1`,
      [id, new Date(Date.now() + leftMs).toISOString()],
    )
  }
})

describe('at the same time', () => {
  test('a marking waits for a visit that is being written, whose author is then of the team', async () => {
    const { database } = await harness()
    const { marker, author } = people
    const file = await open(marker.client)
    const table = `"${await schema()}".consultation`
    // Holds the visit between the look at the patient and its row.
    const holding = database.asSuperuser(`do $$ begin lock table ${table} in share mode; perform pg_sleep(1); end $$`)
    const held = (query: string) =>
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '${query}%'`
    const until = async (query: string) => {
      for (let i = 0; i < 200; i++) if ((await database.asSuperuser(query)).length > 0) return
    }
    await until(`select 1 from pg_stat_activity where query like 'do $$%' and wait_event = 'PgSleep'`)
    const writing = author.client.post(consultations, visit(file.id))
    await until(held('insert into "consultation"'))
    const [marked, written] = await Promise.all([mark(marker.client, file, true), writing, holding])
    assert.deepEqual([marked.status, written.status], [200, 201])
    await author.client.get(`${patients}/${file.id}`, 200)
  })

  test('two who take each other out of the team leave one of them in it', async () => {
    const { marker, colleague } = people
    for (let round = 0; round < 3; round++) {
      const file = await secret()
      await put(marker.client, file.id, colleague.id)
      const answers = await Promise.all([
        takeOut(marker.client, file.id, colleague.id),
        takeOut(colleague.client, file.id, marker.id),
      ])
      assert.deepEqual(answers.map(({ status }) => String(status)).sort(), ['204', '403'])
    }
  })
})
