export { getColleague, listColleagues, MOST_COLLEAGUES, type Colleague } from './colleagues.ts'
export { usersRoutes } from './routes.ts'
export { createUser, disableUser, resetUserFactorByOperator, resetUserPassword, type OperatorUser } from './operator.ts'
