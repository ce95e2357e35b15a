import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, randomUUID, sign as signBytes } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { Problem } from '../../shared/errors.ts'
import { newKey, openKeyring, type StoredKey } from './keyring.ts'
import { issuedAt, issueToken, verifyToken, type Subject } from './tokens.ts'

const master = Buffer.alloc(32, 7)
const stored: StoredKey[] = [
  newKey(master, 'current'),
  newKey(master, 'next'),
  newKey(master, 'previous'),
  newKey(master, 'retired'),
]
const ring = openKeyring(stored, master)
const issuer = 'urn:sis:abcd'
const now = new Date('2026-07-01T09:00:00.500Z')
const at = Math.floor(now.getTime() / 1000)
const subject: Subject = {
  sub: randomUUID(),
  sid: randomUUID(),
  establishment: 'csref_djenne',
  establishmentId: randomUUID(),
  role: 'SIS_CSREF',
  roles: ['SIS_CSREF', 'ADMIN_LOCAL'],
  username: 'a.coulibaly',
  name: 'Aminata Coulibaly',
}
const good = { ...subject, iss: issuer, aud: 'sis-api', jti: randomUUID(), iat: at, exp: at + 600 }
const goodHeader = { alg: 'EdDSA', typ: 'at+jwt', kid: ring.signing.kid }
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** Signed by our own key, whatever stands in it: only the rules can refuse it. */
const signed = (header: object, payload: object): string => {
  const text = `${part(header)}.${part(payload)}`
  return `${text}.${signBytes(null, Buffer.from(text), ring.signing.key).toString('base64url')}`
}
const without = (key: keyof typeof good): object =>
  Object.fromEntries(Object.entries(good).filter(([name]) => name !== key))
const outcome = async (token: string, time = now): Promise<string> => {
  try {
    await verifyToken(token, ring.find, issuer, time)
    return 'accepted'
  } catch (error) {
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }
}

test('a token of ours carries its subject, for ten minutes and five seconds', async () => {
  const token = await issueToken(ring, issuer, subject, now)
  const claims = await verifyToken(token, ring.find, issuer, now)
  assert.deepEqual({ ...claims, jti: '' }, { ...good, jti: '' })
  assert.equal(issuedAt(claims), now.getTime())
  assert.equal(await outcome(token, new Date(now.getTime() + 604_000)), 'accepted')
  assert.equal(await outcome(token, new Date(now.getTime() + 606_000)), 'token_expired')
  assert.equal(await outcome(signed(goodHeader, good)), 'accepted', 'the forger below makes good tokens too')
})

test('keys that are next or previous verify, a retired or foreign one does not', async () => {
  for (const [index, expected] of [
    [1, 'accepted'],
    [3, 'token_invalid'],
  ] as const) {
    const key = { ...stored[index]!, status: 'current' as const }
    assert.equal(await outcome(await issueToken(openKeyring([key], master), issuer, subject, now)), expected)
  }
  const foreign = openKeyring([newKey(master, 'current')], master)
  assert.equal(await outcome(await issueToken(foreign, issuer, subject, now)), 'token_invalid')
  assert.deepEqual(
    ring.jwks.keys.map(({ kid }) => kid),
    stored.slice(0, 3).map(({ kid }) => kid),
  )
  assert.ok(ring.jwks.keys.every((jwk) => !('d' in jwk)))
})

test('forged tokens are refused', async (t) => {
  const publicKey = Buffer.from(stored[0]!.public_jwk.x, 'base64url')
  const token = await issueToken(ring, issuer, subject, now)
  const [h = '', p = '', s = ''] = token.split('.')
  const hmac = (header: object): string => {
    const text = `${part(header)}.${part(good)}`
    return `${text}.${createHmac('sha256', publicKey).update(text).digest('base64url')}`
  }
  const own = generateKeyPairSync('ed25519')
  const embedded = await new SignJWT(good)
    .setProtectedHeader({ ...goodHeader, jwk: own.publicKey.export({ format: 'jwk' }) })
    .sign(own.privateKey)
  const es256 = await new SignJWT(good)
    .setProtectedHeader({ ...goodHeader, alg: 'ES256' })
    .sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const forged: Record<string, string> = {
    empty: '',
    'not a token': 'abc',
    'two parts': `${h}.${p}`,
    'no signature': `${h}.${p}.`,
    'four parts': `${token}.x`,
    'alg none': `${part({ ...goodHeader, alg: 'none' })}.${p}.`,
    'alg None with a signature': `${part({ ...goodHeader, alg: 'None' })}.${p}.${s}`,
    'HS256 with the public key': hmac({ ...goodHeader, alg: 'HS256' }),
    'HMAC under alg EdDSA': hmac(goodHeader),
    'ES256 of another': es256,
    'embedded jwk': embedded,
    'jku in the header': signed({ ...goodHeader, jku: 'https://example.org/jwks' }, good),
    'x5u in the header': signed({ ...goodHeader, x5u: 'https://example.org/x' }, good),
    'crit in the header': signed({ ...goodHeader, crit: ['b64'], b64: false }, good),
    'unknown kid': signed({ ...goodHeader, kid: 'unknown' }, good),
    'no kid': signed({ alg: 'EdDSA', typ: 'at+jwt' }, good),
    'kid of another of our keys': signed({ ...goodHeader, kid: stored[1]!.kid }, good),
    'kid as a path': signed({ ...goodHeader, kid: '../../dev/null' }, good),
    'typ JWT': signed({ ...goodHeader, typ: 'JWT' }, good),
    'no typ': signed({ alg: 'EdDSA', kid: ring.signing.kid }, good),
    'wrong issuer': signed(goodHeader, { ...good, iss: 'urn:sis:other' }),
    'wrong audience': signed(goodHeader, { ...good, aud: 'other' }),
    'audience in a list': signed(goodHeader, { ...good, aud: ['sis-api', 'other'] }),
    'text as exp': signed(goodHeader, { ...good, exp: String(good.exp) }),
    'exp far away': signed(goodHeader, { ...good, exp: at + 86_400 }),
    'exp before iat': signed(goodHeader, { ...good, iat: at + 4, exp: at + 3 }),
    'iat in the future': signed(goodHeader, { ...good, iat: at + 3600, exp: at + 4000 }),
    'nbf in the future': signed(goodHeader, { ...good, nbf: at + 3600 }),
    'an unknown role': signed(goodHeader, { ...good, role: 'ROOT' }),
    'a role in a list': signed(goodHeader, { ...good, role: ['SUPER_ADMIN'] }),
    'roles as text': signed(goodHeader, { ...good, roles: 'SUPER_ADMIN' }),
    'a further claim': signed(goodHeader, { ...good, admin: true }),
    'a subject that is no UUID': signed(goodHeader, { ...good, sub: "x' or 1=1" }),
    'edited payload': `${h}.${part({ ...good, role: 'SUPER_ADMIN' })}.${s}`,
    'edited header': `${part({ ...goodHeader, kid: stored[1]!.kid })}.${p}.${s}`,
    'payload that is no JSON': `${h}.${Buffer.from('{').toString('base64url')}.${s}`,
    'signature of another token': `${h}.${p}.${signed(goodHeader, { ...good, sub: randomUUID() }).split('.')[2]}`,
    'padding added': `${token}=`,
    'another spelling of the last bits': `${token.slice(0, -1)}${String.fromCharCode(token.charCodeAt(token.length - 1) + 1)}`,
    'far too long': signed(goodHeader, { ...good, establishment: 'a'.repeat(9000) }),
  }
  for (const key of Object.keys(good) as (keyof typeof good)[]) forged[`no ${key}`] = signed(goodHeader, without(key))
  for (const [name, value] of Object.entries(forged))
    await t.test(name, async () => assert.equal(await outcome(value), 'token_invalid'))
  assert.ok(Object.keys(forged).length >= 45)
})

test('no single changed character passes', async () => {
  const token = await issueToken(ring, issuer, subject, now)
  for (let i = 0; i < token.length; i++) {
    const changed = token[i] === 'A' ? 'B' : 'A'
    assert.notEqual(await outcome(token.slice(0, i) + changed + token.slice(i + 1)), 'accepted', `at ${i}`)
  }
})

test('private keys open under the master key and in their own row only', () => {
  assert.throws(() => openKeyring(stored, Buffer.alloc(32, 8)), /SIS_MASTER_KEY/)
  const moved = { ...stored[0]!, private_key: stored[1]!.private_key }
  assert.throws(() => openKeyring([moved], master), /SIS_MASTER_KEY/)
  assert.throws(() => openKeyring(stored.slice(1), master), /no current/)
})
