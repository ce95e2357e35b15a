import type { PlatformDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import {
  isEstablishmentRole,
  isPlatformRole,
  mainRole,
  type EstablishmentRole,
  type EstablishmentType,
  type Role,
} from './rights.ts'

export type Place = { id: string; slug: string; name: string; type: EstablishmentType; status: string }
/** One establishment where a person works, with all the roles held there. */
export type Membership = { establishment: Place; roles: EstablishmentRole[] }
/** What a session works under: all roles held in one establishment, one of which names it. */
export type Grant = { establishment: Place | null; role: Role | null; roles: Role[] }
export type Wish = { establishment?: string; role?: Role }

/** The active memberships of an account, by the name of the establishment; archived ones are left out. */
export async function listMemberships(db: PlatformDb, accountId: string): Promise<Membership[]> {
  const rows = await db
    .selectFrom('membership')
    .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
    .select([
      'membership.role',
      'establishment.id',
      'establishment.slug',
      'establishment.name',
      'establishment.type',
      'establishment.status',
    ])
    .where('membership.account_id', '=', accountId)
    .where('membership.status', '=', 'active')
    .where('establishment.status', 'in', ['active', 'suspended'])
    .orderBy('establishment.name')
    .orderBy('establishment.id')
    .execute()
  const places = new Map<string, Membership>()
  for (const { role, ...place } of rows) {
    const membership = places.get(place.id) ?? { establishment: place as Place, roles: [] }
    if (isEstablishmentRole(role)) membership.roles.push(role)
    places.set(place.id, membership)
  }
  return [...places.values()]
}

/**
 * What a session works under. A platform account works under that role alone, in no establishment: memberships that it
 * may hold count for nothing.
 * @param lastUsed the establishment of the person's last session, taken when none is named
 * @throws membership_missing when the named establishment or role is not the person's; establishment_suspended
 */
export function chooseGrant(
  platformRole: string | null,
  memberships: readonly Membership[],
  wish: Wish = {},
  lastUsed?: string | null,
): Grant {
  if (platformRole !== null) {
    if (
      !isPlatformRole(platformRole) ||
      wish.establishment !== undefined ||
      (wish.role ?? platformRole) !== platformRole
    )
      throw problem('membership_missing')
    return { establishment: null, role: platformRole, roles: [platformRole] }
  }
  const named = wish.establishment !== undefined
  const fitting = memberships.filter(
    ({ establishment, roles }) =>
      (!named || establishment.slug === wish.establishment) &&
      (wish.role === undefined || (roles as Role[]).includes(wish.role)),
  )
  const open = fitting.filter(({ establishment }) => establishment.status === 'active')
  const chosen = open.find(({ establishment }) => establishment.id === lastUsed) ?? open[0]
  if (chosen)
    return {
      establishment: chosen.establishment,
      role: wish.role ?? mainRole(chosen.roles) ?? null,
      roles: chosen.roles,
    }
  if (fitting.length > 0) throw problem('establishment_suspended')
  if (named || wish.role !== undefined) throw problem('membership_missing')
  // Nowhere at work: such a session can only accept an invitation or mind the person's own account.
  return { establishment: null, role: null, roles: [] }
}
