import { createHash, randomBytes } from 'node:crypto'
import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem, type Problem } from '../../shared/errors.ts'
import { recordEvent } from '../audit/index.ts'
import type { Access } from './access.ts'
import { lockAccount, passwordContext, updateAccount } from './accounts.ts'
import { listMemberships } from './grants.ts'
import { refusePassword } from './password-rules.ts'
import { hashPassword } from './passwords.ts'
import { revokeSessions } from './sessions.ts'

// Long enough for a paper slip to reach a village, short enough to be worthless when found in a drawer.
const lastsMs = { activate: 7 * 24 * 3_600_000, reset: 24 * 3_600_000 }

export type Purpose = keyof typeof lastsMs
export type OneTimeLink = { token: string; expiresAt: string }

/**
 * A one-time link by which a person chooses a password that nobody else ever knows (ASVS 6.4.1, 6.4.6). Older links of the
 * same account end. Only the hash is stored.
 */
export async function insertLink(
  db: PlatformDb,
  accountId: string,
  purpose: Purpose,
  createdBy: string | null,
  at: Date,
): Promise<OneTimeLink> {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = new Date(at.getTime() + lastsMs[purpose]).toISOString()
  await deleteLinks(db, accountId)
  await db
    .insertInto('activation')
    .values({
      token_hash: hashLink(token),
      account_id: accountId,
      purpose,
      expires_at: expiresAt,
      created_by: createdBy,
    })
    .execute()
  return { token, expiresAt }
}

/**
 * Ends the open links of an account. Whenever somebody joins another establishment: a link that the first one's
 * administrator still holds would open the second one's records.
 */
export async function deleteLinks(db: PlatformDb, accountId: string): Promise<void> {
  await db.deleteFrom('activation').where('account_id', '=', accountId).where('used_at', 'is', null).execute()
}

/**
 * Sets the password of a one-time link's account; all its sessions end.
 * @throws activation_invalid; invalid_input for a refused password (the link stays good)
 */
export async function activate(
  access: Access,
  { token, password }: { token: string; password: string },
  origin: { ip: string; requestId: string },
): Promise<void> {
  const { platform } = access.tenancy
  const before = await platform.read('accounts', (db) => openLink(db, token))
  const refusal = refusePassword(password, before.context)
  if (refusal) throw invalidInput({ path: 'password', message: refusal })
  const hash = await hashPassword(password)
  const refused = await platform.transaction('accounts', async (db): Promise<Problem | undefined> => {
    const account = await lockAccount(db, before.accountId, 'update')
    const { purpose } = await openLink(db, token)
    if (!account || account.status === 'disabled') return problem('activation_invalid')
    const at = now()
    await db
      .updateTable('activation')
      .set({ used_at: at.toISOString() })
      .where('token_hash', '=', hashLink(token))
      .execute()
    await deleteLinks(db, account.id)
    await updateAccount(
      db,
      account,
      { password_hash: hash, password_changed_at: at.toISOString(), status: 'active' },
      at,
      at,
    )
    await revokeSessions(db, account.id, 'password_set', at)
    await access.attempts.welcome(db, account.username, origin.ip)
    const places = await listMemberships(db, account.id)
    for (const establishmentId of places.length > 0 ? places.map(({ establishment }) => establishment.id) : [null])
      await recordEvent(
        db,
        { id: account.id, name: account.display_name, role: null, ...origin },
        {
          action: `account.${purpose}`,
          outcome: 'success',
          establishmentId,
          targetType: 'account',
          targetId: account.id,
        },
      )
    return undefined
  })
  if (refused) throw refused
}

type OpenLink = { accountId: string; purpose: Purpose; context: string[] }

/** @throws activation_invalid for a link that is unknown, used or expired */
async function openLink(db: PlatformDb, token: string): Promise<OpenLink> {
  const row = await db
    .selectFrom('activation')
    .innerJoin('account', 'account.id', 'activation.account_id')
    .select(['account.id', 'account.username', 'account.display_name', 'activation.purpose'])
    .where('activation.token_hash', '=', hashLink(token))
    .where('activation.used_at', 'is', null)
    .where('activation.expires_at', '>', now().toISOString())
    .executeTakeFirst()
  if (!row) throw problem('activation_invalid')
  return { accountId: row.id, purpose: row.purpose as Purpose, context: await passwordContext(db, row) }
}

const hashLink = (token: string): Buffer => createHash('sha256').update(token).digest()
