import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Problem } from '../../shared/errors.ts'
import { bitFlips, forgedTokens, forgeWith } from './forged-tokens.fixture.ts'
import { newKey, openKeyring, type StoredKey } from './keyring.ts'
import { issuedAt, issueToken, verifyToken, type Subject } from './tokens.ts'
import { VerifiedTokens } from './verified-tokens.ts'

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
const subject: Subject = {
  sub: randomUUID(),
  sid: randomUUID(),
  establishment: 'csref_djenne',
  establishmentId: randomUUID(),
  role: 'SIS_CSREF',
  roles: ['SIS_CSREF', 'ADMIN_LOCAL'],
  username: 'a.coulibaly',
  amr: ['pwd'],
  name: 'Aminata Coulibaly',
}
const minted = { ring, issuer, subject, now }
const { claims: good, header: goodHeader, signed } = forgeWith(minted)
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

test('forged tokens are refused', async () => {
  const forged = await forgedTokens(minted)
  for (const [name, value] of Object.entries(forged))
    assert.match(await outcome(value), /^token_(invalid|expired)$/, name)
})

// Every bit of every byte, over HTTP: test/isolation/tokens.test.ts.
test('no single changed character passes', async () => {
  const token = await issueToken(ring, issuer, subject, now)
  for (const flip of bitFlips(token))
    if (flip.bit === flip.at % 6) assert.notEqual(await outcome(flip.token), 'accepted', `${flip.at}:${flip.bit}`)
})

test('private keys open under the master key and in their own row only', () => {
  assert.throws(() => openKeyring(stored, Buffer.alloc(32, 8)), /SIS_MASTER_KEY/)
  const moved = { ...stored[0]!, private_key: stored[1]!.private_key }
  assert.throws(() => openKeyring([moved], master), /SIS_MASTER_KEY/)
  assert.throws(() => openKeyring(stored.slice(1), master), /no current/)
})

test('a token that was verified before is still held to its time, its key and its every bit', async () => {
  const token = await issueToken(ring, issuer, subject, now)
  let keys = ring
  let looked = 0
  const tokens = new VerifiedTokens(
    { find: (kid) => (looked++, keys.find(kid)), known: (kid) => keys.find(kid) },
    issuer,
  )
  const verify = async (text: string, time = now): Promise<string> =>
    tokens.verify(text, time).then(
      () => 'accepted',
      (error: Problem) => error.code,
    )
  assert.deepEqual([await verify(token), await verify(token), looked], ['accepted', 'accepted', 1])
  for (const { token: flipped } of [...bitFlips(token)].slice(0, 200))
    assert.equal(await verify(flipped), 'token_invalid')
  assert.equal(await verify(token, new Date(now.getTime() + 604_000)), 'accepted')
  assert.equal(await verify(token, new Date(now.getTime() + 606_000)), 'token_expired')
  assert.equal(await verify(token, new Date(now.getTime() - 6_000)), 'token_invalid')
  assert.equal(await verify(token), 'accepted')
  // The ring is read anew at each change of the directory: the same key is another object.
  keys = openKeyring(stored, master)
  looked = 0
  assert.deepEqual([await verify(token), looked], ['accepted', 0])
  keys = openKeyring([newKey(master, 'current')], master)
  assert.equal(await verify(token), 'token_invalid')
})

test('no more tokens are remembered than there is room for, and the newest are', async () => {
  const tokens = new VerifiedTokens({ find: ring.find, known: ring.find }, issuer, 3)
  const issued = await Promise.all(
    Array.from({ length: 5 }, () => issueToken(ring, issuer, { ...subject, sid: randomUUID() }, now)),
  )
  for (const token of issued) await tokens.verify(token, now)
  const isRemembered = (token: string): boolean => tokens.find(token, now) !== undefined
  assert.deepEqual(issued.map(isRemembered), [false, false, true, true, true])
  // Forgotten is not refused: it is verified anew, and takes its place again.
  assert.equal((await tokens.verify(issued[0]!, now)).sub, subject.sub)
  assert.deepEqual(issued.map(isRemembered), [true, false, false, true, true])
})
