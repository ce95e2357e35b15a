import type { PlatformDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import { lockAccount, type AccountRow, type EstablishmentRole } from '../auth/index.ts'
import type { Auth } from '../http/index.ts'

export type HeldRole = {
  id: string
  role: EstablishmentRole
  status: 'invited' | 'active' | 'removed'
  version: number
}

/** The account, locked, if it is one of the reader's scope. @throws user_not_found, alike for who is elsewhere and who is nowhere */
export async function lockUser(
  db: PlatformDb,
  auth: Auth,
  id: string,
): Promise<{ account: AccountRow; held: HeldRole[] }> {
  const account = await lockAccount(db, id, 'update')
  if (!account) throw problem('user_not_found')
  const here = auth.establishment?.id
  const held = here === undefined ? [] : await listHeld(db, id, here)
  if (here !== undefined && !held.some(({ status }) => status !== 'removed')) throw problem('user_not_found')
  return { account, held }
}

/** All roles that an account has or had in one establishment. */
export async function listHeld(db: PlatformDb, accountId: string, establishmentId: string): Promise<HeldRole[]> {
  const rows = await db
    .selectFrom('membership')
    .select(['id', 'role', 'status', 'version'])
    .where('account_id', '=', accountId)
    .where('establishment_id', '=', establishmentId)
    .execute()
  return rows as HeldRole[]
}

/**
 * An establishment's administrator decides on a person's account only while that person works there, has accepted, and
 * belongs nowhere else, not even by an invitation: who resets a password could accept it and read another's records.
 * @throws person_belongs_elsewhere
 */
export async function refuseUnlessOnlyHere(
  db: PlatformDb,
  auth: Auth,
  account: AccountRow,
  held: readonly HeldRole[],
): Promise<void> {
  if (auth.establishment === undefined) return
  const isHere = held.some(({ status }) => status === 'active')
  const elsewhere = await db
    .selectFrom('membership')
    .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
    .select('membership.id')
    .where('membership.account_id', '=', account.id)
    .where('membership.establishment_id', '!=', auth.establishment.id)
    .where('membership.status', 'in', ['invited', 'active'])
    .where('establishment.status', '!=', 'archived')
    .limit(1)
    .executeTakeFirst()
  if (!isHere || elsewhere || account.platform_role !== null) throw problem('person_belongs_elsewhere')
}

/** Whether an establishment has an administrator at work, besides this account. Called under the establishment's lock. */
export async function hasAdministrator(db: PlatformDb, establishmentId: string, besides?: string): Promise<boolean> {
  let query = db
    .selectFrom('membership')
    .innerJoin('account', 'account.id', 'membership.account_id')
    .select('membership.id')
    .where('membership.establishment_id', '=', establishmentId)
    .where('membership.role', '=', 'ADMIN_LOCAL')
    .where('membership.status', '=', 'active')
    .where('account.status', '=', 'active')
    .where('account.platform_role', 'is', null)
  if (besides !== undefined) query = query.where('account.id', '!=', besides)
  return (await query.limit(1).executeTakeFirst()) !== undefined
}

/** Whether somebody else still runs the platform. Locks those accounts: two must not disable each other at once. */
export async function hasOtherSuperAdmin(db: PlatformDb, besides: string): Promise<boolean> {
  const rows = await db
    .selectFrom('account')
    .select('id')
    .where('platform_role', '=', 'SUPER_ADMIN')
    .where('status', '=', 'active')
    .orderBy('id')
    .forNoKeyUpdate()
    .execute()
  return rows.some(({ id }) => id !== besides)
}
