import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileAll } from '../src/platform/http/lazily.ts'
import { harness } from './harness.ts'
import { until } from './sis-process.ts'

describe('the application', () => {
  test('can compile the schemas of all routes, which are compiled when first asked', async () => {
    assert.ok(compileAll((await harness()).app) > 200)
  })

  test('answers about its health without a token', async () => {
    const { anonymous } = await harness()
    assert.deepEqual((await anonymous.get('/health/live', 200)).body, { status: 'ok' })
    // 503 while the last look at the database was too long ago, as on a machine that has other work.
    await until(async () => (await anonymous.get('/health/ready')).status === 200 || undefined)
    assert.deepEqual((await anonymous.get('/health/ready', 200)).body, { status: 'ok' })
    for (const path of ['/health/live', '/health/ready']) {
      const { status, text } = await anonymous.send('HEAD', path)
      assert.deepEqual([status, text], [200, ''], path)
    }
  })

  test('refuses with a problem document in French, in English on request', async () => {
    const { anonymous } = await harness()
    const french = await anonymous.get('/api/v1/nowhere', 404)
    assert.match(french.headers['content-type'] ?? '', /^application\/problem\+json/)
    assert.equal(french.body.code, 'not_found')
    assert.equal(french.body.title, 'Introuvable')
    assert.equal(french.headers['x-request-id'], french.body.requestId)
    const english = await anonymous.get('/api/v1/nowhere', 404, { 'accept-language': 'en-GB,en;q=0.9,fr;q=0.5' })
    assert.equal(english.body.title, 'Not found')
  })

  test('an address that cannot be decoded, or is endless, is nowhere', async () => {
    const { anonymous } = await harness()
    for (const path of ['/api/v1/patients/%zz', `/api/v1/patients/${'a'.repeat(500)}`, '/%'])
      assert.equal((await anonymous.get(path, 404)).body.code, 'not_found', path)
  })

  test('needs a token, and says so', async () => {
    const { anonymous } = await harness()
    const { headers, body } = await anonymous.get('/api/v1/patients', 401)
    assert.equal(headers['www-authenticate'], 'Bearer')
    assert.equal(body.code, 'token_missing')
  })

  test('answers 304 to whoever holds the answer already', async () => {
    const { cscom } = await harness()
    const first = await cscom.agent.get('/api/v1/services', 200)
    const again = await cscom.agent.get('/api/v1/services', 304, { 'if-none-match': first.headers['etag'] ?? '' })
    assert.equal(again.text, '')
  })

  test('names the fields that it refuses and never repeats the value', async () => {
    const { cscom } = await harness()
    const { body, text } = await cscom.agent.post('/api/v1/patients', { familyName: 7, surprise: 'CANARI' }, 400)
    const paths = body.errors.map((error: { path: string }) => error.path)
    assert.ok(paths.includes('familyName') && paths.includes('surprise') && paths.includes('givenName'), paths.join())
    assert.doesNotMatch(text, /CANARI/)
  })

  test('refuses bodies that are no storable JSON', async () => {
    const { app, cscom } = await harness()
    const token = await cscom.agent.token()
    const bodies = [
      '',
      '{',
      '{"a":"\\u0000"}',
      '{"a":"\\ud800"}',
      '{"__proto__":{}}',
      '['.repeat(30) + ']'.repeat(30),
      Buffer.from([0x22, 0xff, 0x22]),
    ]
    for (const payload of bodies) {
      const answer = await app.inject({
        method: 'POST',
        url: '/api/v1/patients',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        payload,
      })
      assert.equal(answer.statusCode, 400, String(payload))
      assert.equal(answer.json<{ code: string }>().code, 'invalid_json', String(payload))
    }
  })

  test('a form, text or unknown content type is refused', async () => {
    const { app, cscom } = await harness()
    const token = await cscom.agent.token()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      'application/json\tx',
    ]) {
      const answer = await app.inject({
        method: 'POST',
        url: '/api/v1/patients',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        payload: '{}',
      })
      assert.equal(answer.statusCode, 415, type)
    }
  })

  test('repeats a keyed creation instead of doing it twice', async () => {
    const { cscom } = await harness()
    const patient = { familyName: 'Dembélé', givenName: 'Oumou', sex: 'F', birth: { precision: 'year', date: '1990' } }
    const headers = { 'idempotency-key': 'essai-1' }
    const twenty = await Promise.all(
      Array.from({ length: 20 }, () => cscom.agent.post('/api/v1/patients', patient, 201, headers)),
    )
    assert.equal(new Set(twenty.map(({ body }) => body.id)).size, 1)
    const { body } = await cscom.agent.post('/api/v1/patients', { ...patient, givenName: 'Autre' }, 422, headers)
    assert.equal(body.code, 'idempotency_key_reused')
  })
})
