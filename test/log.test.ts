import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import pg from 'pg'
import { pino } from 'pino'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { buildApp } from '../src/app.ts'
import { labelled, Meters } from '../src/shared/meters.ts'
import { createLog } from '../src/supervisor/log.ts'
import { exposition } from '../src/supervisor/metrics/exposition.ts'
import { Canaries } from './canaries.ts'
import { scraped } from './exposition.ts'
import { harness, harnessConfig } from './harness.ts'
import { provokeLocks, registerFailures } from './provoked.ts'

type Sent = { status: number; canEcho: string; headers: string }

/** The application with this journal, and routes that fail from within. */
async function journaled(
  make: (sink: Writable) => FastifyBaseLogger,
  canaries: Canaries,
  more: (app: FastifyInstance, meters: Meters) => void = () => {},
) {
  const { access, tenancy, cscom } = await harness()
  let text = ''
  const sink = new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) })
  const meters = new Meters()
  // Every request is slow.
  const app = await buildApp({ config: harnessConfig, access, log: make(sink), measuring: { meters, slowMs: 1e-6 } })
  more(app, meters)
  const names = registerFailures(app, tenancy.tenant(cscom.establishment), canaries)
  await app.ready()
  return { app, names, journal: () => text, metrics: () => exposition(meters.read(), 'text') }
}

async function send(app: FastifyInstance, request: object): Promise<Sent> {
  // An answer that breaks off says nothing at all.
  const answer = await app.inject(request).catch(() => undefined)
  if (!answer) return { status: 0, canEcho: '', headers: '' }
  const { statusCode, headers, body } = answer
  let told = body
  if (String(headers['content-type']).startsWith('application/problem+json')) {
    // Told back to whoever sent it, or who may read it: the name of a field that does not exist, who may be the same person.
    const { errors, candidates: _candidates, ...rest } = JSON.parse(body) as { errors?: { message: string }[]; candidates?: unknown } // prettier-ignore
    told = JSON.stringify({ ...rest, errors: errors?.map(({ message }) => message) })
  }
  return { status: statusCode, canEcho: statusCode < 400 ? '' : told, headers: JSON.stringify(headers) }
}

/** A word in every place of a request; the statuses tell that each got as far as it should. */
async function sendEverywhere(app: FastifyInstance, token: string, canaries: Canaries): Promise<Sent[]> {
  const word = (place: string): string => canaries.word(place)
  const agent = { authorization: `Bearer ${token}` }
  const url = '/api/v1/patients'
  const patient = {
    familyName: word('familyName'),
    givenName: word('givenName'),
    sex: 'F',
    birth: { precision: 'year', date: '1986' },
    village: word('village'),
  }
  const post = (payload: unknown, headers: object = {}) => ({ method: 'POST', url, headers: { ...agent, ...headers }, payload }) // prettier-ignore
  const get = (path: string, headers: object = agent) => ({ method: 'GET', url: path, headers })
  const header = (name: string, prefix = '') => get(url, { ...agent, [name]: prefix + word(`header-${name}`) })
  const form = (name: string, content: string) =>
    ({ method: 'POST', url: '/api/v1/imports?dryRun=false', headers: { ...agent, 'content-type': 'multipart/form-data; boundary=x', 'user-agent': word('formAgent'), cookie: word('formCookie') },
       payload: `--x\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\n${content}\r\n--x--\r\n` }) // prettier-ignore
  const register = `Date;Nom;Prénom;Sexe;Âge;Unité;Diagnostic\n01/07/2026;${word('cellName')};X;F;30;ans;${word('cell')}\n01/13/2026;${word('refused')};X;F;30;ans;Y\n`
  const requests: [number, object][] = [
    [201, post(patient)],
    [409, post(patient)],
    [400, post({ ...patient, [word('field')]: word('value') })],
    [400, post({ ...patient, phone: word('phone') })],
    [400, post({ ...patient, birth: { precision: 'day', date: word('birth') } })],
    [400, post(`{"familyName": "${word('json')}`, { 'content-type': 'application/json' })],
    [415, post(word('media'), { 'content-type': `text/${word('contentType')}` })],
    [400, post({ ...patient, id: word('id') })],
    [400, post(patient, { 'idempotency-key': `${word('idempotencyKey')} é` })],
    [200, get(`${url}?q=${word('query')}`)],
    [400, get(`${url}?${word('parameter')}=1`)],
    [400, get(`${url}?cursor=${word('cursor')}`)],
    [400, get(`${url}/${word('path')}`)],
    [404, get(`/${word('nowhere')}`)],
    [404, get(`/%${word('undecodable')}`)],
    [404, get(`${url}/${word('endless').repeat(20)}`)],
    [401, get(url, { authorization: `Bearer ${word('bearer')}` })],
    [401, get(url, { authorization: word('authorization') })],
    [400, { ...post({}, { 'if-match': word('ifMatch') }), method: 'PATCH', url: `${url}/019b0000-0000-7000-8000-000000000000` }], // prettier-ignore
    [401, { method: 'POST', url: '/api/v1/auth/login', payload: { username: word('username'), password: word('password') } }], // prettier-ignore
    [401, { method: 'POST', url: '/api/v1/auth/refresh', payload: { refresh_token: word('refreshToken').repeat(5).slice(0, 86) } }], // prettier-ignore
    [201, form(`${word('fileName')}.csv`, register)],
    [400, form(`${word('fileName')}.csv`, word('notRegister'))],
    ...['user-agent', 'cookie', 'x-forwarded-for', 'x-request-id', 'referer', 'origin', 'accept', 'accept-encoding', 'if-none-match', 'forwarded', 'x-anything', 'host', 'from'].map((name): [number, object] => [200, header(name)]), // prettier-ignore
    [200, header('accept-language', 'en, ')],
  ]
  const sent: Sent[] = []
  for (const [, request] of requests) sent.push(await send(app, request))
  assert.deepEqual(sent.map(({ status }) => status), requests.map(([status]) => status)) // prettier-ignore
  return sent
}

test('nothing of a record reaches the journal, the database’s own log, an error or a header', async (t) => {
  const { cscom, tenancy, database } = await harness()
  const canaries = new Canaries()
  const { app, names, journal, metrics } = await journaled((sink) => createLog('trace', sink), canaries)
  t.after(() => app.close())
  const sent = await sendEverywhere(app, (await cscom.agent.token()) ?? '', canaries)
  for (const name of names) sent.push(await send(app, { method: 'GET', url: `/fail/${name}?x=${canaries.word('failedQuery')}` })) // prettier-ignore
  await provokeLocks(database, tenancy.tenant(cscom.establishment), canaries)

  const lines = journal().split('\n').filter(Boolean).map((line) => JSON.parse(line) as { msg: string; stack?: string[] }) // prettier-ignore
  // Without these the test would pass on a journal that says nothing.
  // All but an address that cannot be decoded, an endless one and an answer that broke off.
  assert.equal(lines.filter(({ msg }) => msg === 'request').length, sent.length - 3)
  assert.ok(lines.some(({ msg, stack }) => msg === 'request failed' && (stack?.length ?? 0) > 0))
  assert.deepEqual(sent.slice(-names.length).map(({ status }) => status), [409, ...Array(8).fill(400), ...Array(7).fill(500), 0, 500, 200]) // prettier-ignore
  const serverLog = readFileSync(join(dirname(database.directory), 'log'))
  assert.match(serverLog.toString(), /ready to accept connections/)

  const told = scraped(metrics())
  assert.equal(told.sum('sis_http_request_duration_seconds_count'), sent.length - 2)
  assert.ok(lines.some(({ msg }) => msg === 'slow request'))

  const outputs = { journal: journal(), metrics: metrics(), serverLog, bodies: sent.map((one) => one.canEcho).join('\n'), headers: sent.map((one) => one.headers).join('\n') } // prettier-ignore
  assert.deepEqual(canaries.leaks(outputs), [])
  t.diagnostic(`${canaries.count} words in ${sent.length} requests, ${lines.length} lines at level trace`)
})

test('control: a journal that writes what libraries hand it, and a server that quotes, are caught', async (t) => {
  const { cscom, database } = await harness()
  const canaries = new Canaries()
  const { app, journal, metrics } = await journaled(
    (sink) => pino({ level: 'trace' }, sink),
    canaries,
    (leaking, meters) => {
      const paths = meters.counters('sis_paths_total', 'A label from a request.')
      leaking.addHook('onRequest', async (request) => paths.of(labelled({ path: request.url })).add())
      leaking.addHook('onResponse', async (request) =>
        request.log.info({ url: request.url, headers: request.headers }, 'in'),
      )
      leaking.addHook('onError', async (request, _reply, error) => request.log.error(error))
      leaking.addHook('preHandler', async (request) => request.log.trace({ body: request.body }, 'body'))
    },
  )
  t.after(() => app.close())
  await sendEverywhere(app, (await cscom.agent.token()) ?? '', canaries)
  for (const name of ['check', 'uuid', 'thrown', 'many']) await send(app, { method: 'GET', url: `/fail/${name}` })
  const places = new Set(canaries.leaks({ journal: journal() }).map((leak) => leak.split(' ')[0]))
  for (const place of [
    'familyName',
    'query',
    'path',
    'header-user-agent',
    'authorization',
    'password',
    'databaseuuid',
    'ownthrown',
    'ownthrowndetail',
  ])
    // prettier-ignore
    assert.ok(places.has(place), place)

  assert.ok(canaries.leaks({ metrics: metrics() }).includes('query → metrics'))

  // The same errors in a session that is told to log them.
  const words = new Canaries()
  await quoting(database.superuserUrl, `select '${words.word('statement')}'::date`)
  await quoting(database.superuserUrl, `select $1::uuid`, [words.word('value')])
  const serverLog = readFileSync(join(dirname(database.directory), 'log'))
  assert.deepEqual(words.leaks({ serverLog }), ['statement → serverLog', 'value → serverLog'])
})

/** A statement that fails, in a session whose errors the server logs as it does unless told otherwise. */
async function quoting(url: string, sql: string, values: unknown[] = []): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    "set log_min_messages = error; set log_error_verbosity = 'default'; set log_min_error_statement = error",
  )
  await assert.rejects(client.query(sql, values))
  await client.end()
}
