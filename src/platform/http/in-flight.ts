import type { ServerResponse } from 'node:http'

/** How many requests of each key are being answered. */
export class InFlight {
  readonly #max: () => number
  readonly #counts = new Map<string, number>()

  constructor(max: () => number) {
    this.#max = max
  }

  hasRoom(key: string): boolean {
    return (this.#counts.get(key) ?? 0) < this.#max()
  }

  /**
   * Counts a request until its answer is handed to the connection or its client is gone, whichever comes first. Not until
   * it is received: who reads slowly would keep others out.
   * @returns false when there are as many as may be; then nothing is counted
   */
  enter(key: string, answer: ServerResponse): boolean {
    if (!this.hasRoom(key)) return false
    // Its client went away while the token was looked at: no event will say so again.
    if (answer.closed) return true
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    let counted = true
    const leave = (): void => {
      if (!counted) return
      counted = false
      const left = (this.#counts.get(key) ?? 0) - 1
      if (left > 0) this.#counts.set(key, left)
      else this.#counts.delete(key)
    }
    answer.once('prefinish', leave).once('finish', leave).once('close', leave)
    return true
  }
}
