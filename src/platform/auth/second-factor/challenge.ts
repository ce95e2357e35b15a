import { createHash, randomBytes } from 'node:crypto'
import type { PlatformDb } from '#tenancy'
import { problem, type Problem } from '../../../shared/errors.ts'
import type { Wish } from '../grants.ts'
import type { Role } from '../rights.ts'

const lastsMs = 5 * 60_000
const mostFailures = 5

export type Challenge = { token: Buffer; accountId: string; passwordDigest: Buffer; wish: Wish; failures: number }

/**
 * Opens a challenge for somebody whose password was verified: five minutes, five wrong codes, one login. Its token is of
 * no use anywhere else, and only its hash is stored.
 * @param passwordHash the hash that was verified: with another one the challenge is worth nothing
 * @returns the refusal that carries the challenge
 */
export async function openChallenge(
  db: PlatformDb,
  accountId: string,
  passwordHash: string,
  { establishment, role }: Wish,
  at: Date,
): Promise<Problem> {
  await db
    .deleteFrom('login_challenge')
    .where('account_id', '=', accountId)
    .where('expires_at', '<=', at.toISOString())
    .execute()
  const token = randomBytes(32).toString('base64url')
  await db
    .insertInto('login_challenge')
    .values({
      token_hash: sha256(token),
      account_id: accountId,
      password_digest: sha256(passwordHash),
      establishment: establishment ?? null,
      role: role ?? null,
      expires_at: new Date(at.getTime() + lastsMs).toISOString(),
    })
    .execute()
  return problem('second_factor_required', { extra: { challenge: token } })
}

/** The challenge of this token, unless it has expired, been used, or met five wrong codes. */
export async function findChallenge(db: PlatformDb, token: string, at: Date): Promise<Challenge | undefined> {
  const row = await db
    .selectFrom('login_challenge')
    .select(['token_hash', 'account_id', 'password_digest', 'establishment', 'role', 'failures'])
    .where('token_hash', '=', sha256(token))
    .where('expires_at', '>', at.toISOString())
    .where('failures', '<', mostFailures)
    .executeTakeFirst()
  if (!row) return undefined
  const { establishment, role } = row
  return {
    token: row.token_hash,
    accountId: row.account_id,
    passwordDigest: row.password_digest,
    wish: { ...(establishment !== null && { establishment }), ...(role !== null && { role: role as Role }) },
    failures: row.failures,
  }
}

/** Whether the password's hash is still the one that was verified. */
export const isOfPassword = ({ passwordDigest }: Challenge, hash: string | null): boolean =>
  hash !== null && sha256(hash).equals(passwordDigest)

/** Counts a wrong code. */
export const countFailure = (db: PlatformDb, { token, failures }: Challenge) =>
  db
    .updateTable('login_challenge')
    .set({ failures: failures + 1 })
    .where('token_hash', '=', token)
    .execute()

/** A challenge opens one session. */
export const useUp = (db: PlatformDb, { token }: Challenge) =>
  db.deleteFrom('login_challenge').where('token_hash', '=', token).execute()

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
