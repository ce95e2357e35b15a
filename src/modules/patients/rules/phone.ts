import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { FieldError } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'

export type PhoneReading = { kind: 'malian'; phone: string } | { kind: 'foreign' } | { kind: 'invalid' }

// The eight digits alone, or as we store them: what libphonenumber says of them too (a test compares), in 0.3 µs instead of 7.
const asUsual = /^(?:\+223)?([24-9]\d{7})$/

/**
 * Reads a phone number in any Malian way of writing it: +223, 00223, 223 or 8 digits, with spaces, dots or dashes, and
 * the direction marks (Cf) that telephones put around a number that is copied.
 * `foreign` is a number that holds in another country: an import warns about it, the API refuses it.
 * Source of the numbering plan: libphonenumber (Mali: 8 digits, the first 2 or 4 to 9).
 * @returns a Malian number as +223XXXXXXXX
 */
export function readPhone(written: string): PhoneReading {
  const digits = written.replace(/[\s./()_\p{Pd}\p{Cf}]+/gu, '')
  const [, usual] = asUsual.exec(digits) ?? []
  if (usual !== undefined) return { kind: 'malian', phone: `+223${usual}` }
  if (!/^\+?\d{5,17}$/.test(digits)) return { kind: 'invalid' }
  // "223" before 8 digits is the calling code, whatever the 8 digits are.
  const international = /^223\d{8}$/.test(digits) ? `+${digits}` : digits
  const number = parsePhoneNumberFromString(international, 'ML')
  if (!number?.isValid()) return { kind: 'invalid' }
  return number.country === 'ML' && !number.ext ? { kind: 'malian', phone: number.number } : { kind: 'foreign' }
}

export const foreignPhone = text(
  'Ce numéro est hors du Mali : +223 suivi de 8 chiffres, par exemple +223 76 12 34 56.',
  'This number is not Malian: +223 followed by 8 digits, for example +223 76 12 34 56.',
)
export const invalidPhone = text(
  'Un numéro malien compte 8 chiffres, avec ou sans +223, par exemple 76 12 34 56.',
  'A Malian number has 8 digits, with or without +223, for example 76 12 34 56.',
)

/** What is wrong with a phone, or nothing. */
export function phoneErrors(written: string, path = 'phone'): FieldError[] {
  const { kind } = readPhone(written)
  return kind === 'malian' ? [] : [{ path, message: kind === 'foreign' ? foreignPhone : invalidPhone }]
}
