import { invalidInput } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'

/** A year and its leap day: a report is monthly, quarterly or yearly. */
export const MOST_DAYS = 366

const DAY = 86_400_000
const daysSince1970 = (day: string): number => Date.parse(`${day}T00:00:00Z`) / DAY

/** Days from `from` to `to`, both counted. */
export const daysOf = (from: string, to: string): number => daysSince1970(to) - daysSince1970(from) + 1

/** The day `count` days later; earlier when negative. */
export const dayAfter = (day: string, count = 1): string =>
  new Date((daysSince1970(day) + count) * DAY).toISOString().slice(0, 10)

/** @throws invalid_input: upside down, not yet over, or longer than a year */
export function refuseBadPeriod({ from, to }: { from: string; to: string }, today: string): void {
  if (to > today) throw invalidInput({ path: 'to', message: future })
  if (from > to) throw invalidInput({ path: 'from', message: upsideDown })
  if (daysOf(from, to) > MOST_DAYS) throw invalidInput({ path: 'to', message: tooLong })
}

const future = text('La période s’arrête au plus tard aujourd’hui.', 'The period ends today at the latest.')
const upsideDown = text(
  'Le premier jour de la période ne vient pas après le dernier.',
  'The first day of the period does not come after its last.',
)
const tooLong = text(`Une période compte au plus ${MOST_DAYS} jours.`, `A period has at most ${MOST_DAYS} days.`)

/** What is counted over a period; whole numbers, so that anybody can divide again. */
export type Sums = {
  patientDays: number
  bedDays: number
  admissions: number
  transfersIn: number
  transfersOut: number
  discharges: number
  deathsBefore48h: number
  deathsAfter48h: number
}

export const noSums = (): Sums => ({
  patientDays: 0,
  bedDays: 0,
  admissions: 0,
  transfersIn: 0,
  transfersOut: 0,
  discharges: 0,
  deathsBefore48h: 0,
  deathsAfter48h: 0,
})

/** The sum of all services; among them, nobody was transferred into the establishment or out of it. */
export function totalOf(all: Iterable<Sums>): Sums {
  const total = noSums()
  for (const one of all) for (const key of Object.keys(total) as (keyof Sums)[]) total[key] += one[key]
  return { ...total, transfersIn: 0, transfersOut: 0 }
}

/**
 * The usual indicators of beds, of one population (docs/indicateurs-lits.fr.md). Rates in per cent.
 * What would be divided by nothing is null; `undefined` says why.
 */
export function indicatorsOf(sums: Sums, days: number) {
  const { patientDays, bedDays, discharges, deathsBefore48h, deathsAfter48h } = sums
  const deaths = deathsBefore48h + deathsAfter48h
  const perBedDay = (value: number) => (bedDays === 0 ? null : rounded(value / bedDays))
  const perDischarge = (value: number) => (discharges === 0 ? null : rounded(value / discharges))
  return {
    ...sums,
    deaths,
    meanBeds: rounded(bedDays / days),
    occupancyRate: perBedDay(patientDays * 100),
    meanStay: perDischarge(patientDays),
    // Discharges ÷ mean available beds.
    turnover: perBedDay(discharges * days),
    deathRate: perDischarge(deaths * 100),
    deathRateBefore48h: perDischarge(deathsBefore48h * 100),
    deathRateAfter48h: perDischarge(deathsAfter48h * 100),
    missing: [
      ...(bedDays === 0 ? (['noAvailableBed'] as const) : []),
      ...(discharges === 0 ? (['noDischarge'] as const) : []),
    ],
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100
