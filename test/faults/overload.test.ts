import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { startDatabase, type TestDatabase } from '../cluster.ts'
import { isFull, size, within } from '../size.ts'
import { until } from '../sis-process.ts'
import { holdLock } from './held-lock.ts'
import { drive, driveElsewhere, percentile, type Outcome } from './load.ts'
import { overloadServer, type OverloadServer } from './overload-server.ts'
import { interruptedDownload, slowClients, stalledReader } from './slow-clients.ts'

// The real program with two HTTP processes. In `npm test` what waits does so at the same time, and nothing is timed but
// the deadlines; `npm run test:faults` takes one after the other and compares times, in rounds, by the least.
const slugs = ['csref_djenne', 'sih_mopti', 'cscom_sangha', 'cabinet_etoile'] as const
const list = '/api/v1/patients?limit=20'
// Whose receivers do not read.
const stuck = isFull ? 'cabinet_etoile' : 'csref_djenne'
// Whose times are compared; nobody else asks for it: in the sample all is done at once, and its own limit is ten a second.
const neighbour = isFull ? 'csref_djenne' : 'cabinet_etoile'
// What an establishment is held to, a second: in the sample so little that a machine which is busy with other tests can do it.
const perSecond = size(10, 60)
const limits = {
  SIS_RATE_REQUESTS: 1_000_000,
  SIS_RATE_ESTABLISHMENT: (perSecond / 2) * 60,
  SIS_RATE_USER_IN_FLIGHT: 1_000,
  // The bound of a process is tried by the storm.
  ...(!isFull && { SIS_RATE_IN_FLIGHT: 10_000 }),
}
const unlimited = { ...limits, SIS_RATE_ESTABLISHMENT: 1_000_000, SIS_RATE_ESTABLISHMENT_IN_FLIGHT: 100_000, SIS_RATE_USER_IN_FLIGHT: 100_000 } // prettier-ignore

let database: TestDatabase
let server: OverloadServer
const ends: (() => Promise<void> | void)[] = []
before(async () => {
  database = await startDatabase()
  ends.push(() => database.stop())
  server = await overloadServer({ after: (end) => void ends.push(end) }, database, limits)
  for (const slug of slugs) await addPatients(slug, 500, 20)
  // 13 MB a file: more than the system's buffers take from a receiver who does not read.
  for (const slug of new Set([stuck, 'csref_djenne'] as const)) await addPatients(slug, 30_000, 100)
})
after(async () => {
  for (const end of ends.reverse()) await end()
})

async function addPatients(slug: (typeof slugs)[number], count: number, width: number): Promise<void> {
  const schema = await server.schemaOf(slug)
  await database.asSuperuser(`insert into ${schema}.patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to, village, mother_name, created_by_name, search_key)
    select gen_random_uuid(), 2020, n, 'Essai', 'Awa', 'F', 'year', '1990', '1990-01-01', '1990-12-31', repeat('x', ${width}), repeat('y', ${2 * width}), 'essai', 'awa essai'
    from generate_series((select coalesce(max(file_number), 0) from ${schema}.patient where file_year = 2020) + 1, ${count}) n`)
}

const figures = ({ sent, statuses, accepted }: Outcome): string =>
  `${sent} requests ${JSON.stringify(statuses)}, accepted p50 ${percentile(accepted, 0.5).toFixed(0)} ms, p99 ${percentile(accepted, 0.99).toFixed(0)} ms`

describe('slow clients, noisy neighbours', { concurrency: !isFull }, () => {
  test('slow headers and slow bodies are closed within 15 s while others are served', async (t) => {
    const count = size(60, 400)
    const kinds = ['headers', 'bodies', 'breaks'] as const
    const slow = kinds.map((kind) => slowClients(server.port, kind, count))
    const control = await serverWithDefaults(t)
    const kept = kinds.map((kind) => slowClients(control, kind, 20))
    t.after(() => [...slow, ...kept].forEach((clients) => clients.stop()))
    await until(() => slow.every((clients) => clients.open() === count) || undefined)
    const served = drive({ port: server.port, requests: [await server.get('csref_djenne', list)], seconds: 10, perSecond: size(1, 20) }) // prettier-ignore
    const closed = await Promise.all(slow.map((clients) => clients.allClosed(within(15_000))))
    for (const [i, ms] of closed.entries())
      t.diagnostic(`${count} slow clients (${kinds[i]}) closed after ${ms?.toFixed(0)} ms`)
    assert.ok(!closed.includes(undefined))
    t.diagnostic(`meanwhile ${figures(await served)}`)
    assert.deepEqual(Object.keys((await served).statuses), ['200'])
    // Control: with the defaults of Node and Fastify all of them are still there.
    assert.deepEqual(
      kept.map((clients) => clients.open()),
      [20, 20, 20],
    )
  })

  test('an establishment at ten times its limit costs its neighbour nothing', async (t) => {
    const requests = [await server.get('cscom_sangha', list)]
    const noisy = (port: number, times: number): Promise<Outcome> =>
      driveElsewhere({ port, requests, perSecond: times * perSecond, seconds: size(2, 14) })
    const elsewhere = await bareServer(t)
    await compare(t, {
      // At its limit; the same machine also makes the rest of the load, for a server that only answers 429.
      async fair(measure) {
        const loads = [noisy(server.port, 1), noisy(elsewhere, 9)]
        await sleep(3_000)
        await measure()
        await Promise.all(loads)
      },
      async unfair(measure) {
        const over = noisy(server.port, 10)
        // Past what it may send at once.
        await sleep(size(500, 3_000))
        await measure()
        const outcome = await over
        assertRefusedRightly(outcome, ['200', '429', '503'])
        assert.ok('429' in outcome.statuses)
        return figures(outcome)
      },
    })
  })

  test('an establishment whose requests wait for a lock costs its neighbour nothing', async (t) => {
    const schema = await server.schemaOf('sih_mopti')
    const seconds = size(2, 13)
    const noisy = {
      port: server.port,
      requests: [await server.get('sih_mopti', list)],
      perSecond: size(15, 12),
      seconds,
    }
    await compare(t, {
      async fair(measure) {
        const load = driveElsewhere(noisy)
        await sleep(300)
        await measure()
        await load
      },
      async unfair(measure) {
        const waiting = driveElsewhere(noisy)
        const end = Date.now() + seconds * 1_000
        const locks = (async () => {
          while (Date.now() < end) {
            const lock = await holdLock(database.superuserUrl, schema)
            await sleep(2_000)
            await lock.release()
            await sleep(50)
          }
        })()
        await sleep(300)
        await measure()
        await locks
        const outcome = await waiting
        assertRefusedRightly(outcome, ['200', '429', '503', '504'])
        return figures(outcome)
      },
    })
  })

  test('receivers who do not read hold no connection of the database, nor the exports of others', async (t) => {
    const request = await server.get(stuck, '/api/v1/patients/export')
    const before = server.memory()
    // A person's two places are counted in each process, and nobody knows which one takes a connection.
    const stalled = Array.from({ length: size(1, 16) }, () => stalledReader(server.port, request))
    t.after(() => stalled.forEach((socket) => socket.destroy()))
    await sleep(1_500)
    const again = async (): Promise<number> =>
      statusOf(`${server.program.url}/api/v1/patients/export`, await server.get(stuck, ''))
    if (isFull) assert.equal(await again(), 429)
    // One who takes a break longer than a request's body may last, and then reads on.
    const other = await interruptedDownload(
      server.port,
      await server.get('csref_djenne', '/api/v1/patients/export'),
      11_000,
    )
    assert.match(other.head, /^HTTP\/1\.1 200 /)
    assert.ok(other.isWhole && other.bytes > 10_000_000, `${other.bytes} bytes`)
    const holding = await until(async () => {
      const rows = await database.asSuperuser(
        `select pid from pg_stat_activity where application_name = 'sis-http' and state = 'idle in transaction' and xact_start < now() - interval '1 s'`,
      )
      return rows.length === 0 ? rows : undefined
    })
    assert.deepEqual(holding, [])
    t.diagnostic(
      `memory of the HTTP processes ${before} MB, with ${stalled.length} stalled receivers ${server.memory()} MB`,
    )
    if (!isFull) return
    // They took all places of this person; a minute after their last byte these are free, though they still send.
    const end = Date.now() + 90_000
    while ((await again()) !== 200) assert.ok(Date.now() < end, 'the places are not free')
  })
})

test('three times saturation is refused, not suffered, and over within 5 s', async (t) => {
  const under = isFull ? await overloadServer(t, database, unlimited) : server
  const storm = await stormOn(under, size(2, 60))
  t.diagnostic(storm.told)
  assert.deepEqual(violations(storm.during), [])
  await sleep(size(1_000, 5_000))
  const { port } = under
  const after = await drive({
    port,
    requests: [await under.get(slugs[0], list)],
    seconds: size(1, 5),
    perSecond: size(4, 20),
  })
  t.diagnostic(`before ${figures(storm.before)}; 5 s after ${figures(after)}; memory ${under.memory()} MB`)
  assert.deepEqual(Object.keys(after.statuses), ['200'])
  if (isFull) assert.ok(percentile(after.accepted, 0.5) < 2 * percentile(storm.before.accepted, 0.5) + 10)
})

test('without the bound the same storm is suffered (control)', { skip: !isFull && 'full size only' }, async (t) => {
  const under = await overloadServer(t, database, { ...unlimited, SIS_RATE_IN_FLIGHT: 100_000 })
  const storm = await stormOn(under, 20)
  t.diagnostic(storm.told)
  assert.notDeepEqual(violations(storm.during), [])
})

function assertRefusedRightly({ statuses, unexplained }: Outcome, known: string[]): void {
  const unknown = Object.keys(statuses).filter((status) => !known.includes(status))
  assert.deepEqual([unknown, unexplained], [[], 0], JSON.stringify(statuses))
}

/** What breaks the promise of overload. Times are judged at full size only. */
function violations({ statuses, unexplained, accepted }: Outcome): string[] {
  const found = Object.keys(statuses).filter((status) => !['200', '429', '503'].includes(status))
  if (unexplained > 0) found.push(`${unexplained} without Retry-After`)
  if (accepted.length === 0) found.push('nobody was served')
  if (isFull && percentile(accepted, 0.99) > 1_000) found.push('accepted p99 over 1 s')
  return found
}

// Beside a server on two cores, a process that makes requests measures itself from about 8,000 a second on: it opens a
// connection for each that is not answered yet, comes to all the files that it may open (20,000) while the HTTP processes
// have nothing to do, and answers the rest with 0.
const mostPerSecond = 6_000

/** Finds what the server can do with clients that wait, then sends three times as much (6,000 a second at most) that does not. */
async function stormOn(
  under: OverloadServer,
  seconds: number,
): Promise<{ before: Outcome; during: Outcome; told: string }> {
  const { port } = under
  const [quiet = '', ...requests] = await Promise.all(slugs.map((slug) => under.get(slug, list)))
  await drive({ port, requests, seconds: size(1, 3), clients: 16 })
  const before = await drive({ port, requests: [quiet], seconds: size(1, 5), perSecond: size(4, 20) })
  const [memory, saturation] = [under.memory(), size(1, 8)]
  const most = await drive({ port, requests, seconds: saturation, clients: 32 })
  // Of what is served: refusals, which the small size's server answers most with, cost next to nothing.
  const rate = Math.min(mostPerSecond, Math.max(150, Math.round((3 * most.accepted.length) / saturation)))
  const during = await driveElsewhere({ port, requests, seconds, perSecond: rate, ramp: size(0, 5) })
  const told = `${Math.round(most.accepted.length / saturation)}/s served at saturation, ${rate}/s for ${seconds} s: ${figures(during)}; memory ${memory} → ${under.memory()} MB`
  return { before, during, told }
}

type Neighbour = (measure: () => Promise<void>) => Promise<string | void>

/**
 * The neighbour alone, beside the other one's rightful load, and beside what is too much, in turn: never an error; at full
 * size at most 25 % more of p99 for what is too much. Compared are the least of the rounds: whoever else uses the machine
 * only ever adds (alone, one round's p99 was six times another's).
 */
async function compare(t: TestContext, { fair, unfair }: { fair: Neighbour; unfair: Neighbour }): Promise<void> {
  const [seconds, often] = [size(1, 10), size(4, 30)]
  const requests = [await server.get(neighbour, list)]
  const p99 = { alone: [] as number[], fair: [] as number[], unfair: [] as number[] }
  const measure = async (kind: keyof typeof p99): Promise<void> => {
    const { statuses, accepted } = await drive({ port: server.port, requests, seconds, perSecond: often })
    assert.deepEqual(Object.keys(statuses), ['200'], JSON.stringify(statuses))
    p99[kind].push(percentile(accepted, 0.99))
  }
  for (let round = 0; round < size(1, 7); round++) {
    if (isFull) await measure('alone')
    if (isFull) await fair(() => measure('fair'))
    t.diagnostic((await unfair(() => measure('unfair'))) ?? '')
  }
  const told = Object.entries(p99).map(([kind, times]) => `${kind} ${times.map((ms) => ms.toFixed(1)).join(' ')}`)
  t.diagnostic(`the neighbour's p99 in ms, round by round: ${told.join('; ')}`)
  // Five milliseconds are the generator's clock (2 ms) and the scheduler's: all share two cores.
  if (isFull) assert.ok(Math.min(...p99.unfair) <= 1.25 * Math.min(...p99.fair) + 5, told.join('; '))
}

/** Answers 429 and knows nothing, in a process of its own. */
async function bareServer(t: TestContext): Promise<number> {
  const child = fork(fileURLToPath(new URL(`./bare-server${extname(import.meta.url)}`, import.meta.url)))
  t.after(() => child.kill())
  const [port] = (await once(child, 'message')) as [number]
  return port
}

async function statusOf(url: string, request: string): Promise<number> {
  const authorization = /Bearer .+(?=\r\n)/.exec(request)?.[0] ?? ''
  const answer = await fetch(url, { headers: { authorization, connection: 'close' } })
  await answer.body?.cancel()
  await sleep(1_000)
  return answer.status
}

/** What nobody has set limits for. */
async function serverWithDefaults(t: TestContext): Promise<number> {
  const app = Fastify({ serverFactory: (handler) => createServer(handler) })
  app.post('/api/v1/auth/login', async () => ({}))
  t.after(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}
