import type { Tenancy } from '#tenancy'
import { ensureKeys, Keys } from './keys.ts'
import { deriveKey } from './sealing.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** What the routes of accounts need of the process: given to each by app.ts, never found on a global. */
export type Access = {
  readonly tenancy: Tenancy
  readonly keys: Keys
  readonly tokens: VerifiedTokens
  readonly installation: string
  /** `iss` of our tokens: those of another installation are refused. */
  readonly issuer: string
  readonly refreshKey: Uint8Array
  /** Encrypts answers that hold a one-time link while they wait for a repeated request. */
  readonly answerKey: Uint8Array
  close(): void
}

export type AccessOptions = {
  tenancy: Tenancy
  /** 32 bytes: SIS_MASTER_KEY. */
  masterKey: Uint8Array
  installation: string
}

/**
 * Opens the signing keys (made on the first start) and derives the other keys.
 * @throws Error with one sentence for the operator when the master key is not the one that sealed them
 */
export async function openAccess({ tenancy, masterKey, installation }: AccessOptions): Promise<Access> {
  await ensureKeys(tenancy.platform, masterKey)
  const keys = await Keys.open(tenancy, masterKey)
  const issuer = `urn:sis:${installation}`
  return {
    tenancy,
    keys,
    tokens: new VerifiedTokens({ find: (kid) => keys.find(kid), known: (kid) => keys.ring.find(kid) }, issuer),
    installation,
    issuer,
    refreshKey: deriveKey(masterKey, 'refresh token'),
    answerKey: deriveKey(masterKey, 'stored answer'),
    close: () => keys.close(),
  }
}
