import type { FieldError } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'

// Many patients have neither number, and cards are misread: a wrong shape is told to the agent, never a refusal.

/**
 * 14 digits and a control letter: nationality, sex, year of birth, place of birth, serial (loi 06-040 of 11 August
 * 2006). How the letter is computed is not published: only the shape is looked at.
 */
export const isNinaShape = (nina: string): boolean => /^\d{14}[A-Z]$/.test(nina)

/** CANAM publishes no format of the insured number: 6 to 13 digits or letters, with a digit, is taken as plausible. */
export const isAmoShape = (amo: string): boolean => /^(?=.*\d)[A-Z0-9]{6,13}$/.test(amo)

/** A card's number as stored: capitals, without the spaces, dots and dashes of its printing. */
export const tidyNumber = (number: string): string =>
  number
    .normalize('NFC')
    .replace(/[\s./\p{Pd}\p{Cf}]+/gu, '')
    .toUpperCase()

/** What looks unusual, to be checked on the card. Never blocks. */
export function identityWarnings(person: { nina?: string | null; amoNumber?: string | null }): FieldError[] {
  const warnings: FieldError[] = []
  if (person.nina && !isNinaShape(person.nina))
    warnings.push({
      path: 'nina',
      message: text(
        'Un NINA compte 14 chiffres et une lettre : vérifiez sur la carte. Le numéro est enregistré tel quel.',
        'A NINA has 14 digits and a letter: check it on the card. The number is stored as it is.',
      ),
    })
  if (person.amoNumber && !isAmoShape(person.amoNumber))
    warnings.push({
      path: 'amoNumber',
      message: text(
        'Ce numéro AMO a une forme inhabituelle : vérifiez sur la carte. Le numéro est enregistré tel quel.',
        'This AMO number has an unusual shape: check it on the card. The number is stored as it is.',
      ),
    })
  return warnings
}
