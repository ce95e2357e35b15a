import type { FieldError } from '../../../shared/errors.ts'
import { text, type Text } from '../../../shared/text.ts'
import {
  addDays,
  addMonths,
  calendarMonthsBetween,
  daysBetween,
  isDay,
  lastDayOfMonth,
  monthsBetween,
} from './calendar.ts'

// About 40 % of births were not registered (UNICEF, research/health.md 2.3): "né vers 1975" is normal. What is known is
// stored as it is known, with its precision; 1 January is never invented, and an estimate keeps the day it was made on.

export type AgeUnit = 'years' | 'months' | 'days'
export type Age = { value: number; unit: AgeUnit }
export type Precision = 'day' | 'month' | 'year' | 'estimate'
export type Birth = {
  precision: Precision
  /** YYYY-MM-DD, YYYY-MM or YYYY, as the precision says. */
  date?: string
  /** The age told, and the day it was told. */
  estimate?: { value: number; unit: AgeUnit; on: string }
}

/** The oldest age that is believed: the longest life known is 122 years. */
export const MAX_AGE_YEARS = 125

const formats: Record<Exclude<Precision, 'estimate'>, { pattern: RegExp; shape: string; example: string }> = {
  day: { pattern: /^\d{4}-\d{2}-\d{2}$/, shape: 'YYYY-MM-DD', example: '1986-03-21' },
  month: { pattern: /^\d{4}-\d{2}$/, shape: 'YYYY-MM', example: '1986-03' },
  year: { pattern: /^\d{4}$/, shape: 'YYYY', example: '1986' },
}

const future = text('La naissance ne peut pas être dans le futur.', 'The birth cannot be in the future.')
const tooOld = text(
  `La naissance ne peut pas remonter à plus de ${MAX_AGE_YEARS} ans.`,
  `The birth cannot be more than ${MAX_AGE_YEARS} years ago.`,
)

/**
 * What is wrong with a birth, field by field; empty when it is sound.
 * @param today YYYY-MM-DD
 * @param path the field that holds the birth
 */
export function birthErrors(birth: Birth, today: string, path = 'birth'): FieldError[] {
  return birth.precision === 'estimate'
    ? estimateErrors(birth, today, path)
    : dateErrors(birth, birth.precision, today, path)
}

function dateErrors(
  birth: Birth,
  precision: Exclude<Precision, 'estimate'>,
  today: string,
  path: string,
): FieldError[] {
  const { pattern, shape, example } = formats[precision]
  if (birth.estimate)
    return [
      refusal(
        `${path}.estimate`,
        text('« estimate » va avec la précision « estimate ».', '"estimate" goes with precision "estimate".'),
      ),
    ]
  if (birth.date === undefined || !pattern.test(birth.date))
    return [
      refusal(
        `${path}.date`,
        text(
          `Avec la précision « ${precision} », la date s'écrit ${shape}, par exemple ${example}.`,
          `With precision "${precision}" the date is written ${shape}, for example ${example}.`,
        ),
      ),
    ]
  if (!isDay(`${birth.date}-01-01`.slice(0, 10)))
    return [refusal(`${path}.date`, text("Cette date n'existe pas.", 'This date does not exist.'))]
  const [from, to] = birthRange(birth)
  if (from > today) return [refusal(`${path}.date`, future)]
  if (to < oldest(today)) return [refusal(`${path}.date`, tooOld)]
  return []
}

function estimateErrors({ date, estimate }: Birth, today: string, path: string): FieldError[] {
  if (date !== undefined)
    return [
      refusal(
        `${path}.date`,
        text('Une estimation ne porte pas de date : donnez « estimate ».', 'An estimate has no date: give "estimate".'),
      ),
    ]
  if (!estimate)
    return [
      refusal(
        `${path}.estimate`,
        text(
          "Donnez l'âge estimé : valeur, unité (years, months ou days) et jour de l'estimation.",
          'Give the estimated age: value, unit (years, months or days) and the day of the estimate.',
        ),
      ),
    ]
  if (!isDay(estimate.on))
    return [refusal(`${path}.estimate.on`, text("Cette date n'existe pas.", 'This date does not exist.'))]
  if (estimate.on > today)
    return [
      refusal(
        `${path}.estimate.on`,
        text(
          "Le jour de l'estimation ne peut pas être dans le futur.",
          'The day of the estimate cannot be in the future.',
        ),
      ),
    ]
  if (!Number.isInteger(estimate.value) || estimate.value < 0)
    return [
      refusal(
        `${path}.estimate.value`,
        text("L'âge est un nombre entier, 0 ou plus.", 'The age is a whole number, 0 or more.'),
      ),
    ]
  // Compared before any date is computed: an absurd value would leave the calendar.
  const tooMany = { years: MAX_AGE_YEARS, months: MAX_AGE_YEARS * 12, days: MAX_AGE_YEARS * 366 }[estimate.unit]
  if (estimate.value > tooMany || assumedBirth(estimate) < oldest(today))
    return [refusal(`${path}.estimate.value`, tooOld)]
  return []
}

const refusal = (path: string, message: Text): FieldError => ({ path, message })
const oldest = (today: string): string => addMonths(today, -MAX_AGE_YEARS * 12)

/** The day that an estimate points to, if the age told were exact to the day: for counting on, never for showing. */
const assumedBirth = ({ value, unit, on }: NonNullable<Birth['estimate']>): string =>
  unit === 'days' ? addDays(on, -value) : addMonths(on, unit === 'years' ? -value * 12 : -value)

/**
 * The first and last day on which the person may be born. An age of 49 years told on a day means a birth between
 * 50 years before (excluded) and 49 years before (included).
 */
export function birthRange(birth: Birth): [from: string, to: string] {
  if (birth.estimate) {
    const to = assumedBirth(birth.estimate)
    const { unit } = birth.estimate
    return unit === 'days' ? [to, to] : [addDays(addMonths(to, unit === 'years' ? -12 : -1), 1), to]
  }
  const date = birth.date ?? ''
  if (date.length === 4) return [`${date}-01-01`, `${date}-12-31`]
  if (date.length === 7) return [`${date}-01`, lastDayOfMonth(date)]
  return [date, date]
}

/**
 * The age to show on a day: days below one month, months below 24 months, years from there, as growth and vaccination
 * cards count. Never finer than what is known: a birth known by its year gives years (the difference of the years, as
 * registers do), one known by its month or told in months never gives days. An estimated age grows from the day it was told.
 * A day before the birth gives age 0.
 */
export function ageOn(birth: Birth, day: string): Age {
  if (birth.estimate) {
    const born = assumedBirth(birth.estimate)
    const { unit } = birth.estimate
    if (unit === 'days') return ageFrom(born, day)
    return unit === 'years' ? years(monthsBetween(born, day)) : monthsOrYears(monthsBetween(born, day))
  }
  const date = birth.date ?? ''
  if (date.length === 4) return { value: Math.max(0, Number(day.slice(0, 4)) - Number(date)), unit: 'years' }
  if (date.length === 7) return monthsOrYears(calendarMonthsBetween(`${date}-01`, day))
  return ageFrom(date, day)
}

function ageFrom(born: string, day: string): Age {
  const months = monthsBetween(born, day)
  return months >= 1 ? monthsOrYears(months) : { value: Math.max(0, daysBetween(born, day)), unit: 'days' }
}

const monthsOrYears = (months: number): Age =>
  months < 24 ? { value: Math.max(0, months), unit: 'months' } : years(months)

const years = (months: number): Age => ({ value: Math.max(0, Math.floor(months / 12)), unit: 'years' })

/** "Vers 1978" in a register of 2026: an age of 48 years told on that day. @param on YYYY-MM-DD */
export const bornAround = (year: number, on: string): Birth => ({
  precision: 'estimate',
  estimate: { value: Math.max(0, Number(on.slice(0, 4)) - year), unit: 'years', on },
})
