import { now } from '../../../shared/clock.ts'
import { Problem, problem } from '../../../shared/errors.ts'
import type { Access } from '../access.ts'
import { findCredentials, lockAccount } from '../accounts.ts'
import { actorOf, admit, finish, type Origin, type Signed } from '../login.ts'
import { recordForPerson } from '../record.ts'
import type { Tokens } from '../schemas.ts'
import { countFailure, findChallenge, isOfPassword, useUp } from './challenge.ts'
import { acceptCode } from './factor.ts'

/**
 * Ends a login that asked for a second factor.
 * @throws challenge_invalid, second_factor_wrong, too_many_requests; membership_missing, establishment_suspended
 */
export async function answerChallenge(
  access: Access,
  { challenge, code }: { challenge: string; code: string },
  origin: Origin,
): Promise<Tokens> {
  const outcome = await access.tenancy.platform.transaction('accounts', async (db): Promise<Signed | Problem> => {
    const at = now()
    const named = await findChallenge(db, challenge, at)
    const account = named && (await lockAccount(db, named.accountId, 'update'))
    // Read again under the account's lock: of two answers at once the second finds it used.
    const open = account && (await findChallenge(db, challenge, at))
    const credentials = account && (await findCredentials(db, account.username))
    if (!account || !open) return problem('challenge_invalid')
    const actor = actorOf(account, { role: null }, origin)
    if (account.status !== 'active' || !isOfPassword(open, credentials?.password_hash ?? null)) {
      const event = { action: 'second_factor.code', targetType: 'account', targetId: account.id } as const
      await recordForPerson(db, actor, account.id, { ...event, outcome: 'refused', reason: 'challenge_invalid' })
      return problem('challenge_invalid')
    }
    const accepted = await acceptCode(db, access, { account, actor, typed: code, wrong: 'second_factor_wrong' }, at)
    if (accepted instanceof Problem) {
      if (accepted.code === 'second_factor_wrong') await countFailure(db, open)
      return accepted
    }
    await useUp(db, open)
    return admit(db, access, account, open.wish, origin, { secondFactor: accepted })
  })
  return finish(access, outcome)
}
