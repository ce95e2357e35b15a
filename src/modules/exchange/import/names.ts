import { duplicateScore, jaroWinkler } from '../../patients/index.ts'

// Two persons whose names share less than this cannot reach POSSIBLE, whatever else agrees (patients/rules/duplicates.ts:
// names 6 of 12.5 points, all others full: a likeness of 0.58, which is Jaro–Winkler 0.87).
const NEAR = 0.87
// Forms of one given name (Fatoumata, Fanta) are further apart; the patients module knows which. Below this it has none.
const FAR = 0.6
// Score of two persons of whom the names alone are in question, at a likeness of 0.58.
const NEAR_SCORE = 0.73

const nobody = { familyName: 'Traoré', sex: 'F', birth: { precision: 'year', date: '2000' } } as const

const isForm = (a: string, b: string): boolean =>
  duplicateScore({ ...nobody, givenName: a }, { ...nobody, givenName: b }) >= NEAR_SCORE

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

function isNear(a: string, b: string): boolean {
  const likeness = jaroWinkler(a, b)
  return likeness >= NEAR || (likeness >= FAR && isForm(a, b))
}
