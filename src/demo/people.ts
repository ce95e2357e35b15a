import type { DemoEstablishment } from './establishments.ts'
import { givenNames } from './names.ts'
import type { Random } from './random.ts'

export const dayMs = 86_400_000
export const isoDay = (at: number): string => new Date(at).toISOString().slice(0, 10)

/** Both midnight UTC. */
export type Period = { from: number; days: number }

/** The day itself, or the Monday after where Sundays are closed. */
export const openDay = ({ closedOnSundays }: DemoEstablishment, day: number): number =>
  closedOnSundays && new Date(day).getUTCDay() === 0 ? day + dayMs : day

/** A person as nature knows them: exactly. What the file knows is less (see `knownBirth`). */
export type Person = {
  familyName: string
  givenName: string
  sex: 'M' | 'F'
  /** Midnight UTC of the day of birth. */
  born: number
  village: string
  /** The day of the first visit, when the file is opened. */
  seen: number
  /** How much heavier or taller than others of that age, in standard deviations. */
  build: number
  stature: number
}

/** Completed months between a birth and an instant. */
export function monthsOld(person: Pick<Person, 'born'>, at: number): number {
  const [birth, day] = [new Date(person.born), new Date(at)]
  const months = (day.getUTCFullYear() - birth.getUTCFullYear()) * 12 + day.getUTCMonth() - birth.getUTCMonth()
  return day.getUTCDate() < birth.getUTCDate() ? months - 1 : months
}

// Ages of the patients of first-line care: half are children, and women come more often than men.
const ages: readonly (readonly [[fromMonths: number, toMonths: number], number])[] = [
  [[1, 11], 9],
  [[12, 59], 24],
  [[60, 179], 15],
  [[180, 539], 34],
  [[540, 780], 13],
  [[781, 1020], 5],
]

/**
 * As many different persons as the establishment follows. They come for the first time in the first two thirds of the
 * period, most of them early, as files are opened where a system is new.
 */
export function people(establishment: DemoEstablishment, period: Period, random: Random): Person[] {
  const known = new Set<string>()
  const persons: Person[] = []
  while (persons.length < establishment.patients) {
    const months = random.int(...random.weighted(ages))
    const seen = openDay(establishment, period.from + Math.floor(period.days * 0.66 * random.next() ** 2) * dayMs)
    const sex = random.chance(months < 180 ? 0.5 : 0.64) ? 'F' : 'M'
    const person: Person = {
      familyName: random.pick(establishment.families),
      givenName: random.pick(givenNames[sex]),
      sex,
      seen,
      born: seen - Math.round(months * 30.44 + random.int(0, 29)) * dayMs,
      village: random.pick(establishment.villages),
      build: random.around(0, 1),
      stature: random.around(0, 1),
    }
    const name = `${person.givenName} ${person.familyName}`
    if (known.has(name)) continue
    known.add(name)
    persons.push(person)
  }
  return persons
}

type Birth =
  | { precision: 'day' | 'month' | 'year'; date: string }
  | { precision: 'estimate'; estimate: { value: number; unit: 'years' | 'months'; on: string } }

/**
 * What the file knows of a birth: children have a card more often; adults are told "about 40" (in Mali four births in ten
 * were not registered: UNICEF, 2014), with a liking for round ages. Ages are told on the first visit.
 */
export function knownBirth({ born, seen }: Person, random: Random): Birth {
  const months = monthsOld({ born }, seen)
  const day = isoDay(born)
  const child = months < 60
  const precision = random.weighted(
    child
      ? ([['day', 50], ['month', 10], ['estimate', 40]] as const)
      : ([['day', 20], ['month', 3], ['year', 41], ['estimate', 36]] as const),
  ) // prettier-ignore
  if (precision === 'day') return { precision, date: day }
  if (precision === 'month') return { precision, date: day.slice(0, 7) }
  if (precision === 'year') return { precision, date: day.slice(0, 4) }
  if (months < 24) return { precision, estimate: { value: months, unit: 'months', on: isoDay(seen) } }
  const years = Math.floor(months / 12)
  const told = years >= 25 && random.chance(0.5) ? Math.round(years / 5) * 5 : years
  return { precision, estimate: { value: told, unit: 'years', on: isoDay(seen) } }
}

/** A number of a Malian mobile network. */
export function mobileNumber(random: Random): string {
  const digits = `${random.pick(['6', '7', '9'])}${String(random.int(0, 9_999_999)).padStart(7, '0')}`
  return `+223${digits}`
}

/** 14 digits and a letter: nationality, sex, year, place, serial. The letter's rule is not published: any letter. */
export function nina({ sex, born }: Person, random: Random): string {
  const year = String(new Date(born).getUTCFullYear()).slice(2)
  const place = String(random.int(5_000_000, 5_999_999))
  return `1${sex === 'M' ? 1 : 2}${year}${place}${String(random.int(1, 999)).padStart(3, '0')}${random.pick([...'ABCDEFGHJKLMNPRSTUVWXYZ'])}`
}
