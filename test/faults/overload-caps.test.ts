import assert from 'node:assert/strict'
import { once } from 'node:events'
import { IncomingMessage, request as httpRequest, ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import type { RateSetting } from '../../src/config.ts'
import { InFlight } from '../../src/platform/http/in-flight.ts'
import { Pressure } from '../../src/platform/http/pressure.ts'
import { Rates } from '../../src/platform/http/rates.ts'
import { Client, harness, harnessConfig, type Answer, type Site } from '../harness.ts'
import { until } from '../sis-process.ts'
import { holdLock } from './held-lock.ts'

const patients = '/api/v1/patients?limit=1'

async function appWith(t: TestContext, limits: Partial<Record<RateSetting, number>>): Promise<FastifyInstance> {
  const { access } = await harness()
  const app = await buildApp({ config: { ...harnessConfig, ...limits }, access, log: pino({ level: 'silent' }) })
  t.after(() => app.close())
  return app
}

/** How often each status came. */
const tally = (answers: Answer[]): Record<string, number> =>
  answers.reduce<Record<string, number>>((all, { status }) => ({ ...all, [status]: (all[status] ?? 0) + 1 }), {})

/** Every refusal is a problem document that says when to come again. */
function assertRefusals(answers: Answer[], status: number, code: string): void {
  const refused = answers.filter((answer) => answer.status === status)
  assert.ok(refused.length > 0)
  for (const { body, headers } of refused) {
    assert.match(headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.equal(body.code, code)
    assert.ok(Number(headers['retry-after']) >= 1, 'Retry-After')
  }
}

/** The first ones pass, and what becomes free while a slow machine answers them. */
function assertLimited(answers: Answer[], atOnce: number): void {
  const { 200: passed = 0, 429: refused = 0 } = tally(answers)
  assert.equal(passed + refused, answers.length)
  assert.ok(passed >= atOnce - 2 && refused >= answers.length / 3, `${passed} passed, ${refused} refused`)
}

const times = <T>(count: number, one: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, one))

test('a rate lets a sixth of a minute through at once, then one by one, and forgets', () => {
  const rates = new Rates(60, 10)
  const at = (ms: number) => rates.take('a', 1_000 + ms)
  assert.deepEqual(Array.from({ length: 11 }, () => at(0)), [...Array<number>(10).fill(0), 1]) // prettier-ignore
  assert.deepEqual([at(900), at(1_000), at(1_500), at(2_000)], [1, 0, 1, 0])
  assert.equal(rates.take('b', 1_000), 0)
  assert.deepEqual(Array.from({ length: 11 }, () => at(60_000)), [...Array<number>(10).fill(0), 1]) // prettier-ignore
  for (let i = 0; i < 20_000; i++) rates.take(`someone ${i}`, 100_000 + i)
  assert.ok(rates.size < 8_000, `${rates.size} keys`)
})

test('the bound of a process falls while it runs late, to an eighth, and comes back', () => {
  const pressure = new Pressure(256)
  pressure.close()
  const after = (looks: number, lateMs: number): number => {
    for (let i = 0; i < looks; i++) pressure.adapt(lateMs)
    return pressure.bound
  }
  assert.deepEqual([after(1, 10), after(1, 150), after(100, 150), after(4, 70), after(20, 10)], [256, 192, 32, 32, 256])
})

test('who asks too often is told when to come again; colleagues and neighbours go on', async (t) => {
  const { cscom, csref } = await harness()
  const app = await appWith(t, { rateRequests: 60, rateEstablishment: 450 })
  const client = async (other: Client) => new Client(app, undefined, await other.token())
  const [agent, admin, neighbour] = [await client(cscom.agent), await client(cscom.admin), await client(csref.agent)]
  const asked = await times(40, () => agent.get(patients))
  assertLimited(asked, 10)
  assertRefusals(asked, 429, 'too_many_requests')
  // The establishment's fifteen: ten are used.
  assertLimited(await times(40, () => admin.get('/api/v1/services')), 5)
  assert.deepEqual(tally(await times(10, () => neighbour.get(patients))), { 200: 10 })
})

test('a person and an establishment have only so many requests at the same time', async (t) => {
  const { cscom, csref, database } = await harness()
  const app = await appWith(t, { rateUserInFlight: 3, rateEstablishmentInFlight: 5 })
  const client = async (other: Client) => new Client(app, undefined, await other.token())
  const [agent, neighbour] = [await client(cscom.agent), await client(csref.agent)]
  const lock = await holdLock(database.superuserUrl, cscom.establishment.schema)
  const asked = times(8, () => agent.get(patients))
  await until(async () => (await lock.waiting()) >= 3 || undefined)
  const colleague = times(4, async () => (await client(cscom.admin)).get('/api/v1/audit'))
  assert.deepEqual(tally(await times(3, () => neighbour.get(patients))), { 200: 3 })
  await colleague
  await lock.release()
  const answers = await asked
  assert.deepEqual(tally(answers), { 200: 3, 429: 5 })
  assertRefusals(answers, 429, 'too_many_requests')
  // Every place is free again.
  assert.deepEqual(tally(await times(3, () => agent.get(patients))), { 200: 3 })
})

test('a process that is full refuses before it looks at the token, and health is never refused', async (t) => {
  const { cscom, database } = await harness()
  const app = await appWith(t, { rateInFlight: 4 })
  const agent = new Client(app, undefined, await cscom.agent.token())
  const lock = await holdLock(database.superuserUrl, cscom.establishment.schema)
  const [stranger, forged] = [new Client(app), new Client(app, undefined, 'forged')]
  // A process that runs late takes fewer: full is what refuses.
  const asked: Promise<Answer>[] = []
  await until(async () => {
    asked.push(agent.get(patients))
    return (await lock.waiting()) > 0 && (await stranger.get(patients)).status === 503 ? true : undefined
  })
  const refused = [await stranger.get(patients), await forged.get(patients), await stranger.get('/nowhere')]
  refused.push(await stranger.post('/api/v1/auth/login', { username: 'x', password: 'y' }))
  assert.deepEqual(tally(refused), { 503: 4 })
  assertRefusals(refused, 503, 'busy')
  assert.deepEqual(tally([await stranger.get('/health/live'), await stranger.get('/health/ready')]), { 200: 2 })
  await lock.release()
  for (const { status } of await Promise.all(asked)) assert.ok([200, 503, 504].includes(status), String(status))
  await until(async () => tally(await times(4, () => agent.get(patients)))[200] === 4 || undefined)
  assert.deepEqual(tally([await forged.get(patients), await stranger.get('/nowhere')]), { 401: 1, 404: 1 })
})

test('clients that go away, and requests that fail, leave no place taken', async (t) => {
  const { cscom, database } = await harness()
  const app = await appWith(t, { rateUserInFlight: 2, rateInFlight: 3 })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const authorization = `Bearer ${await cscom.agent.token()}`
  const lock = await holdLock(database.superuserUrl, cscom.establishment.schema)
  for (let i = 0; i < 6; i++) {
    const sent = httpRequest({ port, host: '127.0.0.1', path: patients, headers: { authorization } })
    sent.on('error', () => {})
    sent.end()
    await sleep(60)
    sent.destroy()
  }
  // A body that never comes, a body that is too long, a path that is none.
  for (const [path, length] of [
    ['/api/v1/patients', '100'],
    ['/api/v1/patients', '999999'],
    ['/%', '3'],
  ] as const) {
    // prettier-ignore
    const sent = httpRequest({
      port,
      host: '127.0.0.1',
      path,
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'content-length': length },
    })
    sent.on('error', () => {})
    sent.write('{')
    await sleep(60)
    sent.destroy()
  }
  await lock.release()
  const agent = new Client(app, undefined, await cscom.agent.token())
  await until(async () => tally(await times(2, () => agent.get(patients)))[200] === 2 || undefined)
})

test('requests sent ahead, whose answers wait for the first one, leave no place taken either', async (t) => {
  const { cscom, database } = await harness()
  const app = await appWith(t, { rateUserInFlight: 6 })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const token = await cscom.agent.token()
  const agent = new Client(app, undefined, token)
  const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: sis\r\nAuthorization: Bearer ${token}\r\n\r\n`
  const lock = await holdLock(database.superuserUrl, cscom.establishment.schema)
  let released = false
  t.after(() => (released ? undefined : lock.release()))
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {}).write(ask(patients) + ask('/api/v1/services').repeat(5))
  await until(async () => (await lock.waiting()) > 0 || undefined)
  // The others are past their token by now as well: whoever asks before takes one of the six places.
  await sleep(100)
  await until(async () => (await agent.get('/api/v1/services')).status === 429 || undefined)
  socket.destroy()
  await until(async () => (await agent.get('/api/v1/services')).status === 200 || undefined)
  await lock.release()
  released = true
  await until(async () => tally(await times(6, () => agent.get(patients)))[200] === 6 || undefined)
})

test('an upload whose sender leaves while it waits in line takes no place', async (t) => {
  const { cscom, csref, hospital, cabinet } = await harness()
  const app = await appWith(t, {})
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const form = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nDate;Nom`
  const upload = async ({ agent }: Site, count: number): Promise<Socket[]> => {
    const head = `POST /api/v1/imports HTTP/1.1\r\nHost: sis\r\nAuthorization: Bearer ${await agent.token()}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n`
    const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}))
    for (const socket of sockets) socket.write(head + form)
    return sockets
  }
  for (let round = 0; round < 4; round++) {
    const first = (await Promise.all([csref, hospital, cscom].map((site) => upload(site, 2)))).flat()
    await sleep(80)
    // Eight places: a fourth establishment gets one of two.
    const last = await upload(cabinet, 2)
    await sleep(80)
    for (const sockets of [last, first]) {
      for (const socket of sockets) socket.destroy()
      await sleep(80)
    }
  }
  const agent = new Client(app, undefined, await cabinet.agent.token())
  const body = Buffer.from(`${form};Prénom;Sexe;Naissance;Diagnostic\n\r\n--b--\r\n`)
  const sent = await agent.send('POST', '/api/v1/imports', {
    body,
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  })
  assert.notEqual(sent.status, 503, sent.text)
})

test('whoever is gone already takes no place, and whoever reads slowly keeps none', async () => {
  const places = new InFlight(() => 1)
  const answer = (): ServerResponse => {
    // Takes what it is given and never gets rid of it.
    const socket = new Duplex({ read() {}, write() {} }) as Socket
    const made = new ServerResponse(new IncomingMessage(socket))
    made.assignSocket(socket)
    return made
  }
  const [gone, slow] = [answer(), answer()]
  gone.socket?.destroy()
  await once(gone, 'close')
  assert.deepEqual([places.enter('a', gone), places.hasRoom('a')], [true, true])
  assert.deepEqual([places.enter('a', slow), places.hasRoom('a')], [true, false])
  slow.end('x')
  assert.deepEqual([slow.writableFinished, places.hasRoom('a')], [false, true])
  slow.socket?.destroy()
})

test('an establishment that waits for locks leaves its neighbours their connections', async (t) => {
  const { cscom, csref, database, app } = await harness()
  const lock = await holdLock(database.superuserUrl, cscom.establishment.schema)
  let released = false
  t.after(() => (released ? undefined : lock.release()))
  const asked = times(40, () => cscom.agent.get(patients))
  await until(async () => (await lock.waiting()) >= 4 || undefined)
  // Eight connections in the harness: half of them wait, the others serve; and one of those that one-shot reads share.
  const waiting = async (): Promise<boolean> => [4, 5].includes(await lock.waiting())
  assert.ok(await waiting())
  const neighbour = await times(40, () => csref.agent.get(patients))
  assert.deepEqual(tally(neighbour), { 200: 40 })
  const signIn = new Client(app, 'csref_djenne.agent')
  assert.ok(await signIn.token())
  assert.ok(await waiting())
  await lock.release()
  released = true
  // Those whose wait was longer than the server allows were told so.
  for (const { status } of await asked) assert.ok([200, 503, 504].includes(status), String(status))
  await cscom.agent.get(patients, 200)
})
