import { setTimeout as sleep } from 'node:timers/promises'
import { isFull } from '../size.ts'
import { Caller, type Answer } from './client.ts'
import type { Rig } from './rig.ts'

/** What clients see while the database goes away and comes back. */
export type Outage = {
  /** Answers of the route that needs the database, by status and code. */
  answers: Map<string, number>
  /** What should not be: no answer, a refusal without Retry-After, a process that is not alive. */
  wrong: string[]
  /** From the moment the database takes connections again to the first 200 and a ready process, seconds. */
  backAfter: number
}

/** Asks without a pause while `away` happens, until everything is answered again. @param caller signed in */
export async function observe(rig: Rig, caller: Caller, away: () => Promise<void>): Promise<Outage> {
  const outage: Outage = { answers: new Map(), wrong: [], backAfter: 0 }
  let databaseBack = Number.POSITIVE_INFINITY
  const happening = away().then(async () => {
    await rig.asSuperuser('select 1')
    databaseBack = performance.now()
  })
  const anonymous = new Caller(rig.url, '', 4)
  for (let back = false; !back; await sleep(20)) {
    const wasBack = performance.now() > databaseBack
    const [live, ready, work] = await Promise.all([
      anonymous.send({ method: 'GET', path: '/health/live' }),
      anonymous.send({ method: 'GET', path: '/health/ready' }),
      caller.send({ method: 'GET', path: '/api/v1/patients?limit=1' }),
    ])
    if (live.status !== 200) outage.wrong.push(`live: ${live.status}`)
    const { code } = (work as Answer).body ?? work
    const word = `${work.status} ${code ?? ''}`.trim()
    outage.answers.set(word, (outage.answers.get(word) ?? 0) + 1)
    const isPromise = work.status === 503 && Number(work.headers['retry-after']) > 0
    // A machine that has other work lets a read wait until its deadline.
    const isLate = work.status === 504 && !isFull
    if (work.status !== 200 && !isPromise && !isLate) outage.wrong.push(word)
    back = wasBack && work.status === 200 && ready.status === 200
  }
  await happening
  anonymous.close()
  outage.backAfter = (performance.now() - databaseBack) / 1_000
  return outage
}
