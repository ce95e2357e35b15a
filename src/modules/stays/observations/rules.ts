import type { FieldError } from '../../../shared/errors.ts'
import { text } from '../../../shared/text.ts'
import { vitalErrors, vitalNames, type Vital, type Vitals } from '../../consultations/index.ts'
import { tidyParagraph, toInstant } from '../rules/fields.ts'
import { isFuture } from '../rules/times.ts'

/** What an agent enters about a patient at one instant of a stay, in its stored form. */
export type ObservationFields = {
  at: string
  vitals: { [V in Vital]: number | null }
  notes: string | null
}

type Given = {
  at?: string | undefined
  vitals?: Vitals | null | undefined
  notes?: string | null | undefined
}

const unmeasured = Object.fromEntries(vitalNames.map((vital) => [vital, null])) as ObservationFields['vitals']
export const nothing: ObservationFields = { at: '', vitals: unmeasured, notes: null }

/**
 * An observation after a change – from `nothing` a new one – and what is wrong with it.
 * @param stay when it began and ended; ISO 8601
 */
export function judgeObservation(
  before: ObservationFields,
  given: Given,
  stay: { now: string; admittedAt: string; dischargedAt: string | null },
): { fields: ObservationFields; errors: FieldError[] } {
  const at = given.at === undefined ? before.at : toInstant(given.at)
  const notes = given.notes === undefined ? before.notes : tidyParagraph(given.notes)
  const vitals = given.vitals === null ? { ...unmeasured } : { ...before.vitals }
  for (const vital of vitalNames) {
    const value = given.vitals?.[vital]
    if (value !== undefined) vitals[vital] = value
  }
  const errors = vitalErrors(vitals)
  if (at !== before.at) errors.push(...timeErrors(at, stay))
  if (notes === null && vitalNames.every((vital) => vitals[vital] === null))
    errors.push({ path: 'notes', message: empty })
  return { fields: { at, vitals, notes }, errors }
}

function timeErrors(
  at: string,
  { now, admittedAt, dischargedAt }: { now: string; admittedAt: string; dischargedAt: string | null },
): FieldError[] {
  if (isFuture(at, now)) return [{ path: 'at', message: future }]
  if (at < admittedAt) return [{ path: 'at', message: early }]
  if (dischargedAt !== null && at > dischargedAt) return [{ path: 'at', message: late }]
  return []
}

const empty = text('Indiquez au moins une mesure ou une note.', 'Give at least one measure or a note.')
const future = text('Une observation ne peut pas être dans le futur.', 'An observation cannot be in the future.')
const early = text('Une observation ne précède pas l’admission.', 'An observation does not precede the admission.')
const late = text('Une observation ne suit pas la sortie.', 'An observation does not follow the discharge.')
