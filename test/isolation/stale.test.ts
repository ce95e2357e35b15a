import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTenancy } from '#tenancy'
import { buildApp } from '../../src/app.ts'
import { openAccess } from '../../src/platform/auth/index.ts'
import { createLog } from '../../src/supervisor/log.ts'
import { quiet } from '../cluster.ts'
import { startGate } from '../gate.ts'
import { harness, harnessConfig } from '../harness.ts'
import { serve, type Reply } from '../served.ts'
import { isFull } from '../size.ts'

// An administrator may not read patients: the token alone says so, but a refusal leaves when it is on record.
const denied = '/api/v1/patients'
const allowed = '/api/v1/services'

test('rights that could not be verified for ten seconds are not trusted, and are again once they could', async (t) => {
  const { database, cscom } = await harness()
  const gate = await startGate(database.postgres.port)
  const url = database.apiUrl.replace(/:\d+\//, `:${gate.port}/`)
  const { installation } = database
  const tenancy = await createTenancy({ url, installation, poolSize: 2, log: quiet })
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation })
  const app = await buildApp({ config: harnessConfig, access, log: createLog('silent') })
  t.after(async () => {
    await app.close()
    access.close()
    await gate.close()
    await tenancy.close()
  })
  const authorization = `Bearer ${await cscom.admin.token()}`
  const get = async (path: string): Promise<(string | number)[]> => {
    const answer = await app.inject({ url: path, headers: { authorization } })
    return answer.statusCode < 400 ? [answer.statusCode] : [answer.statusCode, answer.json().code as string]
  }
  // Only the clock is set; the token of ten minutes outlives it.
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  assert.deepEqual(await get(allowed), [200])
  // Control: as much later, with the database there, the same request is answered.
  t.mock.timers.tick(11_000)
  await tenancy.directory.refresh()
  assert.deepEqual([await get(allowed), await get('/health/ready')], [[200], [200]])

  gate.shut('cut')
  await assert.rejects(tenancy.directory.refresh())
  t.mock.timers.tick(9_000)
  assert.deepEqual(await get(denied), [503, 'audit_unavailable'])
  t.mock.timers.tick(1_100)
  for (const path of [denied, allowed]) assert.deepEqual(await get(path), [503, 'directory_stale'])
  assert.deepEqual(await get('/health/ready'), [503, 'database_unavailable'])
  assert.deepEqual(await get('/health/live'), [200])

  gate.open()
  await tenancy.directory.refresh()
  assert.deepEqual([await get(allowed), await get('/health/ready')], [[200], [200]])
})

const onlyFull = !isFull && 'thirty seconds of waiting: npm run test:isolation'

describe('the database is away from real processes', { skip: onlyFull }, () => {
  // Cut: connections are refused. Silent: a cable pulled out; nothing says so, and what was connected stays dead.
  for (const how of ['cut', 'silent'] as const)
    test(how, async (t) => {
      const served = await serve(t, { LOG_LEVEL: 'info' })
      const { access_token: token } = await served.logIn('cscom_sangha.admin')
      const get = (path: string) => served.ask('GET', path, { token })
      const isStale = ({ status, body }: Reply): boolean => status === 503 && body.code === 'directory_stale'
      assert.equal((await get(allowed)).status, 200)
      served.gate.shut(how)
      const stale = await firstOf(() => get(denied), isStale)
      assert.ok(stale <= 15_000, `${stale} ms`)
      // From now on neither process lets anybody in.
      await sleep(1_500)
      const refused: Reply[] = []
      for (let i = 0; i < 40; i++) refused.push(await get(i % 2 ? denied : allowed))
      assert.ok(refused.every((answer) => isStale(answer) && Number(answer.headers['retry-after']) > 0))
      assert.equal((await served.processesOf(refused.map(({ id }) => id))).size, 2)
      assert.deepEqual([(await get('/health/ready')).status, (await get('/health/live')).status], [503, 200])

      served.gate.open()
      const isServed = ({ status }: Reply): boolean => status === 200
      let recovered = 0
      // Two in a row, one for each process.
      for (let i = 0; i < 4; i++) recovered += await firstOf(() => get(i % 2 ? allowed : '/health/ready'), isServed)
      assert.ok(recovered <= 30_000, `${recovered} ms`)
      t.diagnostic(`stale after ${(stale / 1000).toFixed(1)} s, recovered after ${(recovered / 1000).toFixed(1)} s`)
    })
})

/** The milliseconds until this answer first comes. */
async function firstOf(send: () => Promise<Reply>, expected: (answer: Reply) => boolean): Promise<number> {
  const since = performance.now()
  let found: number | undefined
  let failure: unknown
  const one = async (): Promise<void> => {
    if (expected(await send())) found ??= performance.now() - since
  }
  // Nobody waits for the one before: what was under way when the database went away is answered after 15 s.
  for (; found === undefined; await sleep(500)) {
    assert.ok(performance.now() - since < 120_000, 'never')
    // Once it is found nobody asks what becomes of those under way: the server may end before them.
    one().catch((error: unknown) => (failure ??= error))
    if (found === undefined && failure !== undefined) throw failure
  }
  return found
}
