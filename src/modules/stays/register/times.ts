import { text, type Text } from '../../../shared/text.ts'
import { EARLY_DEATH_MS, isFuture } from '../rules/times.ts'
import type { DischargeMode } from '../schemas.ts'
import type { WrittenMode } from './words.ts'

/** A day, and a time where the book has one. */
export type Moment = { day: string; time: string | null }

export type Course = { admittedAt: string; dischargedAt: string | null; mode: DischargeMode | null }
export type Fault = { column: 'admitted' | 'discharged' | 'dischargeMode'; message: Text }

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * The instants of a stay whose book has days. Without a time entry and exit are at noon: nights are counted as the book
 * counts them, and a bed that is left and taken on one day was not shared. Where that contradicts what is told, the time
 * gives way within its day: an exit on the day of the entry, a death before or after 48 hours two days later.
 * @param now ISO 8601
 */
export function courseOf(
  admitted: Moment,
  discharged: Moment | null,
  mode: WrittenMode | null,
  now: string,
): { course: Course; fault?: undefined } | { course?: undefined; fault: Fault } {
  const from = instantOf(admitted, now)
  if (isFuture(iso(from), now)) return { fault: { column: 'admitted', message: later } }
  if (discharged === null) return { course: { admittedAt: iso(from), dischargedAt: null, mode: null } }
  if (discharged.day < admitted.day) return { fault: { column: 'discharged', message: before(admitted.day) } }
  const to = instantOf(discharged, now)
  if (isFuture(iso(to), now)) return { fault: { column: 'discharged', message: later } }
  const span = inOrder({ from, to }, admitted, discharged)
  if (!span) return { fault: { column: 'discharged', message: beforeTime } }
  return withMode(span, admitted, discharged, mode, now)
}

type Span = { from: number; to: number }
const iso = (at: number): string => new Date(at).toISOString()
const dayOf = (at: number): string => iso(at).slice(0, 10)

function instantOf({ day, time }: Moment, now: string): number {
  if (time !== null) return Date.parse(`${day}T${time}Z`)
  const noon = Date.parse(`${day}T12:00:00Z`)
  return Math.min(noon, Math.floor(Date.parse(now) / MINUTE_MS) * MINUTE_MS)
}

function inOrder({ from, to }: Span, admitted: Moment, discharged: Moment): Span | undefined {
  if (to >= from) return { from, to }
  if (discharged.time === null) return { from, to: from }
  return admitted.time === null ? { from: to, to } : undefined
}

function withMode(
  span: Span,
  admitted: Moment,
  discharged: Moment,
  mode: WrittenMode | null,
  now: string,
): ReturnType<typeof courseOf> {
  if (mode === null || mode === 'present') return { fault: { column: 'dischargeMode', message: noMode } }
  const early = span.to - span.from < EARLY_DEATH_MS
  if (mode === 'death') return toCourse(span, early ? 'deathBefore48h' : 'deathAfter48h')
  const agrees = mode === 'deathBefore48h' ? early : mode === 'deathAfter48h' ? !early : true
  if (agrees) return toCourse(span, mode)
  const length = mode === 'deathBefore48h' ? EARLY_DEATH_MS - MINUTE_MS : EARLY_DEATH_MS
  const moved =
    discharged.time === null
      ? { from: span.from, to: span.from + length }
      : admitted.time === null
        ? { from: span.to - length, to: span.to }
        : undefined
  const stays = moved && dayOf(moved.from) === admitted.day && dayOf(moved.to) === discharged.day
  if (stays && !isFuture(iso(moved.to), now)) return toCourse(moved, mode)
  const days = Math.round((Date.parse(discharged.day) - Date.parse(admitted.day)) / DAY_MS)
  return { fault: { column: 'dischargeMode', message: mode === 'deathBefore48h' ? lateDeath(days) : earlyDeath(days) } }
}

const toCourse = ({ from, to }: Span, mode: DischargeMode) => ({
  course: { admittedAt: iso(from), dischargedAt: iso(to), mode },
})

const french = (day: string): string => day.split('-').reverse().join('/')
const later = text('Date et heure dans le futur.', 'Date and time in the future.')
const before = (admitted: string) =>
  text(
    `La sortie précède l’entrée (${french(admitted)}) : corrigez l’une des deux dates.`,
    `The discharge precedes the admission (${french(admitted)}): correct one of the two dates.`,
  )
const beforeTime = text(
  'L’heure de sortie précède celle de l’entrée, le même jour : corrigez l’une des deux.',
  'The time of discharge precedes that of admission on the same day: correct one of the two.',
)
const noMode = text(
  'Mode de sortie absent : guéri, amélioré, référé, évacué, contre avis médical, évadé, décédé avant 48 h ou après 48 h.',
  'Mode of discharge missing: guéri (cured), amélioré (improved), référé or évacué (referred), contre avis médical (against advice), évadé (escaped), décédé avant 48 h or après 48 h (died before or after 48 h).',
)
const afterDays = (days: number) => (days === 0 ? 'le jour même' : days === 1 ? 'le lendemain' : `${days} jours après`)
const lateDeath = (days: number) =>
  text(
    `« Décédé avant 48 h », mais la sortie est ${afterDays(days)} l’entrée : écrivez « décédé après 48 h », ou corrigez les dates.`,
    `"Décédé avant 48 h" (died before 48 h), but the discharge is ${days} days after the admission: write "décédé après 48 h", or correct the dates.`,
  )
const earlyDeath = (days: number) =>
  text(
    `« Décédé après 48 h », mais la sortie est ${days < 2 ? `${afterDays(days)} de l’entrée` : 'moins de 48 h après l’entrée'} : écrivez « décédé avant 48 h », ou corrigez les dates.`,
    `"Décédé après 48 h" (died after 48 h), but the discharge is less than 48 hours after the admission: write "décédé avant 48 h", or correct the dates.`,
  )
