import { overlaps, type ExpressionBuilder, type TenantDb, type TenantTables } from '#tenancy'
import type { Auth, Actor } from '../../platform/http/index.ts'
import { isVisible, type Viewer } from '../patients/index.ts'
import { oldest } from '../../platform/notices/index.ts'

/** Whose notifications: a person, under all the roles that they hold here. */
export type Reader = Viewer & { readonly id: string; readonly roles: readonly string[] }

export const readerOf = ({ account, roles }: Auth, { breakGlass }: Pick<Actor, 'breakGlass'>): Reader => ({
  id: account.id,
  roles,
  ...(breakGlass && { breakGlass }),
})

type Row = ExpressionBuilder<TenantTables, 'notification' | 'patient'>

/**
 * What is addressed to `reader`, still kept, and of no file that they do not see.
 * @param times since when they are kept, and the present instant; their places in a statement that is made once
 */
export const ownNotifications = (
  db: TenantDb,
  reader: Reader,
  { since = oldest().toISOString(), at }: { since?: string; at?: string } = {},
) =>
  db
    .selectFrom('notification')
    .leftJoin('patient', 'patient.id', 'notification.patient_id')
    .where('notification.at', '>=', since)
    .where((eb) =>
      eb.and([
        eb.or([overlaps(eb.ref('notification.roles'), reader.roles), eb('notification.account_id', '=', reader.id)]),
        eb.or([
          eb('notification.patient_id', 'is', null),
          isVisible(eb as unknown as ExpressionBuilder<TenantTables, 'patient'>, reader, at),
        ]),
      ]),
    )

const none = '00000000-0000-0000-0000-000000000000'

/**
 * Whether `reader` has not read it, neither with all before it nor by itself. By identifier: who has read nearly everything
 * is not asked about what three months hold.
 */
export const isUnread = (eb: Row, { id }: Reader) =>
  eb.and([
    eb('notification.id', '>', (of: Row) =>
      of.fn.coalesce(
        of.selectFrom('notification_reader').select('read_up_to').where('account_id', '=', id),
        of.val(none),
      ),
    ),
    eb.not(
      eb.exists(
        eb
          .selectFrom('notification_read')
          .select('notification_read.at')
          .whereRef('notification_read.notification_id', '=', 'notification.id')
          .where('notification_read.account_id', '=', id),
      ),
    ),
  ])
