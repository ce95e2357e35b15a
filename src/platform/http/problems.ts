import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemOf } from '#tenancy'
import { Problem, problem, problemText, type ErrorCode } from '../../shared/errors.ts'
import { Tally } from '../../shared/seldom.ts'
import { traceOf } from '../../shared/traces.ts'
import { text } from '../../shared/text.ts'
import { fieldErrors } from './field-errors.ts'

// Fastify's own refusals, in our words.
const ofFastify: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_json',
  FST_REQ_FILE_TOO_LARGE: 'payload_too_large',
  FST_FILES_LIMIT: 'payload_too_large',
  FST_PARTS_LIMIT: 'payload_too_large',
  FST_FIELDS_LIMIT: 'payload_too_large',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'unsupported_media_type',
  FST_ERR_HANDLER_TIMEOUT: 'timeout',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
}

/** Every failure leaves as a problem document; what is not foreseen says nothing but the request's id. */
export function registerProblems(app: FastifyInstance): void {
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request, reply) => send(request, reply, problem('not_found')))
  answerInsteadOfNode(app)
}

/** Node refuses two kinds of request by itself, without a document: one without a host, and one that expects the unknown. */
function answerInsteadOfNode(app: FastifyInstance): void {
  // RFC 9112 3.2: 400.
  app.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    if (headers.host === undefined && raw.httpVersion === '1.1') throw problem('request_unreadable')
    done()
  })
  // RFC 9110 10.1.1: what is expected beyond 100-continue may be ignored.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
}

// A line with a trace for each would be the greater part of the work of refusing.
const refusals = new Tally()

/** Renders any failure; also the framework's own, before a route was found (a path that cannot be decoded). */
export function sendProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const refused = toProblem(error)
  if (refused.code === 'busy' && refused.options.cause === undefined)
    refusals.add((count) => request.log.warn({ refused: count }, 'overloaded: requests refused'))
  else if (refused.status >= 500) {
    // Never the message of a database error or its detail: they quote values of records.
    const { type, code: sqlState, stack } = traceOf(refused.options.cause ?? error)
    const fields = { code: refused.code, type, sqlState, route: request.routeOptions?.url, stack }
    request.log.error(fields, 'request failed')
  }
  send(request, reply, refused)
}

function toProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error
  if (error.validation)
    return problem('invalid_input', { errors: fieldErrors(error.validation, error.validationContext) })
  const code = ofFastify[error.code]
  if (code) return problem(code, { cause: error })
  if (error.statusCode === 429) return problem('too_many_requests')
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
    return problem('invalid_input', { cause: error, errors: [{ path: 'body', message: unreadable }] })
  return problemOf(error)
}

const unreadable = text('Cette demande ne se lit pas.', 'This request cannot be read.')

function send(request: FastifyRequest, reply: FastifyReply, refused: Problem): void {
  reply.refusedAs = refused.code
  if (refused.options.retryAfter !== undefined) void reply.header('retry-after', refused.options.retryAfter)
  if (refused.status === 401) void reply.header('www-authenticate', 'Bearer')
  void reply
    .code(refused.status)
    .removeHeader('etag')
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(problemText(refused, request.language, request.id))
}
