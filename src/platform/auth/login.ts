import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { Problem, problem } from '../../shared/errors.ts'
import { recordEvent, type EventActor } from '../audit/index.ts'
import type { Access } from './access.ts'
import {
  findCredentials,
  foldUsername,
  isUsername,
  lockAccount,
  type AccountRow,
  type Credentials,
} from './accounts.ts'
import { chooseGrant, listMemberships, type Grant, type Membership, type Wish } from './grants.ts'
import { newDeviceMark } from './device-marks.ts'
import { verifyPassword } from './passwords.ts'
import { countInvitations, toMe } from './profile.ts'
import { recordForPerson } from './record.ts'
import { sessionOf } from './refresh-tokens.ts'
import type { Tokens } from './schemas.ts'
import { openChallenge } from './second-factor/challenge.ts'
import { hasFactor, readFactorState, type FactorState } from './second-factor/factor.ts'
import { insertSession, revokeSession, rotateSession, type SessionRow } from './sessions.ts'
import { amrOf, issueToken, lifetime } from './tokens.ts'

/** Where a request comes from, for the session's list and the record. */
export type Origin = { ip: string; requestId: string; userAgent: string | undefined }

export const originOf = (request: FastifyRequest): Origin => ({
  ip: request.ip,
  requestId: request.id,
  userAgent: request.headers['user-agent'],
})

export type Signed = {
  account: AccountRow
  grant: Grant
  memberships: Membership[]
  invitations: number
  /** Whether a code was given in this session. */
  secondFactor: boolean
  factor: FactorState
  sessionId: string
  refreshToken: string
  at: Date
}

/**
 * Signs a person in by password, or asks for the second factor. An unknown name, a wrong password, an account without a
 * password: the same answer after the same work (ASVS 6.3.8). An old bcrypt hash is replaced here.
 * @throws too_many_attempts; invalid_credentials; account_disabled, second_factor_required (with `challenge`), membership_missing,
 * establishment_suspended (right password only); busy
 */
export async function logIn(
  access: Access,
  body: { username: string; password: string; device?: string } & Wish,
  origin: Origin,
): Promise<Tokens> {
  const { platform } = access.tenancy
  const since = performance.now()
  const username = foldUsername(body.username)
  const { found, ...verdict } = await access.attempts.count(
    { username, device: body.device, ip: origin.ip },
    async (asker) => {
      // Read only when a password is compared: what is refused from memory costs the database nothing.
      const named = isUsername(username)
        ? await platform.read('accounts', (db) => findCredentials(db, username))
        : undefined
      const stored = named?.status === 'invited' ? null : (named?.password_hash ?? null)
      return { found: named, ...(await verifyPassword(stored, body.password, asker)) }
    },
  )
  const outcome = await platform.transaction('accounts', async (db) => {
    if (!found || !verdict.ok) return refuse(db, found, origin, 'invalid_credentials')
    const account = await lockAccount(db, found.id, 'update')
    // Changed between the two transactions: what was verified is not what holds.
    const present = await findCredentials(db, username)
    if (!account || present?.password_hash !== found.password_hash)
      return refuse(db, found, origin, 'invalid_credentials')
    if (account.status !== 'active') return refuse(db, found, origin, 'account_disabled')
    if (await hasFactor(db, account.id)) return askForCode(db, present, body, origin, verdict.upgraded)
    return admit(db, access, account, body, origin, { upgradedHash: verdict.upgraded })
  })
  if (outcome instanceof Problem) await sleep(refusalStepMs - ((performance.now() - since) % refusalStepMs))
  return finish(access, outcome)
}

// A fraction of a millisecond more, as for a person on four records, would tell that there is such a name (AUC 0.61–0.63).
const refusalStepMs = 10

async function askForCode(
  db: PlatformDb,
  { id, username, password_hash }: Credentials,
  wish: Wish,
  origin: Origin,
  upgradedHash: string | undefined,
): Promise<Problem> {
  if (upgradedHash !== undefined)
    await db.updateTable('account').set({ password_hash: upgradedHash }).where('id', '=', id).execute()
  await recordForPerson(db, actorOf({ id, username }, { role: null }, origin), id, {
    action: 'second_factor.ask',
    outcome: 'success',
    targetType: 'account',
    targetId: id,
  })
  return openChallenge(db, id, upgradedHash ?? password_hash ?? '', wish, now())
}

/** Opens the session of somebody who has proved who they are. Called under the account's lock. */
export async function admit(
  db: PlatformDb,
  access: Access,
  account: AccountRow,
  wish: Wish,
  origin: Origin,
  { upgradedHash, secondFactor }: { upgradedHash?: string | undefined; secondFactor?: 'totp' | 'recovery' },
): Promise<Signed | Problem> {
  const memberships = await listMemberships(db, account.id)
  const lastUsed = await db
    .selectFrom('session')
    .select('establishment_id')
    .where('account_id', '=', account.id)
    .orderBy('last_used_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  let grant: Grant
  try {
    grant = chooseGrant(account.platform_role, memberships, wish, lastUsed?.establishment_id)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return refuse(db, account, origin, error.code as 'membership_missing')
  }
  const isGiven = secondFactor !== undefined
  const signed = await openSession(db, access, { account, grant, memberships, secondFactor: isGiven }, origin)
  await db
    .updateTable('account')
    .set({ last_login_at: signed.at.toISOString(), ...(upgradedHash && { password_hash: upgradedHash }) })
    .where('id', '=', account.id)
    .execute()
  await recordEvent(db, actorOf(account, grant, origin), {
    action: 'login',
    outcome: 'success',
    establishmentId: grant.establishment?.id ?? null,
    targetType: 'session',
    targetId: signed.sessionId,
    ...((upgradedHash || secondFactor) && {
      detail: { ...(upgradedHash && { passwordHash: 'upgraded' }), ...(secondFactor && { secondFactor }) },
    }),
  })
  return signed
}

/** Opens a session for an account whose lock is held. @param until see insertSession */
export async function openSession(
  db: PlatformDb,
  access: Access,
  { account, grant, memberships, secondFactor }: Pick<Signed, 'account' | 'grant' | 'memberships' | 'secondFactor'>,
  origin: Origin,
  until?: string,
): Promise<Signed> {
  const at = issueInstant(account)
  const opened = await insertSession(db, access.refreshKey, {
    accountId: account.id,
    grant,
    secondFactor,
    userAgent: origin.userAgent,
    at,
    until,
  })
  const invitations = await countInvitations(db, account.id)
  const factor = await readFactorState(db, account.id)
  return { account, grant, memberships, invitations, secondFactor, factor, ...opened, at }
}

/**
 * A new pair of tokens for a refresh token; rights are read anew.
 * @throws refresh_invalid, refresh_reused (the session is closed), session_closed, establishment_suspended
 */
export async function refresh(access: Access, presented: string, origin: Origin): Promise<Tokens> {
  // Made up: not worth a connection.
  if (sessionOf(access.refreshKey, presented) === undefined) throw problem('refresh_invalid')
  const outcome = await access.tenancy.platform.transaction('accounts', async (db): Promise<Signed | Problem> => {
    const at = now()
    const rotation = await rotateSession(db, access.refreshKey, presented, at)
    if (rotation.outcome === 'unknown') return problem('refresh_invalid')
    const { session, account } = rotation
    if (rotation.outcome === 'reused') {
      const actor = actorOf(account, { role: session.role as Grant['role'] }, origin)
      await recordEvent(db, actor, {
        action: 'session.refresh_reused',
        outcome: 'refused',
        establishmentId: session.establishment_id,
        targetType: 'session',
        targetId: session.id,
      })
      return problem('refresh_reused')
    }
    const memberships = await listMemberships(db, account.id)
    const grant = account.status === 'active' ? grantOfSession(account, memberships, session) : undefined
    const factor = await readFactorState(db, account.id)
    // One that was opened before the person had a second factor was ended then: no other way leads around it.
    if (!grant || (factor.active && !session.second_factor)) {
      await revokeSession(db, session.id, 'membership_ended', at)
      return problem('session_closed')
    }
    const invitations = await countInvitations(db, account.id)
    return {
      account,
      grant,
      memberships,
      invitations,
      secondFactor: session.second_factor,
      factor,
      sessionId: session.id,
      refreshToken: rotation.refreshToken,
      at: issueInstant(account),
    }
  })
  return finish(access, outcome)
}

/** What a session works under now, by the rights as they are; undefined when nothing is left of them. */
export function grantOfSession(
  account: AccountRow,
  memberships: Membership[],
  session: Pick<SessionRow, 'establishment_id' | 'role'>,
): Grant | undefined {
  if (account.platform_role !== null || session.establishment_id === null) {
    const isSame = session.establishment_id === null && session.role === account.platform_role
    return isSame ? chooseGrant(account.platform_role, []) : undefined
  }
  const held = memberships.find(({ establishment }) => establishment.id === session.establishment_id)
  if (!held) return undefined
  const role = held.roles.find((one) => one === session.role)
  return chooseGrant(null, [held], { establishment: held.establishment.slug, ...(role && { role }) })
}

// Clocks of two machines differ by a little: a token is never dated before the cut-off that it came after.
const issueInstant = ({ not_before }: AccountRow): Date =>
  new Date(Math.max(now().getTime(), not_before === null ? 0 : Date.parse(not_before) + 1))

/** Signs the tokens after COMMIT; a refusal that was recorded is told only then, so that its record stays. */
export async function finish(access: Access, outcome: Signed | Problem): Promise<Tokens> {
  if (outcome instanceof Problem) throw outcome
  const { account, grant, memberships, invitations, secondFactor, factor, sessionId, refreshToken, at } = outcome
  const subject = {
    sub: account.id,
    sid: sessionId,
    establishment: grant.establishment?.slug ?? null,
    establishmentId: grant.establishment?.id ?? null,
    role: grant.role,
    roles: grant.roles,
    username: account.username,
    name: account.display_name,
    amr: amrOf(account, secondFactor),
  }
  return {
    access_token: await issueToken(access.keys.ring, access.issuer, subject, at),
    token_type: 'bearer',
    expires_in: lifetime,
    refresh_token: refreshToken,
    device_token: newDeviceMark(access.deviceKey, sessionId),
    user: toMe(account, grant, memberships, invitations, factor),
  }
}

export const actorOf = (
  account: Pick<AccountRow, 'id' | 'username'>,
  grant: Pick<Grant, 'role'>,
  { ip, requestId }: Origin,
): EventActor => ({
  id: account.id,
  name: account.username,
  role: grant.role,
  ip,
  requestId,
})

const nobody = '00000000-0000-0000-0000-000000000000'

type LoginRefusal = 'invalid_credentials' | 'account_disabled' | 'membership_missing' | 'establishment_suspended'

/** Records a refused login on each establishment where the person works. A name that nobody has is not kept: it may be a password typed in the wrong field. */
async function refuse(
  db: PlatformDb,
  account: Pick<Credentials, 'id' | 'username'> | undefined,
  origin: Origin,
  code: LoginRefusal,
): Promise<Problem> {
  const actor = account
    ? actorOf(account, { role: null }, origin)
    : { id: null, name: '?', role: null, ...pick(origin) }
  // Asked for nobody too: one query less would tell a name that is unknown.
  await recordForPerson(db, actor, account?.id ?? nobody, { action: 'login', outcome: 'failure', reason: code })
  return problem(code)
}

const pick = ({ ip, requestId }: Origin): Pick<Origin, 'ip' | 'requestId'> => ({ ip, requestId })
