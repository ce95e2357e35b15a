import { ident, literal, type OwnerPool, type OwnerSession } from './connection.ts'
import { formOf } from './migrations.ts'
import { createRole, makeTables, type ProvisionContext } from './provision.ts'

/** One preparation at a time over all machines (the first number is SIS's own: bootstrap.ts). */
const preparing = '1301, 11'

type Found = { schema_name: string; version: number; fits: boolean }

/**
 * One step towards `wanted` prepared establishments, in one transaction: drops one that an earlier version made, or that has
 * lost its role or schema; or makes one. What is claimed is let alone: it is no longer ours.
 * @returns whether there was something to do
 */
export function prepareNext(
  pool: OwnerPool,
  wanted: number,
  context: ProvisionContext,
  newName: () => string,
): Promise<boolean> {
  const { migrations, apiRole } = context
  return pool.transaction(async (session) => {
    const [free] = await session.query<{ ours: boolean }>(`select pg_try_advisory_xact_lock(${preparing}) as ours`)
    if (!free?.ours) return false
    const ready = await session.query<Found>(
      `select schema_name, version, checksum = $1 and to_regrole(quote_ident(schema_name)) is not null
         and to_regnamespace(quote_ident(schema_name)) is not null as fits
       from sis_platform.prepared where not claimed`,
      [formOf(migrations)],
    )
    // A newer program works here as well: it prepares, and would drop what we make.
    if (ready.some(({ version }) => version > migrations.length)) return false
    const old = ready.find(({ fits }) => !fits)
    if (old) {
      await discard(session, old.schema_name)
      return true
    }
    if (ready.length >= wanted) return false
    const name = newName()
    await session.run(`
      ${createRole(name, apiRole)}
      ${makeTables(name, context)}
      insert into sis_platform.prepared (schema_name, version, checksum)
        values (${literal(name)}, ${migrations.length}, ${literal(formOf(migrations))});`)
    return true
  })
}

async function discard(session: OwnerSession, name: string): Promise<void> {
  const ours = await session.query(
    'delete from sis_platform.prepared where schema_name = $1 and not claimed returning schema_name',
    [name],
  )
  // Claimed a moment ago.
  if (ours.length === 0) return
  await session.run(`drop schema if exists ${ident(name)} cascade`)
  // A copy of this database in the same cluster may have a schema of that role: then it stays.
  const [role] = await session.query(
    `select from pg_roles r where rolname = $1 and not exists (select from pg_shdepend d
       where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.dbid <> 0)`,
    [name],
  )
  if (role) await session.run(`drop role ${ident(name)}`)
}

export type Prepared = { schema: string; claimed: boolean }

/** What is prepared, claimed or not; nothing on a database whose tables are from before there was such a list. */
export async function listPrepared({ query }: Pick<OwnerSession, 'query'>): Promise<Prepared[]> {
  const [list] = await query<{ there: boolean }>(`select to_regclass('sis_platform.prepared') is not null as there`)
  if (!list?.there) return []
  return query<Prepared>('select schema_name as schema, claimed from sis_platform.prepared order by 1')
}
