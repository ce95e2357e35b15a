import type { FastifyInstance, FastifyReply, RouteOptions } from 'fastify'
import { errorCatalogue } from '../../shared/error-catalogue.ts'
import type { ErrorCode } from '../../shared/errors.ts'
import { responses } from '../../shared/schemas.ts'
import { openIn, unboundedIn, type Schema } from './bounds.ts'

// A route says all that it takes and answers, or the server does not start. What it takes undeclared is not read, and
// what it answers undeclared does not leave (research/security.md 5: a status without a schema lets every field out).

type RouteSchema = {
  summary?: string
  description?: string
  operationId?: string
  tags?: readonly string[]
  hide?: boolean
  body?: Schema
  querystring?: Schema
  params?: Schema
  headers?: Schema
  response?: Responses
}
type Problems = { description?: string; content?: Record<string, object> }
type Responses = Record<string, Schema & Problems>

const schemaOf = (route: RouteOptions): RouteSchema => (route.schema ?? {}) as RouteSchema
const methodsOf = ({ method }: RouteOptions): string[] => [method].flat()
const takesBody = (route: RouteOptions): boolean => !methodsOf(route).every((method) => /^(GET|HEAD)$/.test(method))

/**
 * All that a route answers: its own, what the request scope answers before the route is reached, what follows from a
 * body and from the headers that it takes, and 304.
 */
export function allResponses(route: RouteOptions): Responses {
  const { response = {}, headers: { properties = {} } = {} } = schemaOf(route)
  const { public: isPublic, right, beforeEnrolment, module } = route.config ?? {}
  const before: ErrorCode[] = [
    ...(isPublic ? [] : ofScope),
    ...(isPublic || beforeEnrolment ? [] : ofEnrolment),
    ...(right === undefined ? [] : ofRight),
    ...(typeof module === 'object' && module.defaults ? ofModule : []),
    ...(takesBody(route) ? ofBody : []),
    ...(properties['if-match'] ? ofVersion : []),
    ...(properties['idempotency-key'] ? ofKey : []),
  ]
  const own = merged(response, before)
  const isConditional = methodsOf(route).includes('GET') && response['200'] !== undefined && !response['200'].content
  return isConditional ? { 304: unchanged, ...own } : own
}

const ofScope = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_stale',
  'session_closed',
  'directory_stale',
] as const
const ofEnrolment = ['second_factor_enrolment_required'] as const
const ofRight = ['right_missing', 'establishment_suspended', 'establishment_archived'] as const
const ofModule = ['module_disabled'] as const
const ofBody = ['invalid_json', 'payload_too_large', 'unsupported_media_type', 'outcome_unknown'] as const
const ofVersion = ['version_required', 'version_stale', 'invalid_if_match'] as const
const ofKey = ['invalid_idempotency_key', 'idempotency_key_reused'] as const
/** What a read answers that has an ETag. */
export const unchanged = { type: 'null', description: 'Unchanged since If-None-Match' }

/** The answers with further problems: a status that is there already names them besides its own. */
function merged(response: Responses, codes: ErrorCode[]): Responses {
  const all: Responses = { ...response }
  for (const code of codes) {
    const status = String(errorCatalogue[code].status)
    const { description = '' } = all[status] ?? {}
    const named = description.split(', ').filter((name) => name in errorCatalogue)
    if (named.includes(code)) continue
    const fresh = (responses({}, code) as Responses)[status]!
    all[status] = { ...fresh, ...all[status], description: [...named, code].join(', ') }
  }
  return all
}

/** Checks every route that is registered after it, and watches over its requests and answers. */
export function registerDeclared(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (schemaOf(route).hide && !route.url.startsWith('/api/')) return
    const found = undeclared(route)
    if (found.length > 0) throw new Error(`${methodsOf(route).join()} ${route.url}:\n  ${found.join('\n  ')}`)
    if (route.url.startsWith('/api/')) route.schema = { querystring: nothing, ...route.schema }
    const answers = new Set(Object.keys(allResponses(route)).map(Number))
    route.config = { ...route.config, answers }
  })
  // A handler cannot rely on what no schema has looked at.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body !== undefined && !request.routeOptions.schema?.body) request.body = undefined
    done()
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    const { answers, url } = request.route
    if (answers !== undefined && !answers.has(reply.statusCode)) {
      if (!isProblem(reply)) throw new Error('an answer with an undeclared status')
      request.log.warn({ route: url, status: reply.statusCode }, 'undeclared refusal')
    }
    done(null, payload)
  })
}

const nothing = { type: 'object', properties: {}, additionalProperties: false }

// Written by problems.ts, from the catalogue.
const isProblem = (reply: FastifyReply): boolean =>
  String(reply.getHeader('content-type')).startsWith('application/problem+json')

/** What a route leaves open, a line each. */
function undeclared(route: RouteOptions): string[] {
  const schema = schemaOf(route)
  const { response = {} } = schema
  const found: string[] = []
  for (const name of ['summary', 'description', 'operationId', 'tags'] as const)
    if (!schema[name]?.length) found.push(`${name} is missing`)
  if (schema.hide) found.push('hide: a route of the API is documented')
  const statuses = Object.keys(response)
  if (!statuses.some((status) => /^2\d\d$/.test(status))) found.push('no success is declared')
  for (const status of always)
    if (!statuses.includes(String(status))) found.push(`${status} is not declared: use responses()`)
  for (const [status, answer] of Object.entries(response)) found.push(...openIn(answer, status))
  for (const name of [...route.url.matchAll(/[:*](\w*)/g)].map(([all, name]) => name || all))
    if (!schema.params?.properties?.[name]) found.push(`params.${name} has no schema`)
  for (const part of ['body', 'querystring', 'params'] as const)
    if (schema[part]) found.push(...unboundedIn(schema[part], part))
  // Headers that no schema names come with every request; maxHeaderSize bounds them.
  for (const [name, header] of Object.entries(schema.headers?.properties ?? {}))
    found.push(...unboundedIn(header, `headers.${name}`))
  return found
}

const always = [400, 404, 429, 500, 503, 504]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The statuses that the route declares; set by registerDeclared. */
    answers?: ReadonlySet<number>
  }
}
