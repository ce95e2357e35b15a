import { asJson, feedId, isOneOf, type TenantDb } from '#tenancy'
import type { EstablishmentRole } from '../auth/rights.ts'
import { now } from '../../shared/clock.ts'
import type { Notice, Params } from './notice.ts'

/** For how long a notification is kept and shown. */
export const KEPT_DAYS = 90

/** To whom, about which record, with what its sentence says. */
export type Notified<P extends Params> = {
  /** What was done to: `stay`, `bed`, `equipment`… */
  resource: string
  resourceId: string | null
  params: P
  /** Whose file it tells of: only who may see that file gets it. Never sent. */
  patientId?: string | null
} & ({ roles: readonly EstablishmentRole[]; accountId?: never } | { accountId: string; roles?: never })

/**
 * Notifies in the transaction of the act: no act, no notification, and none twice for an act that is repeated. As the
 * transaction's last statement but for its audit and history: from here to COMMIT no other act of the establishment can
 * notify, so that identifiers become visible in their order.
 */
export async function notify<P extends Params>(
  db: TenantDb,
  { event, kind, severity }: Notice<P>,
  { roles, accountId, resource, resourceId, params, patientId }: Notified<P>,
): Promise<void> {
  await db
    .with('feed', (eb) =>
      eb
        .updateTable('notification_feed')
        .set((row) => ({ last: row('last', '+', 1) }))
        .returning(['mark', 'last']),
    )
    .insertInto('notification')
    .values((eb) => ({
      id: eb.selectFrom('feed').select((one) => feedId(one.ref('mark'), one.ref('last')).as('id')),
      kind,
      event,
      severity,
      roles: roles ? [...roles] : null,
      account_id: accountId ?? null,
      patient_id: patientId ?? null,
      resource,
      resource_id: resourceId,
      params: asJson(params),
    }))
    .execute()
  if (Math.random() < clearing) await forgetOld(db)
}

// One in twenty removes two hundred that are over: no job has to visit thousands of schemas for it (as operation keys do).
const clearing = 0.05

/** Before this instant nothing is shown any more (epoch ms). */
export const oldest = (): Date => new Date(now().getTime() - KEPT_DAYS * 86_400_000)

/** Removes a bounded piece of what is over: the oldest have the smallest identifiers. */
export async function forgetOld(db: TenantDb): Promise<void> {
  const found = await db.selectFrom('notification').select(['id', 'at']).orderBy('id').limit(200).execute()
  const before = oldest().toISOString()
  const over = found.filter(({ at }) => at < before).map(({ id }) => id)
  if (over.length > 0)
    await db
      .deleteFrom('notification')
      .where((eb) => isOneOf(eb.ref('id'), over))
      .execute()
}
