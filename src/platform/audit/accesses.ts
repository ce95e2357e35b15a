import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { Readable } from 'node:stream'
import type { AccessEntry, Tenancy } from '#tenancy'
import type { AccessDeclaration } from '../http/request.ts'
import { Problem, problem, problemDocument } from '../../shared/errors.ts'
import { mostPatients, toAccessEntry, type AccessTaken } from './access-entry.ts'
import { watchTokens } from './refused-tokens.ts'

/** What the record needs of the process. */
export type Recording = { tenancy: Pick<Tenancy, 'accesses' | 'directory'> }

declare module 'fastify' {
  interface FastifyRequest {
    /** The answer before it became text. */
    shown: unknown
    /** What it was refused with. */
    refusedWith: Problem | undefined
    /** Puts a part of what this request reads on record, for good, before it leaves (`access: 'route'`). */
    recordAccess(access: AccessTaken): Promise<void>
  }
}

/**
 * Who opened what, on record before the answer leaves: no record, no access (research/security.md 7). Refusals of signed-in
 * people stand there too; of tokens that are not valid, their number.
 */
export function registerAccesses(app: FastifyInstance, { tenancy }: Recording): void {
  const tokens = watchTokens(tenancy.accesses, app.log)
  app.addHook('onClose', async () => tokens.close())
  app.addHook('onRoute', refuseUndeclared)
  app.decorateRequest('shown', undefined)
  app.decorateRequest('refusedWith', undefined)
  app.decorateRequest('recordAccess', function (this: FastifyRequest, access: AccessTaken) {
    return tenancy.accesses.append(entriesOf(tenancy, this, access)).catch((cause: unknown) => {
      throw unavailable(cause)
    })
  })
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    request.shown = payload
    done(null, payload)
  })
  app.addHook('onError', (request, _reply, error, done) => {
    request.refusedWith = error instanceof Problem ? error : undefined
    done()
  })
  // Whatever is sent comes by here: records and lists, files that leave as a stream, answers that will become 304.
  app.addHook('onSend', (request, reply, payload, done) => {
    const access = accessOf(request, reply)
    // A promise where something is awaited: what goes wrong behind it is then the framework's to answer.
    if (access !== undefined) return record(request, reply, payload, access)
    const { refusedWith } = request
    if (refusedWith !== undefined && tokens.concern(refusedWith))
      return tokens.refused(request, refusedWith).then(() => payload)
    done(null, payload)
    return undefined
  })

  const record = async (request: FastifyRequest, reply: FastifyReply, payload: unknown, access: AccessTaken) => {
    try {
      await tenancy.accesses.append(entriesOf(tenancy, request, access))
      return payload
    } catch (cause) {
      return refuse(request, reply, payload, cause)
    }
  }
}

/** What of this answer is an access; undefined: nothing. */
function accessOf(request: FastifyRequest, reply: FastifyReply): AccessTaken | undefined {
  const { route, auth } = request
  // An answer that no hook preceded (an address that cannot be decoded) has no route.
  if (auth === undefined || !route?.url?.startsWith('/api/')) return undefined
  const { statusCode: status } = reply
  if (status < 300) {
    if (isRead(route, route.method)) return typeof route.access === 'string' ? undefined : read(request, route.access)
    return isToldAgain(reply, route) ? toldAgain(request) : undefined
  }
  return refusal(request, status)
}

const isRead = ({ access, writes }: FastifyRequest['route'], method: unknown): boolean =>
  method === 'GET' || (access !== undefined && !writes)

function read(request: FastifyRequest, access: AccessDeclaration | undefined): AccessTaken {
  const shown = request.shown as { items?: unknown } | undefined
  const filters = filtersOf(request)
  return {
    action: actionOf(request),
    resourceId: access?.resourceId ? access.resourceId(request) : idOf(request),
    patients: access?.patients?.(shown, request) ?? [],
    detail: {
      ...(filters.length > 0 && { filters }),
      ...(Array.isArray(shown?.items) && { count: shown.items.length }),
      ...access?.detail?.(shown, request),
    },
  }
}

const notFilters = ['limit', 'cursor', 'format']

/** Their names: a schema has looked at them. */
function filtersOf({ method, query, body }: FastifyRequest): string[] {
  const given = { ...(query as object), ...(method === 'GET' ? {} : (body as object)) }
  return Object.keys(given).filter((name) => !notFilters.includes(name))
}

function idOf({ params }: FastifyRequest): string | null {
  const { id, slug } = (params ?? {}) as { id?: string; slug?: string }
  return id ?? slug ?? null
}

/** A write that was done before answers with the record as it was stored then: somebody reads it, and nothing is written. */
const isToldAgain = (reply: FastifyReply, { answers }: FastifyRequest['route']): boolean =>
  reply.getHeader('idempotency-replayed') !== undefined || (reply.statusCode === 200 && answers?.has(201) === true)

function toldAgain(request: FastifyRequest): AccessTaken {
  const { access } = request.route
  const shown = request.shown as { id?: string } | undefined
  return {
    action: `${actionOf(request).split('.')[0]}.replay`,
    resourceId: shown?.id ?? null,
    patients: (typeof access === 'object' && access.patients?.(shown, request)) || [],
  }
}

/** Refused for who asks, or because there is no such record; not for what was typed. */
function refusal(request: FastifyRequest, status: number): AccessTaken | undefined {
  const refused = request.refusedWith
  if (refused === undefined) return undefined
  const { candidates, patients } = { ...refused.options, ...refused.options.extra } as Shown
  // Those who resemble the new patient are shown: a search by another name.
  if (status === 409 && candidates)
    return {
      action: 'patient.candidates',
      patients: candidates.map(({ id }) => id),
      detail: { count: candidates.length },
    }
  if (status !== 403 && status !== 404) return undefined
  return {
    action: actionOf(request),
    // Only of a file of this establishment: another one's identifier is not carried into its record, nor what somebody
    // typed into a path that no schema has looked at.
    resourceId: patients === undefined ? null : idOf(request),
    patients: patients ?? [],
    outcome: 'refused',
    reason: refused.code,
  }
}

type Shown = { candidates?: { id: string }[]; patients?: readonly string[] }

const verbs: Record<string, string> = { get: 'read', add: 'create', change: 'update' }

/** `resource.verb`: as declared, or by the operation's name: `updatePatient` → `patient.update`. */
export function actionOf({ routeOptions: { config, schema } }: Pick<FastifyRequest, 'routeOptions'>): string {
  if (typeof config.access === 'object') return config.access.action
  const { operationId = '' } = (schema ?? {}) as { operationId?: string }
  const [, verb = '', what = ''] = /^([a-z]+)(.*)$/s.exec(operationId) ?? []
  const resource =
    what.charAt(0).toLowerCase() +
    what
      .slice(1)
      .replace(/ies$/, 'y')
      .replace(/([^s])s$/, '$1')
  return `${resource || 'account'}.${verbs[verb] ?? verb}`
}

/** One, or several of an answer that shows more files than an entry names. */
function entriesOf(recording: Recording['tenancy'], request: FastifyRequest, access: AccessTaken): AccessEntry[] {
  if (Array.isArray(access.patients) && access.patients.length <= mostPatients)
    return [entryOf(recording, request, access)]
  const files = [...new Set(access.patients)]
  const parts = Array.from({ length: Math.ceil(files.length / mostPatients) || 1 }, (_, part) =>
    files.slice(part * mostPatients, (part + 1) * mostPatients),
  )
  return parts.map((patients) => entryOf(recording, request, { ...access, patients }))
}

function entryOf({ directory }: Recording['tenancy'], request: FastifyRequest, access: AccessTaken): AccessEntry {
  const own = request.auth.establishment?.schema
  if (own !== undefined) return toAccessEntry(own, request.actor, access)
  // What the platform's administrators read of an establishment stands on its own record.
  const { access: declared } = request.route
  const slug = typeof declared === 'object' ? declared.establishment?.(request) : undefined
  const named = slug === undefined || access.outcome === 'refused' ? undefined : directory.findBySlug(slug)
  return toAccessEntry(named?.schema ?? null, request.actor, access, true)
}

const unavailable = (cause: unknown): Problem =>
  cause instanceof Problem && cause.code === 'busy' ? cause : problem('audit_unavailable', { retryAfter: 2, cause })

/** Nothing of the answer leaves. @returns what is sent instead */
function refuse(request: FastifyRequest, reply: FastifyReply, payload: unknown, cause: unknown): string {
  if (payload instanceof Readable) payload.destroy()
  const refused = unavailable(cause)
  reply.refusedAs = refused.code
  request.log.error({ code: refused.code, route: request.route.url }, 'a read could not be put on record')
  for (const name of [
    'etag',
    'content-length',
    'content-disposition',
    'idempotency-replayed',
    'location',
    'www-authenticate',
  ])
    void reply.removeHeader(name)
  void reply
    .code(refused.status)
    .header('retry-after', refused.options.retryAfter ?? 2)
    .header('content-type', 'application/problem+json; charset=utf-8')
  return JSON.stringify(problemDocument(refused, request.language, request.id))
}

/** @throws Error at start: a route with a right whose reads would name nobody's file */
function refuseUndeclared({ url, method, config = {}, schema }: RouteOptions): void {
  if (config.right === undefined) return
  const { properties = {} } = ((schema ?? {}) as { headers?: { properties?: object } }).headers ?? {}
  if (method !== 'GET' && ('idempotency-key' in properties || !/:(read|export)$/.test(config.right)))
    config.writes = true
  if (config.access === undefined && !config.writes)
    throw new Error(`${String(method)} ${url}: how is a read of it put on record? (config.access, or config.writes)`)
}
