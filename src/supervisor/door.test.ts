import assert from 'node:assert/strict'
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { extname } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { until } from '../../test/sis-process.ts'
import { freePort } from './postgres.ts'
import { createDoor, type Door } from './door.ts'

cluster.setupPrimary({ exec: fileURLToPath(new URL(`./door.fixture${extname(import.meta.url)}`, import.meta.url)) })
after(() => Object.values(cluster.workers ?? {}).forEach((worker) => worker?.process.kill('SIGKILL')))

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

async function openDoor(
  t: TestContext,
  { patience = 600_000, absence = patience, told = [] }: { patience?: number; absence?: number; told?: object[] } = {},
): Promise<{ door: Door; port: number }> {
  const door = createDoor({
    log: { warn: (fields: object) => void told.push(fields) },
    origins: ['https://ecrans.sante.ml'],
    patience,
    absence,
  })
  t.after(() => door.close())
  const port = await freePort()
  await door.open('localhost', port)
  return { door, port }
}

/** A process that serves; ended with the test. */
async function process(t: TestContext): Promise<Worker> {
  const worker = cluster.fork()
  t.after(() => worker.process.kill('SIGKILL'))
  await once(worker, 'message')
  return worker
}

/** All that comes back on a connection of its own until its end. */
async function ask(port: number, head: string, host = '127.0.0.1'): Promise<string> {
  const socket = connect(port, host)
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  socket.on('error', (error) => (said += error.message))
  if (head) socket.write(`${head}\r\nHost: sis\r\n\r\n`)
  await new Promise((resolve) => socket.once('close', resolve))
  return said
}
const get = 'GET / HTTP/1.1\r\nConnection: close'
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[\da-f]+\r\n|\r\n0\r\n\r\n$/g, '') // prettier-ignore

/** A connection that stays open without a word. */
async function stay(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

test('every connection is handed to a process, in turn, on both addresses of localhost', async (t) => {
  const { door, port } = await openDoor(t)
  const [one, other] = [await process(t), await process(t)]
  door.join(one)
  door.join(other)
  const served: string[] = []
  for (let i = 0; i < 10; i++) served.push(bodyOf(await ask(port, get, hasIpv6 && i % 2 ? '::1' : '127.0.0.1')))
  const by = ({ process: { pid } }: Worker): number => served.filter((answer) => answer === String(pid)).length
  assert.deepEqual([by(one), by(other)], [5, 5], served.join())
  assert.deepEqual(door.state(), { waiting: 0, refused: 0 })
})

test('whom no process takes in time is told 503 in his language; who asks for nothing is told nothing', async (t) => {
  const { door, port } = await openDoor(t, { patience: 300 })
  const answers = Promise.all([
    ask(port, get),
    ask(port, `${get}\r\nAccept-Language: en\r\nOrigin: https://ecrans.sante.ml`),
    ask(port, 'HEAD / HTTP/1.1'),
    ask(port, ''),
  ])
  const [french, english, head, nothing] = await answers
  assert.match(french, /^HTTP\/1\.1 503 /)
  assert.match(french, /\r\nretry-after: [123]\r\n/)
  const document = JSON.parse(bodyOf(french)) as Record<string, string>
  assert.deepEqual([document['code'], document['title']], ['busy', 'Serveur occupé'])
  assert.match(french, new RegExp(`\r\nx-request-id: ${document['requestId']}\r\n`))
  assert.equal(Number(/content-length: (\d+)/.exec(french)?.[1]), Buffer.byteLength(bodyOf(french)))
  assert.equal((JSON.parse(bodyOf(english)) as Record<string, string>)['title'], 'Server busy')
  assert.match(english, /\r\naccess-control-allow-origin: https:\/\/ecrans\.sante\.ml\r\n/)
  assert.doesNotMatch(french, /access-control/)
  assert.match(head, /^HTTP\/1\.1 503 [^]*\r\n\r\n$/)
  assert.equal(nothing, '')
  assert.deepEqual(door.state(), { waiting: 0, refused: 4 })
})

test('a process that has as many as it can take is handed another when one of them leaves', async (t) => {
  const { door, port } = await openDoor(t)
  door.join(await process(t))
  const first = await stay(t, port)
  await stay(t, port)
  const waits = ask(port, get)
  await sleep(500)
  assert.equal(door.state().waiting, 1)
  first.destroy()
  assert.match(await waits, /^HTTP\/1\.1 200 /)
})

test('a process that dies is handed nothing more; who comes waits for the next one, longer than for his turn', async (t) => {
  const { door, port } = await openDoor(t, { patience: 100, absence: 600_000 })
  const [dying, other] = [await process(t), await process(t)]
  door.join(dying)
  await ask(port, 'GET /crash HTTP/1.1')
  await until(() => dying.isDead() || undefined)
  const waits = ask(port, get)
  await until(() => door.state().waiting === 1 || undefined)
  await sleep(500)
  assert.deepEqual(door.state(), { waiting: 1, refused: 0 })
  door.join(other)
  assert.equal(bodyOf(await waits), String(other.process.pid))
})

test('a process that says that it leaves is handed nothing more', async (t) => {
  const { door, port } = await openDoor(t)
  const [leaving, other] = [await process(t), await process(t)]
  door.join(leaving)
  await ask(port, 'GET /leave HTTP/1.1\r\nConnection: close')
  const waits = ask(port, get)
  await until(() => door.state().waiting === 1 || undefined)
  door.join(other)
  assert.equal(bodyOf(await waits), String(other.process.pid))
})

test('a connection on its way to a process that dies is reset', async (t) => {
  const { door, port } = await openDoor(t)
  const dying = await process(t)
  dying.process.kill('SIGSTOP')
  door.join(dying)
  const lost = ask(port, get)
  // Handed over, but never taken.
  await sleep(200)
  assert.deepEqual(door.state(), { waiting: 0, refused: 0 })
  dying.process.kill('SIGKILL')
  assert.doesNotMatch(await lost, /^HTTP/)
})

test('who waits when the door closes is refused, and nobody is let in any more', async (t) => {
  const { door, port } = await openDoor(t)
  const waits = ask(port, get)
  await until(() => door.state().waiting === 1 || undefined)
  door.close()
  assert.match(await waits, /^HTTP\/1\.1 503 /)
  assert.match(await ask(port, get), /ECONNREFUSED/)
})

test('how many were refused is told once in ten seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const told: object[] = []
  const { door, port } = await openDoor(t, { told })
  const waits = [ask(port, get), ask(port, get)]
  while (door.state().waiting < 2) await new Promise(setImmediate)
  door.close()
  await Promise.all(waits)
  assert.deepEqual(told, [])
  t.mock.timers.tick(10_000)
  assert.deepEqual(told, [{ refused: 2 }])
})
