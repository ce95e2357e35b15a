import { setTimeout as sleep } from 'node:timers/promises'
import type { Log, Owner, Position } from '#tenancy'
import type { SigningKey } from '../shared/ed25519.ts'
import { sayable } from '../shared/traces.ts'
import type { Anchor } from './heads-file.ts'

type Options = {
  owner: Pick<Owner, 'sealAudit' | 'auditHeads'>
  key: SigningKey
  anchors: Anchor[]
  log: Log
  /** Between two rounds (ms). */
  every?: number
}

export type Sealing = {
  /** For the numbers: when everything was last sealed (epoch ms; undefined: not yet), and how many rounds failed. */
  state(): { sealedAt: number | undefined; failures: number }
  /** Seals what is left and hands its heads over, within a few seconds. */
  stop(): Promise<void>
}

const sealEvery = 10_000
// An unsealed entry of this age is an alarm (`sis audit verify`, `sis doctor`).
const alarmAfter = 30_000
const longestWait = 600_000
const lastChance = 3_000

/** Seals the audit record from now on, and takes the heads to their anchors. Outlives a database or an anchor that is away. */
export function startSealing(options: Options): Sealing {
  const { every = sealEvery } = options
  const end = new AbortController()
  const { sealAll, deliveries, finish, state } = sealer(options)
  const loop = (async () => {
    while (!end.signal.aborted) {
      await sealAll(() => !end.signal.aborted)
      // One that takes long, or hangs, holds up neither the seals nor the other anchors.
      for (const deliver of deliveries) void deliver()
      await sleep(every, undefined, { signal: end.signal }).catch(() => {})
    }
  })()
  return {
    state: () => state,
    async stop() {
      end.abort()
      await loop
      await finish()
    },
  }
}

/** Seals what is there and takes it to the anchors: what a command wrote while no server runs. */
export const sealNow = (options: Omit<Options, 'every'>): Promise<void> => sealer(options).finish()

function sealer({ owner, key, anchors, log, every = sealEvery }: Options) {
  let sealedAt = performance.now()
  const state: ReturnType<Sealing['state']> = { sealedAt: undefined, failures: 0 }
  const sealAll = async (goesOn: () => boolean): Promise<void> => {
    try {
      for (let more = true; more && goesOn();) more = (await owner.sealAudit(key)).more
      sealedAt = performance.now()
      state.sealedAt = Date.now()
    } catch (error) {
      state.failures++
      const fields = { reason: sayable(error) }
      if (performance.now() - sealedAt > alarmAfter) log.error(fields, 'the audit record is not being sealed')
      else log.warn(fields, 'sealing of the audit record postponed')
    }
  }
  const deliveries = anchors.map((anchor) => delivery(owner, anchor, log, every))
  const finish = async (): Promise<void> => {
    // What a hurried end leaves is sealed at the next start.
    const latest = performance.now() + lastChance
    await sealAll(() => performance.now() < latest)
    await Promise.race([
      Promise.all(deliveries.map((deliver) => deliver({ now: true }))),
      sleep(lastChance, undefined, { ref: false }),
    ])
  }
  return { sealAll, deliveries, finish, state }
}

/**
 * What one anchor has not had yet stays where it is, in the database; each chain's newest head vouches for those before it,
 * so an anchor that was away for days is sent one line a chain.
 */
function delivery(
  owner: Options['owner'],
  anchor: Anchor,
  log: Log,
  shortestWait: number,
): (how?: { now: boolean }) => Promise<void> {
  let position: Position | undefined
  let [wait, notBefore] = [shortestWait, 0]
  let running: Promise<void> | undefined
  const deliver = async (): Promise<void> => {
    try {
      const newest = await owner.auditHeads(position)
      if (newest.heads.length > 0) await anchor.push(newest.heads)
      position = newest.position
      if (wait > shortestWait) log.info({ anchor: anchor.name }, 'audit heads are kept outside the database again')
      ;[wait, notBefore] = [shortestWait, 0]
    } catch (error) {
      log.error({ anchor: anchor.name, reason: sayable(error) }, 'audit heads could not be kept outside the database')
      notBefore = performance.now() + wait
      wait = Math.min(wait * 2, longestWait)
    }
  }
  return async ({ now } = { now: false }) => {
    if (running) {
      await running
      if (!now) return
    }
    if (!now && performance.now() < notBefore) return
    running = deliver().finally(() => (running = undefined))
    await running
  }
}
