import { isPublicKey, thumbprint, verifierOf } from '../../shared/ed25519.ts'
import type { Findings } from './findings.ts'
import { isGenuine, type Head } from './head.ts'
import type { Chain } from './links.ts'

/** Heads kept outside the database, and how many lines were none. */
export type Anchors = { heads: Head[]; unreadable: number }

/**
 * Compares seals with the heads that were kept elsewhere: only these show that the newest seals were removed together with
 * their entries, or that somebody with the key has written another history.
 */
export function compareAnchors(
  anchors: Anchors | undefined,
  only: string | undefined,
  publicKeys: string[],
  findings: Findings,
): { meet(seal: Head): void; end(chains: Map<string, Chain>): void } {
  const keys = new Map(publicKeys.filter(isPublicKey).map((key) => [thumbprint(key), verifierOf(key)]))
  const kept = new Map<string, Map<number, Head[]>>()
  let unreadable = anchors?.unreadable ?? 0
  for (const head of anchors?.heads ?? []) {
    if (only !== undefined && head.chain !== only) continue
    if (!isGenuine(head, () => true)) {
      unreadable++
      continue
    }
    const numbers = kept.get(head.chain) ?? new Map<number, Head[]>()
    kept.set(head.chain, numbers.set(head.number, [...(numbers.get(head.number) ?? []), head]))
  }
  // Only of what contradicts the database must it be known who signed it: a signature takes 0.1 ms. One under a key that we do
  // not have cannot be told from a forged one, but can only raise an alarm.
  const isOurs = (head: Head): boolean => {
    const ours = isGenuine(head, keys.get(head.kid) ?? (() => true))
    if (!ours) unreadable++
    return ours
  }
  return {
    meet({ chain, number, head }) {
      const others = kept
        .get(chain)
        ?.get(number)
        ?.filter((each) => each.head !== head)
      if (others?.some(isOurs)) findings.add({ kind: 'anchor_mismatch', chain, seal: number })
    },
    end(chains) {
      for (const [chain, numbers] of kept) {
        const last = chains.get(chain)?.last.number ?? 0
        let newest = last
        for (const [number, heads] of numbers) if (number > newest && heads.some(isOurs)) newest = number
        if (newest === last) continue
        const count = newest - last
        if (last === 0) findings.add({ kind: 'chain_missing', chain, count })
        else findings.add({ kind: 'chain_truncated', chain, seal: last + 1, ...(count > 1 && { count }) })
      }
      if (unreadable > 0) findings.add({ kind: 'anchor_unreadable', count: unreadable })
    },
  }
}
