import { spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../src/supervisor/postgres.ts'
import { query } from './database.ts'
import { endWithUs } from './ending.ts'

const folder = join(import.meta.dirname, '..', 'guide')
const database = 'bench_guide'
const secret = 'secret-of-the-bench-and-of-nothing-else!'

/** The guide's own design, running; `absent` says why where it cannot. */
export type Guide = { url: string; pid: number; stop(): Promise<void> }
export type GuideTables = { url: string; tokens: string[]; ids: string[][]; patients: string[] }

/** The tables of the guide in a database of its own, in the same PostgreSQL. @param url of a superuser */
export async function guideTables(url: string, tenants: number): Promise<GuideTables> {
  const address = new URL(url)
  address.pathname = `/${database}`
  // As the guide writes it: over the loopback.
  address.searchParams.delete('host')
  const found = await query(url, 'select 1 from pg_database where datname = $1', [database])
  if (found.length === 0) await query(url, `create database ${database}`)
  await query(
    address.toString(),
    `select set_config('bench.tenants', '${tenants}', false); ${readFileSync(join(folder, 'seed.sql'), 'utf8')}`,
  )
  const ids: string[][] = []
  for (let n = 0; n < tenants; n++) {
    const rows = await query<{ id: string }>(address.toString(), `select id from t_${n}.consultations order by created_at desc, id limit 20`) // prettier-ignore
    ids.push(rows.map(({ id }) => id))
  }
  const tokens = Array.from({ length: tenants }, (_, n) => token(n))
  return { url: address.toString(), tokens, ids, patients: ids.map(([id = '']) => id) }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(n: number): string {
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'u1', schema_name: `t_${n}`, exp: 4_000_000_000 })}`
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
}

/** What starts uvicorn here, or why nothing does. */
export function findUvicorn(): { command: string[] } | { absent: string } {
  const named = process.env['SIS_BENCH_UVICORN']
  if (named) return { command: named.split(' ') }
  const needed = 'fastapi, uvicorn, sqlalchemy.ext.asyncio, asyncpg, jwt'
  const { status } = spawnSync('python3', ['-c', `import ${needed}`], { stdio: 'ignore' })
  if (status === 0) return { command: ['python3', '-m', 'uvicorn'] }
  return { absent: `no Python 3 with ${needed} here; SIS_BENCH_UVICORN names one elsewhere` }
}

/** Starts the guide's design with two processes of eight connections each. @throws Error with what it said */
export async function startGuide(command: readonly string[], { url }: GuideTables): Promise<Guide> {
  const port = await freePort()
  const [program = '', ...first] = command
  const child = spawn(
    program,
    [...first, 'reference:app', '--app-dir', folder, '--workers', '2', '--port', String(port), '--no-access-log'],
    {
      env: { ...process.env, DATABASE_URL: url.replace('postgres://', 'postgresql+asyncpg://'), JWT_SECRET: secret },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  )
  endWithUs(child, { whole: true })
  let [output, ended] = ['', false]
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  const exit = new Promise<void>((resolve) => child.once('close', () => ((ended = true), resolve())))
  child.once('error', (error) => (output += error.message))
  const pid = child.pid ?? 0
  const stop = async (): Promise<void> => {
    // With its workers, which are a group of their own.
    if (!ended) process.kill(-pid, 'SIGTERM')
    await exit
  }
  for (let tries = 0; tries < 300; tries++) {
    if (ended) break
    const answers = await fetch(`http://127.0.0.1:${port}/openapi.json`).then(({ ok }) => ok, () => false) // prettier-ignore
    if (answers) return { url: `http://127.0.0.1:${port}`, pid, stop }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await stop()
  throw new Error(`the guide's design does not start:\n${output}`)
}
