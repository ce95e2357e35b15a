// All that an establishment keeps about one patient, as a file for the patient.
export { patientFileRoutes } from './routes.ts'
