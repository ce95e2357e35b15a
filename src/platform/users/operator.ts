import type { Platform, PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { recordEvent, type EventActor } from '../audit/index.ts'
import {
  deleteLinks,
  fits,
  foldUsername,
  insertLink,
  isEstablishmentRole,
  isPlatformRole,
  lockAccount,
  resetFactor,
  revokeSessions,
  updateAccount,
  type AccountRow,
  type OneTimeLink,
  type Role,
} from '../auth/index.ts'
import { lockEstablishment } from '../establishments/index.ts'
import { grant, insertAccount } from './create.ts'

// What the person at the server's console may do: the first SUPER_ADMIN, and help when nobody can log in any more. Who has
// the console has the database; all the same each act stands on the record.

export type OperatorUser = { username: string; displayName: string; role: Role; establishment?: string }

/** A new account with a one-time link by which its owner chooses the password. @throws username_taken, role_not_grantable, establishment_not_found */
export function createUser(platform: Platform, operator: EventActor, wish: OperatorUser): Promise<OneTimeLink> {
  return platform.transaction('accounts', async (db) => {
    const { role, establishment } = wish
    const place = establishment === undefined ? undefined : await lockEstablishment(db, establishment)
    const isFitting = place ? fits(role, place.type) : isPlatformRole(role)
    if (!isFitting) throw problem('role_not_grantable')
    const account = await insertAccount(db, { ...wish, username: foldUsername(wish.username) }, place ? null : role)
    if (place && isEstablishmentRole(role)) await grant(db, account.id, place.id, role, 'active')
    await recordEvent(db, operator, {
      action: 'user.create',
      outcome: 'success',
      establishmentId: place?.id ?? null,
      targetType: 'account',
      targetId: account.id,
      detail: { username: account.username, roles: [role] },
    })
    return insertLink(db, account.id, 'activate', null, now())
  })
}

/** A one-time link for somebody who cannot log in any more; a disabled account comes back by it alone, not by its old password. @throws user_not_found */
export function resetUserPassword(platform: Platform, operator: EventActor, username: string): Promise<OneTimeLink> {
  return platform.transaction('accounts', async (db) => {
    const account = await lockByName(db, username)
    const at = now()
    if (account.status === 'disabled') await updateAccount(db, account, { status: 'invited' }, at, at)
    await record(db, operator, account, 'user.reset')
    return insertLink(db, account.id, account.status === 'active' ? 'reset' : 'activate', null, at)
  })
}

/** Ends all sessions and refuses every further login. @throws user_not_found */
export function disableUser(
  platform: Platform,
  operator: EventActor,
  username: string,
  reason?: string,
): Promise<void> {
  return platform.transaction('accounts', async (db) => {
    const account = await lockByName(db, username)
    const at = now()
    await updateAccount(db, account, { status: 'disabled' }, at, at)
    await revokeSessions(db, account.id, 'disabled', at)
    await deleteLinks(db, account.id)
    await record(db, operator, account, 'user.disable', reason)
  })
}

/** Takes a second factor away that was lost: for whoever runs the platform this is the only way. @throws user_not_found, second_factor_absent */
export function resetUserFactorByOperator(
  platform: Platform,
  operator: EventActor,
  username: string,
  reason?: string,
): Promise<void> {
  return platform.transaction('accounts', async (db) => {
    const account = await lockByName(db, username)
    await resetFactor(db, account, now())
    await record(db, operator, account, 'second_factor.reset', reason)
  })
}

async function lockByName(db: PlatformDb, username: string): Promise<AccountRow> {
  const found = await db
    .selectFrom('account')
    .select('id')
    .where('username', '=', foldUsername(username))
    .executeTakeFirst()
  const account = found && (await lockAccount(db, found.id, 'update'))
  if (!account) throw problem('user_not_found')
  return account
}

async function record(
  db: PlatformDb,
  operator: EventActor,
  account: AccountRow,
  action: string,
  reason?: string,
): Promise<void> {
  const places = await db
    .selectFrom('membership')
    .select('establishment_id')
    .distinct()
    .where('account_id', '=', account.id)
    .where('status', 'in', ['invited', 'active'])
    .execute()
  for (const establishmentId of places.length > 0 ? places.map((row) => row.establishment_id) : [null])
    await recordEvent(db, operator, {
      action,
      outcome: 'success',
      establishmentId,
      targetType: 'account',
      targetId: account.id,
      ...(reason !== undefined && { reason }),
      detail: { username: account.username },
    })
}
