// Spent requests are forgotten when they no longer count; looked for at most once a second.
const [sweepAbove, sweepEveryMs] = [5_000, 1_000]

/**
 * How often something may happen for each key: a steady rate, and a few seconds' worth at once (generic cell rate
 * algorithm, ITU-T I.371). A window of a minute would let the whole minute's worth through in its first seconds.
 */
export class Rates {
  readonly #intervalMs: number
  readonly #toleranceMs: number
  /** When the next one is due, were they evenly spaced. */
  readonly #due = new Map<string, number>()
  #sweptAt = 0

  /**
   * @param perMinute at least 1
   * @param atOnce how many seconds' worth may come at the same moment, at least one
   */
  constructor(perMinute: number, atOnce: number) {
    this.#intervalMs = 60_000 / perMinute
    this.#toleranceMs = Math.max(0, Math.floor((perMinute * atOnce) / 60) - 1) * this.#intervalMs
  }

  /**
   * Counts one more, unless it is too soon.
   * @param at ms, of a clock that never goes back
   * @returns 0, or the whole seconds after which it will be allowed
   */
  take(key: string, at = performance.now()): number {
    const due = Math.max(this.#due.get(key) ?? 0, at)
    const tooSoon = due - at - this.#toleranceMs
    // A millionth of a millisecond: sums of fractions are not exact.
    if (tooSoon > 1e-6) return Math.ceil(tooSoon / 1_000)
    this.#due.set(key, due + this.#intervalMs)
    if (this.#due.size > sweepAbove && at - this.#sweptAt > sweepEveryMs) this.#sweep(at)
    return 0
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#due.size
  }

  #sweep(at: number): void {
    this.#sweptAt = at
    for (const [key, due] of this.#due) if (due <= at) this.#due.delete(key)
  }
}
