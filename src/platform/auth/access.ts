import type { Tenancy } from '#tenancy'
import { Attempts } from './attempts.ts'
import { ensureKeys, Keys } from './keys.ts'
import { RefusedLogins } from './refused-logins.ts'
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
  /** Encrypts the secrets of second factors at rest. */
  readonly factorKey: Uint8Array
  /** Without it the hashes of recovery codes say nothing. */
  readonly recoveryKey: Uint8Array
  /** Signs the marks of known devices. */
  readonly deviceKey: Uint8Array
  readonly attempts: Attempts
  readonly refusedLogins: RefusedLogins
  /** To be called once a wish for the supervisor is stored. */
  onWished(): void
  close(): void
}

export type AccessOptions = {
  tenancy: Tenancy
  /** 32 bytes: SIS_MASTER_KEY. */
  masterKey: Uint8Array
  installation: string
  /** Spares the supervisor's looking; without it a wish waits for that. */
  onWished?: () => void
}

/**
 * Opens the signing keys (made on the first start) and derives the other keys.
 * @throws Error with one sentence for the operator when the master key is not the one that sealed them
 */
export async function openAccess({
  tenancy,
  masterKey,
  installation,
  onWished = () => {},
}: AccessOptions): Promise<Access> {
  await ensureKeys(tenancy.platform, masterKey)
  const keys = await Keys.open(tenancy, masterKey)
  const issuer = `urn:sis:${installation}`
  const deviceKey = deriveKey(masterKey, 'device mark')
  const refusedLogins = new RefusedLogins(tenancy.platform)
  return {
    tenancy,
    keys,
    tokens: new VerifiedTokens({ find: (kid) => keys.findNamed(kid), known: (kid) => keys.ring.find(kid) }, issuer),
    installation,
    issuer,
    refreshKey: deriveKey(masterKey, 'refresh token'),
    answerKey: deriveKey(masterKey, 'stored answer'),
    factorKey: deriveKey(masterKey, 'second factor'),
    recoveryKey: deriveKey(masterKey, 'recovery code'),
    deviceKey,
    attempts: new Attempts(
      tenancy.platform,
      { name: deriveKey(masterKey, 'login attempt'), device: deviceKey },
      refusedLogins,
    ),
    refusedLogins,
    onWished,
    close: () => keys.close(),
  }
}
