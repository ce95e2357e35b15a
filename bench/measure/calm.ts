import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Share of the processors that others on the host may take during a measurement. */
const mostStolen = 0.05

/** What was measured, and the share of the processors that others on the host took meanwhile (0 to 1). */
export type Calm<T> = { done: T; stolen: number }

/**
 * Measures in a calm moment, and again (`attempts` times at most in all) while others on the host take more than a twentieth of
 * the processors: a virtual machine may lose two thirds of them from one minute to the next. @returns the calmest
 * @throws what a measurement failed with that others did not spoil
 */
export async function calmly<T>(measure: () => Promise<T>, attempts = 4): Promise<Calm<T>> {
  let calmest: Calm<T> | undefined
  let failure: unknown
  for (let n = 0; n < attempts && (calmest === undefined || calmest.stolen > mostStolen); n++) {
    await calm()
    const stolenSince = watch()
    try {
      const done = await measure()
      const stolen = stolenSince()
      if (calmest === undefined || stolen < calmest.stolen) calmest = { done, stolen }
    } catch (error) {
      if (stolenSince() <= mostStolen) throw error
      failure = error
    }
  }
  if (calmest === undefined) throw failure
  return calmest
}

/** A second in which others take little; else a minute. */
async function calm(): Promise<void> {
  for (let waited = 0; waited < 60; waited++) {
    const stolenSince = watch()
    await sleep(1_000)
    if (stolenSince() <= mostStolen) return
  }
}

/** @returns what says the share of the processors that others have taken since */
function watch(): () => number {
  const before = ticks()
  return () => {
    const after = ticks()
    return (after.stolen - before.stolen) / Math.max(1, after.all - before.all)
  }
}

/** proc(5), /proc/stat: user nice system idle iowait irq softirq steal. */
function ticks(): { stolen: number; all: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  return { stolen: times[7] ?? 0, all: times.reduce((sum, one) => sum + one, 0) }
}

/** ` (others took 12 %)`, where it is worth saying. */
export const theft = (stolen: number): string =>
  stolen > mostStolen ? ` (others took ${Math.round(stolen * 100)} %)` : ''
