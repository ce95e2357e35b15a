import type { FastifyInstance } from 'fastify'
import secureJson from 'secure-json-parse'
import { problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { isStorableText, unstorableText } from './storable.ts'

const maxDepth = 20
// The fields of a form are some dozens. Naming all that is wrong with 120,000 values held the event loop for 0.9 s.
const maxValues = 5_000
const decoder = new TextDecoder('utf-8', { fatal: true })

/** application/json only: valid UTF-8, no NUL, no lone surrogate, at most 20 levels and 5,000 values, no __proto__. */
export function registerJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  // A small body could unfold to a large one: bodies come as they are, and others are told (RFC 9110 15.5.16).
  app.addHook('onRequest', ({ method, headers }, _reply, done) => {
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity' && method !== 'GET' && method !== 'HEAD')
      throw problem('unsupported_media_type')
    done()
  })
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length === 0) throw problem('invalid_json')
    return parseJson(body)
  })
}

/** @throws invalid_json, with the field whose content cannot be stored; payload_too_large for too many values */
function parseJson(body: Buffer): unknown {
  const value = decode(body)
  refuseUnstorable(value, '', 0, { left: maxValues })
  return value
}

function decode(body: Buffer): unknown {
  try {
    return secureJson.parse(decoder.decode(body), undefined, { protoAction: 'error', constructorAction: 'error' })
  } catch {
    // One answer for all kinds of unreadable bodies.
    throw problem('invalid_json')
  }
}

function refuseUnstorable(value: unknown, path: string, depth: number, values: { left: number }): void {
  if (--values.left < 0) throw problem('payload_too_large')
  if (typeof value === 'string' && !isStorableText(value)) throw problem('invalid_json', unstorableText(path))
  if (typeof value === 'number' && !Number.isFinite(value))
    throw problem('invalid_json', { errors: [{ path: path || 'body', message: beyond }] })
  if (typeof value !== 'object' || value === null) return
  if (depth >= maxDepth) throw problem('invalid_json')
  for (const [key, item] of Object.entries(value)) {
    if (!isStorableText(key)) throw problem('invalid_json', unstorableText(path))
    const name = Array.isArray(value) ? `[${key}]` : `${path && '.'}${key.slice(0, 80)}`
    refuseUnstorable(item, path + name, depth + 1, values)
  }
}

const beyond = text('Ce nombre est trop grand.', 'This number is too large.')
