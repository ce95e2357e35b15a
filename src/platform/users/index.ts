export { usersRoutes } from './routes.ts'
export { createUser, disableUser, resetUserPassword, type OperatorUser } from './operator.ts'
