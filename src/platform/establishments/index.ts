export { establishmentsRoutes } from './routes.ts'
export { changeEstablishment, createEstablishment } from './change.ts'
export { getEstablishment, lockEstablishment } from './queries.ts'
