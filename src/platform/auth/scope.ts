import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RouteOptions } from 'fastify'
import { Spent } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { Problem, problem } from '../../shared/errors.ts'
import { networkOf } from '../http/network.ts'
import { Rates } from '../http/rates.ts'
import type { Actor, Auth } from '../http/request.ts'
import type { Access } from './access.ts'
import { rightsOf } from './rights.ts'
import { issuedAt, mustEnrol, type Claims } from './tokens.ts'

/**
 * Who is asking, for every route registered after it in the same scope. Sets request.auth, request.actor and
 * request.tenant from the verified token and the directory, and checks the route's right before its schemas. The
 * establishment never comes from anything else in the request.
 * @param strangersPerMinute requests without a token of ours, for each network; answered 401, above it 429
 */
export function requestScope(access: Access, strangersPerMinute: number): FastifyPluginAsync {
  const strangers = new Rates(strangersPerMinute, 10)
  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook('onRoute', refuseUnguarded)
    decorate(app, access)
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.route.public) {
        done()
        return undefined
      }
      const refuse = (error: unknown): never => {
        throw countStranger(strangers, request, error)
      }
      try {
        const claims = claimsOf(access, request)
        if (claims instanceof Promise) return claims.then((own) => admit(access, request, own)).catch(refuse)
        admit(access, request, claims)
      } catch (error) {
        refuse(error)
      }
      // Nearly every request comes with a token that was verified before: nothing was awaited.
      done()
      return undefined
    })
  }
  // Without an encapsulation of its own: the hooks are those of the scope that registers it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

function decorate(app: FastifyInstance, access: Access): void {
  app.decorateRequest('auth', undefined as unknown as Auth)
  app.decorateRequest('actor', undefined as unknown as Actor)
  app.decorateRequest('spent', undefined)
  app.decorateRequest('tenant', {
    getter(this: FastifyRequest) {
      const establishment = this.auth?.establishment
      if (!establishment) throw problem('right_missing')
      return access.tenancy.tenant(establishment, (this.spent ??= new Spent()))
    },
  })
}

/** @throws Error at start: a route without a rule would be open or shut by accident */
function refuseUnguarded({ method, url, config }: RouteOptions): void {
  const rules = [config?.right, config?.public, config?.authenticated].filter((rule) => rule !== undefined)
  if (rules.length !== 1)
    throw new Error(`${String(method)} ${url}: exactly one of right, public, authenticated is needed`)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** @throws token_missing, token_invalid, token_expired; directory_stale when revocations cannot be verified */
function claimsOf({ tokens, tenancy }: Access, request: FastifyRequest): Claims | Promise<Claims> {
  const token = bearer(request.headers.authorization)
  tenancy.directory.assertFresh()
  const time = now()
  return tokens.find(token, time) ?? tokens.verify(token, time)
}

/**
 * Lets the request in as whom its claims name.
 * @throws token_invalid, token_stale, session_closed; second_factor_enrolment_required, right_missing,
 * establishment_suspended, establishment_archived
 */
function admit(access: Access, request: Writable<FastifyRequest>, claims: Claims): void {
  const { right, beforeEnrolment } = request.route
  const auth = identify(access, claims)
  request.auth = auth
  request.actor = actorOf(auth, request)
  if (auth.mustEnrol && !beforeEnrolment) throw problem('second_factor_enrolment_required')
  if (right === undefined) return
  refuseClosed(auth)
  if (!auth.rights.has(right)) throw problem('right_missing')
}

/** @throws token_invalid, token_stale, session_closed */
function identify(access: Access, claims: Claims): Auth {
  const revoked = revocationOf(access, claims.sub, claims.sid, () => issuedAt(claims))
  if (revoked) throw problem(revoked)
  return toAuth(access, claims)
}

function revocationOf(
  { tenancy: { directory } }: Access,
  accountId: string,
  sessionId: string,
  issued: () => number,
): 'session_closed' | 'token_stale' | undefined {
  const state = directory.accountState(accountId)
  if (state?.disabled || directory.isSessionRevoked(sessionId)) return 'session_closed'
  return state?.notBefore !== undefined && issued() <= state.notBefore ? 'token_stale' : undefined
}

/**
 * Why what was opened under this token must end: the person or the session was shut off, a right or a membership was taken
 * away, the establishment is closed, or the token's time is over. Undefined: it goes on.
 * @param at epoch ms
 */
export function endOf(
  access: Access,
  { account, sessionId, issuedAt: issued, expiresAt, establishment }: Auth,
  at: number,
):
  | 'session_closed'
  | 'token_stale'
  | 'token_expired'
  | 'establishment_suspended'
  | 'establishment_archived'
  | undefined {
  const revoked = revocationOf(access, account.id, sessionId, () => issued)
  if (revoked) return revoked
  const now = establishment && access.tenancy.directory.findById(establishment.id)
  if (establishment && now?.status !== 'active')
    return now?.status === 'archived' ? 'establishment_archived' : 'establishment_suspended'
  return at >= expiresAt ? 'token_expired' : undefined
}

/** Who has no token of ours is counted by network; one that has only ended is no attack. */
function countStranger(strangers: Rates, request: FastifyRequest, error: unknown): unknown {
  if (!(error instanceof Problem) || !['token_missing', 'token_invalid'].includes(error.code)) return error
  const wait = strangers.take(networkOf(request.ip))
  return wait ? problem('too_many_requests', { retryAfter: wait }) : error
}

// Of the claims that verified-tokens.ts remembers, as long as it does.
const known = new WeakMap<Claims, Auth>()

/** What claims say; made once for a token, and anew when the directory's establishment is another object. */
function toAuth(access: Access, claims: Claims): Auth {
  const { establishmentId } = claims
  const establishment = establishmentId === null ? undefined : access.tenancy.directory.findById(establishmentId)
  const before = known.get(claims)
  if (before && before.establishment === establishment) return before
  if ((establishment?.slug ?? null) !== claims.establishment) throw problem('token_invalid')
  const auth = Object.freeze({
    account: { id: claims.sub, username: claims.username, name: claims.name },
    sessionId: claims.sid,
    role: claims.role,
    roles: claims.roles,
    rights: rightsOf(claims.roles),
    mustEnrol: mustEnrol(claims),
    establishment,
    issuedAt: issuedAt(claims),
    expiresAt: claims.exp * 1_000,
  })
  known.set(claims, auth)
  return auth
}

function refuseClosed({ establishment }: Auth): void {
  if (!establishment || establishment.status === 'active') return
  throw problem(establishment.status === 'suspended' ? 'establishment_suspended' : 'establishment_archived')
}

// RFC 6750 2.1; the scheme's name is not case-sensitive (RFC 9110 11.1).
function bearer(header: string | undefined): string {
  if (header === undefined) throw problem('token_missing')
  // As all clients write it; what follows is looked at when the token is.
  if (header.startsWith('Bearer ') && header.charCodeAt(7) !== 32) return header.slice(7)
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? []
  if (token === undefined) throw problem('token_invalid')
  return token
}

const actorOf = ({ account, role, sessionId }: Auth, request: FastifyRequest): Actor => ({
  id: account.id,
  name: account.name,
  role: role ?? 'NONE',
  sessionId,
  ip: request.ip,
  requestId: request.id,
})

/** Makes this process see at once what was just committed; the others follow within two seconds. */
export async function noticeNow({ tenancy: { directory } }: Access): Promise<void> {
  // A failure is left to the next poll.
  await directory.refresh().catch(() => {})
}
