import { Agent, request as ask } from 'node:http'
import { percentile } from './statistics.ts'
import type { Request } from './load.ts'

export type Paced = { sent: number; p50: number; p95: number; p99: number; max: number }

/**
 * Asks at a steady pace, whatever the answers take: how long people wait while something else is done. Times (ms) count
 * from when a request should have left.
 * @param until ends it; a promise of something else that goes on, or a time
 * @throws Error at an answer that is no success
 */
export async function paced(
  url: string,
  requests: readonly Request[],
  { perSecond, until }: { perSecond: number; until: Promise<unknown> },
): Promise<Paced> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const times: number[] = []
  const open = new Set<Promise<void>>()
  let [ended, failure]: [boolean, Error | undefined] = [false, undefined]
  void until.then(
    () => (ended = true),
    () => (ended = true),
  )
  const began = performance.now()
  for (let n = 0; !ended && failure === undefined; n++) {
    const due = began + (n * 1_000) / perSecond
    const wait = due - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    const one = answered(url, agent, requests[Math.floor(Math.random() * requests.length)]!).then(
      () => void times.push(performance.now() - due),
      (error: Error) => void (failure = error),
    )
    open.add(one)
    void one.then(() => open.delete(one))
  }
  await Promise.all(open)
  agent.destroy()
  if (failure) throw failure
  return {
    sent: times.length,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
    max: Math.max(...times),
  }
}

/** Resolves with the status of a successful answer, read to its end. */
export function answered(url: string, agent: Agent, { method, path, token }: Request): Promise<number> {
  return new Promise((resolve, reject) => {
    ask(new URL(path, url), { method, agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      const status = answer.statusCode ?? 0
      answer.resume().on('error', reject)
      answer.on('end', () => (status < 300 ? resolve(status) : reject(new Error(`${path} answered ${status}`))))
    })
      .on('error', reject)
      .end()
  })
}
