import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { describe, test } from 'node:test'
import { bitFlips, forgedTokens, mismatchedTokens } from '../../src/platform/auth/forged-tokens.fixture.ts'
import { issueToken, verifyToken, type Subject } from '../../src/platform/auth/tokens.ts'
import { harness } from '../harness.ts'
import { askAt } from '../served.ts'
import { random, seed, size } from '../size.ts'

/** The application behind a real socket, and a token of somebody who is signed in. */
async function listening() {
  const { app, access, cscom } = await harness()
  const token = (await cscom.agent.token()) ?? ''
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  const { iss: _iss, aud: _aud, jti: _jti, iat: _iat, exp: _exp, ...subject } = decodeJwt(token)
  const minted = { ring: access.keys.ring, issuer: access.issuer, subject: subject as Subject, now: new Date() }
  return { token, origin: `http://127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/api/v1/auth/me`, minted }
}

type Accepts = (token: string) => Promise<boolean>

/** The names of the tokens that are let through. */
async function accepted(tokens: Record<string, string>, accepts: Accepts): Promise<string[]> {
  const verdicts = await Promise.all(
    Object.entries(tokens).map(async ([name, token]) => (await accepts(token)) && name),
  )
  return verdicts.filter((name) => name !== false)
}

const survives = (verifying: Promise<unknown>): Promise<boolean> => verifying.then(() => true, () => false) // prettier-ignore

describe('forged tokens', () => {
  test('each kind is answered 401, a good one 200 before and after', async (t) => {
    const { token, url, minted } = await listening()
    const forged = { ...(await forgedTokens(minted)), ...mismatchedTokens(minted) }
    assert.equal((await askAt(url, 'GET', { token })).status, 200)
    const refused: Accepts = async (one) => {
      const { status, body } = await askAt(url, 'GET', { token: one })
      return status !== 401 || !/^token_(invalid|expired)$/.test(body.code)
    }
    assert.deepEqual(await accepted(forged, refused), [])
    assert.equal((await askAt(url, 'GET', { token })).status, 200)
    assert.ok(Object.keys(forged).length >= 40)
    t.diagnostic(`${Object.keys(forged).length} kinds`)
  })

  test('a good token in another place than the Authorization header is no token', async () => {
    const { token, origin, url } = await listening()
    const places: Record<string, { url?: string; headers?: Record<string, string>; body?: object; method?: string }> = {
      'the query': { url: `${url}?access_token=${token}` },
      'a cookie': { headers: { cookie: `access_token=${token}; token=${token}` } },
      'the body': { method: 'POST', url: `${origin}/api/v1/auth/logout`, body: { access_token: token } },
      'another header': { headers: { 'x-access-token': token, 'proxy-authorization': `Bearer ${token}` } },
      'another scheme': { headers: { authorization: `Basic ${token}` } },
      'without a scheme': { headers: { authorization: token } },
      'the second of two': { headers: { authorization: `Bearer x, Bearer ${token}` } },
      'in quotes': { headers: { authorization: `Bearer "${token}"` } },
      'after a tab': { headers: { authorization: `Bearer\t${token}` } },
    }
    for (const [name, { method = 'GET', url: there = url, headers, body }] of Object.entries(places)) {
      const { status } = await askAt(there, method, { ...(headers && { headers }), body })
      assert.equal(status, 401, name)
    }
  })

  test('no bit of any byte can be changed', async (t) => {
    const { token, url } = await listening()
    t.diagnostic(`seed ${seed}`)
    const choices = random('bits of a token')
    const flips = [...bitFlips(token)].filter((flip) => choices.chance(size(0.03, 1)) || flip.at === token.length - 1)
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    const queue = [...flips]
    const wrong: string[] = []
    const worker = async (): Promise<void> => {
      for (let flip = queue.pop(); flip; flip = queue.pop()) {
        const asking = { token: flip.token, agent }
        // A kept connection may be closed by the server just as it is used again: that says nothing about the token.
        const { status } = await askAt(url, 'GET', asking).catch(() => askAt(url, 'GET', { token: flip.token }))
        if (status !== 401) wrong.push(`character ${flip.at}, bit ${flip.bit}: ${status}`)
      }
    }
    await Promise.all(Array.from({ length: 16 }, worker))
    assert.equal((await askAt(url, 'GET', { token })).status, 200)
    agent.destroy()
    assert.deepEqual(wrong, [])
    t.diagnostic(`${flips.length} changed bits of ${token.length} characters`)
  })

  test('control: verifiers that forget a rule are caught by the same list', async () => {
    const { minted } = await listening()
    const { ring, issuer, now } = minted
    const forged = await forgedTokens(minted)
    const keys = createLocalJWKSet(ring.jwks)
    const ours: Accepts = (token) => survives(verifyToken(token, ring.find, issuer, now))
    const none: Accepts = async (token) => {
      const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString() || 'null')
      return /^none$/i.test(String(header?.alg)) || ours(token)
    }
    const weak: Record<string, [Accepts, string[]]> = {
      'accepts alg none': [(token) => none(token).catch(() => false), ['alg none', 'alg None', 'alg nOnE without a signature']], // prettier-ignore
      'ignores audience, issuer, type and age': [
        (token) => survives(jwtVerify(token, keys, { algorithms: ['EdDSA'], currentDate: now })),
        ['wrong audience', 'another installation', 'typ JWT', 'no exp', 'iat in the future', 'another spelling of the last bits'], // prettier-ignore
      ],
      'does not verify the signature': [
        async (token) =>
          Buffer.from(token.split('.')[1] ?? '', 'base64url')
            .toString()
            .startsWith('{"'),
        ['edited payload', 'signature of zeros', 'another Ed25519 key under our kid', 'HS256 with the public key'],
      ],
    }
    for (const [name, [accepts, expected]] of Object.entries(weak)) {
      const found = await accepted(forged, accepts)
      for (const kind of expected) assert.ok(found.includes(kind), `${name}: ${kind}`)
    }
    const good = await issueToken(ring, issuer, minted.subject, now)
    assert.deepEqual(await accepted({ ...forged, good }, ours), ['good'])
  })
})
