import { invalidInput, type FieldError } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import { birthErrors, type Birth } from './birth.ts'
import { tidyNumber } from './identity.ts'
import { hasLetter, tidyName } from './names.ts'
import { phoneErrors, readPhone } from './phone.ts'

/** All that an agent enters about a patient, in its stored form. */
export type PatientFields = {
  familyName: string
  givenName: string
  sex: 'M' | 'F'
  birth: Birth
  phone: string | null
  phoneOwner: string | null
  village: string | null
  motherName: string | null
  nina: string | null
  amoNumber: string | null
  allergies: string[]
  sensitive: boolean
}

const noLetter = text('Un nom contient au moins une lettre.', 'A name has at least one letter.')

/**
 * The given fields in their stored form: names tidied, phone as +223XXXXXXXX, numbers without separators, an empty
 * text as none. Fields that are not given stay away, so a change is judged by what it changes.
 * @param today YYYY-MM-DD
 * @throws invalid_input, with every field that is wrong
 */
export function tidyFields<F extends Partial<PatientFields>>(
  given: F,
  today: string,
): Pick<PatientFields, keyof F & keyof PatientFields> {
  const errors: FieldError[] = []
  const tidy: Partial<PatientFields> = {}
  for (const name of ['familyName', 'givenName'] as const) {
    if (given[name] === undefined) continue
    tidy[name] = tidyName(given[name])
    if (!hasLetter(tidy[name])) errors.push({ path: name, message: noLetter })
  }
  if (given.sex !== undefined) tidy.sex = given.sex
  if (given.birth !== undefined) {
    errors.push(...birthErrors(given.birth, today))
    tidy.birth = tidyBirth(given.birth)
  }
  if (given.phone !== undefined) tidy.phone = given.phone === null ? null : storedPhone(given.phone, errors)
  for (const line of ['phoneOwner', 'village', 'motherName'] as const)
    if (given[line] !== undefined) tidy[line] = tidyName(given[line] ?? '') || null
  for (const number of ['nina', 'amoNumber'] as const)
    if (given[number] !== undefined) tidy[number] = tidyNumber(given[number] ?? '') || null
  if (given.allergies !== undefined) tidy.allergies = [...new Set(given.allergies.map(tidyName).filter(Boolean))]
  if (given.sensitive !== undefined) tidy.sensitive = given.sensitive
  if (errors.length > 0) throw invalidInput(...errors)
  return tidy as Pick<PatientFields, keyof F & keyof PatientFields>
}

function storedPhone(written: string, errors: FieldError[]): string | null {
  if (written.trim() === '') return null
  errors.push(...phoneErrors(written))
  const reading = readPhone(written)
  return reading.kind === 'malian' ? reading.phone : null
}

const tidyBirth = ({ precision, date, estimate }: Birth): Birth => ({
  precision,
  ...(date !== undefined && { date }),
  ...(estimate && { estimate: { value: estimate.value, unit: estimate.unit, on: estimate.on } }),
})

/** The fields of a creation with what was left out filled in. */
export const withDefaults = (
  given: Pick<PatientFields, 'familyName' | 'givenName' | 'sex' | 'birth'> & Partial<PatientFields>,
): PatientFields => ({
  phone: null,
  phoneOwner: null,
  village: null,
  motherName: null,
  nina: null,
  amoNumber: null,
  allergies: [],
  sensitive: false,
  ...given,
})
