import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Establishment, Tenant } from '#tenancy'
import { preferredLanguage, type Language } from '../../shared/text.ts'
import type { Right, Role } from '../auth/rights.ts'

/** Who is asking, as the verified token says. */
export type Auth = {
  account: { id: string; username: string; name: string }
  sessionId: string
  /** The role that the session works under; null for a person who has no membership yet (to accept an invitation). */
  role: Role | null
  /** All active roles in this establishment (or the platform role). */
  roles: readonly Role[]
  rights: ReadonlySet<Right>
  /** The roles demand a second factor and none was given: only `config.beforeEnrolment` routes answer. */
  mustEnrol: boolean
  establishment: Establishment | undefined
  /** When the token was issued and when it ends (epoch ms): for what goes on after the request was let in. */
  issuedAt: number
  expiresAt: number
}

/** Who did something, as the history and the audit write it down: names are copied, so that a tenant stands alone. */
export type Actor = {
  id: string | null
  name: string
  role: string
  sessionId?: string | null
  ip?: string | null
  requestId?: string | null
  /** The break-glasses through which this request saw something; the record gives them as its reason. */
  breakGlass?: string[]
}

/**
 * What a read is put on record as, before its answer leaves. Every route that has a right declares one, unless it only
 * writes (whose entry stands in the write's own transaction); start-up refuses a route without.
 */
export type AccessDeclaration = {
  /** `resource.verb`: `patient.read`, `patient.search`, `consultation.export`, `audit.list`… */
  action: string
  /** Whose files the answer opens, from its body: at most 100 are kept of one answer. Absent: nobody's. */
  patients?(answer: unknown, request: FastifyRequest): Iterable<string | null | undefined>
  /** Which record is read; the path's `id` unless said. */
  resourceId?(request: FastifyRequest): string | null
  /** The establishment that the platform's administrators read about: it stands on that one's record. */
  establishment?(request: FastifyRequest): string | undefined
  /** Counts and names to be kept besides those of the filters: never a clinical value. */
  detail?(answer: unknown, request: FastifyRequest): object
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the request scope; routes with `config.public` have none. @throws token_missing when read without one */
    readonly auth: Auth
    /** The establishment's handle. @throws establishment_required for a session that is bound to none */
    readonly tenant: Tenant
    readonly actor: Actor
    readonly language: Language
    /** The route's own configuration; `routeOptions` makes a new object of twelve fields each time it is looked at. */
    readonly route: FastifyContextConfig & { readonly url?: string; readonly method?: string | readonly string[] }
  }
  interface FastifyContextConfig {
    /** The right that this route needs; checked before anything else of the route runs. */
    right?: Right
    /** Open to everybody. */
    public?: true
    /** Any signed-in person, whatever the role. */
    authenticated?: true
    /** Answers also a session whose roles demand a second factor that its person has yet to enrol. */
    beforeEnrolment?: true
    /**
     * How a read of this route is put on record; `'route'`: it does so itself, piece by piece (exports); `'published'`:
     * what it tells is printed in books, and of nobody.
     */
    access?: AccessDeclaration | 'route' | 'published'
    /** It answers nothing but what it has just written, and what it writes is on record with it. */
    writes?: true
    /** How long the request's body may take to arrive, in seconds; 10 unless said. */
    bodySeconds?: number
    /**
     * Not counted with the ordinary requests in flight: `bulk` (files that take minutes) has bounds of its own, `stream`
     * (answers that do not end by themselves) keeps its own where it is served, `none` has none.
     */
    load?: 'bulk' | 'stream' | 'none'
  }
}

export type Routes = FastifyPluginAsyncTypebox

/** What every request knows, also one that no route answers: the reader's language, the route's configuration. */
export function registerRequest(app: FastifyInstance): void {
  app.decorateRequest('language', {
    getter() {
      return preferredLanguage(this.headers['accept-language'])
    },
  })
  app.decorateRequest('route', undefined as never)
  app.addHook('onRequest', (request, _reply, done) => {
    ;(request as { route: FastifyRequest['route'] }).route = request.routeOptions.config
    done()
  })
}
