import type { OwnerSession } from '../owner/connection.ts'
import { tenantTablesOf, type Migration } from '../owner/migrations.ts'
import { listPrepared } from '../owner/prepared.ts'
import { currentEra } from '../seals/stored.ts'
import { orderedTables, portableTables } from '../transfer/catalogue.ts'
import type { AppliedMigration, WholePlan, WholeSchema, WholeTable } from './types.ts'

export type Files = { platform: Migration[]; tenant: Migration[] }

const platformSchemas = ['sis_platform', 'sis_ref', 'sis_audit']
/** Made before any migration (bootstrap.ts). */
const ofBootstrap = ['installation', 'platform_migration', 'tenant_migration_file'].map(
  (name) => `sis_platform.${name}`,
)
// The answers of the last 48 hours, half-finished logins: clients of another life must not be answered from them. And what is
// prepared: it holds nothing, and its schemas stay here.
const leftBehind = new Set(['sis_platform.idempotency_key', 'sis_platform.login_challenge', 'sis_platform.prepared'])

export const tenantSchemas = '^sis_[a-z0-9]+_t_[a-z0-9]+$'

/** The shared tables that travel: those that our migrations made up to this version. */
export async function platformTables(
  session: OwnerSession,
  files: Migration[],
  version: number,
): Promise<{ tables: WholeTable[]; strangers: string[] }> {
  const made = new Set([...ofBootstrap, ...madeBy(files, version)])
  const found = await orderedTables(session, platformSchemas)
  return {
    tables: found.filter(({ name }) => made.has(name) && !leftBehind.has(name)).map(plain),
    strangers: found.map(({ name }) => name).filter((name) => !made.has(name)),
  }
}

const madeBy = (files: Migration[], version: number): string[] =>
  tenantTablesOf(files)
    .filter(({ since, until }) => since <= version && version < until)
    .map(({ table }) => table)

/** What the snapshot of this session holds. */
export async function makePlan(session: OwnerSession, files: Files): Promise<{ plan: WholePlan; strangers: string[] }> {
  const [head] = await session.query<{
    installation: string
    takenAt: string
    server: number
    era: number
    version: number
  }>(
    `select i.id as installation, to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "takenAt",
       current_setting('server_version_num')::int as server, ${currentEra} as era,
       (select max(version) from sis_platform.platform_migration) as version
     from sis_platform.installation i`,
  )
  if (!head) throw new Error('no installation in this database')
  const { version, ...rest } = head
  const platform = await platformTables(session, files.platform, version)
  const tenants = await findSchemas(session, files.tenant)
  return {
    plan: {
      ...rest,
      migrations: {
        platform: applied(files.platform, version),
        tenant: applied(files.tenant, newestOf(tenants.schemas)),
      },
      platform: platform.tables,
      shapes: tenants.shapes,
      schemas: tenants.schemas,
    },
    strangers: [...platform.strangers, ...tenants.strangers],
  }
}

const newestOf = (schemas: WholeSchema[]): number => schemas.reduce((most, { version }) => Math.max(most, version), 0)

const applied = (files: Migration[], version: number): AppliedMigration[] =>
  files.slice(0, version).map(({ version: number, name, checksum }) => ({ version: number, name, checksum }))

type FoundShape = { schemas: string[]; names: string[] }
type FoundSchema = { name: string; slug: string | null; version: number | null }
type Found = { shapes: WholeTable[][]; schemas: WholeSchema[]; strangers: string[] }

/**
 * Every establishment's schema with its version and shape; not those that wait for one. One statement for all of them: asking
 * the catalogue schema by schema reads all of it each time (pg_class has no index by schema alone).
 */
async function findSchemas(session: OwnerSession, files: Migration[]): Promise<Found> {
  const ahead = (await listPrepared(session)).map(({ schema }) => schema)
  const shapes = await session.query<FoundShape>(
    `select array_agg(schema order by schema) as schemas, names from (
       select n.nspname::text as schema, array_agg(c.relname::text || t.columns order by c.relname) as names
       from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
       join lateral (select string_agg(' ' || attname, '' order by attnum) as columns from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') t on true
       where n.nspname ~ '${tenantSchemas}' and n.nspname <> all ($1) group by n.oid) each group by names order by 1`,
    [ahead],
  )
  const known = await session.query<FoundSchema>(
    `select n.nspname::text as name, e.slug,
       coalesce(m.version, substring(obj_description(n.oid, 'pg_namespace') from '^sis: version ([0-9]{1,4})$')::int) as version
     from pg_namespace n left join sis_platform.establishment e on e.schema_name = n.nspname
     left join sis_platform.tenant_migration m on m.establishment_id = e.id
     where n.nspname ~ '${tenantSchemas}' order by 1`,
  )
  const versions = new Map(known.map((schema) => [schema.name, schema]))
  const found: Found = { shapes: [], schemas: [], strangers: [] }
  for (const { schemas } of shapes) await addShape(session, files, schemas.flatMap((name) => versions.get(name) ?? []), found) // prettier-ignore
  found.schemas.sort((a, b) => (a.name < b.name ? -1 : 1))
  return found
}

/** Schemas that look alike: of each version among them one shape. */
async function addShape(
  session: OwnerSession,
  files: Migration[],
  schemas: FoundSchema[],
  found: Found,
): Promise<void> {
  const places = new Map<number, number>()
  for (const { name, slug, version } of schemas) {
    if (version === null) {
      found.strangers.push(name)
      continue
    }
    const made = new Set(madeBy(files, version))
    if (!places.has(version)) {
      const tables = await portableTables(session, name)
      places.set(version, found.shapes.push(tables.filter(({ name: table }) => made.has(table)).map(plain)) - 1)
      found.strangers.push(...tables.filter(({ name: table }) => !made.has(table)).map((table) => `${name}.${table.name}`)) // prettier-ignore
    }
    found.schemas.push({ name, ...(slug !== null && { slug }), version, shape: places.get(version) ?? 0 })
  }
}

function plain({ name, columns }: WholeTable): WholeTable {
  return { name, columns }
}
