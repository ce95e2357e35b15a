import { asJson, type Selectable, type TenantDb, type TenantTables } from '#tenancy'
import { now } from '../../shared/clock.ts'
import type { CodedDiagnosis } from '../consultations/index.ts'
import { foldText, isVisible, summaryColumns, throughGlass, toPatientSummary, type Viewer } from '../patients/index.ts'
import type { Code, Place, StayFields } from './rules/fields.ts'
import { OBSERVATION_MS } from './rules/times.ts'
import type { Condition, DischargeMode, Stay, StayVersion } from './schemas.ts'

type Table = Selectable<TenantTables['stay']>

export const stayColumns = [
  'stay.id',
  'stay.version',
  'stay.patient_id',
  'stay.consultation_id',
  'stay.admitted_at',
  'stay.discharged_at',
  'stay.service_id',
  'stay.bed_id',
  'stay.attending_name',
  'stay.reason',
  'stay.diagnosis',
  'stay.codes',
  'stay.status',
  'stay.discharge_mode',
  'stay.final_diagnosis',
  'stay.final_codes',
  'stay.notes',
  'stay.short_observation',
  'stay.created_by_id',
  'stay.created_by_name',
  'stay.created_at',
  'stay.updated_at',
  'stay.hidden_at',
] as const

type ColumnOf<C extends string> = C extends `stay.${infer Name}` ? Name : never
export type StayRow = Pick<Table, ColumnOf<(typeof stayColumns)[number]> & keyof Table>

/**
 * Stays of the patients that `viewer` may see, with what their page shows of patient, service and bed: one statement, one
 * row each. Every query that shows a stay begins here.
 */
export const selectStays = (db: TenantDb, viewer: Viewer, at?: string) =>
  db
    .selectFrom('stay')
    .innerJoin('patient', 'patient.id', 'stay.patient_id')
    .innerJoin('service', 'service.id', 'stay.service_id')
    .leftJoin('bed', 'bed.id', 'stay.bed_id')
    .select([...stayColumns, ...summaryColumns, 'service.name as service_name', 'bed.code as bed_code'])
    .select((eb) => throughGlass(eb, viewer, at).as('glass'))
    .where((eb) => isVisible(eb, viewer, at))

export type FullRow = Awaited<ReturnType<ReturnType<typeof selectStays>['executeTakeFirstOrThrow']>>

const codesOf = (codes: unknown): Code[] =>
  (codes as CodedDiagnosis[]).map(({ system, code, label, role }) => ({ system, code, label, role }))

/** What a row says beside its patient's and its places' names. */
const contentOf = (row: StayRow) => ({
  id: row.id,
  version: row.version,
  patientId: row.patient_id,
  consultationId: row.consultation_id,
  admittedAt: row.admitted_at,
  dischargedAt: row.discharged_at,
  serviceId: row.service_id,
  bedId: row.bed_id,
  attendingName: row.attending_name,
  reason: row.reason,
  diagnosis: row.diagnosis,
  codes: codesOf(row.codes),
  status: row.discharged_at === null ? (row.status as Condition) : ('discharged' as const),
  dischargeMode: row.discharge_mode as DischargeMode | null,
  finalDiagnosis: row.final_diagnosis,
  finalCodes: codesOf(row.final_codes),
  notes: row.notes,
  shortObservation: row.short_observation,
})

/** A row as the API gives it; the patient's age is that of the day of the admission. */
export function toStay(row: FullRow): Stay {
  const until = row.discharged_at === null ? now().getTime() : Date.parse(row.discharged_at)
  const stay: Stay = {
    ...contentOf(row),
    over72h: row.short_observation && until - Date.parse(row.admitted_at) > OBSERVATION_MS,
    patient: toPatientSummary(row.patient_id, row, row.admitted_at.slice(0, 10)),
    service: { id: row.service_id, name: row.service_name },
    bed: row.bed_id === null ? null : { id: row.bed_id, code: row.bed_code ?? '' },
    createdBy: { id: row.created_by_id, name: row.created_by_name },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
  if (row.hidden_at !== null) stay.hidden = true
  return stay
}

/** The fields that an agent enters, out of a row and its places. */
export function fieldsOf(row: StayRow, places: Place[]): StayFields {
  const {
    id: _id,
    version: _version,
    serviceId: _serviceId,
    bedId: _bedId,
    status: _status,
    ...content
  } = contentOf(row)
  return { ...content, condition: row.status as Condition, places }
}

/** A stay as the history keeps it. */
export function toStayVersion(id: string, version: number, fields: StayFields, hidden = false): StayVersion {
  const { places, condition, ...content } = fields
  const { serviceId, bedId } = places.at(-1)!
  return {
    id,
    version,
    ...content,
    serviceId,
    bedId,
    status: fields.dischargedAt === null ? condition : 'discharged',
    movements: places,
    ...(hidden && { hidden: true as const }),
  }
}

/** The columns of the fields, with those derived from them. */
export function toColumns(fields: StayFields) {
  const columns = columnsOf(fields)
  return { ...columns, codes: asJson(columns.codes), final_codes: asJson(columns.final_codes) }
}

/** The same as the values of a statement. */
export function columnsOf(fields: StayFields) {
  const withCategory = (codes: Code[]): CodedDiagnosis[] =>
    codes.map((coded) => ({ ...coded, category: coded.code.slice(0, 3) }))
  const { serviceId, bedId } = fields.places.at(-1)!
  const labels = [...fields.codes, ...fields.finalCodes].map(({ label }) => label)
  return {
    patient_id: fields.patientId,
    consultation_id: fields.consultationId,
    admitted_at: fields.admittedAt,
    discharged_at: fields.dischargedAt,
    service_id: serviceId,
    bed_id: bedId,
    attending_name: fields.attendingName,
    reason: fields.reason,
    diagnosis: fields.diagnosis,
    codes: withCategory(fields.codes),
    status: fields.condition,
    discharge_mode: fields.dischargeMode,
    final_diagnosis: fields.finalDiagnosis,
    final_codes: withCategory(fields.finalCodes),
    notes: fields.notes,
    short_observation: fields.shortObservation,
    search_key: foldText([fields.diagnosis, fields.finalDiagnosis, fields.reason, ...labels].filter(Boolean).join(' ')),
  }
}
