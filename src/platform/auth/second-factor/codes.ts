import { randomBytes, timingSafeEqual } from 'node:crypto'
import { HOTP, Secret, TOTP } from 'otpauth'
import encodeQR from 'qr'

// RFC 6238 with what every authenticator application does: SHA-1, six digits, a step of 30 s. Its secret is of 160 bits
// (RFC 4226 4, R6).
const periodMs = 30_000
const digits = 6
const secretBytes = 20
// Two steps before and after: a telephone's clock may be a minute off (RFC 6238 5.2 and 6).
const tolerance = 2

export const newSecret = (): Buffer => randomBytes(secretBytes)

/** The number of the 30 s since 1970 that this instant lies in. */
export const stepAt = (at: Date): number => Math.floor(at.getTime() / periodMs)

/** The code of a step. */
export const codeOf = (secret: Uint8Array, step: number): string =>
  HOTP.generate({ secret: asSecret(secret), counter: step, digits, algorithm: 'SHA1' })

export type Match = { outcome: 'right' | 'replayed'; step: number } | { outcome: 'wrong' }

/**
 * Which step a typed code belongs to, among those that a clock a minute off may show.
 * @param lastStep that of the last code that was accepted: it and all before it are not accepted again
 */
export function matchCode(secret: Uint8Array, code: string, at: Date, lastStep: number): Match {
  const typed = Buffer.from(code)
  const here = stepAt(at)
  let found: number | undefined
  for (let step = here - tolerance; step <= here + tolerance; step++) {
    const expected = Buffer.from(codeOf(secret, step))
    if (expected.length === typed.length && timingSafeEqual(expected, typed)) found = step
  }
  if (found === undefined) return { outcome: 'wrong' }
  return { outcome: found > lastStep ? 'right' : 'replayed', step: found }
}

export type Shown = {
  /** In base 32, for those who type it. */
  secret: string
  /** `otpauth://totp/…`, as authenticator applications read it. */
  uri: string
  /** The address as a QR code: an SVG document. */
  qr: string
}

/**
 * The secret as a person takes it over into an authenticator application.
 * @param issuer the name under which it stands there, without a colon
 */
export function showSecret(secret: Uint8Array, issuer: string, username: string): Shown {
  const totp = new TOTP({ issuer, label: username, secret: asSecret(secret), algorithm: 'SHA1', digits, period: 30 })
  const uri = totp.toString()
  return { secret: totp.secret.base32, uri, qr: toSvg(uri) }
}

// Four modules of margin (ISO/IEC 18004 6.3.8), and white below: it is also read on dark pages.
function toSvg(uri: string): string {
  return encodeQR(uri, 'svg', { ecc: 'medium', border: 4 }).replace(
    '<path ',
    '<path fill="#fff" d="M0 0h999v999H0z"/><path ',
  )
}

// A copy: the memory of a Buffer is shared with others.
const asSecret = (bytes: Uint8Array): Secret => new Secret({ buffer: new Uint8Array(bytes).buffer })
