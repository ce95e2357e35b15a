import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { createTenancy, type Tenancy, type TenantDb } from '#tenancy'
import { buildApp } from '../../src/app.ts'
import { openAccess } from '../../src/platform/auth/index.ts'
import { Problem, problem } from '../../src/shared/errors.ts'
import { DirtyConnection } from '../../src/tenancy/failures.ts'
import { settle, UnansweredCommit } from '../../src/tenancy/settle.ts'
import { openPool } from '../../src/tenancy/pool.ts'
import { quiet, startDatabase, type TestDatabase } from '../cluster.ts'
import { Client, harnessConfig } from '../harness.ts'
import { until } from '../sis-process.ts'
import { startProxy, type Proxy } from './proxy.ts'

// A COMMIT that is not answered, at the level of one transaction. The whole server under many faults: writes.test.ts.

let database: TestDatabase
let proxy: Proxy
let tenancy: Tenancy

before(async () => {
  database = await startDatabase()
  // What is acknowledged must outlive a crash here, unlike in the other tests.
  await database.asSuperuser(`alter role sis_${database.installation}_api set synchronous_commit = on`)
  const url = new URL(database.apiUrl)
  proxy = await startProxy(Number(url.port))
  url.port = String(proxy.port)
  tenancy = await createTenancy({ url: url.href, installation: database.installation, poolSize: 4, log: quiet })
})
after(async () => {
  await tenancy?.close()
  await proxy?.close()
  await database?.stop()
})

const tenant = () => {
  const found = tenancy.directory.findBySlug('cscom_sangha')
  assert.ok(found)
  return tenancy.tenant(found)
}

/** A write that counts how often it worked, and may keep its operation's key. */
function writing(name: string) {
  const write = {
    worked: 0,
    insert: async (db: TenantDb): Promise<string> => {
      write.worked++
      await db
        .insertInto('sis_audit.entry')
        .values({ id: crypto.randomUUID(), actor_name: name, actor_role: 'x', action: 'essai', outcome: 'success' })
        .execute()
      return 'done'
    },
    insertOnce: async (db: TenantDb): Promise<string> => {
      const claimed = await db
        .insertInto('idempotency_key')
        .values({ account_id: '00000000-0000-7000-8000-000000000000', route: 'essai', key: name, request_hash: '' })
        .onConflict((conflict) => conflict.doNothing())
        .returning('key')
        .executeTakeFirst()
      return claimed ? write.insert(db) : 'found'
    },
    stored: async (): Promise<number> =>
      (
        await tenant().read((db) =>
          db.selectFrom('sis_audit.entry').select('id').where('actor_name', '=', name).execute(),
        )
      ).length,
  }
  return write
}

/** As if a backend had died of a defect: PostgreSQL ends all sessions and recovers from its journal. */
async function crash(): Promise<void> {
  const [backend] = await database.asSuperuser<{ pid: number }>('select pg_backend_pid() as pid')
  process.kill(backend?.pid ?? 0, 'SIGKILL')
  await until(() => database.asSuperuser('select 1').catch(() => undefined))
}

describe('a connection that is cut', () => {
  test('before COMMIT arrives: the write is repeated and stored once', async () => {
    const write = writing('before')
    const cut = proxy.cutNext('beforeCommit', 1)
    assert.equal(await tenant().transaction(write.insert), 'done')
    await cut
    assert.deepEqual([write.worked, await write.stored()], [2, 1])
  })

  test('before the answer of COMMIT: PostgreSQL knows that it is stored, it is not repeated', async () => {
    const write = writing('after')
    const cut = proxy.cutNext('afterCommit', 1)
    assert.equal(await tenant().transaction(write.insert), 'done')
    await cut
    assert.deepEqual([write.worked, await write.stored()], [1, 1])
  })

  test('the same with an operation key: the repetition finds what was stored', async () => {
    const write = writing('keyed')
    const cut = proxy.cutNext('afterCommit', 1)
    assert.equal(await tenant().transaction(write.insertOnce, { keyed: true }), 'found')
    await cut
    assert.deepEqual([write.worked, await write.stored()], [1, 1])
  })

  test('a repetition without a key, where one is promised, doubles (control)', async () => {
    const write = writing('doubled')
    const cut = proxy.cutNext('afterCommit', 1)
    await tenant().transaction(write.insert, { keyed: true })
    await cut
    assert.deepEqual([write.worked, await write.stored()], [2, 2])
  })
})

test('what keeps a repetition from working for a moment is not taken for the outcome', async () => {
  const inTheWay = [
    Object.assign(new Error('no room'), { code: '53100' }),
    problem('establishment_not_ready'),
    new DirtyConnection(),
  ]
  const repeat = (errors: Error[]) => {
    const once = async (): Promise<string> => {
      const error = errors.shift()
      if (error) throw error
      return 'found'
    }
    const unanswered = new UnansweredCommit('done', { xid: '1', begun: '' })
    return settle(unanswered, { pool: openPool({ url: '', size: 1, name: 'x', log: quiet }), once, keyed: true })
  }
  assert.equal(await repeat(inTheWay), 'found')
  await assert.rejects(repeat([problem('version_stale')]), { code: 'version_stale' })
})

describe('a crash of the database between COMMIT and its answer', () => {
  const commitAndCrash = async (work: Promise<string>): Promise<string> => {
    const { held, release } = proxy.holdNext(1)
    const outcome = work.catch((error: unknown) => (error instanceof Problem ? error.code : String(error)))
    await held
    await crash()
    release()
    return outcome
  }

  test('with an operation key: the repetition finds what was stored', async () => {
    const write = writing('crash, keyed')
    assert.equal(await commitAndCrash(tenant().transaction(write.insertOnce, { keyed: true })), 'found')
    assert.deepEqual([write.worked, await write.stored()], [1, 1])
  })

  test('without one: the number of the transaction may be another’s now, the outcome is told as unknown', async () => {
    const write = writing('crash')
    assert.equal(await commitAndCrash(tenant().transaction(write.insert)), 'outcome_unknown')
    assert.deepEqual([write.worked, await write.stored()], [1, 1])
  })
})

test('over HTTP every write is answered as if nothing had happened, without any key of the client', async (t) => {
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation: database.installation })
  const app = await buildApp({ config: harnessConfig, access, log: pino({ level: 'silent' }) })
  t.after(async () => {
    await app.close()
    access.close()
  })
  const agent = new Client(app, 'cscom_sangha.agent')
  await agent.get('/api/v1/auth/me', 200)
  const patient = { familyName: 'Guindo', givenName: 'Yabile', sex: 'F', birth: { precision: 'year', date: '1990' } }

  let cut = proxy.cutNext('afterCommit', 1)
  const { body: created } = await agent.post('/api/v1/patients', patient, 201)
  await cut
  cut = proxy.cutNext('afterCommit', 1)
  const changed = await agent.patch(`/api/v1/patients/${created.id}`, { village: 'Sangha' }, 1, 200)
  await cut
  assert.deepEqual([changed.body.version, changed.headers['etag']], [2, '"2"'])
  cut = proxy.cutNext('afterCommit', 1)
  await agent.delete(`/api/v1/patients/${created.id}`, { reason: 'Essai de coupure' }, 2, 204)
  await cut

  const { body: history } = await agent.get(`/api/v1/patients/${created.id}/history`, 200)
  assert.deepEqual(
    history.items.map(({ action }: { action: string }) => action),
    ['hide', 'update', 'create'],
  )
})
