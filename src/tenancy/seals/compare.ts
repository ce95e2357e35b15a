import { idOf, leafOf, leavesOf, type EntryText } from './canonical.ts'
import type { Findings } from './findings.ts'
import type { Chain, Links } from './links.ts'

export type Leaves = { chain: string; number: number; leaves: Buffer }
type Open = { number: number; leaves: Map<string, { leaf: Buffer; isMet: boolean }>; differing: string[] }

/** What stands after the last seal of a chain, and should not. */
export type Tail = { count: number; first: string; since: number }

/** What no seal of the same round covers: the number of the seal whose range it lies in, if any. */
export type SealAt = (entry: EntryText) => Promise<number | undefined>

/**
 * Compares the entries of one era, in the order of their transactions, with the leaves of the seals, round by round: all
 * seals of a round end at the same transaction. Holds one round at a time.
 */
export class Comparison {
  readonly #chains: Map<string, Chain>
  readonly #findings: Findings
  readonly #sealAt: SealAt
  readonly #isOverdue: (entry: EntryText) => boolean
  readonly tails = new Map<string, Tail>()
  /** Entries that are not where they were sealed: elsewhere, or nowhere any more. */
  readonly lost: { chain: string; seal: number; entry: string }[] = []
  readonly strays: { chain: string; seal?: number; entry: string }[] = []
  entries = 0
  #round = new Map<string, Open>()

  /** @param isOverdue whether an entry without a seal should have one */
  constructor(links: Links, findings: Findings, sealAt: SealAt, isOverdue: (entry: EntryText) => boolean) {
    this.#chains = links.chains
    this.#findings = findings
    this.#sealAt = sealAt
    this.#isOverdue = isOverdue
  }

  open({ chain, number, leaves }: Leaves): void {
    if (this.#chains.get(chain)?.broken.has(number)) return
    const expected = new Map([...leavesOf(leaves)].map((leaf) => [idOf(leaf), { leaf, isMet: false }]))
    this.#round.set(chain, { number, leaves: expected, differing: [] })
  }

  async meet(entry: EntryText): Promise<void> {
    this.entries++
    const open = this.#round.get(entry.chain)
    if (!open) return this.#stray(entry)
    const expected = open.leaves.get(entry.id)
    if (!expected) this.strays.push({ chain: entry.chain, seal: open.number, entry: entry.id })
    else if (!expected.isMet && expected.leaf.equals(leafOf(entry))) expected.isMet = true
    else open.differing.push(entry.id)
  }

  /** The round's last transaction is past: what was sealed and not met is altered or gone. */
  close(): void {
    for (const [chain, { number: seal, leaves, differing }] of this.#round) {
      for (const entry of differing) {
        const expected = leaves.get(entry)
        // Its own content is there too: this one was added under the same id.
        if (expected?.isMet) this.strays.push({ chain, seal, entry })
        else {
          this.#findings.add({ kind: 'entry_altered', chain, seal, entry })
          leaves.delete(entry)
        }
      }
      for (const [entry, { isMet }] of leaves) if (!isMet) this.lost.push({ chain, seal, entry })
    }
    this.#round = new Map()
  }

  async #stray(entry: EntryText): Promise<void> {
    const chain = this.#chains.get(entry.chain)
    const { last } = chain ?? {}
    const era = Number(entry.era)
    if (!last || era > last.era || (era === last.era && BigInt(entry.xid) >= BigInt(last.to))) {
      if (!this.#isOverdue(entry)) return
      const tail = this.tails.get(entry.chain)
      const since = Number(entry.at)
      this.tails.set(entry.chain, {
        count: (tail?.count ?? 0) + 1,
        first: tail && tail.since <= since ? tail.first : entry.id,
        since: Math.min(tail?.since ?? Infinity, since),
      })
      return
    }
    const seal = await this.#sealAt(entry)
    // Within the range of a seal that is gone or broken, which is told already, nothing can be said of it. A whole chain has
    // no gaps: what lies in no range of it was never there.
    if (seal === undefined ? chain?.isWhole : !chain?.broken.has(seal))
      this.strays.push({ chain: entry.chain, ...(seal !== undefined && { seal }), entry: entry.id })
  }
}
