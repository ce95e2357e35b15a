import { run, statement, type TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { decodeCursor, invalidCursor } from '../../shared/cursor.ts'
import { problem } from '../../shared/errors.ts'
import { toPage } from '../../shared/keyset.ts'
import { say, text, type Language, type Text } from '../../shared/text.ts'
import { oldest, sentenceOf, type Kind, type Params, type Severity } from '../../platform/notices/index.ts'
import { isUnread, ownNotifications, type Reader } from './reader.ts'
import { MOST_COUNTED, type Notification, type NotificationPage, type NotificationQuery } from './schemas.ts'

const columns = [
  'notification.id',
  'notification.at',
  'notification.kind',
  'notification.event',
  'notification.severity',
  'notification.resource',
  'notification.resource_id',
  'notification.params',
] as const

/** A stored notification, as far as it is told. */
export type NotificationRow = {
  id: string
  at: string
  kind: string
  event: string
  severity: string
  resource: string
  resource_id: string | null
  params: unknown
}

/** Newest first, with the number of unread ones. @throws invalid_cursor */
export async function listNotifications(
  db: TenantDb,
  reader: Reader,
  { unread, kind, limit = 20, cursor }: NotificationQuery,
  language: Language,
): Promise<NotificationPage> {
  const after = cursor === undefined ? undefined : idOf(cursor)
  const rows = await ownNotifications(db, reader)
    .select(columns)
    .select((eb) => isUnread(eb, reader).as('unread'))
    .$if(unread !== undefined, (query) =>
      query.where((eb) => (unread ? isUnread(eb, reader) : eb.not(isUnread(eb, reader)))),
    )
    .$if(kind !== undefined, (query) => query.where('notification.kind', '=', kind!))
    .$if(after !== undefined, (query) => query.where('notification.id', '<', after!))
    .orderBy('notification.id', 'desc')
    .limit(limit + 1)
    .execute()
  const page = toPage(
    rows,
    limit,
    ({ id }) => [id],
    (row) => toNotification(row, !row.unread, language),
  )
  return { ...page, unread: await countUnread(db, reader) }
}

type Asked = { id: string; roles: readonly string[]; since: string; at: string; severity: string }
const unreadOf = (name: string, isOfSeverity: boolean) =>
  statement<Asked, { count: number }>(name, (db, value) => {
    const reader = { id: value('id'), roles: value('roles') }
    return db
      .selectFrom(
        ownNotifications(db, reader, { since: value('since'), at: value('at') })
          .select('notification.id')
          .where((eb) => isUnread(eb, reader))
          .$if(isOfSeverity, (query) => query.where('notification.severity', '=', value('severity')))
          .limit(MOST_COUNTED)
          .as('unread'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count'))
  })
const unread = unreadOf('notification.unread', false)
const unreadOfSeverity = unreadOf('notification.unread.severity', true)

/** How many `reader` has not read, all or those of one severity; at most MOST_COUNTED. */
export async function countUnread(
  db: TenantDb,
  { id, roles }: Reader,
  { severity }: { severity?: Severity } = {},
): Promise<number> {
  const asked = { id, roles, since: oldest().toISOString(), at: now().toISOString(), severity: severity ?? '' }
  const [row] = await run(db, severity === undefined ? unread : unreadOfSeverity, asked)
  return row?.count ?? 0
}

/** Marks one as read; again changes nothing. @throws notification_not_found also for what is addressed to others */
export async function readOne(db: TenantDb, actor: Actor, reader: Reader, id: string): Promise<void> {
  await getOwn(db, reader, id)
  await db
    .insertInto('notification_read')
    .values({ notification_id: id, account_id: reader.id })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await audit(db, actor, { action: 'notification.read', resource: 'notification', resourceId: id })
}

/** Marks everything up to this one as read; an older one than before changes nothing. @throws notification_not_found */
export async function readUpTo(db: TenantDb, actor: Actor, reader: Reader, id: string): Promise<void> {
  await getOwn(db, reader, id)
  await db
    .insertInto('notification_reader')
    .values({ account_id: reader.id, read_up_to: id })
    .onConflict((conflict) =>
      conflict
        .column('account_id')
        .doUpdateSet({ read_up_to: id, at: now().toISOString() })
        .where('notification_reader.read_up_to', '<', id),
    )
    .execute()
  await audit(db, actor, { action: 'notification.readAll', resource: 'notification', resourceId: id })
}

async function getOwn(db: TenantDb, reader: Reader, id: string): Promise<void> {
  const found = await ownNotifications(db, reader)
    .select('notification.id')
    .where('notification.id', '=', id)
    .executeTakeFirst()
  if (!found) throw problem('notification_not_found')
}

/** As it is told. */
export const toNotification = (row: NotificationRow, read: boolean, language: Language): Notification => ({
  id: row.id,
  at: row.at,
  kind: row.kind as Kind,
  event: row.event,
  severity: row.severity as Notification['severity'],
  message: say(sentenceOf(row.event, row.params as Params) ?? gone, language),
  resource: row.resource,
  resourceId: row.resource_id,
  read,
})

const gone: Text = text(
  'Notification d’une autre version de SIS, ou d’un module qui n’est plus installé.',
  'Notification of another version of SIS, or of a module that is no longer installed.',
)

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function idOf(cursor: string): string {
  const [id] = decodeCursor(cursor, ['string']) as [string]
  if (!uuid.test(id)) throw invalidCursor()
  return id
}
