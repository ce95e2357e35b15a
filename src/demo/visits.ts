import { longCare, type Visit } from './episodes.ts'
import type { DemoEstablishment } from './establishments.ts'
import { illnesses, seasons, type Illness } from './illnesses.ts'
import { dayMs, monthsOld, openDay, type Period, type Person } from './people.ts'
import type { Random } from './random.ts'

// How much of an establishment's work is the care of one condition over months.
const longCareShare = 0.3
// Nobody comes for another acute illness within this time.
const apartDays = 9

const durations = ['hier', 'deux jours', 'trois jours', 'quatre jours', 'une semaine']

/** Exactly the establishment's number of visits in the order of their days; everybody comes at least once. */
export function visitsOf(establishment: DemoEstablishment, persons: Person[], period: Period, random: Random): Visit[] {
  const visits: Visit[] = []
  const days = new Map<Person, number[]>()
  const add = (visit: Visit): void => {
    visits.push(visit)
    days.set(visit.person, [...(days.get(visit.person) ?? []), visit.day])
  }
  for (const person of persons) {
    if (visits.length >= establishment.consultations * longCareShare) break
    for (const visit of longCare(person, establishment, period, random))
      add({ ...visit, day: openDay(establishment, visit.day) })
  }
  for (const person of persons)
    if (!days.get(person)?.includes(person.seen)) add(acute(establishment, person, person.seen, random))
  const last = period.from + (period.days - 1) * dayMs
  while (visits.length < establishment.consultations) {
    const person = random.pick(persons)
    const day = openDay(establishment, person.seen + random.int(1, Math.floor((last - person.seen) / dayMs)) * dayMs)
    const busy = days.get(person)!.some((other) => Math.abs(other - day) < apartDays * dayMs)
    if (day > last || busy || !random.chance(busyness(day))) continue
    const visit = acute(establishment, person, day, random)
    add(visit)
    const back = day + random.int(2, 6) * dayMs
    if (visits.length < establishment.consultations && back <= last && random.chance(0.1))
      add(control(visit, openDay(establishment, back)))
  }
  return visits.sort((a, b) => a.day - b.day)
}

// More people fall ill while the rains last.
const busyness = (day: number): number => 0.45 + 0.2 * seasons.rains[new Date(day).getUTCMonth()]!

function acute(establishment: DemoEstablishment, person: Person, day: number, random: Random): Visit {
  const months = monthsOld(person, day)
  const month = new Date(day).getUTCMonth()
  const chosen = random.weighted(
    illnesses
      .filter(
        ({ ages, sex, levels }) =>
          (!ages || (months >= ages[0] && months < ages[1])) &&
          (!sex || sex === person.sex) &&
          (!levels || levels.includes(establishment.type)),
      )
      .map((illness) => [illness, illness.weight * (illness.season ? seasons[illness.season][month]! : 1)] as const),
  )
  return {
    person,
    day,
    codes: [chosen.code, ...(chosen.secondary ? [chosen.secondary] : [])],
    diagnosis: chosen.diagnosis,
    reason: chosen.event ? chosen.reason : `${chosen.reason} depuis ${random.pick(durations)}`,
    ...(chosen.examinations !== undefined && { examinations: chosen.examinations }),
    treatment: chosen.treatment,
    caseType: 'new',
    // Where there is a paediatrician, children go there.
    care: chosen.care === 'general' && months < 15 * 12 ? 'children' : chosen.care,
    signs: { ...(chosen.fever && { fever: true }), ...(chosen.breathless && { breathless: true }) },
    outcome: outcomeOf(chosen, establishment, random),
  }
}

function outcomeOf({ grave, breathless }: Illness, { type }: DemoEstablishment, random: Random): Visit['outcome'] {
  const lies = type === 'hospital' || type === 'csref'
  if (grave) return lies ? 'hospitalised' : 'referred'
  if (breathless && random.chance(0.25)) return lies ? 'observation' : 'referred'
  return 'home'
}

const control = (visit: Visit, day: number): Visit => ({
  ...visit,
  day,
  caseType: 'followUp',
  diagnosis: `${visit.diagnosis}, contrôle`,
  reason: 'Contrôle',
  treatment: 'Évolution favorable ; fin du traitement en cours',
  signs: {},
  outcome: 'home',
})
