import { createHash, type Hash } from 'node:crypto'
import type { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { drained } from '../exchange/index.ts'

// Others are served between two pieces of work of this length (ms).
const atOnceMs = 15

export type Made = { sha256: string; bytes: number }

/**
 * What leaves of a file while it is made. Its last piece waits until the whole is on record, so that there is no complete
 * file of which the record does not know the hash.
 */
export class Delivery {
  readonly #out: Writable
  readonly #hash: Hash = createHash('sha256')
  readonly #begin: () => void
  #held: string | Uint8Array | undefined
  #bytes = 0
  #since = performance.now()

  /** @param begin told when the first piece leaves */
  constructor(out: Writable, begin: () => void) {
    this.#out = out
    this.#begin = begin
  }

  write(chunk: string | Uint8Array): void {
    this.#hash.update(chunk)
    this.#bytes += Buffer.byteLength(chunk)
    this.#send()
    this.#held = chunk
  }

  /** Waits until the receiver takes more. @throws when it went away */
  async room(): Promise<void> {
    await drained(this.#out)
    if (performance.now() - this.#since < atOnceMs) return
    await setImmediate()
    this.#since = performance.now()
  }

  /** @throws whatever `record` throws: the file then has no end */
  async finish(record: (made: Made) => Promise<void>): Promise<void> {
    await record({ sha256: this.#hash.digest('hex'), bytes: this.#bytes })
    this.#send()
  }

  #send(): void {
    if (this.#held === undefined) return
    this.#out.write(this.#held)
    this.#held = undefined
    this.#begin()
  }
}
