import type { PlatformDb } from '#tenancy'
import type { AccountRow } from './accounts.ts'
import type { Grant, Membership } from './grants.ts'
import { demandsSecondFactor, rightsOf } from './rights.ts'
import type { Me } from './schemas.ts'
import type { FactorState } from './second-factor/factor.ts'

/** The person as they see themselves: where they are, what they may do, where else they work. */
export function toMe(
  account: AccountRow,
  grant: Grant,
  memberships: readonly Membership[],
  invitations: number,
  factor: FactorState,
): Me {
  const { id, username, display_name: displayName, email, phone } = account
  const at = grant.establishment
  return {
    id,
    username,
    displayName,
    email,
    phone,
    establishment: at && { id: at.id, slug: at.slug, name: at.name, type: at.type },
    role: grant.role,
    roles: grant.roles,
    rights: [...rightsOf(grant.roles)],
    memberships: memberships.map(({ establishment: { slug, name, type, status }, roles }) => ({
      establishment: { slug, name, type },
      roles,
      suspended: status === 'suspended',
    })),
    invitations,
    secondFactor: {
      active: factor.active,
      required: !account.demo && demandsSecondFactor(grant.roles),
      recoveryCodes: factor.recoveryCodes,
    },
  }
}

/** How many invitations wait for this person's answer. */
export async function countInvitations(db: PlatformDb, accountId: string): Promise<number> {
  const { count } = await db
    .selectFrom('membership')
    .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('membership.account_id', '=', accountId)
    .where('membership.status', '=', 'invited')
    .where('establishment.status', 'in', ['active', 'suspended'])
    .executeTakeFirstOrThrow()
  return count
}
