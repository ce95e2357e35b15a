// Runs sqlmap (https://sqlmap.org, Debian package sqlmap) on the ten routes that put the most of a request into SQL.
//   npm run test:sqlmap                  a server of its own with demonstration data, a table of verdicts
//   npm run test:sqlmap -- patients      only the routes whose name contains the word, and the control
// Exit code: 0 nothing found, 1 something found or a route not finished, 2 sqlmap is not installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startDatabase } from '../test/cluster.ts'
import { sis } from '../test/sis-process.ts'

type Target = {
  name: string
  /** A star marks each place where sqlmap puts its payloads. */
  path: string
  who?: 'agent' | 'admin'
  body?: object
  headers?: string[]
}
type Verdict = { name: string; verdict: 'clean' | 'INJECTABLE' | 'NOT FINISHED'; requests: string; seconds: number }

const limitSeconds = 540 // An access token lives for ten minutes.
const password = 'mil et karité, fleuve Niger'
const word = process.argv[2] ?? ''

if (spawnSync('sqlmap', ['--version']).status !== 0) {
  process.stderr.write('sqlmap is not installed: apt-get install sqlmap\n')
  process.exit(2)
}

const running = new Set<ChildProcess>()
let isStopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    isStopped = true
    for (const child of running) child.kill('SIGKILL')
  })

const cleanings: (() => Promise<void> | void)[] = []
const folder = mkdtempSync(join(tmpdir(), 'sis-sqlmap-'))
cleanings.push(() => rmSync(folder, { recursive: true, force: true }))
try {
  process.exitCode = (await run()) ? 0 : 1
} finally {
  for (const clean of cleanings.reverse()) await clean()
}

/** @returns whether all is clean and the control was found */
async function run(): Promise<boolean> {
  const database = await startDatabase()
  cleanings.push(() => database.stop())
  await database.asSuperuser('create database sqlmap')
  const url = database.superuserUrl.replace(/\/[^/]*$/, '/sqlmap')
  const many = '100000'
  const server = sis({ after: (work) => void cleanings.push(work) }, ['serve'], {
    DATABASE_URL: url,
    SIS_DATA_DIR: join(folder, 'data'),
    SIS_DEMO: 'on',
    SIS_DEMO_PASSWORD: password,
    SIS_RATE_LOGIN: many,
    SIS_RATE_REQUESTS: many,
    SIS_RATE_ESTABLISHMENT: many,
    LOG_LEVEL: 'error',
  })
  await readyInTime(server.ready)
  const control = await openControl(url)
  const targets = (await targetsOf(server.url)).filter(({ name }) => name.includes(word))
  const verdicts: Verdict[] = []
  const queue = [...targets]
  const work = async (): Promise<void> => {
    for (let target = queue.shift(); target !== undefined && !isStopped; target = queue.shift()) {
      const token = target.who ? await logIn(server.url, target.who) : undefined
      verdicts.push(await probe(target, server.url + target.path, token))
    }
  }
  const [found] = await Promise.all([probe({ name: 'control', path: '' }, control, undefined), work(), work()])
  const line = ({ name, verdict, requests, seconds }: Verdict): string =>
    `${name.padEnd(46)} ${verdict.padEnd(13)} ${requests.padStart(7)} refusals ${String(seconds).padStart(5)} s\n`
  for (const verdict of verdicts) process.stdout.write(line(verdict))
  process.stdout.write(line({ ...found, name: 'control: a route made of text (must be found)' }))
  return (
    found.verdict === 'INJECTABLE' &&
    verdicts.length === targets.length &&
    verdicts.every(({ verdict }) => verdict === 'clean')
  )
}

/** Loading the demonstration data takes its time on a busy machine: three minutes. */
async function readyInTime(ready: () => Promise<void>, tries = 6): Promise<void> {
  await ready().catch((error: unknown) => {
    if (tries === 0 || !String(error).includes('in vain')) throw error
    return readyInTime(ready, tries - 1)
  })
}

async function logIn(server: string, who: 'agent' | 'admin'): Promise<string> {
  const answer = await fetch(`${server}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: `csref_djenne.${who}`, password }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

async function targetsOf(server: string): Promise<Target[]> {
  const authorization = `Bearer ${await logIn(server, 'agent')}`
  const read = async (path: string): Promise<{ items: { id: string }[]; nextCursor: string }> =>
    (await (await fetch(server + path, { headers: { authorization } })).json()) as never
  const patients = await read('/api/v1/patients?limit=1')
  const visits = await read('/api/v1/consultations?limit=1')
  const [patient, visit] = [patients.items[0]?.id, visits.items[0]?.id]
  return [
    {
      name: 'GET patients (query)',
      who: 'agent',
      path: '/api/v1/patients?limit=2&q=awa*&village=Djenne*&sex=F*&bornFrom=1950-01-01*',
    },
    { name: 'GET patients (cursor)', who: 'agent', path: `/api/v1/patients?limit=1&cursor=${patients.nextCursor}*` },
    {
      name: 'POST patients/search (body)',
      who: 'agent',
      path: '/api/v1/patients/search',
      body: { q: 'awa*', village: 'D*', limit: 2 },
    },
    {
      name: 'POST patients (body, header)',
      who: 'agent',
      path: '/api/v1/patients',
      headers: ['Idempotency-Key: essai*', 'Accept-Language: fr*'],
      body: {
        familyName: 'Essai*',
        givenName: 'Sql',
        sex: 'F',
        birth: { precision: 'year', date: '1986' },
        motherName: 'Awa*',
        confirmDuplicate: true,
      },
    },
    {
      name: 'GET consultations (query)',
      who: 'agent',
      path: '/api/v1/consultations?limit=2&q=palu*&practitioner=diarra*&code=B54*&from=2020-01-01*',
    },
    {
      name: 'POST consultations/search (body)',
      who: 'agent',
      path: '/api/v1/consultations/search',
      body: { q: 'palu*', practitioner: 'd*', patientId: `${patient}*`, limit: 2 },
    },
    { name: 'GET consultations/{id}/history (path)', who: 'agent', path: `/api/v1/consultations/${visit}*/history` },
    { name: 'GET icd10 (query)', who: 'agent', path: '/api/v1/icd10?limit=2&q=palu*' },
    {
      name: 'GET audit (query)',
      who: 'admin',
      path: `/api/v1/audit?source=records&from=2020-01-01*&patientId=${patient}*&limit=2`,
    },
    {
      name: 'POST auth/login (body)',
      path: '/api/v1/auth/login',
      body: { username: 'csref_djenne.agent*', password: 'x*' },
    },
  ]
}

function probe({ name, body, headers = [] }: Target, url: string, token: string | undefined): Promise<Verdict> {
  const started = Date.now()
  const sent = [
    ...headers,
    ...(body ? ['Content-Type: application/json'] : []),
    ...(token ? [`Authorization: Bearer ${token}`] : []),
  ]
  const child = spawn('sqlmap', [
    '-u',
    url,
    '--batch',
    '--ignore-stdin',
    '--level=3',
    '--risk=2',
    '--dbms=postgresql',
    '--flush-session',
    '--disable-coloring',
    '--time-sec=3',
    '--timeout=20',
    '--retries=1',
    '--ignore-code=400,401,404,422',
    '--output-dir',
    join(folder, name.replace(/\W+/g, '-')),
    ...(body ? ['--method=POST', '--data', JSON.stringify(body)] : []),
    ...(sent.length > 0 ? ['--headers', sent.join('\n')] : []),
  ])
  running.add(child)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), limitSeconds * 1_000)
  return new Promise((resolve) => {
    child.once('close', () => {
      clearTimeout(timer)
      running.delete(child)
      const seconds = Math.round((Date.now() - started) / 1_000)
      const told = /HTTP error codes detected during run:\s*([^\n]*)/.exec(output)?.[1] ?? ''
      const refusals = [...told.matchAll(/(\d{3}) [^-]*- (\d+) times/g)]
      // A 500 is something to look at; a token that no longer served left the rest untried.
      const spoilt = refusals.some(([, code]) => Number(code) >= 500 || (code === '401' && token !== undefined))
      const isFound = /identified the following injection point|is vulnerable/.test(output)
      const isDone = /all tested parameters do not appear to be injectable/.test(output)
      const verdict = isFound ? 'INJECTABLE' : isDone && !spoilt ? 'clean' : 'NOT FINISHED'
      if (verdict !== 'clean') process.stdout.write(`--- ${name}\n${output.slice(-2_000)}\n`)
      const requests = String(refusals.reduce((sum, [, , times]) => sum + Number(times), 0))
      resolve({ name, verdict, requests, seconds })
    })
  })
}

/** A route that pastes its parameter into SQL, on the same server, with a role and a table of its own. @returns its address */
async function openControl(url: string): Promise<string> {
  const setUp = new pg.Client({ connectionString: url })
  await setUp.connect()
  await setUp.query(`create role sqlmap_control login password 'control'`)
  await setUp.query('grant connect on database sqlmap to sqlmap_control')
  await setUp.query('create schema sqlmap_control authorization sqlmap_control')
  await setUp.query('create table sqlmap_control.patient (id int, name text)')
  await setUp.query(`insert into sqlmap_control.patient select i, 'patient ' || i from generate_series(1, 20) i`)
  await setUp.query('grant select on sqlmap_control.patient to sqlmap_control')
  await setUp.end()
  const pool = new pg.Pool({ connectionString: url.replace(/\/\/[^@]*@/, '//sqlmap_control:control@'), max: 4 })
  pool.on('error', () => {})
  const server = createServer((request, response) => {
    const id = new URL(request.url ?? '', 'http://x').searchParams.get('id') ?? ''
    pool.query(`select name from sqlmap_control.patient where id = ${id}`).then(
      ({ rows }) => response.end(JSON.stringify(rows)),
      (error: Error) => {
        response.statusCode = 500
        response.end(error.message)
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanings.push(async () => {
    server.close()
    server.closeAllConnections()
    await pool.end()
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?id=1`
  const { status } = await fetch(address)
  if (status !== 200) throw new Error(`the control answers ${status}`)
  return address
}
