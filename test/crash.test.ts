import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { Canaries } from './canaries.ts'
import { serve, type Served } from './served.ts'
import { childrenOf, isRunning, newDataDir, root, until } from './sis-process.ts'

// Loaded into every process of the program: errors as the driver makes them, that nobody catches. SIGUSR2 throws one, SIGXCPU
// leaves a promise rejected with one.
const crasher = (words: Record<'message' | 'detail' | 'where' | 'value', string>): string => `
import pg from ${JSON.stringify(import.meta.resolve('pg'))}
const error = () => Object.assign(new pg.DatabaseError(${JSON.stringify(words.message)}, 1, 'error'), { code: '23505',
  detail: ${JSON.stringify(words.detail)}, where: ${JSON.stringify(words.where)}, parameters: [${JSON.stringify(words.value)}] })
process.on('SIGUSR2', () => { throw error() })
process.on('SIGXCPU', () => { void Promise.reject(error()) })
`

test('a crash says where, not what; the process is replaced; nothing of a record is left anywhere outside', async (t) => {
  const canaries = new Canaries()
  const word = (place: string): string => canaries.word(place)
  const folder = newDataDir(t)
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary, { recursive: true })
  const module = join(folder, 'crasher.mjs')
  writeFileSync(module, crasher({ message: `${word('message')}\n    at ${word('frame')} (/x.js:1:1)`, detail: word('detail'), where: word('where'), value: word('parameter') })) // prettier-ignore
  const served = await serve(t, { NODE_OPTIONS: `--import=${pathToFileURL(module).href}`, TMPDIR: temporary })
  const { program, database } = served
  const http = (): number[] => childrenOf(program.pid).flatMap(({ pid, command }) => (command.includes('server.js') ? [pid] : [])) // prettier-ignore

  await work(served, canaries)
  const seen = await observed(served, canaries)

  const [one, other] = http()
  assert.ok(one && other)
  process.kill(one, 'SIGUSR2')
  process.kill(other, 'SIGXCPU')
  await until(() => (isRunning(one) || isRunning(other) ? undefined : true))
  await until(() => (http().length === 2 ? true : undefined))
  await program.status('/health/ready', 200)
  const crashes = () => program.output().split('\n').filter((line) => line.includes('"msg":"crash"')) // prettier-ignore
  assert.equal(crashes().length, 2)
  for (const line of crashes()) {
    const { level, type, code, stack } = JSON.parse(line) as { level: number; type: string; code: string; stack: string[] } // prettier-ignore
    assert.deepEqual([level, type, code], [60, 'DatabaseError', '23505'])
    assert.ok(
      stack.every((call) => /^at .*crasher\.mjs|^at .*node:/.test(call)),
      stack.join(),
    )
  }
  assert.equal(program.output().match(/Un processus HTTP s’est arrêté \(code 1\)/g)?.length, 2)

  program.signal('SIGUSR2')
  assert.equal(await program.exit, 1)
  assert.equal(crashes().length, 3)
  assert.match(program.output(), /Erreur inattendue \(DatabaseError\), consignée dans le journal : SIS s’arrête/)
  assert.match(program.output(), /SIS est arrêté|SIS s’arrête/)

  const outputs = {
    ...seen,
    'both outputs': program.output(),
    'the server’s log': readFileSync(join(dirname(database.directory), 'log')),
    ...filesIn(temporary),
    ...filesIn(served.environment['SIS_DATA_DIR'] ?? ''),
  }
  assert.deepEqual(canaries.leaks(outputs), [])
  for (const place of [root, folder]) assert.deepEqual(readdirSync(place).filter((name) => /^core(\.\d+)?$|^report\./.test(name)), []) // prettier-ignore
  t.diagnostic(`${canaries.count} words; ${Object.keys(outputs).length} places searched`)
})

test('control: a process without the last net writes what the same search finds', (t) => {
  const canaries = new Canaries()
  const module = join(newDataDir(t), '..', 'crasher.mjs')
  const [message, detail, where, value] = ['message', 'detail', 'where', 'parameter'].map((place) => canaries.word(place)) as [string, string, string, string] // prettier-ignore
  writeFileSync(module, crasher({ message, detail, where, value }))
  for (const signal of ['SIGUSR2', 'SIGXCPU']) {
    const program = `process.kill(process.pid, '${signal}'); setTimeout(() => {}, 10_000)`
    const { stderr, status } = spawnSync(process.execPath, ['--import', pathToFileURL(module).href, '-e', program])
    assert.equal(status, 1)
    assert.equal(canaries.leaks({ stderr }).length, 4, stderr.toString())
  }
})

/** A record, an import and malformed requests, on a real connection and at the journal's level trace. */
async function work(served: Served, canaries: Canaries): Promise<void> {
  const word = (place: string): string => canaries.word(place)
  const { access_token: token } = await served.logIn('cscom_sangha.agent')
  const patient = { familyName: word('familyName'), givenName: word('givenName'), sex: 'F', birth: { precision: 'year', date: '1986' } } // prettier-ignore
  assert.equal((await served.ask('POST', '/api/v1/patients', { token, body: patient })).status, 201)
  assert.equal((await served.ask('GET', `/api/v1/patients?q=${word('familyName')}`, { token })).status, 200)
  const register = `Date;Nom;Prénom;Sexe;Âge;Unité;Diagnostic\n01/07/2026;${word('cellName')};X;F;30;ans;${word('cell')}\n01/13/2026;${word('refused')};X;F;30;ans;Y\n`
  const form = `--x\r\ncontent-disposition: form-data; name="file"; filename="${word('fileName')}.csv"\r\n\r\n${register}\r\n--x--\r\n`
  const headers = { 'content-type': 'multipart/form-data; boundary=x' }
  assert.equal((await served.ask('POST', '/api/v1/imports?dryRun=false', { token, headers, body: form })).status, 201)
  for (const format of ['csv', 'xlsx'])
    assert.equal((await served.ask('GET', `/api/v1/patients/export?format=${format}`, { token })).status, 200)
  const malformed = [`GET /${word('rawPath')} HTTP/9.9\r\n\r\n`, `${word('rawMethod')} / HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\n${word('rawHeader')}\u0001: y\r\n\r\n`, `GET / HTTP/1.1\r\nHost: x\r\nx: ${word('rawLong').repeat(3_000)}\r\n\r\n`] // prettier-ignore
  for (const text of malformed) assert.match(await raw(served, text), /^HTTP\/1\.1 4\d\d /)
}

function raw({ program }: Served, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(program.url).port), '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}

/** What others on the machine and other users of the database can see while a record is being written. */
async function observed(
  { ask, logIn, program, database }: Served,
  canaries: Canaries,
): Promise<Record<string, string>> {
  const word = (place: string): string => canaries.word(`waiting ${place}`)
  const { access_token: token } = await logIn('cscom_sangha.agent')
  const [schema] = await database.asSuperuser<{ name: string }>(
    `select schema_name as name from sis_platform.establishment where slug = 'cscom_sangha'`,
  )
  const holder = new pg.Client({ connectionString: database.superuserUrl })
  await holder.connect()
  await holder.query(`begin; lock table ${schema?.name}.patient in share mode`)
  const body = { familyName: word('familyName'), givenName: word('givenName'), sex: 'F', birth: { precision: 'year', date: '1987' } } // prettier-ignore
  const writing = ask('POST', '/api/v1/patients', { token, body })
  const activity = await until(async () => {
    const rows = await database.asSuperuser('select application_name, query, wait_event_type from pg_stat_activity')
    return rows.some((row) => row['wait_event_type'] === 'Lock') ? rows : undefined
  })
  const parents = [program.pid, database.postgres.pid]
  const titles = parents.flatMap((parent) => childrenOf(parent).map(({ command }) => command))
  await holder.query('commit')
  await holder.end()
  assert.equal((await writing).status, 201)
  // Parameters, not values; and nobody speaks by NOTIFY.
  assert.ok(activity.some((row) => /insert into "?patient.*\$1/.test(String(row['query']))))
  assert.ok(!activity.some((row) => /\bnotify\b/i.test(String(row['query']))))
  const [notify] = await database.asSuperuser<{ queue: number; open: boolean }>(
    `select pg_notification_queue_usage() as queue, has_function_privilege('public', 'pg_notify(text, text)', 'execute') as open`,
  )
  assert.deepEqual(notify, { queue: 0, open: false })
  return { 'titles of processes': titles.join('\n'), pg_stat_activity: JSON.stringify(activity) }
}

function filesIn(folder: string): Record<string, Buffer> {
  if (!existsSync(folder)) return {}
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(folder, name)).isFile()) // prettier-ignore
  return Object.fromEntries(names.map((name) => [`file ${name}`, readFileSync(join(folder, name))]))
}
