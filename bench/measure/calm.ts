import { readFileSync } from 'node:fs'

/** Share of the processors that others on the host may take during a measurement. */
const mostStolen = 0.05

/** What was measured, and the share of the processors that others on the host took meanwhile (0 to 1). */
export type Calm<T> = { done: T; stolen: number }

/**
 * Measures, and again (`attempts` times at most in all) while others on the host take more than a twentieth of the processors:
 * a virtual machine may lose half of them from one minute to the next. @returns the calmest
 */
export async function calmly<T>(measure: () => Promise<T>, attempts = 4): Promise<Calm<T>> {
  let calmest: Calm<T> | undefined
  for (let n = 0; n < attempts && (calmest === undefined || calmest.stolen > mostStolen); n++) {
    const before = ticks()
    const done = await measure()
    const after = ticks()
    const stolen = (after.stolen - before.stolen) / Math.max(1, after.all - before.all)
    if (calmest === undefined || stolen < calmest.stolen) calmest = { done, stolen }
  }
  if (calmest === undefined) throw new Error('nothing was measured')
  return calmest
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
