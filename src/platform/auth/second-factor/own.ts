import type { PlatformDb } from '#tenancy'
import { Problem, problem } from '../../../shared/errors.ts'
import type { Actor, Auth } from '../../http/request.ts'
import type { Access } from '../access.ts'
import { listMemberships } from '../grants.ts'
import { finish, grantOfSession, openSession, type Origin, type Signed } from '../login.ts'
import { recordForPerson } from '../record.ts'
import { demandsSecondFactor, isPlatformRole } from '../rights.ts'
import type { Tokens } from '../schemas.ts'
import { revokeSessions } from '../sessions.ts'
import { provingPassword, type Proven } from '../step-up.ts'
import { matchCode, newSecret, showSecret, type Shown } from './codes.ts'
import {
  acceptCode,
  deleteChallenges,
  openSecret,
  readFactorState,
  removeFactor,
  replaceRecoveryCodes,
  sealSecret,
} from './factor.ts'

const pendingMs = 30 * 60_000
// Ten guesses in all, however many networks they come from: then it is begun again, with the password.
const wrongCostsMs = pendingMs / 10

/**
 * Begins an enrolment: a secret to be taken over into an authenticator application. What was there before holds until the
 * new one is confirmed.
 * @param given.code of the present second factor, when there is one: password and token alone must not replace it
 * @throws current_password_wrong, code_wrong, too_many_requests, second_factor_not_for_demo, session_closed, busy
 */
export function beginEnrolment(
  access: Access,
  auth: Auth,
  actor: Actor,
  given: { password: string; code?: string },
): Promise<Shown> {
  return provingPassword(access, auth, actor, given.password, async (db, proven) => {
    const { account, at } = proven
    if (account.demo) return problem('second_factor_not_for_demo')
    const { active } = await readFactorState(db, account.id)
    const refused = active ? await demandCode(db, access, actor, proven, given.code ?? '') : undefined
    if (refused) return refused
    const secret = newSecret()
    const pending = { pending_secret: sealSecret(access, account.id, secret), pending_at: at.toISOString() }
    await db
      .insertInto('second_factor')
      .values({ account_id: account.id, ...pending })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet(pending))
      .execute()
    await record(db, actor, account.id, 'second_factor.enrol')
    return showSecret(secret, `SIS ${auth.establishment?.slug ?? access.installation}`, account.username)
  })
}

export type Enrolled = Tokens & { recoveryCodes: string[] }

/**
 * Ends an enrolment by the first code of the new secret: from now on a code is asked for at each login. All sessions end;
 * a new one, in which the code counts as given, takes the place of this one.
 * @throws second_factor_not_begun, code_wrong, session_closed
 */
export async function confirmEnrolment(
  access: Access,
  auth: Auth,
  actor: Actor,
  code: string,
  origin: Origin,
): Promise<Enrolled> {
  const { signed, recoveryCodes } = await provingPassword(access, auth, actor, null, async (db, proven) => {
    const { account, session, at } = proven
    const row = await db
      .selectFrom('second_factor')
      .select(['pending_secret', 'pending_at'])
      .where('account_id', '=', account.id)
      .executeTakeFirst()
    const begunAt = Date.parse(row?.pending_at ?? '') || 0
    if (!row?.pending_secret || begunAt <= at.getTime() - pendingMs) return problem('second_factor_not_begun')
    const match = matchCode(openSecret(access, account.id, row.pending_secret), code.replace(/\s/g, ''), at, 0)
    const memberships = await listMemberships(db, account.id)
    const grant = grantOfSession(account, memberships, session)
    if (!grant) return problem('session_closed')
    if (match.outcome !== 'right') {
      const pendingAt = new Date(begunAt - wrongCostsMs).toISOString()
      await db
        .updateTable('second_factor')
        .set({ pending_at: pendingAt })
        .where('account_id', '=', account.id)
        .execute()
      await record(db, actor, account.id, 'second_factor.confirm', 'code_wrong')
      return problem('code_wrong')
    }
    await db
      .updateTable('second_factor')
      .set({
        secret: row.pending_secret,
        last_step: match.step,
        confirmed_at: at.toISOString(),
        last_used_at: at.toISOString(),
        pending_secret: null,
        pending_at: null,
        failures: 0,
        retry_at: null,
        reset_at: null,
      })
      .where('account_id', '=', account.id)
      .execute()
    const codes = await replaceRecoveryCodes(db, access, account.id)
    await deleteChallenges(db, account.id)
    await revokeSessions(db, account.id, 'second_factor', at)
    const person = { account, grant, memberships, secondFactor: true }
    const signedAnew: Signed = await openSession(db, access, person, origin, session.expires_at)
    await record(db, actor, account.id, 'second_factor.confirm')
    return { signed: signedAnew, recoveryCodes: codes }
  })
  return { ...(await finish(access, signed)), recoveryCodes }
}

/** Ten new recovery codes; those before are worth nothing from now on. @throws code_wrong, too_many_requests, second_factor_absent */
export function renewRecoveryCodes(
  access: Access,
  auth: Auth,
  actor: Actor,
  code: string,
): Promise<{ recoveryCodes: string[] }> {
  return provingPassword(access, auth, actor, null, async (db, proven) => {
    const refused = await refuseWithout(db, access, actor, proven, code)
    if (refused) return refused
    await record(db, actor, proven.account.id, 'second_factor.recovery_renewed')
    return { recoveryCodes: await replaceRecoveryCodes(db, access, proven.account.id) }
  })
}

/**
 * Gives the second factor up, where no role of the person demands one. All other sessions end.
 * @throws second_factor_mandatory, second_factor_absent, current_password_wrong, code_wrong, too_many_requests, busy
 */
export async function disableFactor(
  access: Access,
  auth: Auth,
  actor: Actor,
  given: { password: string; code: string },
): Promise<void> {
  await provingPassword(access, auth, actor, given.password, async (db, proven) => {
    const { account, session, at } = proven
    const memberships = await listMemberships(db, account.id)
    const held = memberships.flatMap(({ roles }) => roles)
    const all = isPlatformRole(account.platform_role) ? [...held, account.platform_role] : held
    if (demandsSecondFactor(all)) return problem('second_factor_mandatory')
    const refused = await refuseWithout(db, access, actor, proven, given.code)
    if (refused) return refused
    await removeFactor(db, account.id, null)
    await revokeSessions(db, account.id, 'second_factor', at, { except: session.id })
    await record(db, actor, account.id, 'second_factor.disable')
    return undefined
  })
}

async function refuseWithout(
  db: PlatformDb,
  access: Access,
  actor: Actor,
  proven: Proven,
  code: string,
): Promise<Problem | undefined> {
  const { active } = await readFactorState(db, proven.account.id)
  return active ? demandCode(db, access, actor, proven, code) : problem('second_factor_absent')
}

async function demandCode(
  db: PlatformDb,
  access: Access,
  actor: Actor,
  { account, at }: Proven,
  typed: string,
): Promise<Problem | undefined> {
  const accepted = await acceptCode(db, access, { account, actor, typed, wrong: 'code_wrong' }, at)
  return accepted instanceof Problem ? accepted : undefined
}

const record = (db: PlatformDb, actor: Actor, accountId: string, action: string, reason?: string): Promise<void> =>
  recordForPerson(db, actor, accountId, {
    action,
    outcome: reason === undefined ? 'success' : 'failure',
    targetType: 'account',
    targetId: accountId,
    ...(reason !== undefined && { reason }),
  })
