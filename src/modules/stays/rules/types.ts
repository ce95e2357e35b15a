import type { FieldError } from '../../../shared/errors.ts'
import type { CodedDiagnosis, CodeInput } from '../../consultations/index.ts'
import type { KnownCode } from '../../icd10/index.ts'
import type { Condition, DischargeMode } from '../schemas.ts'

export type Code = Omit<CodedDiagnosis, 'category'>

/** Where a patient was in a stay, from one instant to another. */
export type Place = {
  id: string
  serviceId: string
  bedId: string | null
  from: string
  to: string | null
  reason: string | null
}

/** All that an agent enters about a stay, in its stored form. */
export type StayFields = {
  patientId: string
  consultationId: string | null
  admittedAt: string
  dischargedAt: string | null
  attendingName: string | null
  reason: string | null
  diagnosis: string | null
  codes: Code[]
  /** Of a discharged patient: the last one before. */
  condition: Condition
  dischargeMode: DischargeMode | null
  finalDiagnosis: string | null
  finalCodes: Code[]
  notes: string | null
  shortObservation: boolean
  /** From the admission on without a gap; the last one ends with the stay. */
  places: Place[]
}

export type Given = {
  [F in keyof Omit<StayFields, 'codes' | 'finalCodes' | 'places'>]?: StayFields[F] | undefined
} & { codes?: readonly CodeInput[] | undefined; finalCodes?: readonly CodeInput[] | undefined }
/** A new stay in one place: what is left out is none. */
export type NewStay = Omit<Given, 'patientId' | 'admittedAt'> & {
  patientId: string
  admittedAt: string
  serviceId: string
  bedId?: string | null | undefined
}
export type StayChange = Omit<Given, 'patientId' | 'consultationId' | 'shortObservation'> & { places?: Place[] }

/** What a stay is judged by. */
export type Context = {
  /** The present instant, ISO 8601. */
  now: string
  /** The first day on which the patient may be born. */
  bornFrom: string | undefined
  /** What the nomenclature knows of the given codes. */
  known: ReadonlyMap<string, KnownCode>
  /** The day of the consultation that admits. */
  consultedOn?: string | undefined
  /** The first and the last instant at which something was observed. */
  observed?: readonly [first: string, last: string] | undefined
}

export type Judged = { fields: StayFields; errors: FieldError[] }
