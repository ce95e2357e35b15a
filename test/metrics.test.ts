import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { Canaries } from './canaries.ts'
import { scraped, type Scraped } from './exposition.ts'
import { serve, type Served } from './served.ts'
import { childrenOf, isRunning, newDataDir, sis, statusOf, until } from './sis-process.ts'

const metricsOf = ({ program }: Served): string => /Mesures : (http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(program.output())?.[1] ?? '' // prettier-ignore
const duration = 'sis_http_request_duration_seconds'

async function read(served: Served): Promise<{ text: string; all: Scraped }> {
  const answer = await fetch(metricsOf(served))
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const text = await answer.text()
  return { text, all: scraped(text) }
}

test('all processes together are counted; nothing falls when one is killed; nothing of a record is told', async (t) => {
  const served = await serve(t, { SIS_METRICS_PORT: '0', SIS_SLOW_MS: '1' })
  const { program, ask, logIn, processesOf } = served
  const canaries = new Canaries()
  const { access_token: token } = await logIn('cscom_sangha.agent')
  const route = { method: 'GET', route: '/api/v1/patients/:id' }
  const answers = []
  const { body: patient } = await ask('POST', '/api/v1/patients', {
    token,
    body: {
      familyName: canaries.word('familyName'),
      givenName: 'Awa',
      sex: 'F',
      birth: { precision: 'year', date: '1986' },
    },
  })
  for (let i = 0; i < 20; i++) answers.push(await ask('GET', `/api/v1/patients/${patient.id}`, { token }))
  answers.push(await ask('GET', '/api/v1/patients/019b0000-0000-7000-8000-000000000000', { token }))
  await ask('GET', `/api/v1/patients?q=${canaries.word('query')}`, { token })
  await ask('GET', `/${canaries.word('path')}`)
  await ask('POST', '/api/v1/auth/login', { body: { username: canaries.word('username'), password: canaries.word('password') } }) // prettier-ignore
  assert.equal((await processesOf(answers.map(({ id }) => id))).size, 2)

  const before = await read(served)
  const { all } = before
  assert.deepEqual([all.sum(`${duration}_count`, { ...route, status: '2xx' }), all.sum(`${duration}_count`, { ...route, status: '4xx' })], [20, 1]) // prettier-ignore
  assert.equal(all.sum('sis_http_refusals_total', { code: 'patient_not_found' }), 1)
  assert.equal(all.sum(`${duration}_count`, { route: '(none)', status: '4xx' }), 1)
  assert.equal(all.sum('sis_http_processes', { state: 'running' }), 2)
  assert.deepEqual([...new Set(all.samples.flatMap(({ labels }) => labels['process'] ?? []))].sort(), ['1', '2', 'supervisor']) // prettier-ignore
  assert.ok(all.sum('sis_audit_last_seal_timestamp_seconds') > 1.7e9)
  const statements = 'sis_db_statement_duration_seconds_count'
  const names = new Set(
    all.samples.flatMap(({ name, labels }) => (name === statements ? (labels['statement'] ?? '') : [])),
  )
  for (const name of names) assert.match(name, /^(\w+\.\w+|(select|insert|update|delete) \w+)$/)
  const ofPatient = all.samples.find(({ name, labels, value }) => name === statements && /patient/.test(labels['statement'] ?? '') && value >= 21) // prettier-ignore
  assert.ok(ofPatient, [...names].join())
  assert.ok(all.sum('sis_audit_group_entries_sum') >= 22)
  assert.ok(all.sum('sis_db_wait_seconds_count', { for: 'turn' }) > 0)
  assert.ok(all.sum('sis_db_connections', { state: 'open' }) >= 4)
  assert.equal(all.sum('sis_directory_establishments', { process: '1' }), all.sum('sis_directory_establishments', { process: '2' })) // prettier-ignore

  await t.test('the journal tells of slow requests by route, and of nothing else', () => {
    const slow = program.output().split('\n').flatMap((line) => (line.includes('"msg":"slow request"') ? [JSON.parse(line) as Record<string, unknown>] : [])) // prettier-ignore
    const ofRoute = slow.find((line) => line['route'] === '/api/v1/patients')
    assert.ok(ofRoute, program.output())
    assert.ok(Number(ofRoute['ms']) >= 1 && typeof ofRoute['requestId'] === 'string')
    const known = ['level', 'time', 'pid', 'requestId', 'method', 'route', 'status', 'ms', 'waitedMs', 'databaseMs', 'statements', 'slowest', 'leftOut', 'msg'] // prettier-ignore
    assert.ok(Number(ofRoute['statements']) >= 1 && (ofRoute['slowest'] as string[]).length >= 1)
    for (const line of slow) assert.deepEqual(Object.keys(line).filter((name) => !known.includes(name)), []) // prettier-ignore
    assert.deepEqual(canaries.leaks({ metrics: before.text, journal: program.output() }), [])
    // No establishment either: its slug, its schema, its name.
    assert.doesNotMatch(before.text, /sangha|sis_\w+_t_|019b0000/i)
  })

  await t.test('a client that goes away is counted as such', async () => {
    const outgoing = request(`${program.url}/api/v1/patients`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': 90 } }) // prettier-ignore
    outgoing.on('error', () => {}).write('{')
    await until(async () => (await read(served)).all.sum('sis_http_requests_in_flight') === 1 || undefined)
    outgoing.destroy()
    await until(async () => (await read(served)).all.sum(`${duration}_count`, { method: 'POST', route: '/api/v1/patients', status: 'aborted' }) === 1 || undefined) // prettier-ignore
    assert.equal((await read(served)).all.sum('sis_http_requests_in_flight'), 0)
  })

  await t.test('totals do not fall', async () => {
    const http = (): number[] => childrenOf(program.pid).flatMap(({ pid, command }) => (command.includes('server.js') ? [pid] : [])) // prettier-ignore
    const [victim = 0] = http()
    process.kill(victim, 'SIGKILL')
    await until(() => (isRunning(victim) ? undefined : true))
    const totals = (of: Scraped) => of.samples.filter(({ name }) => /_(total|count|bucket|sum)$/.test(name))
    const assertGrew = async (): Promise<Scraped> => {
      const after = (await read(served)).all
      for (const { name, labels, value } of totals(all)) assert.ok(after.sum(name, labels) >= value, `${name} ${JSON.stringify(labels)}`) // prettier-ignore
      return after
    }
    await assertGrew()
    await until(() => (http().length === 2 ? true : undefined))
    await until(async () => (await read(served)).all.sum('sis_http_process_restarts_total') === 1 || undefined)
    for (let i = 0; i < 6; i++) await ask('GET', `/api/v1/patients/${patient.id}`, { token })
    assert.equal((await assertGrew()).sum(`${duration}_count`, { ...route, status: '2xx' }), 26)
  })

  await t.test('a process that does not answer is left out, but for its totals', async () => {
    const [victim = 0] = childrenOf(program.pid).flatMap(({ pid, command }) => (command.includes('server.js') ? [pid] : [])) // prettier-ignore
    const answering = ({ samples }: Scraped): number => samples.filter(({ name }) => name === 'sis_http_requests_in_flight').length // prettier-ignore
    // The new one has joined, but may still be starting.
    const before = await until(async () => {
      const { all: now } = await read(served)
      return answering(now) === 2 ? now : undefined
    })
    process.kill(victim, 'SIGSTOP')
    t.after(() => void (isRunning(victim) && process.kill(victim, 'SIGCONT')))
    // On a busy machine the other one may need more than a second as well, now and then.
    const without = await until(async () => {
      const { all: now } = await read(served)
      return now.sum('sis_http_processes', { state: 'silent' }) === 1 ? now : undefined
    })
    assert.equal(answering(without), 1)
    assert.equal(without.sum(`${duration}_count`, { ...route, status: '2xx' }), before.sum(`${duration}_count`, { ...route, status: '2xx' })) // prettier-ignore
    process.kill(victim, 'SIGCONT')
    await until(async () => (await read(served)).all.sum('sis_http_processes', { state: 'silent' }) === 0 || undefined)
  })

  await t.test('one address, two methods, the loopback only', async () => {
    const url = metricsOf(served)
    const { port } = new URL(url)
    const answered = async (path: string, init?: RequestInit): Promise<number> => (await fetch(new URL(path, url), init)).status // prettier-ignore
    assert.deepEqual([await answered('/'), await answered('/metrics/x'), await answered('/metrics', { method: 'POST', body: 'x' }), await answered('/metrics?x=1')], [404, 404, 405, 200]) // prettier-ignore
    const head = await fetch(url, { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text(), Number(head.headers.get('content-length')) > 1_000], [200, '', true]) // prettier-ignore
    const open = await fetch(url, { headers: { accept: 'application/openmetrics-text; version=1.0.0, text/plain;q=0.5' } }) // prettier-ignore
    assert.match(open.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/)
    assert.match(await open.text(), /# TYPE sis_http_refusals counter\nsis_http_refusals_total\{[^]*\n# EOF\n$/)
    const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ internal, family }) => !internal && family === 'IPv4') // prettier-ignore
    for (const address of ['127.0.0.2', ...(outside ? [outside.address] : [])])
      assert.equal(await statusOf(`http://${address}:${port}/metrics`), 0, address)
  })
})

test('a port of somebody else’s is told in a sentence', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => void other.close())
  const { port } = other.address() as { port: number }
  const refused = sis(t, ['serve'], { SIS_DATA_DIR: newDataDir(t), SIS_METRICS_PORT: String(port), SIS_DEMO: 'off' })
  assert.equal(await refused.exit, 1)
  assert.match(refused.output(), new RegExp(`SIS_METRICS_PORT=${port} : ce port est déjà utilisé sur 127.0.0.1`))
})
