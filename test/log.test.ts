import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import { buildApp } from '../src/app.ts'
import { harness } from './harness.ts'

const canary = 'Canarizouma'
const config = { corsOrigins: [], trustProxy: [], rateLogin: 100_000, rateRequests: 1_000_000 }

test('nothing of a record reaches the log, whatever the request and its failure', async (t) => {
  const { access, cscom } = await harness()
  const lines: string[] = []
  const sink = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) })
  const app = await buildApp({ config, access, log: pino({ level: 'trace' }, sink) })
  t.after(() => app.close())
  const headers = { authorization: `Bearer ${await cscom.agent.token()}` }
  const send = async (method: 'GET' | 'POST', url: string, payload?: object) =>
    (await app.inject({ method, url, headers: { ...headers, 'user-agent': canary }, ...(payload && { payload }) }))
      .statusCode

  const patient = {
    familyName: canary,
    givenName: canary,
    sex: 'F',
    birth: { precision: 'year', date: '1986' },
    village: canary,
  }
  const statuses = [
    await send('POST', '/api/v1/patients', patient),
    await send('POST', '/api/v1/patients', patient),
    await send('POST', '/api/v1/patients', { ...patient, [canary]: canary }),
    await send('POST', '/api/v1/patients', { ...patient, phone: canary }),
    await send('GET', `/api/v1/patients?q=${canary}`),
    await send('GET', `/api/v1/patients?${canary}=1`),
    await send('GET', `/api/v1/patients/${canary}`),
    await send('GET', `/${canary}`),
    await send('POST', '/api/v1/auth/login', { username: canary, password: canary }),
  ]
  assert.deepEqual(statuses, [201, 409, 400, 400, 200, 400, 400, 404, 401])
  // Without this line the test would pass on a log that says nothing.
  app.log.error(new Error('the log does write'), 'control')
  assert.ok(lines.length >= statuses.length && lines.some((line) => line.includes('the log does write')))
  for (const line of lines) assert.doesNotMatch(line, new RegExp(canary, 'i'))
})
