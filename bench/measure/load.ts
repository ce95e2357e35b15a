import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endedChildrenTime, processorTime } from './processes.ts'

/** One kind of request, as the load sends it. `{n}` in a body becomes a number that never comes again. */
export type Request = {
  method: 'GET' | 'POST'
  path: string
  token: string
  body?: string
  /** Whose it is: each answer is checked for it (verify.ts). */
  mark: string
}

/** A server under load, and the processes whose time is counted. */
export type Target = {
  url: string
  requests: Request[]
  /** With an Idempotency-Key for each request. */
  keyed?: boolean
  serverPid: number
  postgresPid: number
}

/** What came out of one round; times in milliseconds, processor time of each request. */
export type Round = {
  perSecond: number
  /** Absent where the database alone was asked. */
  times?: { p50: number; p95: number; p99: number; max: number }
  requests: number
  /** Bytes of an answer, with its headers. */
  answer?: number
  /** Requests that were refused, and one of them in its own words: only where the load is one that tells them. */
  refused?: { count: number; first: string }
  processor: { server: number; database: number; client: number }
}

export type LoadOptions = {
  wrk: string
  seconds: number
  connections: number
  folder: string
  /** A refusal is told in the round and does not end it: for loads of an hour. It costs the client a look at each answer. */
  tellsRefusals?: boolean
}

/** Not one answer in a whole round: a machine that is busy with something else, or a server that has just begun. */
export class NothingAnswered extends Error {}

let runs = 0

/** Loads a server for some seconds. @throws Error when one request was refused (unless that is told) or broke */
export async function load(
  target: Target,
  { wrk, seconds, connections, folder, tellsRefusals = false }: LoadOptions,
): Promise<Round> {
  const file = join(folder, 'requests.tsv')
  const run = target.keyed ? `bench-${process.pid}-${Date.now()}-${runs++}` : ''
  writeFileSync(file, shuffled(target.requests).map(({ method, path, token, body = '' }) => [method, path, token, body, run].join('\t') + '\n').join('')) // prettier-ignore
  const clock = () => ({ server: processorTime(target.serverPid, target.postgresPid), database: processorTime(target.postgresPid), client: endedChildrenTime() }) // prettier-ignore
  const before = clock()
  const output = await runProgram(
    wrk,
    [
      '-t1',
      '--timeout',
      '20s',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      join(import.meta.dirname, 'load.lua'),
      target.url,
    ],
    { REQUESTS: file, ...(tellsRefusals && { TELL_REFUSALS: 'yes' }) },
  )
  const after = clock()
  const found = /^RESULT (.*)$/m.exec(output)?.[1]
  const first = /^REFUSED (.*)$/m.exec(output)?.[1] ?? ''
  if (found === undefined) throw new Error(`wrk said no result:\n${output}`)
  const { requests, us, bytes, refused, broken, ...times } = JSON.parse(found) as Record<
    'requests' | 'us' | 'bytes' | 'refused' | 'broken' | 'p50' | 'p95' | 'p99' | 'max',
    number
  >
  if (requests === 0 && broken === 0) throw new NothingAnswered(`${target.url}: no answer in ${seconds} s`)
  if ((refused > 0 && !tellsRefusals) || broken > 0)
    throw new Error(
      `${target.url}: of ${requests} requests ${refused} were refused, ${broken} broke${await whatIsRefused(target)}`,
    )
  return {
    perSecond: requests / (us / 1e6),
    times,
    requests,
    answer: Math.round(bytes / requests),
    ...(tellsRefusals && { refused: { count: refused, first } }),
    processor: {
      server: (after.server - before.server) / requests,
      database: (after.database - before.database) / requests,
      client: (after.client - before.client) / requests,
    },
  }
}

/** One refusal in its own words: wrk only counts them. */
async function whatIsRefused({ url, requests }: Target): Promise<string> {
  for (const { method, path, token, body } of requests.slice(0, 50)) {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const answer = await fetch(new URL(path, url), { method, headers, ...(body !== undefined && { body }) })
    if (!answer.ok) return `; for example ${method} ${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`
  }
  return ''
}

function shuffled<T>(list: readonly T[]): T[] {
  const all = [...list]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[all[i], all[j]] = [all[j]!, all[i]!]
  }
  return all
}

/** Both outputs of a program. @throws Error with them when it fails */
export function runProgram(program: string, args: string[], environment: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { env: { ...process.env, ...environment }, maxBuffer: 64 * 1_024 * 1_024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${program} failed: ${stdout}\n${stderr}`, { cause: error }))
        else resolve(stdout + stderr)
      },
    )
  })
}
