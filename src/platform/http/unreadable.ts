import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { problem, problemText, type ErrorCode } from '../../shared/errors.ts'
import { newId } from '../../shared/ids.ts'

const codes: Record<string, ErrorCode> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/**
 * Answers what is no HTTP request at all, before Fastify knows of one: with a problem document, as everywhere. The
 * connection is closed a second later: closed at once, with bytes still unread, it is reset and the answer is lost.
 */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  // Once answered, whatever still comes is not HTTP either.
  if (!socket.writable) return
  if (error.code === 'ECONNRESET') socket.destroy()
  else close(socket, codes[error.code ?? ''] ?? 'request_unreadable')
}

/** CONNECT asks for a tunnel: nobody gets one, and without a listener Node cuts the connection without a word. */
export function refuseTunnels(app: FastifyInstance): void {
  app.server.on('connect', (_request, socket: Socket) => close(socket, 'not_found'))
}

function close(socket: Socket, code: ErrorCode): void {
  const refused = problem(code)
  const id = newId()
  const body = problemText(refused, 'fr', id)
  const lines = [
    `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    `x-request-id: ${id}`,
    'connection: close',
  ]
  socket.on('error', () => {})
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  setTimeout(() => socket.destroy(), 1_000).unref()
}
