// Days as YYYY-MM-DD strings (they sort as time does), counted in UTC: no time zone can move a date of birth.

const utc = (day: string): Date => new Date(`${day}T00:00:00Z`)
const dayOf = (date: Date): string => date.toISOString().slice(0, 10)

/** Whether YYYY-MM-DD names a day that exists: 2026-02-30 does not. Without Date, as addMonths. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8))]
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(Number(text.slice(0, 4)), month)
}

export function addDays(day: string, days: number): string {
  const date = utc(day)
  date.setUTCDate(date.getUTCDate() + days)
  return dayOf(date)
}

/** The same day of another month, or that month's last day where it is shorter: 31 March − 1 month = 28 February. */
export function addMonths(day: string, months: number): string {
  // Counted without Date: a list shows twenty ages, each of which cost 6 µs with it, 0.6 without.
  const count = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + months
  const year = Math.floor(count / 12)
  const month = count - year * 12 + 1
  const last = daysIn(year, month)
  const date = Number(day.slice(8, 10)) > last ? last : day.slice(8, 10)
  return `${year < 1000 ? String(year).padStart(4, '0') : year}-${month < 10 ? '0' : ''}${month}-${date}`
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

export const lastDayOfMonth = (month: string): string => addDays(addMonths(`${month}-01`, 1), -1)

export const daysBetween = (from: string, to: string): number =>
  Math.round((utc(to).getTime() - utc(from).getTime()) / 86_400_000)

/** Whole months passed from one day to another, as birthdays are counted; negative when `to` is earlier. */
export function monthsBetween(from: string, to: string): number {
  const months = calendarMonthsBetween(from, to)
  return to.slice(8) < from.slice(8) ? months - 1 : months
}

/** Months between two calendar months, days left aside. */
export const calendarMonthsBetween = (from: string, to: string): number =>
  (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5, 7)) - Number(from.slice(5, 7))
