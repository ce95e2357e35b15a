import { setTimeout as sleep } from 'node:timers/promises'
import type { Log, Owner } from '#tenancy'
import { sayable } from '../shared/traces.ts'

export type Reconciling = {
  /** Looks at once: somebody wished for something just now. */
  now(): void
  stop(): Promise<void>
}

const pollEvery = 500

/**
 * HTTP processes only record wishes (a new establishment, a suspension): here they come true, at once when a process of ours
 * tells of one, within half a second when another machine's has it.
 * @param every ms
 */
export function startReconciling(owner: Pick<Owner, 'reconcile'>, log: Log, every = pollEvery): Reconciling {
  let isEnding = false
  let pause = new AbortController()
  const loop = (async () => {
    while (!isEnding) {
      // Before the look: what is told while it lasts is looked at next.
      pause = new AbortController()
      await owner.reconcile().catch((error: Error) => log.warn({ reason: sayable(error) }, 'reconciliation postponed'))
      if (!isEnding) await sleep(every, undefined, { signal: pause.signal }).catch(() => {})
    }
  })()
  return {
    now: () => pause.abort(),
    async stop() {
      isEnding = true
      pause.abort()
      await loop
    },
  }
}
