import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/**
 * Conditional reads (RFC 9110 13.1.2): a client on a weak network that already holds the answer gets 304 and no body.
 * Single records carry their version as ETag; lists get a hash of their content.
 */
export function registerEtags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload
    const etag = String(reply.getHeader('etag') ?? `W/"${createHash('sha1').update(payload).digest('base64url')}"`)
    void reply.header('etag', etag)
    if (!matches(request.headers['if-none-match'], etag)) return payload
    void reply.code(304).removeHeader('content-length').removeHeader('content-type')
    return ''
  })
}

const strong = (etag: string): string => etag.trim().replace(/^W\//, '')

const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header
    .slice(0, 1_000)
    .split(',')
    .some((one) => one.trim() === '*' || strong(one) === strong(etag))
