import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RouteOptions } from 'fastify'
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
    app.addHook('onRequest', async (request) => {
      const { public: isPublic, right, beforeEnrolment } = request.routeOptions.config
      if (isPublic) return
      const auth = await identify(access, request).catch((error: unknown) => {
        throw countStranger(strangers, request, error)
      })
      Object.assign(request, { auth, actor: actorOf(auth, request) })
      if (auth.mustEnrol && !beforeEnrolment) throw problem('second_factor_enrolment_required')
      if (right === undefined) return
      refuseClosed(auth)
      if (!auth.rights.has(right)) throw problem('right_missing')
    })
  }
  // Without an encapsulation of its own: the hooks are those of the scope that registers it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

function decorate(app: FastifyInstance, access: Access): void {
  app.decorateRequest('auth', undefined as unknown as Auth)
  app.decorateRequest('actor', undefined as unknown as Actor)
  app.decorateRequest('tenant', {
    getter(this: FastifyRequest) {
      const establishment = this.auth?.establishment
      if (!establishment) throw problem('right_missing')
      return access.tenancy.tenant(establishment)
    },
  })
}

/** @throws Error at start: a route without a rule would be open or shut by accident */
function refuseUnguarded({ method, url, config }: RouteOptions): void {
  const rules = [config?.right, config?.public, config?.authenticated].filter((rule) => rule !== undefined)
  if (rules.length !== 1)
    throw new Error(`${String(method)} ${url}: exactly one of right, public, authenticated is needed`)
}

/**
 * @throws token_missing, token_invalid, token_expired, token_stale, session_closed; directory_stale when revocations
 * cannot be verified
 */
async function identify(access: Access, request: FastifyRequest): Promise<Auth> {
  const token = bearer(request.headers.authorization)
  const { directory } = access.tenancy
  directory.assertFresh()
  const claims = await access.tokens.verify(token, now())
  const state = directory.accountState(claims.sub)
  if (state?.disabled || directory.isSessionRevoked(claims.sid)) throw problem('session_closed')
  if (state?.notBefore !== undefined && issuedAt(claims) <= state.notBefore) throw problem('token_stale')
  return toAuth(access, claims)
}

/** Who has no token of ours is counted by network; one that has only ended is no attack. */
function countStranger(strangers: Rates, request: FastifyRequest, error: unknown): unknown {
  if (!(error instanceof Problem) || !['token_missing', 'token_invalid'].includes(error.code)) return error
  const wait = strangers.take(networkOf(request.ip))
  return wait ? problem('too_many_requests', { retryAfter: wait }) : error
}

function toAuth(access: Access, claims: Claims): Auth {
  const { establishmentId } = claims
  const establishment = establishmentId === null ? undefined : access.tenancy.directory.findById(establishmentId)
  if ((establishment?.slug ?? null) !== claims.establishment) throw problem('token_invalid')
  return {
    account: { id: claims.sub, username: claims.username, name: claims.name },
    sessionId: claims.sid,
    role: claims.role,
    roles: claims.roles,
    rights: rightsOf(claims.roles),
    mustEnrol: mustEnrol(claims),
    establishment,
  }
}

function refuseClosed({ establishment }: Auth): void {
  if (!establishment || establishment.status === 'active') return
  throw problem(establishment.status === 'suspended' ? 'establishment_suspended' : 'establishment_archived')
}

// RFC 6750 2.1; the scheme's name is not case-sensitive (RFC 9110 11.1).
function bearer(header: string | undefined): string {
  if (header === undefined) throw problem('token_missing')
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
