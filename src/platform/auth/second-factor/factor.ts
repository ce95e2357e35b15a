import type { PlatformDb } from '#tenancy'
import { problem, type Problem } from '../../../shared/errors.ts'
import { recordForPerson, type EventActor } from '../record.ts'
import type { Access } from '../access.ts'
import { seal, unseal } from '../sealing.ts'
import { matchCode } from './codes.ts'
import { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'

/** What a person is told of their own second factor. */
export type FactorState = { active: boolean; since: string | null; recoveryCodes: number }

/** Whether the account has a second factor, since when, and how many recovery codes are left. */
export async function readFactorState(db: PlatformDb, accountId: string): Promise<FactorState> {
  const row = await db
    .selectFrom('second_factor')
    .select(['confirmed_at'])
    .select((eb) =>
      eb
        .selectFrom('recovery_code')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .whereRef('recovery_code.account_id', '=', 'second_factor.account_id')
        .where('used_at', 'is', null)
        .as('left'),
    )
    .where('account_id', '=', accountId)
    .where('secret', 'is not', null)
    .executeTakeFirst()
  return { active: row !== undefined, since: row?.confirmed_at ?? null, recoveryCodes: row?.left ?? 0 }
}

/** Whether a code is asked for besides the password. */
export const hasFactor = async (db: PlatformDb, accountId: string): Promise<boolean> =>
  (await readFactorState(db, accountId)).active

/** A secret as it is stored: it opens with the master key only, and for this account only. */
export const sealSecret = (access: Access, accountId: string, secret: Uint8Array): Buffer =>
  seal(access.factorKey, secret, accountId)

/** @throws Error when the master key or the account is another one */
export const openSecret = (access: Access, accountId: string, sealed: Uint8Array): Buffer =>
  unseal(access.factorKey, sealed, accountId)

// A guess hits one of five codes in a million. After the fifth wrong one in a row 30 s, then twice as long each time, at
// most a quarter of an hour: about a hundred guesses a day. Never for good, and a recovery code is not kept waiting: who
// knows the password only shall not be able to lock the owner out.
const freeFailures = 5
const delayMs = (failures: number): number =>
  failures < freeFailures ? 0 : Math.min(30_000 * 2 ** (failures - freeFailures), 15 * 60_000)

export type Asked = {
  account: { id: string; username: string }
  actor: EventActor
  /** As it was typed: six digits, or a recovery code. */
  typed: string
  /** What a wrong one is refused with: the login is public, the rest is within a session. */
  wrong: 'second_factor_wrong' | 'code_wrong'
}

/**
 * Takes a code of the account's second factor, or one of its recovery codes; each is accepted once. Called under the
 * account's lock. Does not throw: wrong ones must be counted and recorded, so the transaction is to be committed.
 * @returns how it was given; a Problem (asked.wrong, too_many_requests) to be thrown after COMMIT
 */
export async function acceptCode(
  db: PlatformDb,
  access: Access,
  asked: Asked,
  at: Date,
): Promise<'totp' | 'recovery' | Problem> {
  const { account, typed } = asked
  const code = typed.replace(/[\s-]/g, '')
  if (!/^\d{6}$/.test(code)) return acceptRecoveryCode(db, access, asked, at)
  const row = await db
    .selectFrom('second_factor')
    .select(['secret', 'last_step', 'failures', 'retry_at'])
    .where('account_id', '=', account.id)
    .executeTakeFirst()
  if (!row?.secret) return refuse(db, asked, 'no_second_factor')
  const waitMs = row.retry_at === null ? 0 : Date.parse(row.retry_at) - at.getTime()
  if (waitMs > 0) {
    await recordForPerson(db, asked.actor, account.id, { ...event, outcome: 'refused', reason: 'too_many_requests' })
    return problem('too_many_requests', { retryAfter: Math.ceil(waitMs / 1000) })
  }
  const match = matchCode(openSecret(access, account.id, row.secret), code, at, row.last_step)
  if (match.outcome !== 'right') {
    const failures = row.failures + 1
    const retryAt = new Date(at.getTime() + delayMs(failures)).toISOString()
    await db
      .updateTable('second_factor')
      .set({ failures, retry_at: retryAt })
      .where('account_id', '=', account.id)
      .execute()
    return refuse(db, asked, match.outcome)
  }
  // Compared once more where it is written: of two at once one finds its step taken.
  const taken = await db
    .updateTable('second_factor')
    .set({ last_step: match.step, failures: 0, retry_at: null, last_used_at: at.toISOString() })
    .where('account_id', '=', account.id)
    .where('last_step', '<', match.step)
    .returning('account_id')
    .executeTakeFirst()
  return taken ? 'totp' : refuse(db, asked, 'replayed')
}

const event = { action: 'second_factor.code', targetType: 'account' } as const

async function acceptRecoveryCode(
  db: PlatformDb,
  access: Access,
  asked: Asked,
  at: Date,
): Promise<'recovery' | Problem> {
  const { account, actor } = asked
  const used = await db
    .updateTable('recovery_code')
    .set({ used_at: at.toISOString() })
    .where('account_id', '=', account.id)
    .where('code_hash', '=', hashRecoveryCode(access.recoveryKey, account.id, asked.typed))
    .where('used_at', 'is', null)
    .returning('account_id')
    .executeTakeFirst()
  if (!used) return refuse(db, asked, 'recovery_code')
  await db
    .updateTable('second_factor')
    .set({ failures: 0, retry_at: null, last_used_at: at.toISOString() })
    .where('account_id', '=', account.id)
    .execute()
  await recordForPerson(db, actor, account.id, {
    action: 'second_factor.recovery_used',
    outcome: 'success',
    targetType: 'account',
    targetId: account.id,
  })
  return 'recovery'
}

async function refuse(db: PlatformDb, { account, actor, wrong }: Asked, reason: string): Promise<Problem> {
  await recordForPerson(db, actor, account.id, { ...event, outcome: 'failure', reason, targetId: account.id })
  return problem(wrong)
}

/** Ten new recovery codes in place of all before. @returns them, to be shown this once */
export async function replaceRecoveryCodes(db: PlatformDb, access: Access, accountId: string): Promise<string[]> {
  const codes = newRecoveryCodes()
  await deleteRecoveryCodes(db, accountId)
  await db
    .insertInto('recovery_code')
    .values(
      codes.map((code) => ({
        account_id: accountId,
        code_hash: hashRecoveryCode(access.recoveryKey, accountId, code),
      })),
    )
    .execute()
  return codes
}

const deleteRecoveryCodes = (db: PlatformDb, accountId: string) =>
  db.deleteFrom('recovery_code').where('account_id', '=', accountId).execute()

/**
 * Takes the second factor away: its secret, a begun enrolment, recovery codes, open challenges. Called under the account's
 * lock. @param resetAt when somebody else does; null: the person
 */
export async function removeFactor(db: PlatformDb, accountId: string, resetAt: Date | null): Promise<void> {
  await db
    .updateTable('second_factor')
    .set({
      secret: null,
      last_step: 0,
      confirmed_at: null,
      pending_secret: null,
      pending_at: null,
      failures: 0,
      retry_at: null,
      reset_at: resetAt?.toISOString() ?? null,
    })
    .where('account_id', '=', accountId)
    .execute()
  await deleteRecoveryCodes(db, accountId)
  await deleteChallenges(db, accountId)
  await db.updateTable('session').set({ second_factor: false }).where('account_id', '=', accountId).execute()
}

/** Ends every login that waits for a code. */
export const deleteChallenges = (db: PlatformDb, accountId: string) =>
  db.deleteFrom('login_challenge').where('account_id', '=', accountId).execute()
