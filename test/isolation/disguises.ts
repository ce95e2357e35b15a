import { CompiledQuery, sql, type Kysely } from 'kysely'
import type { TenantTables } from '../../src/tenancy/tables.ts'
import type { Target } from './attacks.ts'

type Db = Kysely<TenantTables>
type Disguise = { what: string; run: (db: Db) => Promise<unknown> }

/** A statement whose root says that it is a select. */
export const forged = (text: string): CompiledQuery =>
  ({ ...CompiledQuery.raw(text), query: { kind: 'SelectQueryNode' } }) as unknown as CompiledQuery

/** A foreign statement inside what the wrapper lets through, and the builder's own ways around it. */
export const disguises = ({ own, other }: Target): Disguise[] => {
  const theirs = `${other}.service` as 'service'
  const all = (...list: [string, Disguise['run']][]) => list.map(([what, run]) => ({ what, run }))
  return all(
    ['a deleting CTE on another schema', (db) => db.with('gone', (q) => q.deleteFrom(theirs).returning('name')).selectFrom('gone').select('name').execute()],
    ['an inserting CTE on another schema', (db) => db.with('made', (q) => q.insertInto(theirs).values({ id: crypto.randomUUID(), name: 'x', name_key: 'x' }).returning('name')).selectFrom('made').select('name').execute()],
    ['an updating CTE on another schema', (db) => db.with('set', (q) => q.updateTable(theirs).set({ name: 'x' }).returning('name')).selectFrom('set').select('name').execute()],
    ['a reading CTE on another schema', (db) => db.with('read', (q) => q.selectFrom(theirs).select('name')).selectFrom('read').select('name').execute()],
    ['another schema by withSchema', (db) => db.withSchema(other).selectFrom('service').select('name').execute()],
    ['another schema by name', (db) => db.selectFrom(theirs).select('name').execute()],
    ['another schema written out', (db) => db.selectFrom(sql<{ name: string }>`${sql.raw(`${other}.service`)}`.as('s')).select('name').execute()],
    ['insert … select of another schema', (db) => db.insertInto('service').columns(['id', 'name', 'name_key']).expression((eb) => eb.selectFrom(theirs).select(['id', 'name', 'name_key'])).returning('name').execute()],
    ['insert into another schema', (db) => db.insertInto(theirs).values({ id: crypto.randomUUID(), name: 'x', name_key: 'x' }).execute()],
    ['update of another schema', (db) => db.updateTable(theirs).set({ name: 'x' }).execute()],
    ['update … from another schema', (db) => db.updateTable('service').from(`${other}.service as s` as 'service as s').set((eb) => ({ name: eb.ref('s.name') })).returning('service.name').execute()],
    ['delete from another schema', (db) => db.deleteFrom(theirs).execute()],
    ['delete … using another schema', (db) => db.deleteFrom('service').using(`${other}.service as s` as 'service as s').returning('s.name').execute()],
    ['a lock on another schema', (db) => db.selectFrom(theirs).select('name').forUpdate().execute()],
    ['accounts of the platform', (db) => db.selectFrom('sis_platform.account' as 'service').select(sql`username`.as('name')).execute()],
    ['the own record, rewritten', (db) => db.updateTable('sis_audit.entry').set({ actor_name: 'x' }).execute()],
    ['the own record, erased', (db) => db.deleteFrom('sis_audit.entry').execute()],
    ['the own history, rewritten', (db) => db.updateTable('record_version').set({ by_name: 'x' }).execute()],
    ['a nomenclature, changed', (db) => db.updateTable('sis_ref.icd10' as 'service').set(sql`label`, 'x').execute()],
    ['select … into a table', (db) => db.selectFrom('service').select('name').modifyEnd(sql.raw('into stolen')).execute()],
    ['select into a temporary table', (db) => db.selectNoFrom(sql`1 into temp patient`.as('x')).execute()],
    ['a second statement at the end', (db) => db.selectFrom('service').select('name').modifyEnd(sql.raw(`; set role ${other}`)).execute()],
    ['a second statement after a comment', (db) => db.selectFrom('service').select('name').modifyEnd(sql.raw('--\n; commit')).execute()],
    ['a second statement at the front', (db) => db.selectFrom('service').select('name').modifyFront(sql.raw('1; reset role; select')).execute()],
    ['a function declared in a CTE', (db) => db.with('f', () => sql`create function f() returns int language sql as 'select 1'` as never).selectFrom('f' as never).selectAll().execute()],
    ['COMMIT as a CTE', (db) => db.with('c', () => sql`commit` as never).selectFrom('c' as never).selectAll().execute()],
    ['a forged root: SET ROLE', (db) => db.executeQuery(forged(`set role ${other}`))],
    ['a forged root: RESET ROLE', (db) => db.executeQuery(forged('reset role'))],
    ['a forged root: COMMIT', (db) => db.executeQuery(forged('commit'))],
    ['a forged root behind a comment', (db) => db.executeQuery(forged(`/* select */ set role ${other}`))],
    ['a forged root: WITH on another schema', (db) => db.executeQuery(forged(`with x as (delete from ${other}.service returning name) select name from x`))],
    ['a forged root: SELECT of another schema', (db) => db.executeQuery(forged(`select name from ${other}.service`))],
    ['a forged root: SELECT INTO', (db) => db.executeQuery(forged(`select * into ${own}.stolen from ${own}.service`))],
    ['a forged root: two statements', (db) => db.executeQuery(forged(`select 1; set role ${other}`))],
    ['the connection itself', (db) => db.getExecutor().provideConnection((one) => one.executeQuery(CompiledQuery.raw(`set role ${other}`)))],
    ['the connection itself, streaming', (db) => db.getExecutor().provideConnection(async (one) => one.streamQuery(CompiledQuery.raw(`set role ${other}`), 1).next())],
    ['a transaction inside', (db) => db.transaction().execute(async () => 1)],
    ['a transaction to be ended by hand', (db) => db.startTransaction().execute().then((tx) => tx.commit().execute())],
    ['a savepoint', (db) => db.startTransaction().execute().then((tx) => tx.savepoint('s').execute())],
    ['CREATE TABLE by the builder', (db) => db.schema.createTable('t').addColumn('x', 'integer').execute()],
    ['CREATE TEMP TABLE by the builder', (db) => db.schema.createTable('patient').temporary().addColumn('x', 'integer').execute()],
    ['CREATE VIEW by the builder', (db) => db.schema.createView('v').as(db.selectFrom('service').select('name')).execute()],
    ['DROP SCHEMA by the builder', (db) => db.schema.dropSchema(other).cascade().execute()],
    ['ALTER TABLE by the builder', (db) => db.schema.alterTable('service').setSchema(other).execute()],
    ['MERGE by the builder', (db) => db.mergeInto('service').using(theirs as 'specialty', 'specialty.id', 'service.id').whenMatched().thenDelete().execute()],
  )
} // prettier-ignore
