import { givenLikeness, hasForms } from '../../patients/index.ts'

// Two persons whose names share less than this cannot reach POSSIBLE, whatever else agrees (patients/rules/duplicates.ts:
// names 6 of 12.5 points, all others full: a likeness of 0.58, as it is rounded there).
const NEAR = 0.564

type Key = { text: string; letters: number; hasForms: boolean }

// Of a name so many others are sifted, so many of these compared, and so many kept, the newest of each: a file of nothing but
// different names would otherwise cost the square of their number. A district's register has about a thousand names.
const [MOST_SIFTED, MOST_COMPARED, MOST_NEAR] = [4_000, 400, 100]

/** Which keys of names (patients: nameKey) are spellings of one another, each pair judged at most once. */
export class NearNames {
  /** How many pairs were sifted, and how many of these compared: a bounded number for each name that is asked for. */
  sifted = 0
  compared = 0
  readonly #added = new Set<string>()
  readonly #keys: Key[] = []
  /** What is near to a name among the first `seen` that were added. */
  readonly #near = new Map<string, { key: Key; near: string[]; seen: number }>()

  add(text: string): void {
    if (this.#added.has(text)) return
    this.#added.add(text)
    this.#keys.push(keyOf(text))
  }

  has = (text: string): boolean => this.#added.has(text)

  /** Those added so far that may be `text`, itself included. */
  of(text: string): readonly string[] {
    let asked = this.#near.get(text)
    if (!asked) this.#near.set(text, (asked = { key: keyOf(text), near: [], seen: 0 }))
    if (asked.seen < this.#keys.length) {
      asked.near = [...asked.near, ...this.#among(asked.key, asked.seen)].slice(-MOST_NEAR)
      if (this.has(text) && !asked.near.includes(text)) asked.near = [text, ...asked.near.slice(1 - MOST_NEAR)]
      asked.seen = this.#keys.length
    }
    return asked.near
  }

  /** Those that were added from the place `seen` on, in their order. */
  #among(key: Key, seen: number): string[] {
    const found: string[] = []
    let left = MOST_COMPARED
    const end = Math.max(seen, this.#keys.length - MOST_SIFTED)
    for (let i = this.#keys.length - 1; i >= end && left > 0; i--) {
      const other = this.#keys[i]!
      this.sifted++
      if (key.text === other.text) found.push(other.text)
      else if (mayBe(key, other)) {
        left--
        this.compared++
        if (givenLikeness(key.text, other.text) >= NEAR) found.push(other.text)
      }
    }
    return found.reverse()
  }
}

const keyOf = (text: string): Key => {
  let letters = 0
  for (let i = 0; i < text.length; i++) letters |= 1 << (text.charCodeAt(i) & 31)
  return { text, letters, hasForms: hasForms(text) }
}

const mayBe = (a: Key, b: Key): boolean => (a.hasForms && b.hasForms) || mayBeNear(a, b)

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
