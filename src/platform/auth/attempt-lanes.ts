/**
 * Lets as many work at the same time as there are lanes; the same key has always the same lane, so two of one key never do.
 * Whoever guesses holds at most so many connections, and finds in memory what the one in front of them learned.
 */
export class Lanes {
  readonly #lanes: Promise<unknown>[]

  constructor(count: number) {
    this.#lanes = Array.from({ length: count }, () => Promise.resolve())
  }

  run<T>(key: Uint8Array, work: () => Promise<T>): Promise<T> {
    const lane = (key[0] ?? 0) % this.#lanes.length
    const mine = (this.#lanes[lane] ?? Promise.resolve()).then(work)
    this.#lanes[lane] = mine.catch(() => {})
    return mine
  }
}
