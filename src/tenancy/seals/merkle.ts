import { hash } from 'node:crypto'

const [ofLeaf, ofNode] = [Buffer.of(0), Buffer.of(1)]
const sha256 = (...parts: Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer')

/** The root of a Merkle tree (RFC 9162 2.1.1), leaf by leaf, so that a large one never stops the process for long. */
export class MerkleTree {
  // Complete subtrees, the largest first.
  readonly #subtrees: { size: number; root: Buffer }[] = []

  push(leaf: Uint8Array): void {
    let subtree = { size: 1, root: sha256(ofLeaf, leaf) }
    for (let last = this.#subtrees.at(-1); last?.size === subtree.size; last = this.#subtrees.at(-1)) {
      subtree = { size: subtree.size * 2, root: sha256(ofNode, last.root, subtree.root) }
      this.#subtrees.pop()
    }
    this.#subtrees.push(subtree)
  }

  root(): Buffer {
    const [last, ...others] = this.#subtrees.toReversed()
    return others.reduce((right, { root }) => sha256(ofNode, root, right), last?.root ?? hash('sha256', '', 'buffer'))
  }
}

export function rootOf(leaves: Iterable<Uint8Array>): Buffer {
  const tree = new MerkleTree()
  for (const leaf of leaves) tree.push(leaf)
  return tree.root()
}
