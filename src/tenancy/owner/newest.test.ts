import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { migrationsFolder, quiet, startDatabase, type TestDatabase } from '../../../test/cluster.ts'
import { until } from '../../../test/sis-process.ts'
import { tenantGrants, tenantTablesOf, readMigrations } from './migrations.ts'
import { newestForm } from './newest.ts'
import { openOwner, type Owner } from './open-owner.ts'
import { enterSchema } from './provision.ts'
import { statementsOf } from './statements.ts'

/** Rights of a schema; columns, constraints, indexes and rights of its tables, the rows that they hold, without the schema's name. */
async function formOf({ asSuperuser }: TestDatabase, schema: string): Promise<string[]> {
  const rows = await asSuperuser<{ what: string }>(
    `with t as (select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1)
     select what from (
       select format('%s.%s %s %s %s', t.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
         pg_get_expr(d.adbin, d.adrelid)) as what
       from t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum where t.relkind = 'r'
       union all select format('%s: %s %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
       from t join pg_constraint k on k.conrelid = t.oid
       union all select pg_get_indexdef(i.indexrelid) from t join pg_index i on i.indrelid = t.oid
       union all select format('%s %s %s', t.relname, t.relkind, t.relacl::text) from t
       union all select format('schema %s %s', nspacl::text, obj_description(oid)) from pg_namespace where nspname = $1
       union all select format('%s: %s', t.relname, query_to_xml(format('select * from %I.%I', $1, t.relname), true, true, ''))
       from t where t.relkind = 'r' and t.relname <> 'idempotency_key') every_one order by 1`,
    [schema],
  )
  // Drawn by lot for each establishment.
  return rows.map(({ what }) => what.replaceAll(schema, 'S').replace(/<mark>[0-9a-f-]{24}</, '<mark><'))
}

async function addStepByStep(database: TestDatabase, owner: Owner, folder: string, schema: string): Promise<void> {
  await owner.createEstablishment({ slug: 'as_today', name: 'Fait aujourd’hui', type: 'cscom', region: 'Mopti' })
  const role = `"${schema}"`
  const steps = (await readMigrations(join(folder, 'tenant'))).map(({ sql }) => `${sql}\n${tenantGrants(sql, role)}`)
  await database.asSuperuser(`create role ${role} nologin noinherit`)
  await database.asSuperuser(`grant ${role} to postgres`)
  await database.asSuperuser(
    `begin; set local role sis_${database.installation}_owner; create schema ${role}; grant usage on schema ${role} to ${role};
     ${enterSchema(schema)} ${steps.join('\n')}; commit`,
  )
}

async function schemaOf({ asSuperuser }: TestDatabase, slug: string): Promise<string> {
  const sql = 'select schema_name from sis_platform.establishment where slug = $1'
  return (await asSuperuser<{ schema_name: string }>(sql, [slug]))[0]?.schema_name ?? ''
}

describe('an establishment that is made today, or was prepared,', () => {
  test('has the tables, rights and rows of one that went through every migration', async (t) => {
    const database = await startDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'sis-newest-'))
    cpSync(migrationsFolder, folder, { recursive: true })
    const next = (await readMigrations(join(folder, 'tenant'))).length + 1
    const file = (n: number, sql: string) => writeFileSync(join(folder, 'tenant', `${String(next + n).padStart(4, '0')}_more.sql`), sql) // prettier-ignore
    // Of every kind: a table that goes, one that goes and comes again, rows that move, a semicolon that ends nothing.
    file(
      0,
      `create table short_lived (id int primary key, note text default 'a;b'); create table twice (id int);
      create index on short_lived (note); -- one; two`,
    )
    file(
      1,
      `create table kept (id int primary key, note text check (note <> 'x;"y')); insert into kept values (1, 'from; the start');
      insert into kept (id, note) select id, note from short_lived; drop table short_lived; drop table twice;
      /* ; */ update kept set note = 'moved' where id > 1;`,
    )
    file(
      2,
      '-- grants: twice select\ncreate table twice (id int, more text); alter table kept add column more int not null default 7;',
    )
    const owner = openOwner({ url: database.superuserUrl, migrationsFolder: folder, log: quiet })
    t.after(async () => {
      await owner.close()
      await database.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    const { apiRole } = await owner.bootstrap()
    const stepwise = `sis_${database.installation}_t_stepwise`
    await addStepByStep(database, owner, folder, stepwise)
    const [today, before] = [
      await formOf(database, await schemaOf(database, 'as_today')),
      await formOf(database, stepwise),
    ]
    assert.ok(today.length > 300 && today.some((what) => what.includes('from; the start')))
    assert.deepEqual(today, before)
    // And one that was there before it was wished for.
    owner.keepPrepared(1)
    const ready = await until(async () => (await database.asSuperuser<{ name: string }>('select schema_name as name from sis_platform.prepared'))[0]) // prettier-ignore
    owner.keepPrepared(0)
    await owner.createEstablishment({ slug: 'as_prepared', name: 'Fait d’avance', type: 'cscom', region: 'Mopti' })
    const prepared = await schemaOf(database, 'as_prepared')
    assert.equal(prepared, ready.name)
    assert.deepEqual(await formOf(database, prepared), before)
    // Its role comes with the pools' login as its member, who is to have of it what a GRANT gives to one that was there.
    const role = await schemaOf(database, 'as_today')
    const membership = (of = role) =>
      database.asSuperuser(
        `select to_jsonb(m) - 'oid' - 'roleid' as what from pg_auth_members m where roleid = $1::regrole and member = $2::regrole`,
        [of, apiRole],
      )
    const made = await membership()
    assert.equal(made.length, 1)
    assert.deepEqual(await membership(prepared), made)
    for (const status of ['suspended', 'active']) {
      await database.asSuperuser('update sis_platform.establishment set status = $1 where slug = $2', [status, 'as_today']) // prettier-ignore
      await owner.reconcile()
      assert.deepEqual(await membership(), status === 'active' ? made : [])
    }
    // And an existing one, once it is migrated.
    await owner.migrateTenants()
    assert.deepEqual(
      await formOf(database, await schemaOf(database, 'cabinet_etoile')),
      before.map((what) => what),
    )
  })

  test('is made without what no one needs', async () => {
    const migrations = await readMigrations(join(migrationsFolder, 'tenant'))
    const sql = newestForm(migrations, '"r"')
    const all = migrations.flatMap((migration) => [...statementsOf(migration.sql), ...statementsOf(tenantGrants(migration.sql, '"r"'))]) // prettier-ignore
    const gone = tenantTablesOf(migrations).filter(({ until }) => until <= migrations.length)
    assert.ok(gone.length > 0 && gone.every(({ table }) => !sql.includes(table)))
    assert.ok(statementsOf(sql).length <= all.length - 15, `${statementsOf(sql).length} of ${all.length}`)
  })
})

test('a migration is divided into its statements', () => {
  const body = '$$ begin; end; $$'
  assert.deepEqual(statementsOf(`select 1; -- a;\nselect 'b;''c', "d;e" /* ; */;\n\ndo ${body};; do $x$ $$;$$ $x$`), [
    'select 1',
    `select 'b;''c', "d;e"`,
    `do ${body}`,
    'do $x$ $$;$$ $x$',
  ])
})
