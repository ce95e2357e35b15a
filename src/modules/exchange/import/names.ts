import { givenLikeness, hasForms } from '../../patients/index.ts'

// Two persons whose names share less than this cannot reach POSSIBLE, whatever else agrees (patients/rules/duplicates.ts:
// names 6 of 12.5 points, all others full: a likeness of 0.58, as it is rounded there).
const NEAR = 0.564

type Key = { text: string; letters: number; hasForms: boolean }

/** Which keys of names (patients: nameKey) are spellings of one another, each pair judged once. */
export class NearNames {
  readonly #keys = new Map<string, Key>()
  readonly #near = new Map<string, { key: Key; near: string[] }>()

  add(text: string): void {
    if (this.#keys.has(text)) return
    const key = keyOf(text)
    this.#keys.set(text, key)
    for (const other of this.#near.values()) if (isNear(other.key, key)) other.near.push(text)
  }

  /** Those added so far that may be `text`, itself included. */
  of(text: string): readonly string[] {
    let found = this.#near.get(text)
    if (!found) {
      const key = keyOf(text)
      found = { key, near: [] }
      for (const other of this.#keys.values()) if (isNear(key, other)) found.near.push(other.text)
      this.#near.set(text, found)
    }
    return found.near
  }
}

const keyOf = (text: string): Key => {
  let letters = 0
  for (let i = 0; i < text.length; i++) letters |= 1 << (text.charCodeAt(i) & 31)
  return { text, letters, hasForms: hasForms(text) }
}

const isNear = (a: Key, b: Key): boolean =>
  a.text === b.text || (((a.hasForms && b.hasForms) || mayBeNear(a, b)) && givenLikeness(a.text, b.text) >= NEAR)

// A likeness of 0.564 is a Jaro–Winkler of 0.869, and even four equal first letters need a Jaro of 0.78 for it: the letters
// that both have are at least 1.34 of their two lengths. Of 1,000 unlike names so few are left that all pairs cost a tenth.
function mayBeNear(a: Key, b: Key): boolean {
  const common = Math.min(lettersAmong(a.text, b.letters), lettersAmong(b.text, a.letters))
  return common / a.text.length + common / b.text.length >= 1.34
}

function lettersAmong(text: string, letters: number): number {
  let count = 0
  for (let i = 0; i < text.length; i++) if ((letters >> (text.charCodeAt(i) & 31)) & 1) count++
  return count
}
