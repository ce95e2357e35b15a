import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import { until } from '../../../test/sis-process.ts'
import { problem, problemDocument, problemText } from '../../shared/errors.ts'
import { newId } from '../../shared/ids.ts'
import { whenClosed, whenHandedOver } from './endings.ts'
import { registerEtags } from './etags.ts'
import { registerAnswerDeadline, registerBodyDeadline } from './limits.ts'
import { registerProblems } from './problems.ts'
import { registerRequest } from './request.ts'
import { registerSecurityHeaders, securityHeaders } from './security-headers.ts'

test('every answer has the headers that helmet sets', async () => {
  const asked = async (prepare: (app: ReturnType<typeof Fastify>) => unknown): Promise<object> => {
    const app = Fastify()
    await prepare(app)
    app.get('/', async () => '')
    const { headers } = await app.inject('/')
    await app.close()
    return { ...headers, date: '' }
  }
  const ours = await asked(registerSecurityHeaders)
  assert.deepEqual(ours, await asked((app) => app.register(helmet, securityHeaders)))
  assert.ok('content-security-policy' in ours && 'strict-transport-security' in ours)
})

test('identifiers are version 7 with their time, and no two are equal, nor to those of other processes', async () => {
  const module = new URL(`../../shared/ids${import.meta.url.slice(-3)}`, import.meta.url).href
  const program = `const { newId } = await import(${JSON.stringify(module)})
    process.stdout.write(Array.from({ length: 2_000 }, newId).join(' '))`
  const others = await Promise.all(
    [1, 2].map(() => promisify(execFile)(process.execPath, [...process.execArgv.filter((flag) => !flag.includes('test')), '--input-type=module', '-e', program])), // prettier-ignore
  )
  const before = Date.now()
  const own = Array.from({ length: 2_000 }, newId)
  for (const id of own) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const time = Number.parseInt(own[0]!.slice(0, 8) + own[0]!.slice(9, 13), 16)
  assert.ok(time >= before && time <= Date.now())
  const all = [...own, ...others.flatMap(({ stdout }) => stdout.split(' '))]
  assert.equal(new Set(all).size, 6_000)
})

test('a refusal that is put together is the document that is written out', () => {
  for (const refused of [
    problem('busy', { retryAfter: 2 }),
    problem('not_found'),
    problem('conflict', { extra: { candidates: [] } }),
  ])
    for (const language of ['fr', 'en'] as const)
      for (const id of [newId(), newId()])
        assert.equal(problemText(refused, language, id), JSON.stringify(problemDocument(refused, language, id)))
})

test('a text of whatever letters leaves whole, under the mark of its bytes', async (t) => {
  const app = Fastify()
  registerEtags(app)
  let text = ''
  app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(text))
  t.after(() => app.close())
  // 73 letters of two bytes are the most that fit into the room that is taken for them.
  for (const letter of ['a', 'é', 'ߒ', '界', '😀'])
    for (const times of [1, 36, 73, 74, 2_000]) {
      text = letter.repeat(times)
      const bytes = Buffer.from(text)
      const { rawPayload, headers } = await app.inject('/')
      assert.ok(rawPayload.equals(bytes), `${times} × ${letter}`)
      assert.equal(headers['content-length'], String(bytes.length))
      assert.equal(headers.etag, `W/"${createHash('sha1').update(bytes).digest('base64url')}"`)
    }
})

test('whoever waits for the end of an answer is told once', async (t) => {
  const told: string[] = []
  let asked = 0
  const app = Fastify()
  app.get('/', (_request, reply) => {
    asked += 1
    for (const who of ['person', 'establishment']) whenHandedOver(reply.raw, () => told.push(`handed ${who}`))
    for (const who of ['drain', 'deadline']) whenClosed(reply.raw, () => told.push(`closed ${who}`))
    if (told.length === 0) void reply.send('')
  })
  t.after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const all = ['handed person', 'handed establishment', 'closed drain', 'closed deadline']
  await new Promise((resolve) => get({ port, host: '127.0.0.1' }, (answer) => answer.resume().on('end', resolve)))
  await until(() => told.length >= 4 || undefined)
  assert.deepEqual(told, all)
  // One who goes away before there is an answer.
  const socket = connect(port, '127.0.0.1', () => socket.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
  await until(() => asked === 2 || undefined)
  socket.destroy()
  await until(() => told.length >= 8 || undefined)
  assert.deepEqual(told.slice(4), all)
})

test('an answer that does not come in time is 504, a body that does not come ends its connection', async (t) => {
  const app = Fastify()
  registerRequest(app)
  registerProblems(app)
  registerBodyDeadline(app)
  registerAnswerDeadline(app, 50)
  app.get('/never', () => {})
  app.post('/stores', { config: { writes: true } }, () => {})
  app.get('/own', { handlerTimeout: 60_000 }, async () => {
    await sleep(2_500)
    return 'late'
  })
  app.post('/slow', { config: { bodySeconds: 0.05 } }, async () => 'read')
  t.after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const address = `http://127.0.0.1:${port}`
  const cut = new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /slow HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\nabc')
    socket.on('close', resolve).on('error', () => {})
    socket.resume()
  })
  const [never, own, whole] = await Promise.all([
    fetch(`${address}/never`),
    fetch(`${address}/own`),
    fetch(`${address}/slow`, { method: 'POST', body: 'abc' }),
  ])
  assert.equal(never.status, 504)
  assert.equal(((await never.json()) as { code: string }).code, 'timeout')
  const stores = await fetch(`${address}/stores`, { method: 'POST', body: 'abc' })
  assert.equal(stores.status, 503)
  assert.equal(((await stores.json()) as { code: string }).code, 'outcome_unknown')
  assert.deepEqual([own.status, await own.text()], [200, 'late'])
  assert.equal(whole.status, 200)
  await cut
})
