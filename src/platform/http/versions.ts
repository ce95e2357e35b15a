import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { problem } from '../../shared/errors.ts'
import { operationKey } from './operation-key.ts'

/** What a change is sent with: the version that was read, and its operation key. */
export const ChangeHeaders = Type.Object(
  {
    ...operationKey,
    'if-match': Type.Optional(
      Type.String({ maxLength: 40, description: 'The version that was read, as in ETag', examples: ['"3"'] }),
    ),
  },
  { additionalProperties: true },
)

/**
 * The version that the client has read, from If-Match (RFC 9110 13.1.1).
 * @throws version_required without the header, invalid_if_match when it holds no version
 */
export function expectedVersion(request: FastifyRequest): number {
  const header = request.headers['if-match']
  if (header === undefined) throw problem('version_required')
  const [, quoted, bare] = /^(?:W\/)?(?:"(\d{1,9})(?:\.[\w-]{1,27})?"|(\d{1,9}))$/.exec(header.trim()) ?? []
  const version = Number(quoted ?? bare)
  if (!Number.isInteger(version) || version < 1) throw problem('invalid_if_match')
  return version
}

/** @throws version_stale when the locked row is not the one that the client has read */
export function assertVersion(row: { version: number }, expected: number): void {
  if (row.version !== expected) throw problem('version_stale')
}

/**
 * Sends a versioned object that also says what changes without it: who lies in a bed, days that go by, a service's name. Its
 * ETag is the version and the content, so that nobody is told 304 of what has changed; If-Match takes the version of it.
 */
export function versionedView<T extends { version: number }>(reply: FastifyReply, body: T): T {
  void reply.header('etag', `W/"${body.version}.${hash('sha1', JSON.stringify(body), 'base64url')}"`)
  return body
}

/** Sends a versioned object with its ETag. */
export function versioned<T extends { version: number }>(reply: FastifyReply, body: T): T {
  void reply.header('etag', `"${body.version}"`)
  return body
}
