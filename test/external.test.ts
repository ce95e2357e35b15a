import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import pg from 'pg'
import { createTenancy, examine, openOwner, type Installation } from '#tenancy'
import { keyFromSeed } from '../src/shared/ed25519.ts'
import { migrationsFolder, quiet } from './cluster.ts'
import { startExternal, type ExternalPostgres } from './external-postgres.ts'
import { findPostgres, requireTool } from './tools.ts'

// A PostgreSQL that SIS did not bring. SIS_TEST_POSTGRES names another bin folder (16 and 17 were tried so).
const bin = process.env['SIS_TEST_POSTGRES'] ?? findPostgres()
let postgres: ExternalPostgres | undefined
const superuserUrl = (database: string): string => postgres?.url(database) ?? ''

before(async () => {
  if (bin) postgres = await startExternal(bin)
})
after(async () => {
  await postgres?.stop()
})

async function onServer(statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl('postgres') })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** Sets SIS up on a database with this owner's address and works in two establishments. */
async function setUpAndWork(ownerUrl: string, api: { apiRole?: string; apiPassword: string }): Promise<Installation> {
  const owner = openOwner({ url: ownerUrl, migrationsFolder, log: quiet })
  try {
    const installation = await owner.bootstrap(api)
    await owner.migratePlatform()
    for (const slug of ['cscom_un', 'cscom_deux'])
      await owner.createEstablishment({ slug, name: `CSCOM ${slug}`, type: 'cscom', region: 'Mopti' })
    const url = new URL(ownerUrl)
    url.username = installation.apiRole
    url.password = api.apiPassword
    const tenancy = await createTenancy({
      url: url.toString(),
      installation: installation.installation,
      poolSize: 2,
      log: quiet,
    })
    try {
      const [one, two] = ['cscom_un', 'cscom_deux'].map((slug) => {
        const found = tenancy.directory.findBySlug(slug)
        assert.ok(found)
        return tenancy.tenant(found)
      })
      assert.ok(one && two)
      await one.transaction((db) =>
        db
          .insertInto('sis_audit.entry')
          .values({ id: crypto.randomUUID(), actor_name: 'x', actor_role: 'x', action: 'essai', outcome: 'success' })
          .execute(),
      )
      const count = (tenant: typeof one) =>
        tenant.read((db) => db.selectFrom('sis_audit.entry').select('action').execute())
      assert.deepEqual([(await count(one)).length, (await count(two)).length], [1, 0])
      const foreign = two.read((db) =>
        db
          .selectFrom(`${one.establishment.schema}.patient` as 'patient')
          .select('id')
          .execute(),
      )
      await assert.rejects(
        foreign,
        (error: { options: { cause: { code: string } } }) => error.options.cause.code === '42501',
      )
      const key = keyFromSeed(Buffer.alloc(32, 7))
      assert.equal((await owner.sealAudit(key)).entries, 1)
      const heads = { ...(await owner.auditHeads()), unreadable: 0 }
      assert.equal(heads.heads.length, 1)
      const { findings: faults, entries } = await owner.verifyAudit({ publicKeys: [key.publicKey], anchors: heads })
      assert.deepEqual([faults, entries], [[], 1])
      assert.deepEqual((await owner.auditHeads(heads.position)).heads, [])
      return installation
    } finally {
      await tenancy.close()
    }
  } finally {
    await owner.close()
  }
}

/** What the doctor finds at this owner's address, by name; the test server neither waits for the disk nor knows accents. */
async function findings(ownerUrl: string, role: string): Promise<string[]> {
  const url = new URL(ownerUrl)
  ;[url.username, url.password] = [role, 'pool']
  const checks = await examine({
    url: ownerUrl,
    login: { url: () => url.toString(), role },
    migrationsFolder,
    load: { workers: 1, connectionsEach: 11 },
    pooler: false,
    opensKey: undefined,
    now: () => new Date(),
  })
  const expected = ['fsync', 'locale', 'server_minor']
  return checks
    .filter(({ id, level }) => level !== 'ok' && !expected.includes(id))
    .map(({ id, level }) => `${id} ${level}`)
}

/** Whether the server writes down the value that one of this login's statements failed on. */
async function isLogged(database: string, user: string, password: string): Promise<boolean> {
  const url = new URL(superuserUrl(database))
  ;[url.username, url.password] = [user, password]
  const client = new pg.Client({ connectionString: url.toString() })
  await client.connect()
  const value = `value of ${database} ${user}`
  await assert.rejects(client.query('select $1::date', [value]))
  await client.end()
  return postgres?.log().includes(value) ?? false
}

describe('a PostgreSQL of one’s own', () => {
  const isHere = (t: TestContext) => requireTool(t, bin, 'a PostgreSQL server (apt-get install postgresql)')

  test('is set up by a superuser: everything is closed', async (t) => {
    if (!isHere(t)) return
    await onServer(['create database by_superuser'])
    const { weaknesses, apiRole } = await setUpAndWork(superuserUrl('by_superuser'), { apiPassword: 'pool' })
    assert.deepEqual(weaknesses, [])
    assert.deepEqual(await findings(superuserUrl('by_superuser'), apiRole), [])
    // Control: the same statement under a login that nobody silenced.
    assert.deepEqual(
      [await isLogged('by_superuser', apiRole, 'pool'), await isLogged('by_superuser', 'postgres', 'external')],
      [false, true],
    )
  })

  test('is set up by an owner who is no superuser: what could not be closed is told', async (t) => {
    if (!isHere(t)) return
    await onServer([
      `create role plain_owner login createrole password 'owner'`,
      'create database by_owner owner plain_owner',
    ])
    const ownerUrl = superuserUrl('by_owner').replace('postgres:external', 'plain_owner:owner')
    const { weaknesses, apiRole } = await setUpAndWork(ownerUrl, { apiPassword: 'pool' })
    assert.ok(weaknesses.some((weakness) => weakness.includes('set_config')))
    assert.ok(
      !weaknesses.some((weakness) => weakness.includes('temporary')),
      'the database’s own privileges are the owner’s to take',
    )
    assert.equal(await isLogged('by_owner', apiRole, 'pool'), true)
    assert.deepEqual(await findings(ownerUrl, apiRole), [
      'server_log critical',
      'closed_functions critical',
      'closed_languages critical',
    ])
  })

  test('takes a login of the pools that somebody else made, and both addresses again at each start', async (t) => {
    if (!isHere(t)) return
    await onServer([`create role my_pool login inherit password 'pool'`, 'create database by_both'])
    const api = { apiRole: 'my_pool', apiPassword: 'pool' }
    const first = await setUpAndWork(superuserUrl('by_both'), api)
    const owner = openOwner({ url: superuserUrl('by_both'), migrationsFolder, log: quiet })
    const again = await owner.bootstrap(api)
    assert.equal(again.installation, first.installation)
    assert.equal(await owner.migratePlatform(), 0)
    await owner.close()
  })

  test('keeps two installations of one server apart', async (t) => {
    if (!isHere(t)) return
    await onServer(['create database first_installation', 'create database second_installation'])
    const first = await setUpAndWork(superuserUrl('first_installation'), { apiPassword: 'pool' })
    const second = await setUpAndWork(superuserUrl('second_installation'), { apiPassword: 'pool' })
    assert.notEqual(first.apiRole, second.apiRole)
    const url = superuserUrl('second_installation').replace('postgres:external', `${first.apiRole}:pool`)
    const client = new pg.Client({ connectionString: url })
    await assert.rejects(client.connect(), (error: { code: string }) => error.code === '42501')
  })
})
