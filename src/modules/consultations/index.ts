// What the other modules may use of consultations.
export { storeVisits, type JudgedVisit } from './bulk.ts'
export { insertConsultations, type Insertion } from './changes.ts'
export { listConsultations, walkConsultations } from './list.ts'
export { consultations } from './module.ts'
export { toConsultation } from './record.ts'
export { consultationRegister } from './register/index.ts'
export { consultationSheet, walkVisited } from './register/sheet.ts'
export { judgeNew, type ConsultationFields, type Context, type NewConsultation } from './rules/fields.ts'
export { alarmsOf } from './rules/alarms.ts'
export { labelCodes, type CodedDiagnosis, type CodeInput } from './rules/codes.ts'
export { vitalErrors, vitalNames, vitalRanges, type Vital, type Vitals } from './rules/vitals.ts'
export {
  Alarm,
  Coded,
  CodesInput,
  Consultation,
  ConsultationFilters,
  ConsultationVersion,
  VitalsOrNull,
  VitalsShown,
} from './schemas.ts'
export { listWholeRecord } from './whole-record.ts'
export type { VisitKeys } from './page-query.ts'
