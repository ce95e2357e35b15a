import type { ServerResponse } from 'node:http'
import { problem } from '../../../shared/errors.ts'
import { InFlight } from '../../../platform/http/in-flight.ts'

/** Windows that one person has open; a quarter of the connections that a process holds (platform/http/limits.ts). */
export const [mostOfPerson, mostOfProcess] = [6, 1_000]

/** Bounds the streams of one person and of the process; each gives its place back when its connection ends. */
export class Places {
  readonly #persons = new InFlight(() => mostOfPerson)
  readonly #all = new InFlight(() => mostOfProcess)

  /** @throws too_many_requests, busy */
  take(accountId: string, answer: ServerResponse): void {
    if (!this.#all.hasRoom('all')) throw problem('busy', { retryAfter: 5 + Math.floor(Math.random() * 10) })
    if (!this.#persons.enter(accountId, answer)) throw problem('too_many_requests', { retryAfter: 10 })
    this.#all.enter('all', answer)
  }
}
