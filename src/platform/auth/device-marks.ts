import { createHmac, timingSafeEqual } from 'node:crypto'
import { parse, stringify } from 'uuid'
import type { PlatformDb } from '#tenancy'

// session id (16 bytes) || MAC (16) in base64url. A device is known by the session that was opened on it: no table of its
// own, and what ends the session for a reason (a lost telephone, a new password, a disabled account) ends the mark.
const [idBytes, macBytes] = [16, 16]
const longestMs = 90 * 24 * 3_600_000

export const deviceMarkLength = Math.ceil(((idBytes + macBytes) * 4) / 3)

/** What a client shows at its next login so that it does not queue with strangers. It opens nothing by itself. */
export function newDeviceMark(key: Uint8Array, sessionId: string): string {
  const id = Buffer.from(parse(sessionId))
  return Buffer.concat([id, mac(key, id)]).toString('base64url')
}

/** The session of a mark that we made; undefined for anything else. */
export function sessionOfMark(key: Uint8Array, mark: string | undefined): string | undefined {
  if (mark === undefined || mark.length !== deviceMarkLength) return undefined
  const bytes = Buffer.from(mark, 'base64url')
  if (bytes.length !== idBytes + macBytes) return undefined
  const id = bytes.subarray(0, idBytes)
  return timingSafeEqual(bytes.subarray(idBytes), mac(key, id)) ? stringify(id) : undefined
}

/**
 * Whether this session makes its device one of the account's: opened under the present password, and not ended but by
 * logging out.
 */
export async function isKnownDevice(
  db: PlatformDb,
  of: { sessionId: string; username: string },
  at: Date,
): Promise<boolean> {
  const row = await db
    .selectFrom('session')
    .innerJoin('account', 'account.id', 'session.account_id')
    .select(['session.created_at', 'session.revoked_at', 'session.revoked_reason', 'account.password_changed_at'])
    .where('session.id', '=', of.sessionId)
    .where('account.username', '=', of.username)
    .executeTakeFirst()
  if (!row || Date.parse(row.created_at) < at.getTime() - longestMs) return false
  if (row.revoked_at !== null && row.revoked_reason !== 'logout') return false
  return row.password_changed_at === null || row.created_at > row.password_changed_at
}

const mac = (key: Uint8Array, id: Uint8Array): Buffer =>
  createHmac('sha256', key).update(id).digest().subarray(0, macBytes)
