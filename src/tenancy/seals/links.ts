import { isGenuine, type Head } from './head.ts'
import { leafBytes, leavesOf } from './canonical.ts'
import type { Findings } from './findings.ts'
import { rootOf } from './merkle.ts'

export type Verifier = (bytes: Uint8Array, signature: Uint8Array) => boolean

export type Sealed = Head & { leaves: Buffer }

/** What is known of a chain once its seals were gone through. */
export type Chain = {
  last: Head
  /** Seals whose own content cannot be believed: nothing is compared with their leaves. */
  broken: Set<number>
  /** No seal is missing or broken. */
  isWhole: boolean
}

/**
 * Goes through the seals of one chain after the other, in order: numbers, links, ranges, signatures, leaves against roots.
 * Independent of the entries.
 */
export class Links {
  readonly chains = new Map<string, Chain>()
  /** By era: up to where all chains were sealed, as genuine seals under our key say. */
  readonly sealedTo = new Map<number, bigint>()
  readonly #findings: Findings
  readonly #keys: Map<string, Verifier>
  // A seal under a key that we do not have is vouched for by any later one under a key that we have.
  readonly #pending = new Map<string, number>()

  constructor(keys: Map<string, Verifier>, findings: Findings) {
    this.#keys = keys
    this.#findings = findings
  }

  add({ leaves, ...seal }: Sealed): void {
    const { chain, number } = seal
    const known = this.chains.get(chain)
    const broken = known?.broken ?? new Set<number>()
    const expected = (known?.last.number ?? 0) + 1
    const isGap = number > expected
    if (isGap)
      this.#findings.add({
        kind: 'seal_missing',
        chain,
        seal: expected,
        ...(number - expected > 1 && { count: number - expected }),
      })
    const before = isGap || (known && broken.has(known.last.number)) ? undefined : (known?.last ?? null)
    const fault = this.#faultOf(seal, leaves, before)
    if (fault) {
      this.#findings.add({ kind: fault, chain, seal: number })
      broken.add(number)
    } else if (this.#keys.has(seal.kid)) {
      const to = BigInt(seal.to)
      if (to > (this.sealedTo.get(seal.era) ?? 0n)) this.sealedTo.set(seal.era, to)
    }
    this.chains.set(chain, { last: seal, broken, isWhole: (known?.isWhole ?? true) && !isGap && !fault })
  }

  /** @param before undefined when nothing can be said about it */
  #faultOf(seal: Head, leaves: Buffer, before: Head | null | undefined): 'seal_altered' | 'seal_unsigned' | undefined {
    const verify = this.#keys.get(seal.kid)
    if (!isGenuine(seal, () => true)) return 'seal_altered'
    if (verify && !isGenuine(seal, verify)) return 'seal_unsigned'
    if (verify) this.#pending.delete(seal.chain)
    else this.#pending.set(seal.chain, this.#pending.get(seal.chain) ?? seal.number)
    if (before !== undefined && !follows(seal, before)) {
      // Ours is genuine, so the stranger before it is not.
      if (verify && before && !this.#keys.has(before.kid)) {
        this.#findings.add({ kind: 'seal_unsigned', chain: before.chain, seal: before.number })
        this.chains.get(before.chain)?.broken.add(before.number)
      } else return 'seal_altered'
    }
    const isWhole = leaves.length === seal.entries * leafBytes && rootOf(leavesOf(leaves)).toString('hex') === seal.root
    return isWhole ? undefined : 'seal_altered'
  }

  /** Tells the chains that end under a key that is not ours. */
  end(): void {
    for (const [chain, seal] of this.#pending) this.#findings.add({ kind: 'key_unknown', chain, seal })
  }
}

function follows({ previous, era, from }: Head, before: Head | null): boolean {
  if (before === null) return previous === null && from === '0'
  return previous === before.head && (era === before.era ? from === before.to : era > before.era && from === '0')
}
