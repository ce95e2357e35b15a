export { establishmentsRoutes } from './routes.ts'
export { lockEstablishment } from './queries.ts'
export { checkStatusChange } from './rules.ts'
