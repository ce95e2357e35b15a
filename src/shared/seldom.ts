const windowMs = 10_000

/** Lets through so many in ten seconds and counts the rest: a journal that everybody fills helps nobody. */
export class Seldom {
  readonly #most: number
  #since = -Infinity
  #let = 0
  #leftOut = 0

  constructor(most: number) {
    this.#most = most
  }

  /** @returns how many were left out since the last that was let through; undefined: this one is left out as well */
  take(at = performance.now()): number | undefined {
    if (at - this.#since >= windowMs) [this.#since, this.#let] = [at, 0]
    if (this.#let >= this.#most) {
      this.#leftOut++
      return undefined
    }
    this.#let++
    const leftOut = this.#leftOut
    this.#leftOut = 0
    return leftOut
  }
}

/** Counts what may come a thousand times a second, and tells of all of them together, ten seconds after the first. */
export class Tally {
  #count = 0

  add(tell: (count: number) => void): void {
    if (this.#count++ > 0) return
    setTimeout(() => {
      const count = this.#count
      this.#count = 0
      tell(count)
    }, windowMs).unref()
  }
}
