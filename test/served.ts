import assert from 'node:assert/strict'
import { request, type Agent } from 'node:http'
import { startDatabase, type TestDatabase } from './cluster.ts'
import { atEnd, type Test } from './ending.ts'
import { testPassword } from './fixtures.ts'
import { startGate, type Gate } from './gate.ts'
import type { Body } from './harness.ts'
import { newDataDir, sis, until, type SisProcess } from './sis-process.ts'

export const masterKey = Buffer.alloc(32, 7)

export type Reply = { status: number; body: Body; text: string; headers: Record<string, string>; id: string }
export type Asking = { token?: string | undefined; body?: unknown; headers?: Record<string, string>; agent?: Agent }
export type SignedIn = { access_token: string; refresh_token: string; user: { id: string } }

/** `sis serve` as a real process with two HTTP processes, on a database of its own with the fixtures. */
export type Served = {
  program: SisProcess
  database: TestDatabase
  /** Between the HTTP processes and the database. */
  gate: Gate
  /** By a connection of its own: whichever process is next answers. */
  ask(method: string, path: string, asking?: Asking): Promise<Reply>
  logIn(username: string): Promise<SignedIn>
  /** The process that answered each of these requests, from the journal. */
  processesOf(requests: readonly string[]): Promise<Set<number>>
  /** The environment that makes a `sis` command work on the same database. */
  environment: Record<string, string>
}

export async function serve(t: Test, more: Record<string, string> = {}): Promise<Served> {
  const database = await startDatabase()
  atEnd(t, () => database.stop())
  const gate = await startGate(database.postgres.port)
  atEnd(t, () => gate.close())
  const environment = {
    DATABASE_URL: database.apiUrl.replace(/:\d+\//, `:${gate.port}/`),
    DATABASE_OWNER_URL: database.superuserUrl,
    SIS_DATA_DIR: newDataDir(t),
    SIS_MASTER_KEY: masterKey.toString('base64'),
    ...more,
  }
  const rates = Object.fromEntries(
    ['LOGIN', 'REQUESTS', 'ESTABLISHMENT'].map((name) => [`SIS_RATE_${name}`, '1000000']),
  )
  const program = sis(t, ['serve'], { ...rates, SIS_WORKERS: '2', LOG_LEVEL: 'trace', ...environment })
  await program.ready().catch((error: Error) => {
    throw new Error(program.output(), { cause: error })
  })
  const ask: Served['ask'] = (method, path, asking) => askAt(program.url + path, method, asking)
  return {
    program,
    database,
    gate,
    environment,
    ask,
    async logIn(username) {
      const body = { username, password: testPassword }
      const answer = await ask('POST', '/api/v1/auth/login', { body })
      assert.equal(answer.status, 200, answer.text)
      return answer.body as SignedIn
    },
    processesOf: (requests) =>
      until(() => {
        const wanted = new Set(requests)
        const found = journalOf(program).flatMap(({ requestId, pid }) => (wanted.delete(requestId) ? [pid] : []))
        return wanted.size === 0 ? new Set(found) : undefined
      }),
  }
}

type Line = { pid: number; requestId: string }

const journalOf = (program: SisProcess): Line[] =>
  program.output().split('\n').flatMap((line) => (/^\{.*"request"\}$/.test(line) ? [JSON.parse(line) as Line] : [])) // prettier-ignore

/** One request on a connection of its own unless an agent keeps some. Not fetch: it forbids some headers and repeats some requests by itself. */
export function askAt(url: string, method: string, { token, body, headers = {}, agent }: Asking = {}): Promise<Reply> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const content = body === undefined || isRaw ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent: agent ?? false,
      headers: {
        ...(!agent && { connection: 'close' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(content !== undefined && { 'content-length': Buffer.byteLength(content) }),
        ...(content !== undefined && !isRaw && { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    outgoing.on('error', reject).on('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const isJson = String(incoming.headers['content-type']).includes('json')
        resolve({
          status: incoming.statusCode ?? 0,
          body: isJson && text ? JSON.parse(text) : undefined,
          text,
          headers: incoming.headers as Record<string, string>,
          id: String(incoming.headers['x-request-id']),
        })
      })
    })
    outgoing.end(content)
  })
}
