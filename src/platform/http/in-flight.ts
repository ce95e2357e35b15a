import type { ServerResponse } from 'node:http'
import { whenHandedOver } from './endings.ts'

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
    const before = this.#counts.get(key) ?? 0
    if (before >= this.#max()) return false
    // Its client went away while the token was looked at: no event will say so again.
    if (answer.closed) return true
    this.#counts.set(key, before + 1)
    whenHandedOver(answer, () => this.#leave(key))
    return true
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 0) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}
