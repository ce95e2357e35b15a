import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { refuseBothResets, resetFactor } from '../auth/index.ts'
import type { Actor, Auth } from '../http/index.ts'
import { recordOnPlaces } from './change.ts'
import { lockUser, refuseUnlessOnlyHere } from './guards.ts'

/**
 * Takes the second factor of somebody away who has lost it. An establishment's administrator does it for those who belong
 * nowhere else, the platform's for the rest but for each other: whoever runs the platform is helped at the console. Nobody
 * does it for himself: a session that was left open would be enough.
 * @throws user_not_found, second_factor_absent, second_factor_reset_refused, person_belongs_elsewhere, other_reset_pending
 */
export async function resetUserFactor(
  db: PlatformDb,
  auth: Auth,
  actor: Actor,
  id: string,
  reason: string,
): Promise<void> {
  const { account, held } = await lockUser(db, auth, id)
  await refuseUnlessOnlyHere(db, auth, account, held)
  if (account.id === auth.account.id || account.platform_role === 'SUPER_ADMIN')
    throw problem('second_factor_reset_refused')
  const at = now()
  if (!auth.establishment) await refuseBothResets(db, account.id, 'secondFactor', at)
  await resetFactor(db, account, at)
  await recordOnPlaces(db, auth, actor, account, {
    action: 'second_factor.reset',
    reason,
    detail: { username: account.username },
  })
}
