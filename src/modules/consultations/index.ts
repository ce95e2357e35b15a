// What the other modules may use of consultations.
export { insertConsultations, type Insertion } from './changes.ts'
export { listConsultations, walkConsultations } from './list.ts'
export { toConsultation } from './record.ts'
export { consultationRoutes } from './routes.ts'
export { judgeNew, type ConsultationFields, type Context, type NewConsultation } from './rules/fields.ts'
export { vitalNames, vitalRanges, type Vital } from './rules/vitals.ts'
export { Consultation, ConsultationFilters, ConsultationVersion } from './schemas.ts'
export { listWholeRecord, type VisitKeys } from './whole-record.ts'
