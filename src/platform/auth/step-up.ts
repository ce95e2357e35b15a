import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { Problem, problem } from '../../shared/errors.ts'
import type { Actor, Auth } from '../http/request.ts'
import type { Access } from './access.ts'
import { findCredentials, lockAccount, type AccountRow } from './accounts.ts'
import { verifyPassword } from './passwords.ts'
import { recordForPerson } from './record.ts'
import { lockOpenSession, type SessionRow } from './sessions.ts'

export type Proven = { account: AccountRow; session: SessionRow & { expires_at: string }; at: Date }

/**
 * Does something that a stolen access token alone must not do: the own password is typed once more. `work` runs under the
 * locks of account and session; the Problem it returns is thrown after COMMIT, so that what it recorded stays.
 * @param password null: what was typed in this session a moment ago is enough
 * @throws current_password_wrong, too_many_attempts, session_closed, busy
 */
export async function provingPassword<T>(
  access: Access,
  auth: Auth,
  actor: Actor,
  password: string | null,
  work: (db: PlatformDb, proven: Proven) => Promise<T | Problem>,
): Promise<T> {
  const { platform } = access.tenancy
  const { username, id } = auth.account
  const before = password === null ? undefined : await platform.read('accounts', (db) => findCredentials(db, username))
  const verdict =
    password === null
      ? undefined
      : await access.attempts.count({ accountId: id, ip: actor.ip ?? '' }, (asker) =>
          verifyPassword(before?.password_hash ?? null, password, asker),
        )
  const outcome = await platform.transaction('accounts', async (db): Promise<T | Problem> => {
    const at = now()
    const account = await lockAccount(db, id, 'update')
    const session = await lockOpenSession(db, auth.sessionId, at)
    if (!account || account.status !== 'active' || !session) return problem('session_closed')
    const present = await findCredentials(db, username)
    if (verdict && (!verdict.ok || present?.password_hash !== before?.password_hash)) {
      const event = { action: 'account.step_up', targetType: 'account', targetId: id } as const
      await recordForPerson(db, actor, id, { ...event, outcome: 'refused', reason: 'current_password_wrong' })
      return problem('current_password_wrong')
    }
    return work(db, { account, session, at })
  })
  if (outcome instanceof Problem) throw outcome
  return outcome
}
