import type { FieldError } from '../../../shared/errors.ts'
import { labelCodes } from '../../consultations/index.ts'
import { tidyName } from '../../patients/index.ts'
import { timeErrors } from './times.ts'
import type { Context, Given, Judged, NewStay, Place, StayChange, StayFields } from './types.ts'

export type { Code, Context, Judged, NewStay, Place, StayChange, StayFields } from './types.ts'

const lines = ['attendingName', 'reason'] as const
const paragraphs = ['diagnosis', 'finalDiagnosis', 'notes'] as const
const names = [
  ...lines, ...paragraphs, 'patientId', 'consultationId', 'admittedAt', 'dischargedAt', 'condition', 'dischargeMode',
  'shortObservation',
] as const // prettier-ignore

const none: StayFields = {
  patientId: '',
  consultationId: null,
  admittedAt: '',
  dischargedAt: null,
  attendingName: null,
  reason: null,
  diagnosis: null,
  codes: [],
  condition: 'stable',
  dischargeMode: null,
  finalDiagnosis: null,
  finalCodes: [],
  notes: null,
  shortObservation: false,
  places: [],
}

/**
 * A new stay in its stored form, and what is wrong with it; no error means that it can be stored, as far as one stay can
 * tell: what two stays contend for is the database's to say.
 * @param placeId of its one place
 */
export function judgeNew(given: NewStay, context: Context, placeId: string): Judged {
  const { serviceId, bedId = null, ...rest } = given
  const [from, to] = [toInstant(given.admittedAt), given.dischargedAt ? toInstant(given.dischargedAt) : null]
  return judge(none, { ...rest, places: [{ id: placeId, serviceId, bedId, from, to, reason: null }] }, context)
}

/** A stay after a change: absent fields stay, null clears. The first place begins and the last one ends with the stay. */
export const judgeChange = (before: StayFields, change: StayChange, context: Context): Judged =>
  judge(before, change, context)

function judge(before: StayFields, given: Given & { places?: Place[] }, context: Context): Judged {
  const errors: FieldError[] = []
  const fields: StayFields = { ...before }
  for (const name of names) if (given[name] !== undefined) (fields as Record<string, unknown>)[name] = given[name]
  for (const line of lines) fields[line] = tidyLine(fields[line])
  for (const paragraph of paragraphs) fields[paragraph] = tidyParagraph(fields[paragraph])
  fields.admittedAt = toInstant(fields.admittedAt)
  if (fields.dischargedAt !== null) fields.dischargedAt = toInstant(fields.dischargedAt)
  for (const list of ['codes', 'finalCodes'] as const) {
    const inputs = given[list]
    if (inputs === undefined) continue
    const { codes, errors: wrong } = labelCodes(inputs, context.known, list)
    fields[list] = codes.map(({ system, code, label, role }) => ({ system, code, label, role }))
    errors.push(...wrong)
  }
  fields.places = withEnds(given.places ?? before.places, fields)
  errors.push(...timeErrors(before, fields, context))
  return { fields, errors }
}

function withEnds(places: readonly Place[], { admittedAt, dischargedAt }: StayFields): Place[] {
  return places.map((place, i) => ({
    ...place,
    ...(i === 0 && { from: admittedAt }),
    to: places[i + 1]?.from ?? dischargedAt,
  }))
}

/** One writing of each instant: milliseconds and Z. */
export const toInstant = (written: string): string => new Date(written).toISOString()

// NFC: one writing of each accent. An empty text is none.
export const tidyLine = (value: string | null): string | null => (value === null ? null : tidyName(value) || null)
export const tidyParagraph = (value: string | null): string | null =>
  value?.normalize('NFC').replace(/\r\n?/g, '\n').trim() || null
