import { random } from './size.ts'

// Of one file: its words are the same again with the same seed, and no other's.
const chosen = random(`canaries ${process.argv[1]}`)

// Syllables of letters that sound as they are written, whatever stands before and after: who is like whom depends on the
// sound of a name, and of words of any letters 4 % were another name without their tenth.
const syllables = (count: number): string =>
  Array.from({ length: count }, () => chosen.pick([...'bfklmprsvz']) + chosen.pick([...'aeiou'])).join('')

/**
 * Words that occur nowhere else, one for each place where a record can be put: found where nothing of a record may be,
 * they tell where it came from. Letters only, so that no escaping changes them.
 */
export class Canaries {
  readonly #places = new Map<string, string>()

  /** The word of this place; the same each time. */
  word(place: string): string {
    let word = this.#places.get(place)
    if (word === undefined) this.#places.set(place, (word = `Canari${syllables(7)}`))
    return word
  }

  get count(): number {
    return this.#places.size
  }

  /** `place → output` for each word that is in an output: as text in any case, or as its bytes in other spellings. */
  leaks(outputs: Record<string, string | Buffer>): string[] {
    const found: string[] = []
    for (const [name, output] of Object.entries(outputs)) {
      const text = typeof output === 'string' ? output : output.toString('latin1')
      const lower = text.toLowerCase()
      for (const [place, word] of this.#places)
        if (lower.includes(word.toLowerCase()) || spellings(word).some((spelling) => text.includes(spelling)))
          found.push(`${place} → ${name}`)
    }
    return found
  }
}

/** Base64 at its three offsets (the characters that neighbours could change left out), hexadecimal, and numbers in a list. */
function spellings(word: string): string[] {
  const bytes = Buffer.from(word)
  const base64 = [0, 1, 2].map((offset) => Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').slice(4, -4)) // prettier-ignore
  const hex = bytes.toString('hex')
  return [...base64, ...base64.map(toUrl), hex, hex.toUpperCase(), [...bytes].join(',')]
}

const toUrl = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_')
