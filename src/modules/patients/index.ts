// What the other modules may use of patients.
export { returnFileNumbers, storePatients, takeFileNumbers, type FileNumbers, type TidyPatient } from './bulk.ts'
export { matchPatients, toCandidates, type Match } from './candidates.ts'
export { keepInSight } from './hiding.ts'
export { insertPatient, insertPatients, type NewPatient } from './insert.ts'
export { listPatients } from './list.ts'
export { listPatientGlasses, openMs } from './break-glass/queries.ts'
export { BreakGlass } from './break-glass/schemas.ts'
export { joinTeam, tellTreating, type Treating } from './care-team/members.ts'
export { listMembers } from './care-team/queries.ts'
export { Member } from './care-team/schemas.ts'
export { patients } from './module.ts'
export { getKeptPatient, getPatient, holdPatient, lockPatient } from './queries.ts'
export { pageStatement, type Conditions, type PageStatement } from './page-statement.ts'
export { birthOf, summaryColumns, toPatientSummary, type SummaryRow } from './record.ts'
export {
  ageOn,
  birthErrors,
  birthRange,
  bornAround,
  MAX_AGE_YEARS,
  type Age,
  type AgeUnit,
  type Birth,
} from './rules/birth.ts'
export { isDay } from './rules/calendar.ts'
export {
  birthLikeness,
  CERTAIN,
  duplicateScore,
  duplicateScorer,
  givenLikeness,
  hasForms,
  POSSIBLE,
  sameWrittenName,
  type Person,
} from './rules/duplicates.ts'
export { tidyFields, type PatientFields } from './rules/fields.ts'
export { identityWarnings } from './rules/identity.ts'
export { foldedKey, foldText, hasLetter, nameKey, tidyName } from './rules/names.ts'
export { foreignPhone, invalidPhone, phoneErrors, readPhone, type PhoneReading } from './rules/phone.ts'
export { PatientFilters, PatientQuery, Withdrawn } from './list-schemas.ts'
export { Patient, PatientSummary, PatientVersion, Sex } from './schemas.ts'
export {
  changedSight,
  isVisible,
  kindOf,
  nobodyLooks,
  noteGlass,
  noteGlasses,
  placedIn,
  protectedAmong,
  protectedFrom,
  refuseProtected,
  throughGlass,
  viewersOf,
  visiblePatients,
  type Viewer,
} from './visibility.ts'
