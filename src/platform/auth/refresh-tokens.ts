import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { parse, stringify } from 'uuid'
import { seal, unseal } from './sealing.ts'

// session id (16 bytes) || random (32) || MAC (16) in base64url. The MAC tells a token that we made from one that was
// made up: only the former may close a session, so that knowing a session's id is no weapon.
const [idBytes, randomLength, macBytes] = [16, 32, 16]
const size = idBytes + randomLength + macBytes

export const refreshTokenLength = Math.ceil((size * 4) / 3)

/** A new opaque refresh token of 256 random bits for this session. @param key derived from the master key */
export function newRefreshToken(key: Uint8Array, sessionId: string): string {
  const body = Buffer.concat([parse(sessionId), randomBytes(randomLength)])
  return Buffer.concat([body, mac(key, body)]).toString('base64url')
}

/** The session that a refresh token of ours belongs to, or undefined for anything else. */
export function sessionOf(key: Uint8Array, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url')
  if (bytes.length !== size || bytes.toString('base64url') !== token) return undefined
  const body = bytes.subarray(0, idBytes + randomLength)
  if (!timingSafeEqual(bytes.subarray(body.length), mac(key, body))) return undefined
  return stringify(body.subarray(0, idBytes))
}

/** What is stored of a token: 256 random bits need no slow hash. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest()

/** The successor, readable only by who holds the token it replaces. */
export const sealSuccessor = (presented: string, successor: string): Buffer =>
  seal(successorKey(presented), Buffer.from(successor), 'successor')

/** The successor that `sealSuccessor` hid. @throws Error when `presented` is another token */
export const openSuccessor = (presented: string, sealed: Uint8Array): string =>
  unseal(successorKey(presented), sealed, 'successor').toString()

const successorKey = (presented: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', presented, '', 'sis refresh successor', 32))

const mac = (key: Uint8Array, body: Uint8Array): Buffer =>
  createHmac('sha256', key).update(body).digest().subarray(0, macBytes)
