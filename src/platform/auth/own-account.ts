import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem, type Problem } from '../../shared/errors.ts'
import { recordEvent } from '../audit/index.ts'
import type { Actor, Auth } from '../http/request.ts'
import type { Access } from './access.ts'
import {
  accountColumns,
  findCredentials,
  lockAccount,
  passwordContext,
  updateAccount,
  type AccountRow,
} from './accounts.ts'
import { deleteLinks } from './activation.ts'
import { chooseGrant, listMemberships, type Wish } from './grants.ts'
import { finish, openSession, type Origin } from './login.ts'
import { refusePassword } from './password-rules.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import { countInvitations, toMe } from './profile.ts'
import type { Me, Tokens } from './schemas.ts'
import { readFactorState } from './second-factor/factor.ts'
import { lockOpenSession, revokeSession, revokeSessions } from './sessions.ts'
import { waitingFor } from './waiting.ts'

/** The signed-in person, read anew. */
export async function getMe(access: Access, auth: Auth): Promise<Me> {
  const waiting = await waitingFor(access, auth)
  const me = await access.tenancy.platform.read('accounts', async (db) => {
    const account = await getOwn(db, auth)
    const memberships = await listMemberships(db, account.id)
    const here = memberships.find(({ establishment }) => establishment.id === auth.establishment?.id)
    const grant = { establishment: here?.establishment ?? null, role: auth.role, roles: [...auth.roles] }
    const factor = await readFactorState(db, account.id)
    return toMe(account, grant, memberships, await countInvitations(db, account.id), factor)
  })
  return waiting === undefined ? me : { ...me, breakGlassWaiting: waiting }
}

/** Ends the session of this request. */
export function logOut(access: Access, auth: Auth, actor: Actor): Promise<void> {
  return access.tenancy.platform.transaction('accounts', async (db) => {
    await lockAccount(db, auth.account.id, 'share')
    await revokeSession(db, auth.sessionId, 'logout', now())
    const establishmentId = auth.establishment?.id ?? null
    await recordEvent(db, actor, {
      action: 'logout',
      outcome: 'success',
      establishmentId,
      targetType: 'session',
      targetId: auth.sessionId,
    })
  })
}

/**
 * Changes the own password; every other session and every open link ends.
 * @throws too_many_attempts, current_password_wrong, invalid_input, busy
 */
export async function changePassword(
  access: Access,
  auth: Auth,
  actor: Actor,
  { currentPassword, newPassword }: { currentPassword: string; newPassword: string },
): Promise<void> {
  const { platform } = access.tenancy
  const { stored, context } = await platform.read('accounts', async (db) => {
    const account = await getOwn(db, auth)
    return { stored: await findCredentials(db, account.username), context: await passwordContext(db, account) }
  })
  const verdict = await access.attempts.count({ accountId: auth.account.id, ip: actor.ip ?? '' }, (asker) =>
    verifyPassword(stored?.password_hash ?? null, currentPassword, asker),
  )
  const refusal = verdict.ok ? refusePassword(newPassword, context, currentPassword) : undefined
  if (refusal) throw invalidInput({ path: 'newPassword', message: refusal })
  const hash = verdict.ok ? await hashPassword(newPassword) : undefined
  const event = {
    action: 'account.password',
    establishmentId: auth.establishment?.id ?? null,
    targetType: 'account',
    targetId: auth.account.id,
  } as const
  const refused = await platform.transaction('accounts', async (db): Promise<Problem | undefined> => {
    const account = await lockAccount(db, auth.account.id, 'update')
    const present = account && (await findCredentials(db, account.username))
    if (!account || hash === undefined || present?.password_hash !== stored?.password_hash) {
      await recordEvent(db, actor, { ...event, outcome: 'refused', reason: 'current_password_wrong' })
      return problem('current_password_wrong')
    }
    const at = now()
    await updateAccount(db, account, { password_hash: hash, password_changed_at: at.toISOString() }, at)
    await revokeSessions(db, account.id, 'password_changed', at, { except: auth.sessionId })
    await deleteLinks(db, account.id)
    await recordEvent(db, actor, { ...event, outcome: 'success' })
    return undefined
  })
  if (refused) throw refused
}

/**
 * Goes to work in another of the person's establishments: a new session, which lasts no longer than the present one would
 * have; that one ends. @throws session_closed, membership_missing, establishment_suspended
 */
export async function switchEstablishment(
  access: Access,
  auth: Auth,
  actor: Actor,
  wish: Wish,
  origin: Origin,
): Promise<Tokens> {
  const signed = await access.tenancy.platform.transaction('accounts', async (db) => {
    const account = await lockAccount(db, auth.account.id, 'share')
    const session = await lockOpenSession(db, auth.sessionId, now())
    if (!account || account.status !== 'active' || !session) throw problem('session_closed')
    const memberships = await listMemberships(db, account.id)
    const grant = chooseGrant(account.platform_role, memberships, wish)
    const person = { account, grant, memberships, secondFactor: session.second_factor }
    const opened = await openSession(db, access, person, origin, session.expires_at)
    if (opened.factor.active && !opened.secondFactor) throw problem('session_closed')
    await revokeSession(db, auth.sessionId, 'switched', opened.at)
    const establishmentId = grant.establishment?.id ?? null
    await recordEvent(db, actor, {
      action: 'session.switch',
      outcome: 'success',
      establishmentId,
      targetType: 'session',
      targetId: opened.sessionId,
    })
    return opened
  })
  return finish(access, signed)
}

/** The own sessions that can still be used, latest used first. */
export async function listSessions(access: Access, auth: Auth) {
  const at = now().toISOString()
  const rows = await access.tenancy.platform.read('accounts', (db) =>
    db
      .selectFrom('session')
      .leftJoin('establishment', 'establishment.id', 'session.establishment_id')
      .select([
        'session.id',
        'session.role',
        'session.user_agent',
        'session.created_at',
        'session.last_used_at',
        'session.expires_at',
      ])
      .select(['establishment.slug', 'establishment.name'])
      .where('session.account_id', '=', auth.account.id)
      .where('session.revoked_at', 'is', null)
      .where('session.idle_expires_at', '>', at)
      .where('session.expires_at', '>', at)
      .orderBy('session.last_used_at', 'desc')
      .limit(100)
      .execute(),
  )
  return {
    items: rows.map(({ slug, name, ...row }) => ({
      id: row.id,
      current: row.id === auth.sessionId,
      establishment: slug !== null && name !== null ? { slug, name } : null,
      role: row.role as Auth['role'],
      userAgent: row.user_agent,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      expiresAt: row.expires_at,
    })),
    nextCursor: null,
  }
}

/** Ends one of the own sessions. @throws not_found for any other */
export function endSession(access: Access, auth: Auth, actor: Actor, id: string): Promise<void> {
  return access.tenancy.platform.transaction('accounts', async (db) => {
    await lockAccount(db, auth.account.id, 'share')
    const own = await db
      .selectFrom('session')
      .select('id')
      .where('id', '=', id)
      .where('account_id', '=', auth.account.id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (!own) throw problem('not_found')
    await revokeSession(db, id, 'ended_by_owner', now())
    const establishmentId = auth.establishment?.id ?? null
    await recordEvent(db, actor, {
      action: 'session.end',
      outcome: 'success',
      establishmentId,
      targetType: 'session',
      targetId: id,
    })
  })
}

async function getOwn(db: PlatformDb, auth: Auth): Promise<AccountRow> {
  const row = await db.selectFrom('account').select(accountColumns).where('id', '=', auth.account.id).executeTakeFirst()
  if (!row) throw problem('session_closed')
  return row as AccountRow
}
