import {
  ageOn,
  birthErrors,
  bornAround,
  foldText,
  MAX_AGE_YEARS,
  type Age,
  type AgeUnit,
  type Birth,
} from '../../patients/index.ts'
import { text, type Text } from '../../../shared/text.ts'
import { fault, readDay, type Read } from './days.ts'

const afterVisit = text('Naissance après la consultation.', 'Born after the visit.')

const around = /^(?:nee? (?:e )?)?(?:vers|environ|env|autour de|circa|ca|c) (\d{4})$/

/**
 * A birth as registers write it: a day, mm/aaaa, a year, or « vers 1978 ».
 * @param on the day of the visit
 * @param after what is said of a birth after that day
 */
export function readBirth(written: string, on: string, after = afterVisit): Read<Birth> {
  const cell = written.trim()
  const [, estimated] = around.exec(foldText(cell.replace(/^[~≈±]/, 'vers '))) ?? []
  if (estimated) return sound(bornAround(Number(estimated), on), on, after, Number(estimated))
  if (/^\d{4}$/.test(cell)) return sound({ precision: 'year', date: cell }, on, after)
  const month = /^(\d{1,2})[/.-](\d{4})$/.exec(cell)
  if (month) return sound({ precision: 'month', date: `${month[2]}-${month[1]!.padStart(2, '0')}` }, on, after)
  const isoMonth = /^(\d{4})-(\d{2})$/.exec(cell)
  if (isoMonth) return sound({ precision: 'month', date: cell }, on, after)
  const day = readDay(cell)
  if (day.fault) return { fault: inBirth(day.fault) }
  return sound({ precision: 'day', date: day.value }, on, after)
}

const inBirth = ({ fr, en }: Text): Text => ({ fr: `Naissance : ${lower(fr)}`, en: `Birth: ${lower(en)}` })
const lower = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1)

// Judged as of the visit: nobody is seen before being born.
function sound(birth: Birth, on: string, after: Text, aroundYear?: number): Read<Birth> {
  if (aroundYear !== undefined && aroundYear > Number(on.slice(0, 4))) return { fault: after }
  const [error] = birthErrors(birth, on)
  if (!error) return { value: birth }
  return (birth.date ?? '') > on.slice(0, birth.date?.length) ? { fault: after } : { fault: inBirth(error.message) }
}

const units: Record<string, AgeUnit> = {
  ...of('years', 'an', 'ans', 'a', 'annee', 'annees'),
  ...of('months', 'mois', 'm', 'moi'),
  ...of('days', 'jour', 'jours', 'j', 'jr', 'jrs'),
}
function of(unit: AgeUnit, ...names: string[]): Record<string, AgeUnit> {
  return Object.fromEntries(names.map((name) => [name, unit]))
}

const unreadable = () =>
  fault(
    'Âge illisible : un nombre, avec ans, mois ou jours.',
    'Unreadable age: a number, with years, months or days (ans, mois, jours).',
  )

/**
 * An age as told: « 10 » with its unit in its own cell, or « 10 mois » in one. Half years become months.
 * @param assumed the unit where neither cell has one
 */
export function readAge(written: string, writtenUnit: string, assumed?: AgeUnit): Read<Age> {
  const [, sign, whole, half, inCell] = /^([-−–]?)(\d{1,6})(?:[.,](\d))?\s*(\p{L}*)\.?$/u.exec(written.trim()) ?? []
  if (whole === undefined) return unreadable()
  if (sign) return fault('Âge négatif.', 'Negative age.')
  const named = foldText(inCell || writtenUnit)
  const unit = named === '' ? assumed : units[named]
  if (unit === undefined)
    return named === ''
      ? fault(
          "Unité de l'âge absente : ans, mois ou jours.",
          'Unit of the age missing: ans (years), mois (months) or jours (days).',
        )
      : fault(
          "Unité de l'âge inconnue : ans, mois ou jours.",
          'Unknown unit of the age: ans (years), mois (months) or jours (days).',
        )
  const most = { years: MAX_AGE_YEARS, months: MAX_AGE_YEARS * 12, days: MAX_AGE_YEARS * 366 }[unit]
  if (Number(whole) > most)
    return fault(`Âge impossible : plus de ${MAX_AGE_YEARS} ans.`, `Impossible age: more than ${MAX_AGE_YEARS} years.`)
  if (half === undefined || half === '0') return { value: { value: Number(whole), unit } }
  if (unit !== 'years') return unreadable()
  return { value: { value: Number(whole) * 12 + Math.round(Number(`0.${half}`) * 12), unit: 'months' } }
}

/** The birth of somebody whose age was told on a day. */
export const bornBefore = ({ value, unit }: Age, on: string): Birth => ({
  precision: 'estimate',
  estimate: { value, unit, on },
})

const inYears = ({ value, unit }: Age): number => value / { years: 1, months: 12, days: 365.25 }[unit]

/** Whether age and birth of one line speak of two persons: more than 2 years and 20 % apart (research/health.md 2.3). */
export function contradicts(age: Age, birth: Birth, on: string): boolean {
  const [told, counted] = [inYears(age), inYears(ageOn(birth, on))]
  return Math.abs(told - counted) > Math.max(2, 0.2 * Math.max(told, counted))
}
