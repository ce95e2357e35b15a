import { statement, type ExpressionBuilder, type TenantTables } from '#tenancy'
import { viewersOf } from '../../patients/index.ts'
import type { Told } from './outlet.ts'

/** How many are read at once. */
export const PAGE = 100

/** All of an establishment's notifications after one, in the order of delivery, with whom each is for. */
export const notificationsSince = statement<{ after: string; at: string }, Told>('notification.since', (db, value) =>
  db
    .selectFrom('notification')
    .leftJoin('patient', 'patient.id', 'notification.patient_id')
    .select(['notification.id', 'notification.at', 'notification.kind', 'notification.event', 'notification.severity'])
    .select(['notification.resource', 'notification.resource_id', 'notification.params'])
    .select(['notification.roles', 'notification.account_id'])
    .select((eb) => viewersOf(eb as unknown as ExpressionBuilder<TenantTables, 'patient'>, value('at')).as('viewers'))
    .where('notification.id', '>', value('after'))
    .orderBy('notification.id')
    .limit(PAGE),
)
