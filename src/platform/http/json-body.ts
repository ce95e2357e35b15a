import type { FastifyInstance } from 'fastify'
import secureJson from 'secure-json-parse'
import { problem } from '../../shared/errors.ts'

const maxDepth = 20
const decoder = new TextDecoder('utf-8', { fatal: true })

/** application/json only: valid UTF-8, no NUL, no lone surrogate, at most 20 levels, no __proto__. */
export function registerJsonBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length === 0) throw problem('invalid_json')
    return parseJson(body)
  })
}

/** @throws invalid_json */
export function parseJson(body: Buffer): unknown {
  try {
    const value: unknown = secureJson.parse(decoder.decode(body), undefined, {
      protoAction: 'error',
      constructorAction: 'error',
    })
    if (isStorable(value, 0)) return value
  } catch {
    // One answer for all kinds of unreadable bodies.
  }
  throw problem('invalid_json')
}

function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth >= maxDepth) return false
  return Object.entries(value).every(([key, item]) => isStorable(key, depth) && isStorable(item, depth + 1))
}
