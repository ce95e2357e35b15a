import type { Insertable, Selectable, TenantTables } from '#tenancy'
import { ageOn, birthRange, type AgeUnit, type Birth, type Precision } from './rules/birth.ts'
import type { PatientFields } from './rules/fields.ts'
import { foldText, searchKey } from './rules/names.ts'
import type { Patient, PatientSummary, PatientVersion } from './schemas.ts'

type Table = TenantTables['patient']

/** What says who a patient is: enough for a consultation's heading. */
export const summaryColumns = [
  'patient.file_year',
  'patient.file_number',
  'patient.family_name',
  'patient.given_name',
  'patient.sex',
  'patient.birth_precision',
  'patient.birth_date',
  'patient.estimate_value',
  'patient.estimate_unit',
  'patient.estimate_on',
] as const

export const patientColumns = [
  'patient.id',
  'patient.version',
  ...summaryColumns,
  'patient.phone',
  'patient.phone_owner',
  'patient.village',
  'patient.mother_name',
  'patient.nina',
  'patient.amo_number',
  'patient.allergies',
  'patient.sensitive',
  'patient.created_at',
  'patient.updated_at',
  'patient.hidden_at',
] as const

type ColumnOf<C extends string> = C extends `patient.${infer Name}` ? Name : never
type Known<C extends readonly string[]> = Pick<Selectable<Table>, ColumnOf<C[number]> & keyof Table>

export type PatientRow = Known<typeof patientColumns>
export type SummaryRow = Known<typeof summaryColumns>

/** 2026-000123. */
export const fileNumberOf = (row: Pick<SummaryRow, 'file_year' | 'file_number'>): string =>
  `${row.file_year}-${String(row.file_number).padStart(6, '0')}`

type BirthRow = Pick<SummaryRow, 'birth_precision' | 'birth_date' | 'estimate_value' | 'estimate_unit' | 'estimate_on'>

export function birthOf(row: BirthRow): Birth {
  const precision = row.birth_precision as Precision
  if (row.estimate_value === null || row.estimate_on === null) return { precision, date: row.birth_date ?? '' }
  return { precision, estimate: { value: row.estimate_value, unit: row.estimate_unit as AgeUnit, on: row.estimate_on } }
}

/** Who a patient is. @param day the day whose age is shown, YYYY-MM-DD: of a consultation, or today */
export function toPatientSummary(id: string, row: SummaryRow, day: string): PatientSummary {
  const birth = birthOf(row)
  return {
    id,
    fileNumber: fileNumberOf(row),
    familyName: row.family_name,
    givenName: row.given_name,
    sex: row.sex as 'M' | 'F',
    birth,
    age: ageOn(birth, day),
  }
}

/** A row as the history keeps it. */
export function toPatientVersion(row: PatientRow): PatientVersion {
  const version: PatientVersion = {
    id: row.id,
    version: row.version,
    fileNumber: fileNumberOf(row),
    familyName: row.family_name,
    givenName: row.given_name,
    sex: row.sex as 'M' | 'F',
    birth: birthOf(row),
    phone: row.phone,
    phoneOwner: row.phone_owner,
    village: row.village,
    motherName: row.mother_name,
    nina: row.nina,
    amoNumber: row.amo_number,
    allergies: row.allergies,
    sensitive: row.sensitive,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
  if (row.hidden_at !== null) version.hidden = true
  return version
}

/** A row as the API gives it. @param today YYYY-MM-DD */
export function toPatient(row: PatientRow, today: string): Patient {
  const patient = toPatientVersion(row) as Patient
  patient.age = ageOn(patient.birth, today)
  return patient
}

/** The fields that an agent enters, out of a patient or a version. */
export const fieldsOf = (patient: PatientVersion): PatientFields => ({
  familyName: patient.familyName,
  givenName: patient.givenName,
  sex: patient.sex,
  birth: patient.birth,
  phone: patient.phone,
  phoneOwner: patient.phoneOwner,
  village: patient.village,
  motherName: patient.motherName,
  nina: patient.nina,
  amoNumber: patient.amoNumber,
  allergies: patient.allergies,
  sensitive: patient.sensitive,
})

/** The columns of the fields, with those derived from them. */
export function toColumns(fields: PatientFields) {
  const [born_from, born_to] = birthRange(fields.birth)
  return {
    family_name: fields.familyName,
    given_name: fields.givenName,
    sex: fields.sex,
    birth_precision: fields.birth.precision,
    birth_date: fields.birth.date ?? null,
    estimate_value: fields.birth.estimate?.value ?? null,
    estimate_unit: fields.birth.estimate?.unit ?? null,
    estimate_on: fields.birth.estimate?.on ?? null,
    born_from,
    born_to,
    phone: fields.phone,
    phone_owner: fields.phoneOwner,
    village: fields.village,
    village_key: fields.village && foldText(fields.village),
    mother_name: fields.motherName,
    nina: fields.nina,
    amo_number: fields.amoNumber,
    allergies: fields.allergies,
    sensitive: fields.sensitive,
    search_key: searchKey(fields.givenName, fields.familyName),
  } satisfies Partial<Insertable<Table>>
}
