import { givenLikeness } from '../../patients/index.ts'

// Two persons whose names share less than this cannot reach POSSIBLE, whatever else agrees (patients/rules/duplicates.ts:
// names 6 of 12.5 points, all others full: a likeness of 0.58, as it is rounded there).
const NEAR = 0.564

/** Which keys of names (patients: nameKey) are spellings of one another, each pair judged once. */
export class NearNames {
  readonly #keys = new Set<string>()
  readonly #near = new Map<string, string[]>()

  add(key: string): void {
    if (this.#keys.has(key)) return
    this.#keys.add(key)
    for (const [other, near] of this.#near) if (isNear(other, key)) near.push(key)
  }

  /** Those added so far that may be `key`, itself included. */
  of(key: string): readonly string[] {
    let near = this.#near.get(key)
    if (!near) this.#near.set(key, (near = [...this.#keys].filter((other) => isNear(key, other))))
    return near
  }
}

const isNear = (a: string, b: string): boolean => a === b || givenLikeness(a, b) >= NEAR
