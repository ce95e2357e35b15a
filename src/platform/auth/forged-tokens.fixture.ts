import { createHmac, generateKeyPairSync, randomUUID, sign as signBytes, type KeyObject } from 'node:crypto'
import type { Keyring } from './keyring.ts'
import { issueToken, type Subject } from './tokens.ts'

export type Minted = { ring: Keyring; issuer: string; subject: Subject; now: Date }

const part = (value: unknown): string => encode(JSON.stringify(value))
const encode = (text: string): string => Buffer.from(text).toString('base64url')

/** Makes tokens with our own key, whatever stands in them: only the rules can refuse them. */
export function forgeWith({ ring, issuer, subject, now }: Minted) {
  const iat = Math.floor(now.getTime() / 1000)
  const claims = { ...subject, iss: issuer, aud: 'sis-api', jti: randomUUID(), iat, exp: iat + 600 }
  const header = { alg: 'EdDSA', typ: 'at+jwt', kid: ring.signing.kid }
  const signText = (text: string, key: KeyObject = ring.signing.key): string =>
    `${text}.${signBytes(null, Buffer.from(text), key).toString('base64url')}`
  const signed = (head: object, payload: object): string => signText(`${part(head)}.${part(payload)}`)
  return { claims, header, signText, signed }
}

/** Tokens that must all be refused, by what is wrong with them (RFC 8725; RFC 7515 10; research on JWT libraries). */
export async function forgedTokens(minted: Minted): Promise<Record<string, string>> {
  const { ring, issuer, subject, now } = minted
  const { claims, header, signText, signed } = forgeWith(minted)
  const at = claims.iat
  const token = await issueToken(ring, issuer, subject, now)
  const [h = '', p = '', s = ''] = token.split('.')
  const jwk = ring.jwks.keys.find(({ kid }) => kid === header.kid)!
  const otherKid = ring.jwks.keys.find(({ kid }) => kid !== header.kid)!.kid
  const own = generateKeyPairSync('ed25519')
  const ownJwk = own.publicKey.export({ format: 'jwk' })
  const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const hmac = (head: object, key: string | Buffer): string => {
    const text = `${part(head)}.${part(claims)}`
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
  }
  const by = (key: KeyObject, head: object, hash: string | null = null): string => {
    const text = `${part(head)}.${part(claims)}`
    return `${text}.${signBytes(hash, Buffer.from(text), key).toString('base64url')}`
  }
  const withHeader = (more: object): string => signed({ ...header, ...more }, claims)
  const withClaims = (more: object): string => signed(header, { ...claims, ...more })
  const without = (from: object, name: string): object =>
    Object.fromEntries(Object.entries(from).filter(([key]) => key !== name))
  const pem = ring.find(header.kid)!.export({ type: 'spki', format: 'pem' })

  const forged: Record<string, string> = {
    'not a token': 'abc',
    'two parts': `${h}.${p}`,
    'no signature': `${h}.${p}.`,
    'no payload': `${h}..${s}`,
    'no header': `.${p}.${s}`,
    'four parts': `${token}.x`,
    'five parts, as an encrypted one': `${h}.${p}.${s}.${p}.${s}`,
    'two tokens': `${token}.${token}`,
    'alg none': `${part({ ...header, alg: 'none' })}.${p}.`,
    'alg none, a signature all the same': `${part({ ...header, alg: 'none' })}.${p}.${s}`,
    'alg None': `${part({ ...header, alg: 'None' })}.${p}.${s}`,
    'alg nOnE without a signature': `${part({ ...header, alg: 'nOnE' })}.${p}.`,
    'no alg': signed(without(header, 'alg'), claims),
    'alg in lower case': withHeader({ alg: 'eddsa' }),
    'alg Ed25519, the name of RFC 9864': withHeader({ alg: 'Ed25519' }),
    'alg in a list': withHeader({ alg: ['EdDSA'] }),
    'HS256 with the public key': hmac({ ...header, alg: 'HS256' }, Buffer.from(jwk.x, 'base64url')),
    'HS256 with the public key as PEM': hmac({ ...header, alg: 'HS256' }, pem),
    'HS256 with an empty key': hmac({ ...header, alg: 'HS256' }, ''),
    'HMAC under alg EdDSA': hmac(header, Buffer.from(jwk.x, 'base64url')),
    'ES256 of another': by(elliptic, { ...header, alg: 'ES256' }, 'sha256'),
    'RS256 of another': by(rsa, { ...header, alg: 'RS256' }, 'sha256'),
    'another Ed25519 key under our kid': by(own.privateKey, header),
    'embedded jwk': by(own.privateKey, { ...header, jwk: ownJwk }),
    'embedded jwk, its own kid': by(own.privateKey, { ...header, kid: 'mine', jwk: { ...ownJwk, kid: 'mine' } }),
    'jku in the header': withHeader({ jku: 'https://example.org/jwks' }),
    'x5u in the header': withHeader({ x5u: 'https://example.org/x' }),
    'x5c in the header': withHeader({ x5c: ['MIIB'] }),
    'crit in the header': withHeader({ crit: ['b64'], b64: false }),
    'zip in the header': withHeader({ zip: 'DEF' }),
    'a nested token': withHeader({ cty: 'JWT' }),
    'unknown kid': withHeader({ kid: 'unknown' }),
    'no kid': signed(without(header, 'kid'), claims),
    'kid of another of our keys': withHeader({ kid: otherKid }),
    'kid as a path': withHeader({ kid: '../../dev/null' }),
    'kid as SQL': withHeader({ kid: `${header.kid}' or '1'='1` }),
    'kid of every object': withHeader({ kid: '__proto__' }),
    'kid as a number': withHeader({ kid: 1 }),
    'kid endless': withHeader({ kid: 'k'.repeat(2_000) }),
    'typ JWT': withHeader({ typ: 'JWT' }),
    'typ of an identity token': withHeader({ typ: 'id_token+jwt' }),
    'no typ': signed(without(header, 'typ'), claims),
    'another installation': withClaims({ iss: 'urn:sis:other' }),
    'issuer in a list': withClaims({ iss: [claims.iss] }),
    'wrong audience': withClaims({ aud: 'other' }),
    'audience in a list': withClaims({ aud: ['sis-api', 'other'] }),
    'expired': withClaims({ iat: at - 700, exp: at - 100 }),
    'text as exp': withClaims({ exp: String(claims.exp) }),
    'exp with a fraction': withClaims({ exp: claims.exp - 0.5 }),
    'exp far away': withClaims({ exp: at + 86_400 }),
    'exp beyond all numbers': signText(`${part(header)}.${encode(JSON.stringify(claims).replace(`"exp":${claims.exp}`, '"exp":1e999'))}`), // prettier-ignore
    'exp before iat': withClaims({ iat: at + 4, exp: at + 3 }),
    'iat in the future': withClaims({ iat: at + 3_600, exp: at + 4_000 }),
    'nbf in the future': withClaims({ nbf: at + 3_600 }),
    'an unknown role': withClaims({ role: 'ROOT' }),
    'a role in a list': withClaims({ role: ['SUPER_ADMIN'] }),
    'roles as text': withClaims({ roles: 'SUPER_ADMIN' }),
    'a further claim': withClaims({ admin: true }),
    'a claim for the prototype': signText(`${part(header)}.${encode(JSON.stringify(claims).replace(/}$/, ',"__proto__":{"admin":true}}'))}`), // prettier-ignore
    'a subject that is no UUID': withClaims({ sub: "x' or 1=1" }),
    'a subject that is nobody': withClaims({ sub: null }),
    'payload in a list': signText(`${part(header)}.${part([claims])}`),
    'payload null': signText(`${part(header)}.${part(null)}`),
    'payload of no claim': signed(header, {}),
    'payload that is no JSON': signText(`${part(header)}.${encode('{')}`),
    'payload that is no UTF-8': signText(`${part(header)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}`),
    'header that is no JSON': signText(`${encode('{')}.${p}`),
    'edited payload': `${h}.${part({ ...claims, role: 'SUPER_ADMIN' })}.${s}`,
    'a claim twice': `${h}.${encode(JSON.stringify(claims).replace(/}$/, ',"role":"SUPER_ADMIN"}'))}.${s}`,
    'edited header': `${part({ ...header, kid: otherKid })}.${p}.${s}`,
    'signature of another token': `${h}.${p}.${withClaims({ sub: randomUUID() }).split('.')[2]}`,
    'signature of zeros': `${h}.${p}.${Buffer.alloc(64).toString('base64url')}`,
    'signature cut short': `${h}.${p}.${s.slice(0, 40)}`,
    'signature and more': `${h}.${p}.${Buffer.concat([Buffer.from(s, 'base64url'), Buffer.alloc(8)]).toString('base64url')}`,
    'the other signature of the same text': `${h}.${p}.${secondSignature(s)}`,
    'parts in another order': `${p}.${h}.${s}`,
    'padding added': `${token}=`,
    'another spelling of the last bits': `${h}.${p}.${otherSpelling(s)}`,
    'another spelling of the payload’s last bits': `${h}.${otherSpelling(p)}.${s}`,
    'base64 of the other alphabet': signText(`${part(header)}.${Buffer.from(JSON.stringify({ ...claims, name: '???>>>~~~' })).toString('base64')}`), // prettier-ignore
    'far too long': withClaims({ name: 'a'.repeat(9_000) }),
  } // prettier-ignore
  for (const key of Object.keys(claims)) forged[`no ${key}`] = signed(header, without(claims, key))
  return forged
}

/** What only the directory can refuse: signed and whole, but of an establishment that is not the one it names. */
export function mismatchedTokens(minted: Minted): Record<string, string> {
  const { claims, header, signed } = forgeWith(minted)
  return {
    'an establishment without its UUID': signed(header, { ...claims, establishmentId: null }),
    'a UUID without its establishment': signed(header, { ...claims, establishment: null }),
    'the UUID of no establishment': signed(header, { ...claims, establishmentId: randomUUID() }),
    'the name of another establishment': signed(header, { ...claims, establishment: 'sih_mopti' }),
  }
}

/** S + L: verifies under the same key wherever a library forgets RFC 8032 5.1.7 (S below the group's order). */
function secondSignature(signature: string): string {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const bytes = Buffer.from(signature, 'base64url')
  let scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order
  for (let i = 32; i < 64; i++, scalar >>= 8n) bytes[i] = Number(scalar & 255n)
  return bytes.toString('base64url')
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The last character with a bit changed that no decoder reads, where there is one; else a further character. */
function otherSpelling(text: string): string {
  const isExact = text.length % 4 === 0
  const last = alphabet.indexOf(text.at(-1) ?? '')
  return isExact ? `${text}A` : text.slice(0, -1) + alphabet[last ^ 1]
}

/**
 * The token with each bit of each of its characters' six changed, one at a time: every bit of every byte of header,
 * payload and signature, and those at the end of a part that no decoder reads.
 */
export function* bitFlips(token: string): Generator<{ at: number; bit: number; token: string }> {
  for (let at = 0; at < token.length; at++) {
    const value = alphabet.indexOf(token[at] ?? '')
    for (let bit = 0; bit < 6 && value >= 0; bit++)
      yield { at, bit, token: token.slice(0, at) + alphabet[value ^ (1 << bit)] + token.slice(at + 1) }
  }
}
