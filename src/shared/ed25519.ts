import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'

/** A pair of keys that signs for this installation; what it has signed is told by `kid`. */
export type SigningKey = {
  /** The thumbprint of the public key (RFC 7638), 43 characters. */
  kid: string
  /** The public key's 32 bytes in base64url, 43 characters. */
  publicKey: string
  /** 64 bytes (Ed25519, RFC 8032). */
  sign(bytes: Uint8Array): Buffer
}

// The fixed beginning of a PKCS #8 document that holds a 32-byte Ed25519 seed (RFC 8410 7).
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The pair of a 32-byte seed: the same seed always makes the same pair. */
export function keyFromSeed(seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { kid: thumbprint(x), publicKey: x, sign: (bytes) => sign(null, bytes, privateKey) }
}

/** RFC 7638, RFC 8037 A.3. @param publicKey 32 bytes in base64url */
export const thumbprint = (publicKey: string): string =>
  createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${publicKey}"}`).digest('base64url')

export const isPublicKey = (value: string): boolean =>
  /^[A-Za-z0-9_-]{43}$/.test(value) && Buffer.from(value, 'base64url').toString('base64url') === value

/** A function that tells whether a signature is this key's. @param publicKey 32 bytes in base64url */
export function verifierOf(publicKey: string): (bytes: Uint8Array, signature: Uint8Array) => boolean {
  const key: KeyObject = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  return (bytes, signature) => signature.length === 64 && verify(null, bytes, key, signature)
}

export const verifySignature = (publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean =>
  verifierOf(publicKey)(bytes, signature)
