import { v7 } from 'uuid'
import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { recordEvent } from '../audit/index.ts'
import {
  deleteLinks,
  insertLink,
  isEstablishmentRole,
  isPlatformRole,
  lockAccount,
  mayGrant,
  type AccountRow,
  type EstablishmentRole,
  type OneTimeLink,
} from '../auth/index.ts'
import { lockEstablishment } from '../establishments/index.ts'
import type { Actor, Auth } from '../http/index.ts'
import { hasAdministrator, listHeld } from './guards.ts'
import { getUser } from './queries.ts'
import type { NewUser, User } from './schemas.ts'

export type Added = { user: User; link: OneTimeLink | null }

/**
 * Adds a person: a new account with a one-time link, or (existing) an invitation that the person must accept.
 * @throws role_not_grantable, username_taken, account_not_activated, user_not_found, establishment_not_found, invalid_input
 */
export async function addUser(db: PlatformDb, auth: Auth, actor: Actor, body: NewUser): Promise<Added> {
  if (auth.establishment === undefined && body.establishment === undefined) return addPlatformUser(db, actor, body)
  const place = await lockPlace(db, auth, body)
  const account = body.existing === true ? await getInvitable(db, body.username) : await insertAccount(db, body, null)
  const status = body.existing === true ? 'invited' : 'active'
  for (const role of body.roles as EstablishmentRole[]) await grant(db, account.id, place.id, role, status)
  // A link that another administrator still holds must not be able to accept in the person's place.
  if (body.existing === true) await deleteLinks(db, account.id)
  const link = body.existing === true ? null : await insertLink(db, account.id, 'activate', actor.id, now())
  await recordEvent(db, actor, {
    action: body.existing === true ? 'user.invite' : 'user.create',
    outcome: 'success',
    establishmentId: place.id,
    targetType: 'account',
    targetId: account.id,
    detail: { username: account.username, roles: body.roles },
  })
  return { user: await getUser(db, auth.establishment?.id, account.id), link }
}

/**
 * The establishment where roles are to be given, locked. An administrator gives those of their own; the platform only
 * the first administrator's, while nobody administers it: otherwise SUPER_ADMIN could let himself in by an accomplice.
 */
async function lockPlace(db: PlatformDb, auth: Auth, { establishment, roles }: NewUser) {
  const own = auth.establishment?.slug
  if (own !== undefined && establishment !== undefined && establishment !== own)
    throw problem('establishment_not_found')
  const place = await lockEstablishment(db, own ?? establishment ?? '')
  if (own !== undefined) {
    if (!roles.every((role) => auth.roles.some((granter) => mayGrant(granter, role, place.type))))
      throw problem('role_not_grantable')
    return place
  }
  const isFirst = roles.length === 1 && roles[0] === 'ADMIN_LOCAL' && !(await hasAdministrator(db, place.id))
  if (!isFirst || !['provisioning', 'active', 'suspended'].includes(place.status)) throw problem('role_not_grantable')
  return place
}

async function addPlatformUser(db: PlatformDb, actor: Actor, body: NewUser): Promise<Added> {
  const [role, ...more] = body.roles
  // An existing person keeps to establishments: whoever works in one never gets a platform role, nor the reverse.
  if (role === undefined || more.length > 0 || !isPlatformRole(role) || body.existing === true)
    throw problem('role_not_grantable')
  const account = await insertAccount(db, body, role)
  const link = await insertLink(db, account.id, 'activate', actor.id, now())
  await recordEvent(db, actor, {
    action: 'user.create',
    outcome: 'success',
    targetType: 'account',
    targetId: account.id,
    detail: { username: account.username, roles: body.roles },
  })
  return { user: await getUser(db, undefined, account.id), link }
}

/** @throws username_taken; invalid_input without a name */
export async function insertAccount(
  db: PlatformDb,
  body: Omit<NewUser, 'roles'>,
  platformRole: string | null,
): Promise<{ id: string; username: string }> {
  if (body.displayName === undefined)
    throw invalidInput({
      path: 'displayName',
      message: text('Le nom de la personne est obligatoire.', 'The person’s name is required.'),
    })
  const row = await db
    .insertInto('account')
    .values({
      id: v7(),
      username: body.username,
      display_name: body.displayName,
      email: body.email ?? null,
      phone: body.phone ?? null,
      platform_role: platformRole,
    })
    .onConflict((conflict) => conflict.column('username').doNothing())
    .returning(['id', 'username'])
    .executeTakeFirst()
  if (!row) throw problem('username_taken')
  return row
}

/** @throws user_not_found; account_not_activated; role_not_grantable for an account of the platform */
async function getInvitable(db: PlatformDb, username: string): Promise<AccountRow> {
  const found = await db.selectFrom('account').select('id').where('username', '=', username).executeTakeFirst()
  const account = found && (await lockAccount(db, found.id, 'update'))
  if (!account || account.status === 'disabled') throw problem('user_not_found')
  if (account.platform_role !== null) throw problem('role_not_grantable')
  // Whoever holds the first link is not yet known to be the person: there is nobody who could accept.
  if (account.status === 'invited') throw problem('account_not_activated')
  return account
}

/** Gives a role, again if it was taken away; somebody who already works there under another needs no second acceptance. */
export async function grant(
  db: PlatformDb,
  accountId: string,
  establishmentId: string,
  role: EstablishmentRole,
  status: 'invited' | 'active',
): Promise<void> {
  if (!isEstablishmentRole(role)) throw problem('role_not_grantable')
  const held = await listHeld(db, accountId, establishmentId)
  const mine = held.find((one) => one.role === role)
  if (mine?.status === 'active') return
  const isAtWork = held.some((one) => one.status === 'active')
  const next = isAtWork ? 'active' : status
  const at = now().toISOString()
  if (mine)
    await db
      .updateTable('membership')
      .set({ status: next, version: mine.version + 1, updated_at: at })
      .where('id', '=', mine.id)
      .execute()
  else
    await db
      .insertInto('membership')
      .values({ id: v7(), account_id: accountId, establishment_id: establishmentId, role, status: next })
      .execute()
}
