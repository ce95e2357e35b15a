import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { deriveKey, seal, unseal } from './sealing.ts'

export type KeyStatus = 'next' | 'current' | 'previous' | 'retired'
export type PublicJwk = { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; alg: 'EdDSA'; use: 'sig' }
export type StoredKey = { kid: string; public_jwk: PublicJwk; private_key: Uint8Array; status: KeyStatus }

/** The keys in use: one signs; those published (next, current, previous) verify. */
export type Keyring = {
  signing: { kid: string; key: KeyObject }
  find(kid: string): KeyObject | undefined
  jwks: { keys: PublicJwk[] }
}

/** A new Ed25519 pair (RFC 8037): the public half in clear, the private half sealed under the master key. */
export function newKey(masterKey: Uint8Array, status: KeyStatus): StoredKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const id = thumbprint(x)
  const kid = `${id}.${markOf(masterKey, id)}`
  const plain = privateKey.export({ format: 'der', type: 'pkcs8' })
  return {
    kid,
    public_jwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' },
    private_key: seal(masterKey, plain, kid),
    status,
  }
}

// RFC 7638: the members that make the key, in alphabetical order.
const thumbprint = (x: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')

/** Whether we made this id: a made-up one is not worth a look into the database. */
export function isOurs(masterKey: Uint8Array, kid: string): boolean {
  const [id = '', mark] = kid.split('.')
  return mark === markOf(masterKey, id)
}

const markOf = (masterKey: Uint8Array, id: string): string =>
  createHmac('sha256', deriveKey(masterKey, 'key id')).update(id).digest('base64url').slice(0, 16)

/**
 * The keyring of the stored keys; retired ones are left out.
 * @throws Error when none is current, or the master key is not the one that sealed it
 */
export function openKeyring(stored: readonly StoredKey[], masterKey: Uint8Array): Keyring {
  const live = stored.filter((key) => key.status !== 'retired')
  const current = live.find((key) => key.status === 'current')
  if (!current) throw new Error('no current signing key')
  const publicKeys = new Map(live.map(({ kid, public_jwk }) => [kid, publicKey(public_jwk)]))
  return {
    signing: { kid: current.kid, key: privateKey(current, masterKey) },
    find: (kid) => publicKeys.get(kid),
    jwks: { keys: live.map((key) => key.public_jwk) },
  }
}

const publicKey = (jwk: PublicJwk): KeyObject => createPublicKey({ key: jwk, format: 'jwk' })

function privateKey({ kid, private_key }: StoredKey, masterKey: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: unseal(masterKey, private_key, kid), format: 'der', type: 'pkcs8' })
  } catch {
    // The reason of OpenSSL says nothing useful, and no part of a key belongs in a message.
    throw new Error('SIS_MASTER_KEY is not the key that encrypted the signing keys')
  }
}
