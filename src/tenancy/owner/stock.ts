import { sayable } from '../../shared/traces.ts'
import type { Log } from '../types.ts'

// A full disk is not asked twice a second.
const waitAfterFailure = 30_000

/** Keeps some establishments prepared, in the background and one after the other; nothing before it is asked to. */
export class Stock {
  readonly #next: (wanted: number) => Promise<boolean>
  readonly #log: Log
  #wanted = 0
  #isClosed = false
  #mayLack = false
  #notBefore = 0
  #filling: Promise<void> | undefined

  /** @param next one step; false: nothing more to do */
  constructor(next: (wanted: number) => Promise<boolean>, log: Log) {
    this.#next = next
    this.#log = log
  }

  keep(wanted: number): void {
    if (this.#isClosed) return
    this.#wanted = wanted
    this.lack()
  }

  /** One may have been taken. */
  lack(): void {
    this.#mayLack = true
    this.look()
  }

  /** To be called again and again: goes on after a failure. */
  look(): void {
    if (this.#wanted === 0 || !this.#mayLack || this.#filling || performance.now() < this.#notBefore) return
    this.#filling = this.#fill().finally(() => (this.#filling = undefined))
  }

  /** Waits for the one that is being made; what is ready stays for the next time. */
  async close(): Promise<void> {
    this.#wanted = 0
    this.#isClosed = true
    await this.#filling
  }

  async #fill(): Promise<void> {
    try {
      while (this.#mayLack && this.#wanted > 0) {
        this.#mayLack = false
        if (await this.#next(this.#wanted)) this.#mayLack = true
      }
    } catch (error) {
      this.#mayLack = true
      this.#notBefore = performance.now() + waitAfterFailure
      this.#log.warn({ reason: sayable(error) }, 'no establishment could be prepared ahead')
    }
  }
}
