import type { KeyObject } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { v7 } from 'uuid'
import { problem } from '../../shared/errors.ts'
import { nullable, object, Uuid } from '../../shared/schemas.ts'
import { demandsSecondFactor, roles } from './rights.ts'
import type { Keyring } from './keyring.ts'

/** Seconds that an access token lasts. */
export const lifetime = 600
const tolerance = 5
const longest = 3_000
const audience = 'sis-api'

const Claims = object({
  iss: Type.String(),
  aud: Type.Literal(audience),
  sub: Uuid,
  sid: Uuid,
  jti: Uuid,
  iat: Type.Integer(),
  exp: Type.Integer(),
  establishment: nullable(Type.String({ maxLength: 63 })),
  establishmentId: nullable(Uuid),
  role: nullable(Type.Enum([...roles])),
  roles: Type.Array(Type.Enum([...roles]), { maxItems: 8 }),
  username: Type.String({ maxLength: 64 }),
  name: Type.String({ maxLength: 120 }),
  // RFC 8176; `demo` is ours: an account of the demonstration, which has no second factor.
  amr: Type.Array(Type.Enum(['pwd', 'otp', 'demo']), { minItems: 1, maxItems: 2 }),
})
export type Claims = Static<typeof Claims>
export type Subject = Omit<Claims, 'iss' | 'aud' | 'jti' | 'iat' | 'exp'>

const claims = Compile(Claims)

/** How somebody proved who they are (RFC 8176). */
export const amrOf = ({ demo }: { demo: boolean }, secondFactor: boolean): Claims['amr'] =>
  secondFactor ? ['pwd', 'otp'] : demo ? ['pwd', 'demo'] : ['pwd']

/** Whether a session may only enrol: its roles demand a second factor, and none was given. */
export const mustEnrol = ({ roles: held, amr }: Pick<Claims, 'roles' | 'amr'>): boolean =>
  demandsSecondFactor(held) && !amr.includes('otp') && !amr.includes('demo')
const Header = Compile(
  object({ alg: Type.Literal('EdDSA'), typ: Type.Literal('at+jwt'), kid: Type.String({ maxLength: 64 }) }),
)

/**
 * An access token (RFC 9068 in its header) for ten minutes.
 * @param issuer this installation's name
 * @param now when the rights in `subject` were read, under a lock on the account: see issuedAt
 */
export function issueToken({ signing }: Keyring, issuer: string, subject: Subject, now: Date): Promise<string> {
  const iat = Math.floor(now.getTime() / 1000)
  return new SignJWT({ ...subject, jti: v7({ msecs: now.getTime() }) })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signing.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(iat)
    .setExpirationTime(iat + lifetime)
    .sign(signing.key)
}

/** The millisecond of issue (epoch): `iat` is in seconds, a UUIDv7 begins with milliseconds (RFC 9562 5.7). */
export const issuedAt = ({ jti }: Claims): number => Number.parseInt(jti.slice(0, 8) + jti.slice(9, 13), 16)

export type FindKey = (kid: string) => KeyObject | undefined | Promise<KeyObject | undefined>

/**
 * The claims of an access token (RFC 8725): one algorithm, keys from our own set only, our issuer, audience and type,
 * every claim present and of its type, nothing else in header or payload.
 * @throws token_expired, token_invalid
 */
export async function verifyToken(token: string, find: FindKey, issuer: string, now: Date): Promise<Claims> {
  if (token.length > longest || !isCanonical(token)) throw problem('token_invalid')
  try {
    const { payload } = await jwtVerify(
      token,
      async (header) => {
        // Strict: no jwk, jku, x5u, crit or b64 ever reaches a decision.
        if (!Header.Check(header)) throw problem('token_invalid')
        const key = await find(header.kid)
        if (!key) throw problem('token_invalid')
        return key
      },
      { algorithms: ['EdDSA'], issuer, audience, typ: 'at+jwt', clockTolerance: tolerance, currentDate: now },
    )
    if (!claims.Check(payload) || !isTimely(payload, now)) throw problem('token_invalid')
    return payload
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw problem('token_expired')
    if (error instanceof errors.JOSEError) throw problem('token_invalid')
    throw error
  }
}

// jose accepts an iat an hour ahead (tried); and no token of ours lives longer than `lifetime`.
function isTimely({ iat, exp }: Claims, now: Date): boolean {
  return iat <= now.getTime() / 1000 + tolerance && exp > iat && exp - iat <= lifetime
}

/** Whether a token that was verified once is still within its time. */
export const isCurrent = (claims: Claims, now: Date): boolean =>
  isTimely(claims, now) && claims.exp > Math.floor(now.getTime() / 1000) - tolerance

// The last character of a base64url part has bits that no decoder reads: without this, a token has several spellings.
function isCanonical(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}
