import { v7 } from 'uuid'
import type { PlatformDb } from '#tenancy'
import { lockAccount, type AccountRow } from './accounts.ts'
import type { Grant } from './grants.ts'
import { hashToken, newRefreshToken, openSuccessor, sealSuccessor, sessionOf } from './refresh-tokens.ts'

// Posts in a health centre are shared: a session that nobody uses for half a day ends, and none outlives a week
// (ASVS 5.0 7.3.1, 7.3.2).
const idleMs = 12 * 3_600_000
const absoluteMs = 7 * 24 * 3_600_000
// A client that lost the answer to a refresh asks again with the old token: it gets the same successor.
const repeatMs = 10_000
// Ended sessions stay for questions that come later, then go at the person's next login.
export const SESSION_KEPT_DAYS = 30
const keptMs = SESSION_KEPT_DAYS * 24 * 3_600_000

export type SessionRow = {
  id: string
  account_id: string
  establishment_id: string | null
  role: string | null
  /** Whether a code was given in it, besides the password. */
  second_factor: boolean
}

export type Opened = { sessionId: string; refreshToken: string }

/**
 * Opens a session for a person at work under `grant`.
 * @param key Access.refreshKey
 * @param of.until when the one that it follows would have ended: no password was typed since
 */
export async function insertSession(
  db: PlatformDb,
  key: Uint8Array,
  of: {
    accountId: string
    grant: Grant
    secondFactor: boolean
    userAgent: string | undefined
    at: Date
    until?: string | undefined
  },
): Promise<Opened> {
  await db
    .deleteFrom('session')
    .where('account_id', '=', of.accountId)
    .where('expires_at', '<', after(of.at, -keptMs))
    .execute()
  const sessionId = v7()
  const refreshToken = newRefreshToken(key, sessionId)
  await db
    .insertInto('session')
    .values({
      id: sessionId,
      account_id: of.accountId,
      establishment_id: of.grant.establishment?.id ?? null,
      role: of.grant.role,
      second_factor: of.secondFactor,
      refresh_hash: hashToken(refreshToken),
      rotated_at: of.at.toISOString(),
      idle_expires_at: after(of.at, idleMs),
      expires_at: of.until ?? after(of.at, absoluteMs),
      user_agent: of.userAgent?.slice(0, 200) ?? null,
      created_at: of.at.toISOString(),
      last_used_at: of.at.toISOString(),
    })
    .execute()
  return { sessionId, refreshToken }
}

export type Rotation =
  | { outcome: 'rotated' | 'repeated'; session: SessionRow; account: AccountRow; refreshToken: string }
  | { outcome: 'reused'; session: SessionRow; account: AccountRow }
  | { outcome: 'unknown' }

/**
 * Replaces a refresh token (RFC 9700 4.14.2, ASVS 10.4.5). The session's one row is locked: of parallel uses one rotates,
 * the others get the same successor for ten seconds. A token that was replaced before that closes the session, with all
 * its descendants. Does not throw: the closing must be committed before the refusal is told.
 */
export async function rotateSession(db: PlatformDb, key: Uint8Array, presented: string, at: Date): Promise<Rotation> {
  const id = sessionOf(key, presented)
  // The account first, as everywhere: two orders of locking would deadlock.
  const account = id === undefined ? undefined : await lockHolder(db, id)
  const row = id === undefined ? undefined : await lockSession(db, id)
  if (!row || !account || row.revoked_at !== null) return { outcome: 'unknown' }
  if (row.idle_expires_at <= at.toISOString() || row.expires_at <= at.toISOString()) return { outcome: 'unknown' }
  const session: SessionRow = {
    id: row.id,
    account_id: row.account_id,
    establishment_id: row.establishment_id,
    role: row.role,
    second_factor: row.second_factor,
  }
  const hash = hashToken(presented)
  if (hash.equals(row.refresh_hash)) {
    const refreshToken = newRefreshToken(key, session.id)
    await db
      .updateTable('session')
      .set({
        refresh_hash: hashToken(refreshToken),
        previous_hash: hash,
        successor: sealSuccessor(presented, refreshToken),
        rotated_at: at.toISOString(),
        last_used_at: at.toISOString(),
        idle_expires_at: after(at, idleMs),
      })
      .where('id', '=', session.id)
      .execute()
    return { outcome: 'rotated', session, account, refreshToken }
  }
  const isRepeat =
    row.previous_hash !== null && hash.equals(row.previous_hash) && Date.parse(row.rotated_at) > at.getTime() - repeatMs
  if (isRepeat && row.successor)
    return { outcome: 'repeated', session, account, refreshToken: openSuccessor(presented, row.successor) }
  await revokeSession(db, session.id, 'refresh_reused', at)
  return { outcome: 'reused', session, account }
}

async function lockHolder(db: PlatformDb, sessionId: string): Promise<AccountRow | undefined> {
  const row = await db.selectFrom('session').select('account_id').where('id', '=', sessionId).executeTakeFirst()
  return row && lockAccount(db, row.account_id, 'share')
}

function lockSession(db: PlatformDb, id: string) {
  return db
    .selectFrom('session')
    .select([
      'id',
      'account_id',
      'establishment_id',
      'role',
      'second_factor',
      'refresh_hash',
      'previous_hash',
      'successor',
      'rotated_at',
      'idle_expires_at',
      'expires_at',
      'revoked_at',
    ])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/**
 * An open session and when it ends at the latest, with its row locked. Undefined for one that has ended, even if this process
 * has not heard of it yet: an access token that outlives its session by a moment must not open another.
 */
export async function lockOpenSession(
  db: PlatformDb,
  id: string,
  at: Date,
): Promise<(SessionRow & { expires_at: string }) | undefined> {
  const row = await lockSession(db, id)
  if (!row || row.revoked_at !== null || row.expires_at <= at.toISOString()) return undefined
  return row
}

/** Ends one session; its access tokens are refused everywhere within two seconds. */
export async function revokeSession(db: PlatformDb, id: string, reason: string, at: Date): Promise<void> {
  await db
    .updateTable('session')
    .set({ revoked_at: at.toISOString(), revoked_reason: reason, successor: null })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Ends a person's sessions: all, those of one establishment, or all but the one in use. */
export async function revokeSessions(
  db: PlatformDb,
  accountId: string,
  reason: string,
  at: Date,
  only: { establishmentId?: string; except?: string } = {},
): Promise<void> {
  let query = db
    .updateTable('session')
    .set({ revoked_at: at.toISOString(), revoked_reason: reason, successor: null })
    .where('account_id', '=', accountId)
    .where('revoked_at', 'is', null)
  if (only.establishmentId !== undefined) query = query.where('establishment_id', '=', only.establishmentId)
  if (only.except !== undefined) query = query.where('id', '!=', only.except)
  await query.execute()
}

const after = (at: Date, ms: number): string => new Date(at.getTime() + ms).toISOString()
