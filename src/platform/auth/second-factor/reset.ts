import type { PlatformDb } from '#tenancy'
import { problem } from '../../../shared/errors.ts'
import { updateAccount, type AccountRow } from '../accounts.ts'
import { listMemberships } from '../grants.ts'
import { demandsSecondFactor } from '../rights.ts'
import { revokeSessions } from '../sessions.ts'
import { hasFactor, removeFactor } from './factor.ts'

/**
 * Takes a person's second factor away, for somebody who lost telephone and recovery codes. All sessions end; where a role
 * demands one, the next login enrols anew. Called under the account's lock.
 * @throws second_factor_absent
 */
export async function resetFactor(db: PlatformDb, account: AccountRow, at: Date): Promise<void> {
  if (!(await hasFactor(db, account.id))) throw problem('second_factor_absent')
  await removeFactor(db, account.id, at)
  await revokeSessions(db, account.id, 'second_factor_reset', at)
  await updateAccount(db, account, {}, at, at)
}

/**
 * Who gives a link for a password and takes the second factor away could come in as that person. The platform's
 * administrators, who hold no clinical right, may do one of the two: the person proves the other.
 * @throws other_reset_pending
 */
export async function refuseBothResets(
  db: PlatformDb,
  accountId: string,
  wanted: 'password' | 'secondFactor',
  at: Date,
): Promise<void> {
  const isPending = wanted === 'password' ? isFactorPending : isPasswordPending
  if (await isPending(db, accountId, at.toISOString())) throw problem('other_reset_pending')
}

/** A link is open, or its password has not been followed by a code since. */
async function isPasswordPending(db: PlatformDb, accountId: string, at: string): Promise<boolean> {
  const factor = await db
    .selectFrom('second_factor')
    .select('last_used_at')
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  const link = await db
    .selectFrom('activation')
    .select('used_at')
    .where('account_id', '=', accountId)
    .where((eb) =>
      eb.or([
        eb.and([eb('used_at', 'is', null), eb('expires_at', '>', at)]),
        eb('used_at', '>', factor?.last_used_at ?? at),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return link !== undefined
}

/** The second factor was taken away, and neither a new one nor, where none is demanded, a login has followed. */
async function isFactorPending(db: PlatformDb, accountId: string): Promise<boolean> {
  const row = await db
    .selectFrom('second_factor')
    .innerJoin('account', 'account.id', 'second_factor.account_id')
    .select(['second_factor.reset_at', 'account.last_login_at', 'account.platform_role'])
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (!row || row.reset_at === null) return false
  const hasComeBack = row.last_login_at !== null && row.last_login_at > row.reset_at
  const memberships = await listMemberships(db, accountId)
  const isDemanded = row.platform_role !== null || demandsSecondFactor(memberships.flatMap(({ roles }) => roles))
  return isDemanded || !hasComeBack
}
