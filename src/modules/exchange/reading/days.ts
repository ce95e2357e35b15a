import { EARLIEST_DAY } from '../../../shared/clock.ts'
import { text, type Text } from '../../../shared/text.ts'
import { isDay } from '../../patients/index.ts'

/** A cell read: its value, or what is wrong with it. */
export type Read<T> = { value: T; fault?: undefined } | { value?: undefined; fault: Text }

export const fault = (fr: string, en: string): { fault: Text } => ({ fault: text(fr, en) })

const unreal = (): { fault: Text } => fault("Date qui n'existe pas.", 'A date that does not exist.')
const twoDigits = (): { fault: Text } =>
  fault(
    'Année sur deux chiffres : écrivez-la en entier, jj/mm/aaaa.',
    'Year of two digits: write it in full, dd/mm/yyyy.',
  )

// A time after the day, as some spreadsheets add it.
const time = /[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?Z?$/

/** A day written jj/mm/aaaa (also with - or .) or aaaa-mm-jj. @returns YYYY-MM-DD */
export function readDay(written: string): Read<string> {
  const cell = written.trim().replace(time, '')
  const french = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})$/.exec(cell)
  if (french) return dayOf(french[4], french[3], french[1])
  const iso = /^(\d{4})([/-])(\d{1,2})\2(\d{1,2})$/.exec(cell)
  if (iso) return dayOf(iso[1], iso[3], iso[4])
  if (/^\d{1,2}[/.-]\d{1,2}[/.-]\d{2}$/.test(cell)) return twoDigits()
  return fault('Date illisible : jj/mm/aaaa.', 'Unreadable date: dd/mm/yyyy.')
}

function dayOf(year = '', month = '', day = ''): Read<string> {
  const written = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  return isDay(written) ? { value: written } : unreal()
}

/** A day to come or gone by, of this or the next century: what tables take. */
export function readAnyDay(written: string): Read<string> {
  const day = readDay(written)
  if (day.fault) return day
  return day.value < EARLIEST_DAY || day.value > '2200-12-31'
    ? fault('Date avant 1900 ou après 2200.', 'Date before 1900 or after 2200.')
    : day
}

/** A whole number, as a spreadsheet may write it: 12, 12,0, 1 200. What may be a thousand or a one (1.000) is refused. */
export function readWhole(written: string, most: number): Read<number> {
  const [, figure] = /^(\d{1,3}(?:[ \u00a0\u202f]?\d{3})*|\d+)(?:[.,]0{1,2})?$/u.exec(written.trim()) ?? []
  const value = figure === undefined ? NaN : Number(figure.replace(/\D/g, ''))
  return value <= most
    ? { value }
    : fault(`Nombre entier, de 0 à ${most} : 12.`, `A whole number from 0 to ${most}: 12.`)
}

/** The day of a visit: not to come, not before 1900. @param today YYYY-MM-DD */
export function readVisitDay(written: string, today: string): Read<string> {
  const day = readDay(written)
  if (day.fault) return day
  if (day.value > today) return fault('Date dans le futur.', 'Date in the future.')
  if (day.value < EARLIEST_DAY) return fault('Date avant 1900.', 'Date before 1900.')
  return day
}
