import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../sis-process.ts'
import { isFull, size, within } from '../size.ts'
import { Caller, type Answer, type Silence } from './client.ts'
import { observe } from './outage.ts'
import { embeddedRig, externalRig, type Rig } from './rig.ts'
import { crowd, type Crowd } from './crowd.ts'

// The processes themselves: a stop cuts nobody off, a database that comes back finds them as they were.

const connections = size(50, 200)
const restarts = size(2, 20)
// Two HTTP processes with ten connections each and one for the directory, the supervisor with a few.
const mostBackends = 2 * 11 + 6

const tellCrowd = (t: TestContext, { answers, cut, again, told }: Crowd): void =>
  t.diagnostic(
    `${connections} connections: ${answers} answers, ${told} told to close, ${cut.length} cut off; ` +
      `a new connection after that: ${[...again].map(([what, times]) => `${what} × ${times}`).join(', ')}`,
  )

test('the processes on the embedded database', async (t) => {
  const rig = await embeddedRig(t)
  await t.test('the database is killed: the same processes serve again', async (t) => {
    await surviveRestarts(t, rig, async () => {
      const before = rig.postmaster()
      process.kill(before, 'SIGKILL')
      // The file of the dead one stays until the next one starts.
      await until(() => rig.postmaster() !== before || undefined)
    })
  })
  await t.test('an HTTP process is killed: no client is left waiting', (t) => killHttpProcesses(t, rig))
  await t.test('SIGTERM: who is silent does not hold up the end, who was on his way is answered', (t) => stop(t, rig))
  await rig.start()
  await t.test('SIGTERM with requests in flight: everybody is answered', (t) => stopUnderLoad(t, rig))
  await rig.start()
  await t.test('control: kill -9 with requests in flight cuts them off', async (t) => {
    const people = await crowd(rig.url, connections)
    const children = rig.httpProcesses()
    rig.program.signal('SIGKILL')
    for (const pid of children) process.kill(pid, 'SIGKILL')
    const result = await people.end()
    tellCrowd(t, result)
    assert.notDeepEqual(result.cut, [])
  })
})

const skip = !isFull && 'only in npm run test:faults: the sample has the embedded one'
test('a database of one’s own is restarted: the same processes serve again', { skip }, async (t) => {
  const rig = await externalRig(t)
  let turn = 0
  await surviveRestarts(t, rig, async () => {
    await rig.external.stop(turn++ % 2 === 0 ? 'immediate' : 'fast')
    await sleep(1_000)
    await rig.external.start()
  })
})

/** P16: the database comes back, and finds the processes as they were. */
async function surviveRestarts(t: TestContext, rig: Rig, away: () => Promise<void>): Promise<void> {
  const caller = await new Caller(rig.url, 'csref_djenne.agent').signIn()
  const processes = rig.httpProcesses()
  const answers = new Map<string, number>()
  let longest = 0
  for (let restart = 1; restart <= restarts; restart++) {
    const outage = await observe(rig, caller, away)
    for (const [word, times] of outage.answers) answers.set(word, (answers.get(word) ?? 0) + times)
    assert.deepEqual(outage.wrong, [], `restart ${restart}`)
    longest = Math.max(longest, outage.backAfter)
    assert.ok(outage.backAfter < within(5), `restart ${restart}: ${outage.backAfter} s after the database`)
  }
  t.diagnostic(
    `${restarts} restarts; ready at most ${longest.toFixed(2)} s after the database; ` +
      [...answers].map(([word, times]) => `${word} × ${times}`).join(', '),
  )
  assert.ok(answers.has('503 database_unavailable'), 'the outages were too short to show anything')
  assert.deepEqual(rig.httpProcesses(), processes)
  const [found] = await rig.asSuperuser<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where application_name like 'sis%'`,
  )
  assert.ok((found?.count ?? 0) <= mostBackends, `${found?.count} connections`)
  assert.doesNotMatch(rig.program.output(), /MaxListenersExceeded|Unhandled|crash/)
  caller.close()
}

async function killHttpProcesses(t: TestContext, rig: Rig): Promise<void> {
  const before = openFiles(rig.program.pid)
  const answers = new Map<string, number>()
  let ended = false
  const callers = Array.from({ length: 24 }, async () => {
    while (!ended) {
      // A connection for each request, as many proxies make them.
      const caller = new Caller(rig.url, '', 1)
      const answer = await caller.send({ method: 'GET', path: '/health/live' })
      caller.close()
      const word = answer.status === 0 ? (answer as Silence).code : String(answer.status)
      answers.set(word, (answers.get(word) ?? 0) + 1)
      if (answer.status === 0) await sleep(50)
    }
  })
  for (let kills = 0; kills < size(2, 20); kills++) {
    const [victim] = rig.httpProcesses()
    if (victim !== undefined) process.kill(victim, 'SIGKILL')
    await until(() => rig.httpProcesses().filter((pid) => pid !== victim).length === 2 || undefined)
    await sleep(500)
  }
  await rig.program.status('/health/ready', 200)
  ended = true
  await Promise.all(callers)
  t.diagnostic([...answers].map(([word, times]) => `${word} × ${times}`).join(', '))
  assert.equal(answers.get('ETIMEDOUT'), undefined)
  await until(() => openFiles(rig.program.pid) <= before + 4 || undefined)
}

async function stop(t: TestContext, rig: Rig): Promise<void> {
  const silent = connect(Number(new URL(rig.url).port), '127.0.0.1')
  await once(silent, 'connect')
  silent.on('error', () => {})
  // Kept alive and used once, as a browser's.
  const caller = await new Caller(rig.url, 'csref_djenne.agent', 1).signIn()
  const [stream] = (await once(
    get(`${rig.url}/api/v1/notifications/stream`, { headers: caller.headers }),
    'response',
  )) as [IncomingMessage]
  assert.equal(stream.resume().statusCode, 200)
  const since = performance.now()
  rig.program.signal('SIGTERM')
  await sleep(200)
  const late = (await caller.send({ method: 'GET', path: '/api/v1/patients' })) as Answer
  // He has a second: whom the machine keeps for longer is told nothing.
  if (isFull || performance.now() - since < 1_000)
    assert.deepEqual([late.status, late.headers?.['connection']], [200, 'close'])
  assert.equal(await rig.program.exit, 0)
  assert.ok(stream.complete, 'the stream was cut off')
  const seconds = (performance.now() - since) / 1_000
  t.diagnostic(`ended after ${seconds.toFixed(1)} s`)
  if (isFull) assert.ok(seconds < 9, `${seconds} s: the 10 s that requests may take were waited for`)
}

/** P15. */
async function stopUnderLoad(t: TestContext, rig: Rig): Promise<void> {
  const people = await crowd(rig.url, connections)
  const inFlight = people.inFlight()
  const since = performance.now()
  rig.program.signal('SIGTERM')
  assert.equal(await rig.program.exit, 0, rig.program.output())
  const seconds = (performance.now() - since) / 1_000
  const result = await people.end()
  tellCrowd(t, result)
  t.diagnostic(`${inFlight} in flight at the signal, ended after ${seconds.toFixed(1)} s`)
  assert.deepEqual(result.cut, [])
  assert.equal(result.told, connections)
  assert.ok(inFlight > connections / 2, 'too few to show anything')
  // 10 s for the requests, 1 s more before a process that hangs is ended; the rest is room.
  if (isFull) assert.ok(seconds < 13, `${seconds} s`)
}

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
