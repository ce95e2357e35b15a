import { EARLY_DEATH_MS } from '../rules/times.ts'
import type { Place, StayFields } from '../rules/fields.ts'
import type { StayEntry } from './read.ts'

/** When a patient or a bed is taken; `line` of this file, null: stored. */
export type Span = {
  readonly from: string
  readonly to: string | null
  readonly line: number | null
  /** Of a stay of this file: what was only told by its day may give way. */
  readonly stay?: { fields: StayFields; told: StayEntry['told'] }
}

export const patientSpan = (fields: StayFields, { line, told }: StayEntry): Span => ({
  get from() {
    return fields.admittedAt
  },
  get to() {
    return fields.dischargedAt
  },
  line,
  stay: { fields, told },
})

export const bedSpan = (place: Place, fields: StayFields, { line, told }: StayEntry): Span => ({
  get from() {
    return place.from
  },
  get to() {
    return place.to
  },
  line,
  stay: { fields, told },
})

// Moments that only touch do not meet.
const meet = (a: Span, b: Span): boolean =>
  (a.to === null || b.from < a.to) && (b.to === null || a.from < b.to) && a.from !== a.to && b.from !== b.to

/** Whoever has it at that time and does not give way within the day that the book tells. */
export const takerOf = (taken: ReadonlyMap<string, readonly Span[]>, key: string, own: Span): Span | undefined =>
  taken.get(key)?.find((other) => meet(own, other) && !giveWay(other, own) && !giveWay(own, other))

/** Ends the first one when the second begins, on one day of which the book tells no time. */
function giveWay(first: Span, second: Span): boolean {
  if (first.to === null || first.from > second.from || dayOf(first.to) !== dayOf(second.from)) return false
  return leaveAt(first, second.from) || enterAt(second, first.to)
}

const dayOf = (at: string): string => at.slice(0, 10)

function leaveAt({ stay }: Span, at: string): boolean {
  const last = stay?.fields.places.at(-1)
  if (!stay || !last || stay.told.discharged?.time !== null || stay.fields.dischargedAt !== last.to || at < last.from)
    return false
  if (!isTrue(stay.fields, stay.fields.admittedAt, at)) return false
  stay.fields.dischargedAt = last.to = at
  return true
}

function enterAt({ stay }: Span, at: string): boolean {
  const first = stay?.fields.places[0]
  if (!stay || !first || stay.told.admitted.time !== null || (first.to !== null && at > first.to)) return false
  if (!isTrue(stay.fields, at, stay.fields.dischargedAt)) return false
  stay.fields.admittedAt = first.from = at
  return true
}

function isTrue({ dischargeMode }: StayFields, from: string, to: string | null): boolean {
  const early = to !== null && Date.parse(to) - Date.parse(from) < EARLY_DEATH_MS
  return dischargeMode === 'deathBefore48h' ? early : dischargeMode === 'deathAfter48h' ? !early : true
}
