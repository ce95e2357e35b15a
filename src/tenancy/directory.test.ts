import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { quiet, startDatabase, type TestDatabase } from '../../test/cluster.ts'
import { createTenancy, type Tenancy } from './tenancy.ts'
import type { PlatformDb } from './types.ts'

let database: TestDatabase
let tenancy: Tenancy

before(async () => {
  database = await startDatabase()
  tenancy = await createTenancy({ url: database.apiUrl, installation: database.installation, poolSize: 4, log: quiet })
})
after(async () => {
  await tenancy?.close()
  await database?.stop()
})

const rename = (db: PlatformDb, slug: string, name: string) =>
  db.updateTable('establishment').set({ name }).where('slug', '=', slug).execute()
const change = (work: (db: PlatformDb) => Promise<unknown>) => tenancy.platform.transaction('accounts', work)
const nameOf = (slug: string) => tenancy.directory.findBySlug(slug)?.name
const versionNow = async () =>
  Number((await database.asSuperuser<{ version: string }>('select version from sis_platform.directory_version'))[0]?.version) // prettier-ignore

test('a change reads what changed and nothing else', async () => {
  const { directory } = tenancy
  const before = directory.list()
  assert.deepEqual(
    before.map(({ slug }) => slug),
    ['cabinet_etoile', 'cscom_sangha', 'csref_djenne', 'sih_mopti'],
  )
  await change((db) => rename(db, 'csref_djenne', 'CSRéf de Djenné, rénové'))
  await directory.refresh()
  // What was not read again is the same object.
  const after = directory.list()
  assert.deepEqual(
    after.filter((one, index) => one !== before[index]).map(({ name }) => name),
    ['CSRéf de Djenné, rénové'],
  )
  assert.equal(directory.findById(after[2]?.id ?? ''), after[2])
  // Nor does a change of something else read establishments.
  await change((db) => db.updateTable('account').set({ status: 'disabled' }).where('username', '=', 'insp').execute())
  await directory.refresh()
  directory.list().forEach((one, index) => assert.equal(one, after[index]))
})

test('of two changes at once none is left out, whichever ends first', async () => {
  const { directory } = tenancy
  let finish = (): void => {}
  const held = new Promise<void>((resolve) => (finish = resolve))
  let began = (): void => {}
  const begun = new Promise<void>((resolve) => (began = resolve))
  const first = change(async (db) => {
    await rename(db, 'sih_mopti', 'Premier')
    began()
    await held
  })
  await begun
  const second = change((db) => rename(db, 'cscom_sangha', 'Second'))
  // The second waits for the first: were it through, what the first writes would be older than what has been read.
  await directory.refresh()
  assert.deepEqual([nameOf('sih_mopti') === 'Premier', nameOf('cscom_sangha') === 'Second'], [false, false])
  finish()
  await first
  await directory.refresh()
  await second
  await directory.refresh()
  assert.deepEqual([nameOf('sih_mopti'), nameOf('cscom_sangha')], ['Premier', 'Second'])
})

test('a transaction moves the version once, whatever number of rows it changes', async () => {
  const before = await versionNow()
  await change(async (db) => {
    await db.updateTable('account').set({ not_before: new Date().toISOString() }).execute()
    await rename(db, 'sih_mopti', 'Hôpital')
    await rename(db, 'cscom_sangha', 'Centre')
  })
  assert.equal(await versionNow(), before + 1)
  await tenancy.directory.refresh()
  assert.deepEqual([nameOf('sih_mopti'), nameOf('cscom_sangha')], ['Hôpital', 'Centre'])
})

test('accounts and sessions: refused when they are cut off, forgotten when no token can carry them', async (t) => {
  const { directory } = tenancy
  const [account] = await database.asSuperuser<{ id: string }>(
    `select id from sis_platform.account where username = 'ministere'`,
  )
  const id = account?.id ?? ''
  const session = crypto.randomUUID()
  const at = new Date().toISOString()
  await change((db) =>
    db
      .insertInto('session')
      .values({ id: session, account_id: id, refresh_hash: Buffer.from('x'), idle_expires_at: at, expires_at: at })
      .execute(),
  )
  await change((db) => db.updateTable('account').set({ status: 'disabled' }).where('id', '=', id).execute())
  await change((db) => db.updateTable('session').set({ revoked_at: at }).where('id', '=', session).execute())
  await directory.refresh()
  assert.equal(directory.accountState(id)?.disabled, true)
  assert.equal(directory.isSessionRevoked(session), true)
  // Whoever starts now reads the same at once.
  const other = await createTenancy({ url: database.apiUrl, installation: database.installation, poolSize: 1, log: quiet }) // prettier-ignore
  t.after(() => other.close())
  assert.equal(other.directory.accountState(id)?.disabled, true)
  assert.equal(other.directory.isSessionRevoked(session), true)

  await change((db) => db.updateTable('account').set({ status: 'active' }).where('id', '=', id).execute())
  await directory.refresh()
  assert.notEqual(directory.accountState(id)?.disabled, true)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 16 * 60_000 })
  await change((db) => rename(db, 'sih_mopti', 'Plus tard'))
  await directory.refresh()
  assert.equal(directory.isSessionRevoked(session), false)
  assert.equal(directory.accountState(id), undefined)
})

test('what it knows grows old though the wall clock is set back', async (t) => {
  const { directory } = tenancy
  await directory.refresh()
  const steady = performance.now.bind(performance)
  let later = 0
  // Without an await: no poll comes between.
  t.mock.method(performance, 'now', () => steady() + later)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 })
  assert.equal(directory.isFresh(), true)
  later = 10_100
  assert.deepEqual([directory.isFresh(), tenancy.isReady()], [false, false])
  assert.throws(() => directory.assertFresh(), { code: 'directory_stale' })
})

test('a version that went back is another database: all of it is read', async () => {
  const { directory } = tenancy
  const before = directory.list()
  await database.asSuperuser('update sis_platform.directory_version set version = version - 1')
  await directory.refresh()
  directory.list().forEach((one, index) => assert.notEqual(one, before[index]))
})

test('after a poll that failed all of it is read: what answers again may be another database', async () => {
  const { directory } = tenancy
  const before = directory.list()
  // As a standby that took over without the newest changes, and gave their numbers to others.
  await database.asSuperuser('alter table sis_platform.directory_version rename to elsewhere')
  await assert.rejects(directory.refresh())
  await database.asSuperuser('alter table sis_platform.establishment disable trigger bump')
  await database.asSuperuser(`update sis_platform.establishment set status = 'suspended' where slug = 'sih_mopti'`)
  await database.asSuperuser('alter table sis_platform.establishment enable trigger bump')
  await database.asSuperuser('alter table sis_platform.elsewhere rename to directory_version')
  assert.equal(directory.findBySlug('sih_mopti')?.status, 'active')
  await directory.refresh()
  assert.equal(directory.findBySlug('sih_mopti')?.status, 'suspended')
  directory.list().forEach((one, index) => assert.notEqual(one, before[index]))
})
