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

// In one piece with digits and letters, or a whole NINA; "Awa 3456" is a name and digits, digits alone are looked for
// among phones and cards alike.
const isCard = (q: string, tidy: string): boolean =>
  isNinaShape(tidy) || (!/\s/.test(q.trim()) && /^(?=[A-Z0-9]{6,15}$)(?=\d*[A-Z])(?:[A-Z]*\d){4}/.test(tidy))

// Stored as +223XXXXXXXX; typed with or without the country.
const withoutCountry = (digits: string): string => (digits.length > 8 ? digits.replace(/^(00)?223/, '') : digits)
