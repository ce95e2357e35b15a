import type { FieldError } from '../../../shared/errors.ts'
import { EARLIEST_DAY } from '../../../shared/clock.ts'
import { text } from '../../../shared/text.ts'
import type { Context, StayFields } from './types.ts'

/** How much a clock may be ahead of ours: a ward's computer is rarely set to the second. */
export const SLACK_MS = 5 * 60_000
/** Deaths are told apart by this in the hospitals' reports: before, the illness; after, also the care (OMS/RMA). */
export const EARLY_DEATH_MS = 48 * 3_600_000
/** A short observation lasts no longer. */
export const OBSERVATION_MS = 72 * 3_600_000

/** Whether an instant lies in the future, a small difference between two clocks aside. Both ISO 8601. */
export const isFuture = (instant: string, now: string): boolean => Date.parse(instant) > Date.parse(now) + SLACK_MS

/**
 * What is wrong with the instants of a stay. An admission that stays is not judged anew by birth and clock: a birth that
 * was corrected since must not hold up a correction of the notes.
 */
export function timeErrors(before: StayFields, fields: StayFields, context: Context): FieldError[] {
  const { admittedAt, dischargedAt } = fields
  const { now, observed } = context
  const errors: FieldError[] = []
  if (admittedAt !== before.admittedAt) errors.push(...admissionErrors(admittedAt, context))
  if (observed && observed[0] < admittedAt) errors.push({ path: 'admittedAt', message: observedBefore })
  fields.places.forEach(({ from }, i) => {
    const previous = fields.places[i - 1]
    if (previous && from <= previous.from) errors.push({ path: `movements[${i}].from`, message: movedBefore })
    if (i > 0 && from !== before.places[i]?.from && isFuture(from, now))
      errors.push({ path: `movements[${i}].from`, message: movedInFuture })
  })
  if (dischargedAt === null) {
    if (fields.finalDiagnosis !== null) errors.push({ path: 'finalDiagnosis', message: notYet })
    if (fields.finalCodes.length > 0) errors.push({ path: 'finalCodes', message: notYet })
    if (fields.dischargeMode !== null) errors.push({ path: 'dischargeMode', message: notYet })
    return errors
  }
  if (dischargedAt !== before.dischargedAt && isFuture(dischargedAt, now))
    errors.push({ path: 'dischargedAt', message: endsInFuture })
  const last = fields.places.at(-1)
  if (dischargedAt < admittedAt) errors.push({ path: 'dischargedAt', message: endsBefore })
  else if (last && dischargedAt < last.from) errors.push({ path: 'dischargedAt', message: endsBeforeMove })
  if (observed && observed[1] > dischargedAt) errors.push({ path: 'dischargedAt', message: observedAfter })
  return [...errors, ...modeErrors(fields)]
}

function admissionErrors(admittedAt: string, { now, bornFrom, consultedOn }: Context): FieldError[] {
  const day = admittedAt.slice(0, 10)
  if (isFuture(admittedAt, now)) return [{ path: 'admittedAt', message: future }]
  if (day < EARLIEST_DAY) return [{ path: 'admittedAt', message: tooEarly }]
  if (bornFrom !== undefined && day < bornFrom) return [{ path: 'admittedAt', message: unborn }]
  if (consultedOn !== undefined && day < consultedOn) return [{ path: 'admittedAt', message: unconsulted }]
  return []
}

function modeErrors({ admittedAt, dischargedAt, dischargeMode }: StayFields): FieldError[] {
  if (dischargedAt === null) return []
  if (dischargeMode === null) return [{ path: 'dischargeMode', message: noMode }]
  const early = Date.parse(dischargedAt) - Date.parse(admittedAt) < EARLY_DEATH_MS
  if (dischargeMode === 'deathBefore48h' && !early) return [{ path: 'dischargeMode', message: lateDeath }]
  if (dischargeMode === 'deathAfter48h' && early) return [{ path: 'dischargeMode', message: earlyDeath }]
  return []
}

const future = text('L’admission ne peut pas être dans le futur.', 'The admission cannot be in the future.')
const tooEarly = text('L’admission ne remonte pas avant 1900.', 'The admission is not before 1900.')
const unborn = text(
  'L’admission ne peut pas précéder la naissance du patient.',
  "The admission cannot precede the patient's birth.",
)
const unconsulted = text(
  'L’admission ne peut pas précéder la consultation dont elle vient.',
  'The admission cannot precede the consultation that it comes from.',
)
const observedBefore = text(
  'Une observation de ce séjour est plus ancienne : corrigez-la d’abord.',
  'An observation of this stay is older: correct it first.',
)
const movedBefore = text(
  'Un transfert vient après le début de la place précédente.',
  'A transfer comes after the beginning of the place before.',
)
const movedInFuture = text('Un transfert ne peut pas être dans le futur.', 'A transfer cannot be in the future.')
const notYet = text(
  'Cela se dit à la sortie : POST /api/v1/stays/{id}/discharge.',
  'This is told on discharge: POST /api/v1/stays/{id}/discharge.',
)
const endsInFuture = text('La sortie ne peut pas être dans le futur.', 'The discharge cannot be in the future.')
const endsBefore = text('La sortie ne peut pas précéder l’admission.', 'The discharge cannot precede the admission.')
const endsBeforeMove = text(
  'La sortie ne peut pas précéder le dernier transfert.',
  'The discharge cannot precede the last transfer.',
)
const observedAfter = text(
  'Une observation de ce séjour est plus récente que la sortie : corrigez-la d’abord.',
  'An observation of this stay is later than the discharge: correct it first.',
)
const noMode = text('Une sortie a un mode.', 'A discharge has a mode.')
const lateDeath = text(
  'Ce décès survient 48 heures ou plus après l’admission : « deathAfter48h ».',
  'This death comes 48 hours or more after the admission: "deathAfter48h".',
)
const earlyDeath = text(
  'Ce décès survient moins de 48 heures après l’admission : « deathBefore48h ».',
  'This death comes less than 48 hours after the admission: "deathBefore48h".',
)
