import { problem } from './errors.ts'

type Party = { name: string; held: number; line: Set<Waiter> }
type Waiter = { since: number; enter: () => void }

export type FairShareOptions = {
  /** How many may work at the same time. */
  size: number
  /** How many of one party may wait in line. */
  waiting: number
  /** How long one may wait (ms). */
  patienceMs: number
  /** A line that stands, its first having waited for `ms`, takes no more than `most`: whoever is let in is served soon. */
  standing?: { ms: number; most: number }
}

/**
 * Shares places among parties (establishments) so that none can take what the others need: a party gets one more only
 * while it holds fewer than are free (dynamic threshold, Choudhury and Hahne 1998). Alone it gets half; two get a third
 * each; a newcomer finds a place as long as one is left. Within a party first come, first served; between parties in turn.
 */
export class FairShare {
  readonly #options: FairShareOptions
  readonly #parties = new Map<string, Party>()
  /** Those with a line, the one that was served longest ago first. */
  readonly #lines = new Set<Party>()
  #free: number

  constructor(options: FairShareOptions) {
    this.#options = options
    this.#free = options.size
  }

  /** How many places are free now. */
  get free(): number {
    return this.#free
  }

  /**
   * Runs `work` in a place of the party's; the place is free again however it ends.
   * @throws too_many_requests when the party's line is full, busy when it stands or the wait was too long; whatever `work`
   * throws
   */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.enter(name)
    try {
      return await work()
    } finally {
      this.leave(name)
    }
  }

  /**
   * Takes a place of the party's, which `leave` gives back.
   * @returns undefined when it has it at once, without a promise; else a promise of it
   * @throws (the promise) as run
   */
  enter(name: string): Promise<void> | undefined {
    const party = this.#partyOf(name)
    if (party.line.size > 0 || party.held >= this.#free) return this.#wait(party)
    this.#take(party)
    return undefined
  }

  leave(name: string): void {
    const party = this.#partyOf(name)
    party.held--
    this.#free++
    if (this.#lines.size > 0) this.#serveLines()
    this.#forgetIdle(party)
  }

  #partyOf(name: string): Party {
    let party = this.#parties.get(name)
    if (!party) this.#parties.set(name, (party = { name, held: 0, line: new Set() }))
    return party
  }

  #take(party: Party): void {
    party.held++
    this.#free--
  }

  async #wait(party: Party): Promise<void> {
    const { waiting, standing } = this.#options
    if (party.line.size >= waiting) throw problem('too_many_requests', { retryAfter: 2 })
    if (standing && party.line.size >= standing.most) {
      const [first] = party.line
      if (first && performance.now() - first.since > standing.ms) throw problem('busy', { retryAfter: 2 })
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        since: performance.now(),
        enter: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        this.#leaveLine(party, waiter)
        this.#forgetIdle(party)
        reject(problem('busy', { retryAfter: 2 }))
      }, this.#options.patienceMs)
      party.line.add(waiter)
      this.#lines.add(party)
    })
  }

  #leaveLine(party: Party, waiter: Waiter): void {
    party.line.delete(waiter)
    if (party.line.size === 0) this.#lines.delete(party)
  }

  #serveLines(): void {
    // A party that was served comes again at the end of the same round.
    for (const party of this.#lines) {
      const [first] = party.line
      if (!first || party.held >= this.#free) continue
      this.#leaveLine(party, first)
      if (this.#lines.delete(party)) this.#lines.add(party)
      this.#take(party)
      first.enter()
    }
  }

  #forgetIdle(party: Party): void {
    if (party.held === 0 && party.line.size === 0) this.#parties.delete(party.name)
  }
}
