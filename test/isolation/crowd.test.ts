import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import { createTenancy, type Establishment, type Tenancy } from '#tenancy'
import { buildApp } from '../../src/app.ts'
import { openAccess } from '../../src/platform/auth/index.ts'
import { startBouncer, type Bouncer } from '../bouncer.ts'
import { quiet, startDatabase, type TestDatabase } from '../cluster.ts'
import { Client, harnessConfig } from '../harness.ts'
import { random, seed, size } from '../size.ts'
import { findProgram, requireTool } from '../tools.ts'
import { work, type Crowd, type Door, type Tally } from './crowd.ts'
import {
  confused,
  hijacked,
  ours,
  oursOnce,
  sessionLevel,
  sharedByPool,
  sharedConnection,
  withoutRole,
} from './doors.ts'

// Many establishments, many clients, few connections: every row says whose it is, and none is ever seen elsewhere.

const establishments = size(6, 50)
const load = { operations: size(1_000, 50_000), clients: 200 }

let database: TestDatabase
let crowd: Crowd
const undo: (() => Promise<void> | void)[] = []
const onlyForControls = { operations: 120, clients: 40 }

before(async () => {
  database = await startDatabase()
  undo.push(database.stop)
  const owner = await database.owner()
  for (let i = 0; i < establishments; i++) {
    const slug = `cscom_foule_${i}`
    const id = await owner.createEstablishment({ slug, name: `CSCOM ${slug}`, type: 'cscom', region: 'Mopti' })
    await database.asSuperuser(
      `with made as (
         insert into sis_platform.account (id, username, display_name, password_hash, status, demo)
         select gen_random_uuid(), $1, $1, password_hash, 'active', true from sis_platform.account where username = 'superadmin' returning id)
       insert into sis_platform.membership (id, account_id, establishment_id, role, status)
       select gen_random_uuid(), id, $2, 'ADMIN_LOCAL', 'active' from made`,
      [`${slug}.admin`, id],
    )
  }
  await owner.close()
})
after(async () => {
  for (const step of undo.reverse()) await step()
})

type Opened = { tenancy: Tenancy; http: (at: Establishment) => Client }
const clients = new Map<string, Client>()

/** A process's door to this address, and the application behind it. */
async function open(url: string, pooler: 'none' | 'transaction'): Promise<Opened> {
  const tenancy = await createTenancy({ url, installation: database.installation, poolSize: 10, log: quiet, pooler })
  const access = await openAccess({ tenancy, masterKey: Buffer.alloc(32, 7), installation: database.installation })
  const app: FastifyInstance = await buildApp({ config: harnessConfig, access, log: pino({ level: 'silent' }) })
  await app.ready()
  undo.push(async () => {
    await app.close()
    access.close()
    await tenancy.close()
  })
  const places = tenancy.directory.list().filter(({ slug }) => slug.startsWith('cscom_foule_'))
  crowd ??= { places, stored: new Map(), choose: random('crowd') }
  const mine = new Map<string, Client>()
  for (const { slug } of places) {
    // Signed in once, at the first door; a token holds at every one.
    clients.set(slug, clients.get(slug) ?? new Client(app, `${slug}.admin`))
    mine.set(slug, new Client(app, undefined, await clients.get(slug)?.token()))
  }
  return { tenancy, http: ({ slug }) => mine.get(slug)! }
}

/** Every acknowledged row stands in its establishment, once, and nothing else does. */
async function misplaced(): Promise<string[]> {
  const wrong: string[] = []
  for (const { slug, schema } of crowd.places) {
    const rows = await database.asSuperuser<{ id: string; name: string }>(`select id, name from ${schema}.service`)
    const stored = new Set(crowd.stored.get(slug) ?? [])
    for (const { id, name } of rows) {
      if (!name.startsWith(`${slug} `)) wrong.push(`${slug} holds ${name}`)
      if (!stored.delete(id)) wrong.push(`${slug} holds ${id}, which nobody was told`)
    }
    for (const id of stored) wrong.push(`${slug} has lost ${id}`)
  }
  return wrong
}

async function nothingMixes(t: TestContext, { tenancy, http }: Opened): Promise<void> {
  t.diagnostic(`seed ${seed}`)
  const began = Date.now()
  const { done, written, busy, wrong, failed } = await work(crowd, ours(tenancy), load, {
    http,
    once: oursOnce(tenancy),
  })
  t.diagnostic(
    `${crowd.places.length} establishments, ${load.clients} clients, ${done} operations, ${written} of them writes, ${wrong.length} wrong, ${busy} refused as busy and done again, ${Math.round((Date.now() - began) / 100) / 10} s`,
  )
  assert.deepEqual({ done, wrong, failed }, { done: load.operations, wrong: [], failed: {} })
  assert.deepEqual(await misplaced(), [])
}

const bouncerOf = async (t: TestContext, connections?: number): Promise<Bouncer | undefined> => {
  const program = findProgram('pgbouncer')
  if (!requireTool(t, program, 'PgBouncer (apt-get install pgbouncer)')) return undefined
  const bouncer = await startBouncer(program, database, connections)
  undo.push(bouncer.stop)
  return bouncer
}

describe('a crowd in many establishments', () => {
  let direct: Opened
  before(async () => {
    direct = await open(database.apiUrl, 'none')
  })

  test('sees and writes its own rows only', (t) => nothingMixes(t, direct))

  // Before the controls that leave rows in the wrong places.
  for (const isGuarded of [true, false])
    test(`that is given the answers of others ${isGuarded ? 'is shown none of them' : 'sees them when they are not asked whose they are (control)'}`, async (t) => {
      const { once, close } = await confused(database.apiUrl, isGuarded)
      const { wrong, done } = await work(crowd, ours(direct.tenancy), onlyForControls, { once })
      await close()
      t.diagnostic(`${done} of ${onlyForControls.operations} done, ${wrong.length} wrong`)
      assert.equal(wrong.length > 0, !isGuarded)
      if (isGuarded) assert.ok(done < onlyForControls.operations, 'they were confused')
    })

  test('sees and writes its own rows only through PgBouncer in transaction mode', async (t) => {
    const bouncer = await bouncerOf(t)
    if (!bouncer) return
    await nothingMixes(t, await open(bouncer.url, 'transaction'))
    const { wrong } = await control(sessionLevel(bouncer.url))
    t.diagnostic(`role and path set for the session: ${wrong.length} of ${onlyForControls.operations} wrong`)
    assert.ok(wrong.length > 0, 'the control: a session-level setting must be seen to leak')
  })

  /** What the same checks find of a broken door, on rows that are not counted. */
  const control = async (broken: { door: Door; close(): Promise<void> }): Promise<Tally> => {
    try {
      return await work({ ...crowd, stored: new Map(crowd.stored) }, broken.door, onlyForControls)
    } finally {
      await broken.close()
    }
  }

  test('is found out where a wall is missing (control)', async (t) => {
    const say = (what: string, { wrong, failed }: Tally): void =>
      t.diagnostic(`${what}: ${wrong.length} of ${onlyForControls.operations} wrong, failed ${JSON.stringify(failed)}`)

    const session = await control(sessionLevel(database.apiUrl))
    say('set for the session', session)
    assert.ok(session.wrong.length > 0)

    const shared = await control(await sharedConnection(database.apiUrl))
    say('a connection that nobody owns', shared)
    assert.ok(shared.wrong.length > 0)

    const roleless = await control(withoutRole(database.superuserUrl))
    say('no role, under a login with all rights', roleless)
    assert.equal(roleless.wrong.length, onlyForControls.operations)

    const next = (at: Establishment): Establishment =>
      crowd.places[(crowd.places.indexOf(at) + 1) % crowd.places.length]!
    const thief = { door: hijacked(direct.tenancy, next), close: async () => {} }
    const setConfig = 'function pg_catalog.set_config(text, text, boolean)'
    await database.asSuperuser(`grant execute on ${setConfig} to public`)
    const opened = await control(thief)
    await database.asSuperuser(`revoke execute on ${setConfig} from public`)
    say('set_config not revoked', opened)
    assert.equal(opened.wrong.length, onlyForControls.operations)
    const closed = await control(thief)
    say('set_config revoked again', closed)
    assert.deepEqual([closed.done, closed.wrong.length], [0, 0])
  })

  test('fails nearly always rather than mixes where one wall of several is missing', async (t) => {
    const roleless = await control(withoutRole(database.apiUrl))
    assert.deepEqual([roleless.done, roleless.wrong.length], [0, 0], 'the login alone may do nothing')
    // Our transactions on a connection that nobody owns: the second one may not set its role any more. Its rollback ends
    // the first one, though, and a third may begin before the first goes on: 1 of 120 met another's rows once.
    const { done, wrong, failed } = await control(await sharedByPool(database.apiUrl))
    t.diagnostic(`ours on a shared connection: ${done} done, ${wrong.length} wrong, failed ${JSON.stringify(failed)}`)
    const refused = Object.values(failed).reduce((sum, count) => sum + count, 0)
    assert.ok(refused > 0.9 * onlyForControls.operations, `${refused} of ${onlyForControls.operations} failed`)
  })
})

test('a dirty connection behind PgBouncer is ended there, not handed on', async (t) => {
  const bouncer = await bouncerOf(t, 1)
  if (!bouncer) return
  const [at] = crowd.places
  assert.ok(at)
  const dirty = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: bouncer.url })
    await client.connect()
    await client.query(`set search_path = ${at.schema}`)
    await client.end()
  }
  const names = (pooler: 'none' | 'transaction') => async (): Promise<unknown> => {
    const tenancy = await createTenancy({
      url: bouncer.url,
      installation: database.installation,
      poolSize: 2,
      log: quiet,
      pooler,
    })
    try {
      await dirty()
      return await tenancy.tenant(at).read((db) => db.selectFrom('service').select('name').limit(1).execute())
    } finally {
      await tenancy.close()
    }
  }
  await assert.doesNotReject(names('transaction'))
  await assert.rejects(names('none'), 'the control: told that there is no pooler, it meets the same connection again')
})
