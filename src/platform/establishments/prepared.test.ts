import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { quiet } from '../../../test/cluster.ts'
import { harness } from '../../../test/harness.ts'
import { serve } from '../../../test/served.ts'
import { until } from '../../../test/sis-process.ts'

const path = '/api/v1/establishments'
const wish = (slug: string) => ({ slug: `cscom_${slug}`, name: `CSCOM de ${slug}`, type: 'cscom', region: 'Mopti' })

type Row = { schema: string; claimed: boolean }
const prepared = async (): Promise<Row[]> =>
  (await harness()).database.asSuperuser<Row>('select schema_name as schema, claimed from sis_platform.prepared order by 1') // prettier-ignore

/** Waits until so many are there, as a supervisor would have them. */
async function prepare(count: number): Promise<string[]> {
  const { database } = await harness()
  const owner = await database.owner()
  owner.keepPrepared(count)
  await until(async () => ((await prepared()).filter(({ claimed }) => !claimed).length === count ? true : undefined))
  await owner.close()
  return (await prepared()).map(({ schema }) => schema)
}

async function reconcile(): Promise<void> {
  const { database, tenancy } = await harness()
  const owner = await database.owner()
  await owner.reconcile()
  await owner.close()
  await tenancy.directory.refresh()
}

async function schemaOf(slug: string): Promise<string> {
  const { database } = await harness()
  const [row] = await database.asSuperuser<{ schema: string }>(
    'select schema_name as schema from sis_platform.establishment where slug = $1',
    [`cscom_${slug}`],
  )
  return row?.schema ?? ''
}

const statusOf = async (slug: string): Promise<string> =>
  (await (await harness()).superadmin.get(`${path}/cscom_${slug}`, 200)).body.status

/** Schemas and roles of establishments: what a step that failed may not leave behind. */
const made = async () =>
  (await harness()).database.asSuperuser(
    `select nspname as name from pg_namespace where nspname ~ '_t_' union all select rolname from pg_roles where rolname ~ '_t_' order by 1`,
  )

test('two wishes at once get two of them, a third one a new one, a refused one none; each record begins under its name', async () => {
  const { superadmin, database, tenancy, access } = await harness()
  const ready = await prepare(2)
  let told = 0
  Object.assign(access, { onWished: () => void told++ })
  await superadmin.post(path, { ...wish('sangha'), slug: 'cscom_sangha' }, 409)
  assert.deepEqual(await prepared(), ready.map((schema) => ({ schema, claimed: false }))) // prettier-ignore
  await Promise.all(['ouo', 'bara'].map((slug) => superadmin.post(path, wish(slug), 202)))
  await superadmin.post(path, wish('kani'), 202)
  assert.equal(told, 3, 'the supervisor is told of each, of none that was refused')
  const taken = await Promise.all(['ouo', 'bara', 'kani'].map(schemaOf))
  assert.deepEqual(taken.slice(0, 2).toSorted(), ready)
  assert.deepEqual((await prepared()).map(({ claimed }) => claimed), [true, true]) // prettier-ignore
  await reconcile()
  assert.deepEqual(await Promise.all(['ouo', 'bara', 'kani'].map(statusOf)), ['active', 'active', 'active'])
  assert.deepEqual(await prepared(), [])
  const records = await database.asSuperuser<{ tenant: string }>(
    `select tenant from sis_audit.entry where action = 'establishment.create' and tenant = any($1)`,
    [taken],
  )
  assert.deepEqual(records.map(({ tenant }) => tenant).toSorted(), taken.toSorted())
  for (const slug of ['ouo', 'bara', 'kani']) {
    const found = tenancy.directory.findBySlug(`cscom_${slug}`)
    assert.ok(found)
    assert.deepEqual(await tenancy.tenant(found).read((db) => db.selectFrom('patient').select('id').execute()), [])
  }
})

test('what is prepared is entered by nobody, and only the owner makes, changes or removes it', async () => {
  const { database, hospital } = await harness()
  const [schema = ''] = await prepare(1)
  const as = async (role: string, sql: string): Promise<unknown> => {
    const client = new pg.Client(database.apiUrl)
    await client.connect()
    try {
      await client.query(`begin; set local role ${role}`)
      return (await client.query(sql)).rowCount
    } finally {
      await client.end()
    }
  }
  const refused = async (role: string, sql: string) => assert.rejects(as(role, sql), { code: '42501' }, `${role}: ${sql}`) // prettier-ignore
  const [own, table] = [`sis_${database.installation}_`, 'sis_platform.prepared']
  // The pools' login is a member of its role already: even so it reaches none of its tables.
  await refused(schema, `select count(*) from ${schema}.patient`)
  await refused(schema, `insert into ${schema}.service (name) values ('x')`)
  for (const role of [schema, hospital.establishment.schema, `${own}directory`, `${own}audit`])
    for (const sql of [`select count(schema_name) from ${table}`, `update ${table} set claimed = true`])
      await refused(role, sql)
  assert.equal(await as(`${own}accounts`, `select schema_name, version, claimed from ${table}`), 1, 'the control')
  for (const sql of [
    `delete from ${table}`,
    `update ${table} set schema_name = 'sis_x_t_y'`,
    `update ${table} set version = 99`,
    `insert into ${table} (schema_name, version, checksum) select '${own}t_x', 1, repeat('a', 64)`,
    `truncate ${table}`,
  ])
    // prettier-ignore
    await refused(`${own}accounts`, sql)
})

test('one that an earlier version prepared is made anew when it was claimed, and removed when it was not', async () => {
  const { superadmin, database } = await harness()
  const ready = await prepare(2)
  await superadmin.post(path, wish('konio'), 202)
  const claimed = await schemaOf('konio')
  assert.ok(ready.includes(claimed))
  // An upgrade between: a table that today's do not have, and one that they have is not there.
  for (const schema of ready)
    await database.asSuperuser(`create table ${schema}.of_old (id int); drop table ${schema}.equipment cascade`)
  await database.asSuperuser(`update sis_platform.prepared set version = version - 1, checksum = repeat('0', 64)`)
  await reconcile()
  assert.equal(await statusOf('konio'), 'active')
  const tables = async (schema: string) =>
    (await database.asSuperuser<{ name: string }>(`select relname as name from pg_class where relnamespace = to_regnamespace($1) and relkind = 'r' order by 1`, [schema])).map(({ name }) => name) // prettier-ignore
  const { hospital, tenancy } = await harness()
  assert.deepEqual(await tables(claimed), await tables(hospital.establishment.schema))
  const found = tenancy.directory.findBySlug('cscom_konio')
  assert.ok(found)
  await tenancy.tenant(found).read((db) => db.selectFrom('equipment').select('id').execute())

  const [old = ''] = (await prepared()).map(({ schema }) => schema)
  assert.equal((await prepared()).length, 1)
  const [young] = await prepareAnew(old)
  assert.notEqual(young, old)
  assert.deepEqual((await made()).filter(({ name }) => name === old), []) // prettier-ignore
})

/** Keeps one prepared until the old one is gone. */
async function prepareAnew(old: string): Promise<string[]> {
  const { database } = await harness()
  const owner = await database.owner()
  owner.keepPrepared(1)
  await until(async () => {
    const now = await prepared()
    return now.length === 1 && now[0]?.schema !== old ? true : undefined
  })
  await owner.close()
  return (await prepared()).map(({ schema }) => schema)
}

test('whatever is cut off leaves nothing half made: not a preparation, not the opening of one that was claimed', async () => {
  const { superadmin, database } = await harness()
  const [schema] = await prepare(1)
  // Only the owner's work is done as another role than the login's.
  await database.asSuperuser(`create function sis_platform.cut_off() returns event_trigger language plpgsql security definer as
    $$ begin if current_setting('role') <> 'none' then perform pg_terminate_backend(pg_backend_pid()); end if; end $$`)
  const cut = async (tag: string, work: () => Promise<unknown>): Promise<void> => {
    await database.asSuperuser(`create event trigger cut_off on ddl_command_end when tag in ('${tag}') execute function sis_platform.cut_off()`) // prettier-ignore
    await work()
    await database.asSuperuser('drop event trigger cut_off')
  }
  await superadmin.post(path, wish('sare'), 202)
  await cut('GRANT', reconcile)
  assert.equal(await statusOf('sare'), 'provisioning')
  assert.deepEqual(await prepared(), [{ schema, claimed: true }])
  await reconcile()
  assert.equal(await statusOf('sare'), 'active')
  assert.deepEqual([await schemaOf('sare'), await prepared()], [schema, []])

  const before = await made()
  let failures = 0
  await cut('CREATE INDEX', async () => {
    const owner = await database.owner({ ...quiet, warn: () => void failures++ })
    owner.keepPrepared(1)
    await until(() => (failures > 0 ? true : undefined))
    await owner.close()
  })
  assert.deepEqual([await made(), await prepared()], [before, []])
})

test('one whose role or schema is gone is made anew under its name, or removed; one of another login is opened to ours', async () => {
  const { superadmin, database, tenancy } = await harness()
  const lost = await prepare(2)
  const [noSchema = '', noRole = ''] = lost
  await database.asSuperuser(`drop schema ${noSchema} cascade`)
  await database.asSuperuser(`drop owned by ${noRole}; drop role ${noRole}`)
  for (const slug of ['madougou', 'dinangourou']) await superadmin.post(path, wish(slug), 202)
  await reconcile()
  assert.deepEqual((await Promise.all(['madougou', 'dinangourou'].map(schemaOf))).toSorted(), lost.toSorted())
  assert.deepEqual(await Promise.all(['madougou', 'dinangourou'].map(statusOf)), ['active', 'active'])
  const [foreign = ''] = await prepare(1)
  const own = `sis_${database.installation}_`
  await database.asSuperuser(`begin; set local role ${own}owner; revoke ${foreign} from ${own}api; commit`)
  await superadmin.post(path, wish('koro'), 202)
  await reconcile()
  const koro = tenancy.directory.findBySlug('cscom_koro')
  assert.equal(koro?.schema, foreign)
  await tenancy.tenant(koro).read((db) => db.selectFrom('patient').select('id').execute())

  const [lame = ''] = await prepare(1)
  await database.asSuperuser(`drop owned by ${lame}; drop role ${lame}`)
  await prepareAnew(lame)
  assert.deepEqual((await made()).filter(({ name }) => name === lame), []) // prettier-ignore
})

test('a backup of the whole leaves it out, also while it is claimed, and is not disturbed by it', async () => {
  const { superadmin, database } = await harness()
  const ready = await prepare(2)
  await superadmin.post(path, wish('ningari'), 202)
  const owner = await database.owner()
  const { plan, strangers } = await owner.whole.read(async (contents) => {
    await reconcile()
    for await (const part of contents.parts()) for await (const _ of part.read());
    return contents
  })
  await owner.close()
  assert.equal(await statusOf('ningari'), 'active')
  assert.deepEqual(plan.schemas.filter(({ name }) => ready.includes(name)), []) // prettier-ignore
  assert.ok(plan.schemas.length >= 4 && !plan.platform.some(({ name }) => name === 'sis_platform.prepared'))
  assert.deepEqual(strangers, [])
})

test('a server opens a prepared one, then prepares the next; stopped, it leaves what is ready', async (t) => {
  const { program, database, ask, logIn } = await serve(t, { SIS_WORKERS: '1', LOG_LEVEL: 'info' })
  const ready = (but?: string): Promise<string[]> =>
    until(async () => {
      const rows = await database.asSuperuser<Row>('select schema_name as schema, claimed from sis_platform.prepared')
      return rows.length === 2 && rows.every(({ claimed, schema }) => !claimed && schema !== but) ? rows.map(({ schema }) => schema) : undefined // prettier-ignore
    })
  const before = await ready()
  const { access_token: token } = await logIn('superadmin')
  const { status, text } = await ask('POST', path, { token, body: wish('tanou') })
  assert.equal(status, 202, text)
  await until(async () => {
    const { body } = await ask('GET', `${path}/cscom_tanou`, { token })
    return body.status === 'active' ? true : undefined
  })
  const [row] = await database.asSuperuser<{ schema: string }>(`select schema_name as schema from sis_platform.establishment where slug = 'cscom_tanou'`) // prettier-ignore
  assert.ok(row && before.includes(row.schema))
  await ready(row.schema)
  program.signal('SIGTERM')
  assert.equal(await program.exit, 0)
  await ready(row.schema)
})
