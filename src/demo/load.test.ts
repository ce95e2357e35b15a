import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createTenancy, openOwner, type Owner, type Tenancy } from '#tenancy'
import { loadConfig } from '../config.ts'
import { verifyPassword } from '../platform/auth/index.ts'
import { createUser } from '../platform/users/index.ts'
import { prepareBinaries } from '../supervisor/binaries.ts'
import { initCluster } from '../supervisor/cluster.ts'
import { freePort, startPostgres, urlOf } from '../supervisor/postgres.ts'
import type { Database } from '../supervisor/database.ts'
import { prepareDemo } from '../supervisor/demonstration.ts'
import { migrationsFolder, quiet } from '../../test/cluster.ts'
import { demoAccounts, demoState, loadDemo, readablePassword, setDemoPassword, switchDemo } from './index.ts'

const password = 'sahel-lampe-riz-204'
const { owner, tenancy } = await emptyInstallation()

test('an empty database gets the whole pyramid once, and a cut load is taken up where it was', async () => {
  assert.equal(await demoState(tenancy), 'absent')

  const cut = loadDemo({ owner, tenancy, password, onProgress: (done) => { if (done === 2) throw new Error('cut') } }) // prettier-ignore
  await assert.rejects(cut, /cut/)
  assert.equal(await demoState(tenancy), 'absent')
  assert.deepEqual(await counts(tenancy), { sih_mopti: [50, 500], csref_djenne: [60, 600] })

  const steps: number[] = []
  assert.equal(await loadDemo({ owner, tenancy, password, onProgress: (done) => steps.push(done) }), true)
  assert.deepEqual(steps, [0, 1, 2, 3, 4, 5])
  const whole = {
    sih_mopti: [50, 500],
    csref_djenne: [60, 600],
    cscom_sangha: [50, 500],
    cabinet_etoile: [20, 200],
    cabinet_nando: [20, 200],
  }
  assert.deepEqual(await counts(tenancy), whole)
  assert.equal(await demoState(tenancy), 'loaded')

  assert.equal(await loadDemo({ owner, tenancy, password }), false)
  assert.deepEqual(await counts(tenancy), whole)

  const wards = await wardCounts(tenancy)
  assert.deepEqual(wards, {
    sih_mopti: { beds: 27, open: 4, critical: 1, moved: 1, deaths: 1, equipment: 4, told: 7 },
    csref_djenne: { beds: 13, open: 2, critical: 2, moved: 1, deaths: 1, equipment: 3, told: 4 },
    cscom_sangha: { beds: 4, open: 1, critical: 0, moved: 0, deaths: 0, equipment: 2, told: 1 },
    cabinet_etoile: { beds: 0, open: 0, critical: 0, moved: 0, deaths: 0, equipment: 1, told: 0 },
    cabinet_nando: { beds: 0, open: 0, critical: 0, moved: 0, deaths: 0, equipment: 1, told: 0 },
  })

  const opened = await tenancy
    .tenant(tenancy.directory.findBySlug('sih_mopti')!)
    .read((db) =>
      db
        .selectFrom('break_glass')
        .innerJoin('care_team', 'care_team.patient_id', 'break_glass.patient_id')
        .innerJoin('patient', 'patient.id', 'break_glass.patient_id')
        .select(['patient.sensitive', 'break_glass.reviewed_at', 'care_team.user_id'])
        .execute(),
    )
  const { id } = demoAccounts.find(({ username }) => username === 'sih_mopti.agent')!
  assert.deepEqual(opened, [{ sensitive: true, reviewed_at: null, user_id: id }])

  const files = await tenancy
    .tenant(tenancy.directory.findBySlug('csref_djenne')!)
    .read((db) =>
      db.selectFrom('patient').select(['file_year', 'file_number', 'created_at']).orderBy('created_at').execute(),
    )
  for (const year of [2024, 2025]) {
    const numbers = files.filter(({ file_year }) => file_year === year).map(({ file_number }) => file_number)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      `file numbers of ${year} follow the days`,
    )
  }
})

// On what the test before left.
test('accounts carry the mark, have one password, and are switched off and on', async () => {
  const accounts = await readAccounts(tenancy)
  assert.deepEqual(accounts.map(({ username }) => username).sort(), demoAccounts.map(({ username }) => username).sort())
  assert.ok(accounts.every(({ demo, status }) => demo && status === 'active'))
  assert.deepEqual(accounts.map(({ id }) => id).sort(), demoAccounts.map(({ id }) => id).sort())
  for (const { password_hash } of accounts) assert.equal((await verifyPassword(password_hash, password)).ok, true)

  await setDemoPassword(tenancy, password)
  assert.deepEqual(await readAccounts(tenancy), accounts, 'the same password again changes nothing')
  const other = readablePassword()
  await setDemoPassword(tenancy, other)
  for (const { password_hash } of await readAccounts(tenancy))
    assert.equal((await verifyPassword(password_hash, other)).ok, true)

  await switchDemo(tenancy, false)
  assert.ok((await readAccounts(tenancy)).every(({ status }) => status === 'disabled'))
  await switchDemo(tenancy, true)
  assert.ok((await readAccounts(tenancy)).every(({ status }) => status === 'active'))
})

// On what the test before left.
test('beside the first real account, a start says that the demonstration is open; off closes it', async () => {
  const told = async (demo?: 'on' | 'off') => {
    const config = { ...loadConfig({}), ...(demo && { demo }) }
    const lines = await prepareDemo({
      config,
      database: { owner, embedded: true } as Database,
      tenancy,
      tell: () => {},
    })
    return lines.join(' ')
  }
  assert.match(await told(), /csref_djenne\.agent/)
  const operator = { id: null, name: 'console', role: 'OPERATOR' }
  await createUser(tenancy.platform, operator, {
    username: 'awa.diarra',
    displayName: 'Awa Diarra',
    role: 'SUPER_ADMIN',
  })
  assert.equal(await demoState(tenancy), 'mixed')
  assert.match(await told(), /second facteur.*SIS_DEMO=off/)
  await assert.rejects(told('on'), /SIS_DEMO=on est refusé/)
  assert.equal(await told('off'), '')
  assert.equal(await told(), '')
})

test('a password for the terminal is readable, long and never the same', () => {
  const made = Array.from({ length: 50 }, readablePassword)
  for (const one of made) assert.match(one, /^[a-z]+(-[a-z]+){3}-[1-9][0-9]{2}$/)
  assert.equal(new Set(made).size, 50)
})

const readAccounts = (tenancy: Tenancy) =>
  tenancy.platform.read('accounts', (db) =>
    db
      .selectFrom('account')
      .select(['id', 'username', 'demo', 'status', 'password_hash'])
      .orderBy('username')
      .execute(),
  )

async function counts(tenancy: Tenancy): Promise<Record<string, number[]>> {
  const found: Record<string, number[]> = {}
  for (const establishment of tenancy.directory.list())
    found[establishment.slug] = await tenancy.tenant(establishment).read(async (db) => {
      const count = async (table: 'patient' | 'consultation') =>
        Number((await db.selectFrom(table).select(db.fn.countAll().as('n')).executeTakeFirstOrThrow()).n)
      return [await count('patient'), await count('consultation')]
    })
  return found
}

/** What stands in the wards of each establishment. */
async function wardCounts(tenancy: Tenancy): Promise<Record<string, object>> {
  const found: Record<string, object> = {}
  for (const establishment of tenancy.directory.list())
    found[establishment.slug] = await tenancy.tenant(establishment).read(async (db) => {
      const count = async (table: 'bed' | 'equipment' | 'notification') =>
        Number((await db.selectFrom(table).select(db.fn.countAll().as('n')).executeTakeFirstOrThrow()).n)
      const stays = await db.selectFrom('stay').select(['discharged_at', 'status', 'discharge_mode']).execute()
      const moved = await db.selectFrom('stay_place').select('id').where('reason', 'is not', null).execute()
      const open = stays.filter(({ discharged_at }) => discharged_at === null)
      return {
        beds: await count('bed'),
        open: open.length,
        critical: open.filter(({ status }) => status === 'critical').length,
        moved: moved.length,
        deaths: stays.filter(({ discharge_mode }) => discharge_mode?.startsWith('death')).length,
        equipment: await count('equipment'),
        told: await count('notification'),
      }
    })
  return found
}

/** Migrated, without accounts: what a first start meets. */
async function emptyInstallation(): Promise<{ owner: Owner; tenancy: Tenancy }> {
  const folder = mkdtempSync(join(tmpdir(), 'sis-demo-'))
  const binaries = prepareBinaries()
  initCluster(binaries, join(folder, 'cluster'), { password, sync: false })
  const port = await freePort()
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
  const postgres = await startPostgres(binaries, join(folder, 'cluster'), {
    port,
    logFile: join(folder, 'log'),
    settings,
  })
  const owner = openOwner({ url: urlOf(port, password), migrationsFolder, log: quiet })
  const { installation, apiRole } = await owner.bootstrap({ apiPassword: password })
  await owner.migratePlatform()
  const url = urlOf(port, password).replace('//postgres:', `//${apiRole}:`)
  const tenancy = await createTenancy({ url, installation, poolSize: 4, log: quiet })
  after(async () => {
    await tenancy.close()
    await owner.close()
    await postgres.stop('immediate')
    rmSync(folder, { recursive: true, force: true })
  })
  return { owner, tenancy }
}
