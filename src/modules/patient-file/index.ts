// All that an establishment keeps about one patient, as a file for the patient.
export { patientFile } from './module.ts'
export type { FiledRecord, FileSection } from './section.ts'
export { ImportOrigin } from './schemas.ts'
export { codesText, vitalsText } from './wordings.ts'
