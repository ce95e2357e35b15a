import { isNinaShape, tidyNumber } from './identity.ts'
import { foldText, nameKey } from './names.ts'

/** What a search text asks for; names and digits that are present must both hold, or the card must. */
export type Asked = {
  /** The names as typed (folded) and by their sound: one of the two is to be found. */
  names?: [folded: string, key: string]
  /** A part of a phone number, or a file's rank. */
  digits?: string
  /** The beginning of a NINA or AMO number that has letters. */
  card?: string
  fileNumber?: { year: number; number: number }
}

/** Reads one search box: names, phone digits, a card's number, a file number such as 2026-000123 or 2026-123, or names with digits. */
export function readSearch(q: string): Asked {
  const [, year, number] = /^\s*(\d{4})\s*[-–/]\s*0*(\d{1,6})\s*$/.exec(q) ?? []
  if (year && number) return { fileNumber: { year: Number(year), number: Number(number) } }
  const [letters, digits, card] = [q.replace(/[\d+]/g, ' '), q.replace(/\D/g, ''), tidyNumber(q)]
  const folded = foldText(letters)
  return {
    // "h" is silent: it has no sound to look for.
    ...(folded && { names: [folded, nameKey(letters) || folded] as [string, string] }),
    ...(digits && { digits: withoutCountry(digits) }),
    ...(isCard(q, card) && { card }),
  }
}

/**
 * Which of the two spellings the like-named are looked for by. Each walks through much of the index: of several words, where one
 * says nearly what the other does, that of the sound alone. It finds fewer of the least alike.
 */
export function spellingsOf([folded, key]: readonly [string, string]): string[] {
  if (folded === key) return [key]
  // One word is too little to spare any of its letters.
  if (!folded.includes(' ')) return [folded, key]
  const [one, other] = [trigramsOf(folded), trigramsOf(key)]
  const common = [...one].filter((trigram) => other.has(trigram)).length
  return common >= NEARLY * (one.size + other.size - common) ? [key] : [folded, key]
}

// Parts of words in common, of all: “moussa sitafa” and “musa sitafa” have 0.53, “dirra awa” and “dira aua” 0.36.
const NEARLY = 0.5

/** As pg_trgm has them: of each word, two spaces before and one behind it. */
const trigramsOf = (names: string): Set<string> =>
  new Set(
    names.split(' ').flatMap((word) => {
      const padded = `  ${word} `
      return Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3))
    }),
  )

// In one piece with digits and letters, or a whole NINA; "Awa 3456" is a name and digits, digits alone are looked for
// among phones and cards alike.
const isCard = (q: string, tidy: string): boolean =>
  isNinaShape(tidy) || (!/\s/.test(q.trim()) && /^(?=[A-Z0-9]{6,15}$)(?=\d*[A-Z])(?:[A-Z]*\d){4}/.test(tidy))

// Stored as +223XXXXXXXX; typed with or without the country.
const withoutCountry = (digits: string): string => (digits.length > 8 ? digits.replace(/^(00)?223/, '') : digits)
