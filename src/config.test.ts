import assert from 'node:assert/strict'
import test from 'node:test'
import { ConfigError, loadConfig, parseMasterKey, workerEnvironment } from './config.ts'

test('without variables everything has a value, and it cannot be changed', () => {
  const config = loadConfig({})
  assert.equal(config.port, 8000)
  assert.equal(config.host, 'localhost')
  assert.match(config.dataDir, /data$/)
  assert.equal(config.databaseUrl, undefined)
  assert.ok(Object.isFrozen(config))
  // compose files pass a variable that is not set as an empty one.
  assert.equal(loadConfig({ PORT: '', DATABASE_URL: ' ' }).port, 8000)
})

test('every wrong variable is named at once, a secret without its value', () => {
  const wrong = {
    PORT: '65536',
    HOST: 'a b',
    DATABASE_URL: 'postgres://sis:tresSecret@hote',
    SIS_MASTER_KEY: 'tresSecret',
    SIS_AUDIT_ANCHOR: 'ftp://sis:tresSecret@hote/tetes',
    SIS_DEMO: 'oui',
    SIS_DEMO_PASSWORD: 'court',
    SIS_WORKERS: '0',
    SIS_CORS_ORIGINS: 'https://sis.exemple.ml/',
    SIS_TRUST_PROXY: '10.0.0.0/33',
    SIS_RATE_LOGIN: '1e3',
    SIS_RATE_REQUESTS: '-1',
    SIS_RATE_ESTABLISHMENT: '0',
    SIS_RATE_USER_IN_FLIGHT: '0',
    SIS_RATE_ESTABLISHMENT_IN_FLIGHT: '-3',
    SIS_RATE_IN_FLIGHT: '100001',
    SIS_METRICS_PORT: '65536',
    SIS_SLOW_MS: '-1',
    LOG_LEVEL: 'verbose',
  }
  assert.throws(
    () => loadConfig(wrong),
    (error) => {
      assert.ok(error instanceof ConfigError)
      const named = error.lines.map((line) => /^[A-Z_]+/.exec(line)?.[0])
      assert.deepEqual(named, Object.keys(wrong))
      assert.doesNotMatch(error.message, /tresSecret|court/)
      return true
    },
  )
  assert.throws(() => loadConfig({ SIS_METRICS_PORT: '8000' }), /SIS_METRICS_PORT=8000 : ce port est celui de PORT/)
  assert.throws(() => loadConfig({ DATABASE_OWNER_URL: 'postgres://a:b@hote/sis' }), /sans DATABASE_URL/)
})

test('a master key is 32 bytes in either writing', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index * 7))
  for (const written of [
    key.toString('hex'),
    key.toString('hex').toUpperCase(),
    key.toString('base64'),
    key.toString('base64url'),
  ])
    assert.deepEqual(parseMasterKey(written), key)
  for (const wrong of ['', 'a'.repeat(63), key.toString('base64').slice(0, 40), key.subarray(1).toString('base64')])
    assert.equal(parseMasterKey(wrong), undefined)
})

test('an HTTP process inherits what is listed and nothing else', () => {
  const environment = { PATH: '/bin', DATABASE_URL: 'x', SIS_MASTER_KEY: 'y', PGPASSWORD: 'z', AUTRE: 'w' }
  const left = Object.entries(workerEnvironment(environment)).filter(([, value]) => value !== undefined)
  assert.deepEqual(left, [['PATH', '/bin']])
})
