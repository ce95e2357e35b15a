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
  const kept = new Map<string, Map<number, Set<string>>>()
  let unreadable = anchors?.unreadable ?? 0
  for (const head of anchors?.heads ?? []) {
    // One under a key that we do not have cannot be told from a forged one, but can only raise an alarm.
    if (!isGenuine(head, keys.get(head.kid) ?? (() => true))) unreadable++
    else if (only === undefined || head.chain === only) {
      const numbers = kept.get(head.chain) ?? new Map<number, Set<string>>()
      numbers.set(head.number, (numbers.get(head.number) ?? new Set()).add(head.head))
      kept.set(head.chain, numbers)
    }
  }
  if (unreadable > 0) findings.add({ kind: 'anchor_unreadable', count: unreadable })
  return {
    meet({ chain, number, head }) {
      const heads = kept.get(chain)?.get(number)
      if (heads && (heads.size > 1 || !heads.has(head))) findings.add({ kind: 'anchor_mismatch', chain, seal: number })
    },
    end(chains) {
      for (const [chain, numbers] of kept) {
        const last = chains.get(chain)?.last.number
        const newest = [...numbers.keys()].reduce((most, number) => Math.max(most, number), 0)
        if (last === undefined) findings.add({ kind: 'chain_missing', chain, count: newest })
        else if (newest > last)
          findings.add({
            kind: 'chain_truncated',
            chain,
            seal: last + 1,
            ...(newest - last > 1 && { count: newest - last }),
          })
      }
    },
  }
}
