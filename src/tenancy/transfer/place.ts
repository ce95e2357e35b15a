import { v7 as uuidv7 } from 'uuid'
import { BackupRefused } from '../../shared/backup-refused.ts'
import { memberOptions } from '../owner/bootstrap.ts'
import { ident, literal, type OwnerSession } from '../owner/connection.ts'
import { createRoleOnce, enterSchema, recordDone, type ProvisionContext } from '../owner/provision.ts'
import { portableTables } from './catalogue.ts'
import type { Arrival, PortableEstablishment } from './types.ts'

/** Where an establishment is restored: nobody knows of it before the transaction ends. */
export type Place = {
  id: string
  slug: string
  schema: string
  isNew: boolean
  /** The schema that holds what the archived establishment had. */
  kept: string | undefined
}

/**
 * The place, with an empty schema and a role. An archived establishment gets back its own id, slug, role and record; its
 * former tables go aside under another name, since nothing clinical is ever erased.
 * @throws BackupRefused live, taken
 */
export async function openPlace(session: OwnerSession, arrival: Arrival, newName: () => string): Promise<Place> {
  const { establishment, into } = arrival
  const slug = into === 'own' ? establishment.slug : into.slug
  const [found] = await session.query<{ id: string; status: string; schema: string; version: number }>(
    `select id, status, schema_name as schema,
       coalesce((select version from sis_platform.tenant_migration where establishment_id = id), 0) as version
     from sis_platform.establishment where slug = $1 for no key update`,
    [slug],
  )
  if (found && found.status !== 'archived') throw new BackupRefused('live')
  if (found && (into !== 'own' || found.id !== establishment.id)) throw new BackupRefused('taken')
  const schema = found?.schema ?? newName()
  const kept = found ? await setAside(session, found, newName()) : undefined
  await createRoleOnce(session, schema)
  await session.run(`create schema ${ident(schema)}; grant usage on schema ${ident(schema)} to ${ident(schema)}`)
  await session.run(enterSchema(schema))
  return { id: found?.id ?? uuidv7(), slug, schema, isNew: !found, kept }
}

// The comment tells a backup of the whole which migrations made what is kept.
async function setAside(
  session: OwnerSession,
  { schema, version }: { schema: string; version: number },
  aside: string,
): Promise<string | undefined> {
  const [there] = await session.query('select 1 from pg_namespace where nspname = $1', [schema])
  if (!there) return undefined
  const tables = await session.query<{ name: string }>(
    `select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and relkind in ('r', 'p')`,
    [schema],
  )
  const rights = tables.map(({ name }) => `revoke all on ${ident(schema)}.${ident(name)} from ${ident(schema)};`)
  await session.run(`${rights.join('\n')}
    revoke all on schema ${ident(schema)} from ${ident(schema)};
    comment on schema ${ident(schema)} is ${literal(`sis: version ${version}`)};
    alter schema ${ident(schema)} rename to ${ident(aside)}`)
  return aside
}

/** The establishment in the directory, its migrations and the pools' access: the last statements, so that nobody waits long. @throws BackupRefused taken */
export async function publishPlace(
  session: OwnerSession,
  { id, slug, schema, isNew }: Place,
  { name, type, region, cercle, healthDistrict, modules }: PortableEstablishment,
  context: ProvisionContext,
): Promise<void> {
  if (isNew) {
    const made = await session.query(
      `insert into sis_platform.establishment (id, slug, name, type, region, cercle, health_district, schema_name, modules, status, access_granted)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', true) on conflict (slug) do nothing returning id`,
      [id, slug, name, type, region, cercle, healthDistrict, schema, JSON.stringify(modules ?? {})],
    )
    // Somebody else was faster.
    if (made.length === 0) throw new BackupRefused('taken')
  } else {
    await session.run(`update sis_platform.establishment set status = 'active', status_reason = null, access_granted = true,
      version = version + 1, updated_at = now() where id = ${literal(id)}`)
  }
  await session.run(`${recordDone(id, context.migrations.length)}
    grant ${ident(schema)} to ${ident(context.apiRole)}${memberOptions(context.version)}`)
}

/** Empty tables: also of what a migration puts into them. */
export async function emptyTables(session: OwnerSession, schema: string): Promise<Map<string, Set<string>>> {
  const tables = await portableTables(session, schema)
  await session.run(`truncate ${tables.map(({ name }) => ident(name)).join(', ')}`)
  return new Map(tables.map(({ name, columns }) => [name, new Set(columns)]))
}

/**
 * Takes away the indexes that no constraint needs, and says how to make them again: built over rows that are there they
 * cost a third (100,000 consultations, on a busy machine: 25 s against 8).
 */
export async function dropIndexes(session: OwnerSession, schema: string): Promise<string[]> {
  const indexes = await session.query<{ name: string; definition: string }>(
    `select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_namespace n join pg_class c on c.relnamespace = n.oid join pg_index i on i.indexrelid = c.oid
     where n.nspname = $1 and not exists (select from pg_constraint k where k.conindid = i.indexrelid)`,
    [schema],
  )
  if (indexes.length > 0) await session.run(`drop index ${indexes.map(({ name }) => ident(name)).join(', ')}`)
  return indexes.map(({ definition }) => definition)
}
