import { v7 as uuidv7 } from 'uuid'
import type { Tenant } from '#tenancy'
import { random as seeded } from '../../../../test/size.ts'
import { dayAfter, noSums, type Sums } from './rules.ts'

// A made-up past of a small hospital around two year ends' worth of boundaries, and its count by hand, day by day.

type Place = { service: string; bed: string | null; from: string; to: string | null }
type Stay = { id: string; patient: string; places: Place[]; mode: string | null; hidden: boolean }
type Opening = { bed: string; service: string; openedOn: string; closedOn: string | null }
export type History = {
  /** 0 to `below`, not reached. */
  random(below: number): number
  services: { id: string; name: string }[]
  beds: { id: string; code: string; service: string }[]
  openings: Opening[]
  stays: Stay[]
}

const HOUR = 3_600_000
const at = (ms: number): string => new Date(ms).toISOString()
const first = '2023-11-20'

export function historyOf(name: string, count: number): History {
  const draw = seeded(name)
  const random = (below: number): number => draw.int(0, below - 1)
  const day = (): string => dayAfter(first, random(150))
  const services = ['Chirurgie', 'Médecine', 'Pédiatrie'].map((service) => ({ id: uuidv7(), name: service }))
  const anyService = (): string => services[random(3)]!.id
  const beds = Array.from({ length: 14 }, (_, n) => ({ id: uuidv7(), code: `L-${n + 1}`, service: anyService() }))
  const openings = beds.flatMap(({ id, service }, n): Opening[] => {
    if (n < 5) return [{ bed: id, service, openedOn: '2020-01-01', closedOn: null }]
    const openedOn = day()
    const closedOn = dayAfter(openedOn, random(60))
    const again = dayAfter(closedOn, random(30) + (closedOn === openedOn ? 1 : 0))
    const former: Opening = { bed: id, service, openedOn, closedOn }
    // Closed for good; or opened again, at times on the very day, at times in another service.
    return n < 8 ? [former] : [former, { bed: id, service: anyService(), openedOn: again, closedOn: null }]
  })
  const taken: { bed: string; from: number; to: number }[] = []
  const bedFor = (from: number, to: number): string | null => {
    // Two stay empty for good.
    const { id } = beds[2 + random(beds.length - 2)]!
    if (taken.some((one) => one.bed === id && one.from < to && from < one.to)) return null
    taken.push({ bed: id, from, to })
    return id
  }
  // Midnight, and a moment before it, are where a day is lost.
  const instant = (): number => {
    const midnight = Date.parse(`${day()}T00:00:00.000Z`)
    return random(5) === 0 ? midnight : random(5) === 0 ? midnight - 1 : midnight + random(24 * 60) * 60_000
  }
  const stays = Array.from({ length: count }, (_, n): Stay => {
    const admitted = instant()
    const isOpen = n % 20 === 0
    const length = n % 3 === 0 ? random(20) * HOUR + 60_000 : random(12 * 24) * HOUR + 60_000
    const end = n % 7 === 0 ? admitted - (admitted % (24 * HOUR)) + 24 * HOUR : admitted + length
    const moves = [0, 0, 1, 2, 3][random(5)]!
    const times = Array.from({ length: moves }, () => {
      const moved = admitted + 1 + Math.floor(draw.next() * (end - admitted - 2))
      const midnight = moved - (moved % (24 * HOUR))
      return random(3) === 0 && midnight > admitted ? midnight : moved
    })
    const bounds = [...new Set([admitted, ...times].filter((time) => time < end))].toSorted((a, b) => a - b)
    const places = bounds.map((from, i): Place => {
      const to = bounds[i + 1] ?? (isOpen ? null : end)
      return {
        service: anyService(),
        bed: bedFor(from, to ?? Infinity),
        from: at(from),
        to: to === null ? null : at(to),
      }
    })
    const death = end - admitted < 48 * HOUR ? 'deathBefore48h' : 'deathAfter48h'
    const mode = isOpen ? null : n % 4 === 1 ? death : ['home', 'referred', 'leftAgainstAdvice', 'escaped'][random(4)]!
    return { id: uuidv7(), patient: uuidv7(), places, mode, hidden: n % 15 === 7 }
  })
  return { random, services, beds, openings, stays }
}

/** Puts the past into an establishment. */
export const store = (tenant: Tenant, { services, beds, openings, stays }: History): Promise<void> =>
  tenant.transaction(async (db) => {
    const by = { by_name: 'Essai' }
    await db.insertInto('service').values(services.map(({ id, name }) => ({ id, name, name_key: name.toLowerCase() }))).execute()
    await db.insertInto('bed').values(beds.map(({ id, code, service }) => ({ id, code, code_key: code.toLowerCase(), service_id: service }))).execute()
    await db.insertInto('bed_opening').values(openings.map((one) => ({ bed_id: one.bed, service_id: one.service, opened_on: one.openedOn, closed_on: one.closedOn }))).execute()
    await db.insertInto('patient').values(stays.map(({ patient }, n) => ({ id: patient, file_year: 2023, file_number: n + 1, family_name: 'Essai', given_name: `N${n}`, sex: 'F', birth_precision: 'year', birth_date: '1990', born_from: '1990-01-01', born_to: '1990-12-31', search_key: 'essai', created_by_name: 'Essai' }))).execute()
    await db.insertInto('stay').values(stays.map(({ id, patient, places, mode, hidden }) => {
      const last = places.at(-1)!
      return { id, patient_id: patient, admitted_at: places[0]!.from, discharged_at: last.to, service_id: last.service, bed_id: last.bed, discharge_mode: mode, search_key: '', created_by_name: 'Essai', ...(hidden && { hidden_at: last.to ?? places[0]!.from, hidden_reason: 'Saisi deux fois' }) }
    })).execute()
    await db.insertInto('stay_place').values(stays.flatMap(({ id, places, hidden }) => places.map((one) => ({ id: uuidv7(), stay_id: id, service_id: one.service, bed_id: one.bed, from_at: one.from, to_at: one.to, hidden, ...by })))).execute()
  }) // prettier-ignore

/** How a count can be wrong. */
export type Fault = 'dischargeDay' | 'noSameDay' | 'lastDay' | 'closingDay' | 'departing'

/** Day by day, patient by patient, bed by bed: by service. With a fault: as somebody would count wrong. */
export function recount({ services, openings, stays }: History, from: string, to: string, fault?: Fault) {
  const counted = new Map(services.map(({ id }): [string, Sums] => [id, noSums()]))
  const add = (service: string, figure: keyof Sums): number => ++counted.get(service)![figure]
  const last = fault === 'lastDay' ? dayAfter(to, -1) : to
  for (let day = from; day <= last; day = dayAfter(day)) {
    const isToday = (instant: string | null): boolean => instant?.startsWith(day) === true
    const begin = `${day}T00:00:00.000Z`
    const end = `${dayAfter(day)}T00:00:00.000Z`
    for (const { bed: _bed, service, openedOn, closedOn } of openings)
      if (openedOn <= day && (closedOn === null || day < closedOn || (fault === 'closingDay' && day === closedOn)))
        add(service, 'bedDays')
    for (const { places, mode, hidden } of stays) {
      if (hidden) continue
      const [one, final] = [places[0]!, places.at(-1)!]
      if (isToday(one.from)) add(one.service, 'admissions')
      for (const [i, place] of places.entries()) {
        const before = places[i - 1]
        if (before && isToday(place.from) && before.service !== place.service) {
          add(before.service, 'transfersOut')
          add(place.service, 'transfersIn')
        }
        // Where the patient is when the day is over; one of the faults is to take where it began.
        const isFirst = fault === 'departing' && one.from <= begin
        const isThere = isFirst
          ? place.from <= begin && (place.to === null || place.to > begin) && (final.to === null || final.to >= end)
          : place.from < end && (place.to === null || place.to >= end)
        if (isThere) add(place.service, 'patientDays')
      }
      if (!isToday(final.to)) continue
      add(final.service, 'discharges')
      if (mode === 'deathBefore48h' || mode === 'deathAfter48h')
        add(final.service, mode === 'deathBefore48h' ? 'deathsBefore48h' : 'deathsAfter48h')
      if (fault === 'dischargeDay' || (isToday(one.from) && fault !== 'noSameDay')) add(final.service, 'patientDays')
    }
  }
  return counted
}
