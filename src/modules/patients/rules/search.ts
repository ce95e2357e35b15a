import { foldText, nameKey } from './names.ts'

/** What a search text asks for; parts that are present must all hold. */
export type Asked = {
  /** The names as typed (folded) and by their sound: one of the two is to be found. */
  names?: [folded: string, key: string]
  /** A part of a phone number, or a file's rank. */
  digits?: string
  fileNumber?: { year: number; number: number }
}

/** Reads one search box: names, phone digits, a file number such as 2026-000123 or 2026-123, or names with digits. */
export function readSearch(q: string): Asked {
  const [, year, number] = /^\s*(\d{4})\s*[-–/]\s*0*(\d{1,6})\s*$/.exec(q) ?? []
  if (year && number) return { fileNumber: { year: Number(year), number: Number(number) } }
  const [letters, digits] = [q.replace(/[\d+]/g, ' '), q.replace(/\D/g, '')]
  const folded = foldText(letters)
  return {
    ...(folded && { names: [folded, nameKey(letters)] as [string, string] }),
    ...(digits && { digits: withoutCountry(digits) }),
  }
}

// Stored as +223XXXXXXXX; typed with or without the country.
const withoutCountry = (digits: string): string => (digits.length > 8 ? digits.replace(/^(00)?223/, '') : digits)
