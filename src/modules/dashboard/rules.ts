const DAY = 86_400_000

/** The day `count` days before. */
export const daysBefore = (day: string, count: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) - count * DAY).toISOString().slice(0, 10)

/** The Monday on or before `day`: weeks are those of ISO 8601. */
export function mondayOf(day: string): string {
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay()
  return daysBefore(day, (weekday + 6) % 7)
}

/** The name of the ISO week that begins on this Monday: `2026-W53`. The year is that of its Thursday. */
export function weekOf(monday: string): string {
  const thursday = daysBefore(monday, -3)
  const year = thursday.slice(0, 4)
  const number = 1 + Math.floor((Date.parse(thursday) - Date.parse(`${year}-01-01`)) / (7 * DAY))
  return `${year}-W${String(number).padStart(2, '0')}`
}

/** The last `count` days, today included, oldest first. */
export const lastDays = (today: string, count = 7): string[] =>
  Array.from({ length: count }, (_, n) => daysBefore(today, count - 1 - n))

/** The Mondays of the last `count` weeks, this one included, oldest first. */
export const lastMondays = (today: string, count = 12): string[] =>
  Array.from({ length: count }, (_, n) => daysBefore(mondayOf(today), 7 * (count - 1 - n)))

/** How many on each day; a day without is not there. */
export type Daily = ReadonlyMap<string, number>

/** How many on the seven days from a Monday on. */
export const inWeek = (daily: Daily, monday: string): number =>
  Array.from({ length: 7 }, (_, n) => daily.get(daysBefore(monday, -n)) ?? 0).reduce((sum, count) => sum + count, 0)
