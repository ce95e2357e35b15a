import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { recordEvent } from '../audit/index.ts'
import {
  deleteLinks,
  insertLink,
  mayGrant,
  refuseBothResets,
  revokeSessions,
  updateAccount,
  type AccountRow,
  type EstablishmentRole,
  type OneTimeLink,
} from '../auth/index.ts'
import { lockEstablishment } from '../establishments/index.ts'
import { assertVersion, type Actor, type Auth } from '../http/index.ts'
import { grant } from './create.ts'
import { hasAdministrator, hasOtherSuperAdmin, lockUser, refuseUnlessOnlyHere, type HeldRole } from './guards.ts'
import { getUser } from './queries.ts'
import type { User, UserChange } from './schemas.ts'

/**
 * Changes a person's roles in the reader's establishment, identity or status. Tokens issued before are refused at once.
 * @throws user_not_found, version_stale, person_belongs_elsewhere, role_not_grantable, last_administrator
 */
export async function changeUser(
  db: PlatformDb,
  auth: Auth,
  actor: Actor,
  id: string,
  change: UserChange,
  expected: number,
): Promise<User> {
  // The establishment before the account, as when a person is added: who administers it is decided under its lock.
  if (auth.establishment) await lockEstablishment(db, auth.establishment.slug)
  const { account, held } = await lockUser(db, auth, id)
  assertVersion(account, expected)
  const { roles, status, displayName, email, phone, reason } = change
  const concernsAccount =
    status !== undefined || displayName !== undefined || email !== undefined || phone !== undefined
  if (concernsAccount) await refuseUnlessOnlyHere(db, auth, account, held)
  // An account becomes active by its owner's first password only.
  if (status !== undefined && account.status === 'invited' && status === 'active')
    throw problem('account_not_activated')
  if (status === 'disabled') await refuseLast(db, auth, account)
  const at = now()
  if (roles !== undefined) await setRoles(db, auth, account, held, roles, at)
  // Tokens hold the roles of who works here; of who is only invited they hold none, and are another establishment's.
  const isHere = held.some((one) => one.status === 'active')
  const cutsOff = (roles !== undefined && isHere) || (status !== undefined && status !== account.status)
  await updateAccount(
    db,
    account,
    {
      ...(displayName !== undefined && { display_name: displayName }),
      ...(email !== undefined && { email }),
      ...(phone !== undefined && { phone }),
      ...(status !== undefined && { status }),
    },
    at,
    cutsOff ? at : undefined,
  )
  if (status === 'disabled') {
    await revokeSessions(db, account.id, 'disabled', at)
    await deleteLinks(db, account.id)
  }
  await recordOnPlaces(db, auth, actor, account, {
    action: status === 'disabled' ? 'user.disable' : roles !== undefined ? 'user.roles' : 'user.update',
    reason,
    detail: {
      username: account.username,
      fields: Object.keys(change).filter((key) => key !== 'reason'),
      ...(roles && { roles }),
    },
  })
  // Somebody who has just left is no longer of this establishment; their answer is the last look at them.
  return getUser(db, roles?.length === 0 ? undefined : auth.establishment?.id, id).then((user) =>
    roles?.length === 0 ? { ...user, memberships: [], platformRole: null } : user,
  )
}

/** A one-time link by which the person chooses a new password; the present one and the second factor hold. @throws user_not_found, person_belongs_elsewhere, other_reset_pending */
export async function resetUser(db: PlatformDb, auth: Auth, actor: Actor, id: string): Promise<OneTimeLink> {
  const { account, held } = await lockUser(db, auth, id)
  await refuseUnlessOnlyHere(db, auth, account, held)
  if (account.status === 'disabled') throw problem('user_not_found')
  const at = now()
  if (!auth.establishment) await refuseBothResets(db, account.id, 'password', at)
  const link = await insertLink(db, account.id, account.status === 'invited' ? 'activate' : 'reset', actor.id, at)
  await recordOnPlaces(db, auth, actor, account, { action: 'user.reset', detail: { username: account.username } })
  return link
}

async function setRoles(
  db: PlatformDb,
  auth: Auth,
  account: AccountRow,
  held: HeldRole[],
  roles: EstablishmentRole[],
  at: Date,
): Promise<void> {
  const place = auth.establishment
  // The platform gives and takes no role in an establishment.
  if (!place) throw problem('role_not_grantable')
  const present = held.filter(({ status }) => status !== 'removed')
  const added = roles.filter((role) => !present.some((one) => one.role === role))
  if (!added.every((role) => auth.roles.some((granter) => mayGrant(granter, role, place.type))))
    throw problem('role_not_grantable')
  if (added.length > 0 && account.platform_role !== null) throw problem('role_not_grantable')
  const taken = present.filter(({ role }) => !roles.includes(role))
  const losesAdministrator = taken.some(({ role, status }) => role === 'ADMIN_LOCAL' && status === 'active')
  if (losesAdministrator && !(await hasAdministrator(db, place.id, account.id))) throw problem('last_administrator')
  for (const role of added) await grant(db, account.id, place.id, role, 'invited')
  for (const { id, version } of taken)
    await db
      .updateTable('membership')
      .set({ status: 'removed', version: version + 1, updated_at: at.toISOString() })
      .where('id', '=', id)
      .execute()
  if (roles.length === 0) await revokeSessions(db, account.id, 'membership_ended', at, { establishmentId: place.id })
}

async function refuseLast(db: PlatformDb, auth: Auth, account: AccountRow): Promise<void> {
  if (auth.establishment) {
    if (!(await hasAdministrator(db, auth.establishment.id, account.id))) throw problem('last_administrator')
  } else if (account.platform_role === 'SUPER_ADMIN' && !(await hasOtherSuperAdmin(db, account.id)))
    throw problem('last_administrator')
}

type Act = { action: string; reason?: string | undefined; detail: Record<string, unknown> }

/** On the record of the establishment; an act of the platform stands on that of each where the person belongs. */
export async function recordOnPlaces(
  db: PlatformDb,
  auth: Auth,
  actor: Actor,
  account: AccountRow,
  act: Act,
): Promise<void> {
  const places = auth.establishment ? [auth.establishment.id] : await listPlaces(db, account.id)
  for (const establishmentId of places.length > 0 ? places : [null])
    await recordEvent(db, actor, {
      action: act.action,
      outcome: 'success',
      establishmentId,
      targetType: 'account',
      targetId: account.id,
      ...(act.reason !== undefined && { reason: act.reason }),
      detail: act.detail,
    })
}

async function listPlaces(db: PlatformDb, accountId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('membership')
    .select('establishment_id')
    .distinct()
    .where('account_id', '=', accountId)
    .where('status', 'in', ['invited', 'active'])
    .execute()
  return rows.map((row) => row.establishment_id)
}
