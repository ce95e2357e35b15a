import { keyFromSeed, type SigningKey } from '../../shared/ed25519.ts'
import { deriveKey } from '../auth/sealing.ts'

/**
 * The installation's own pair of keys for one purpose, derived from the master key: no private half is stored anywhere,
 * least of all in the database that it vouches for.
 */
export const installationKey = (masterKey: Uint8Array, purpose: string): SigningKey =>
  keyFromSeed(deriveKey(masterKey, purpose))

/** The pair that signs the seals of the audit record. */
export const auditKey = (masterKey: Uint8Array): SigningKey => installationKey(masterKey, 'audit seals')
