import { feedId, type TenantDb } from '#tenancy'
import { countUnread } from '../queries.ts'
import type { Reader } from '../reader.ts'

/** What a client that comes back is given of what it missed; for more it reads the list anew. */
const MOST_MISSED = 1_000

export type Beginning = {
  /** After which notification the stream begins. */
  cursor: string
  /** What the client last heard cannot be continued: too long ago, of another establishment, or nothing of ours. */
  isReset: boolean
  unread: number
}

const identifier = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Where a stream begins: after the notification that the client heard last, or else now. */
export async function beginningOf(db: TenantDb, reader: Reader, heard: string | undefined): Promise<Beginning> {
  const { newest, mark, last } = await db
    .selectFrom('notification_feed')
    .select(['mark', 'last'])
    .select((eb) => feedId(eb.ref('mark'), eb.ref('last')).as('newest'))
    .executeTakeFirstOrThrow()
  const unread = await countUnread(db, reader)
  if (heard === undefined) return { cursor: newest, isReset: false, unread }
  const missed = identifier.test(heard) && heard.startsWith(mark) ? last - Number.parseInt(heard.slice(24), 16) : -1
  const isReset = missed < 0 || missed > MOST_MISSED
  return { cursor: isReset ? newest : heard, isReset, unread }
}
