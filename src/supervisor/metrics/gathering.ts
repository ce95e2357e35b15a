import type { Family } from '../../shared/meters.ts'
import { merged, totalsOf, type Told } from './merge.ts'

/** An HTTP process, as far as its numbers are concerned. */
export type Member = {
  /** Its place among the processes, from 1; the one that replaces it has the same. */
  place: number
  /** Asks it for its numbers; it answers with the round's. */
  ask(round: number): void
}

type State = { families: readonly Family[]; round: number }

// A scraper waits ten seconds; a process whose event loop stands still longer than this has its own alarm.
const patienceMs = 1_000

/**
 * The numbers of all HTTP processes. Totals never fall while the supervisor runs: those of a process that has ended are kept,
 * those of one that does not answer stay as it told them last. What a process counted after it was asked last is lost when it
 * is killed; one that ends by itself tells them first.
 */
export class Gathering {
  readonly #members = new Map<Member, State>()
  #ended: Family[] = []
  #round = 0
  #joined = 0
  #check: (() => void) | undefined
  #gathering: Promise<Told[]> | undefined

  /** A process listens from now on. */
  join(member: Member): void {
    this.#joined++
    // Nobody has asked it in this round.
    this.#members.set(member, { families: [], round: this.#round })
  }

  hear(member: Member, round: number, families: readonly Family[]): void {
    if (!this.#members.has(member)) return
    this.#members.set(member, { families, round })
    this.#check?.()
  }

  leave(member: Member): void {
    const state = this.#members.get(member)
    if (!state) return
    this.#members.delete(member)
    this.#ended = merged([{ families: this.#ended }, { families: totalsOf(state.families) }])
    this.#check?.()
  }

  /** How many processes are there, how many of them did not answer the last time, and how many there have been. */
  get processes(): { running: number; silent: number; started: number } {
    const silent = [...this.#members.values()].filter(({ round }) => round < this.#round).length
    return { running: this.#members.size, silent, started: this.#joined }
  }

  /** Asks everybody; whoever does not answer within a second is left out, but for its totals. */
  gather(): Promise<Told[]> {
    // Several scrapers at the same time are one.
    this.#gathering ??= this.#gather().finally(() => (this.#gathering = undefined))
    return this.#gathering
  }

  async #gather(): Promise<Told[]> {
    const round = ++this.#round
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs)
      this.#check = () => {
        if ([...this.#members.values()].some((state) => state.round < round)) return
        clearTimeout(timer)
        resolve()
      }
      for (const member of this.#members.keys()) member.ask(round)
      this.#check()
    })
    this.#check = undefined
    const told = [...this.#members].map(([{ place }, state]): Told => ({
      process: String(place),
      families: state.round < round ? totalsOf(state.families) : state.families,
    }))
    return [{ families: this.#ended }, ...told]
  }
}
