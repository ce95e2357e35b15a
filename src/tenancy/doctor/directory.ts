import { tenantTablesOf, type Migration } from '../owner/migrations.ts'
import { tenantPattern, type Findings, type SeenTenant, type Site } from './finding.ts'

type Look = Site['look']

/** Every establishment of the directory with its role, its schema and its migrations. */
export const listTenants = (look: Look): Promise<SeenTenant[]> =>
  look.query<SeenTenant>(
    `select e.slug, e.schema_name as schema, e.status, e.created_at < now() - interval '1 minute' as waiting,
       r.oid is not null as "hasRole", n.oid is not null as "hasSchema", m.version, m.status as migration
     from sis_platform.establishment e left join pg_roles r on r.rolname = e.schema_name
     left join pg_namespace n on n.nspname = e.schema_name
     left join sis_platform.tenant_migration m on m.establishment_id = e.id order by e.slug`,
  )

/** Whether directory, roles, schemas and migrations agree. */
export async function lookAtDirectory(site: Site): Promise<Findings> {
  const { look, tenants, tenantMigrations } = site
  const lived = tenants.filter(({ status }) => ['active', 'suspended', 'archived'].includes(status))
  const prepared = lived.filter(({ hasRole, hasSchema }) => hasRole && hasSchema)
  // A claimed one is of an establishment.
  const ready = site.prepared.filter(({ claimed }) => !claimed)
  const known = new Set([...tenants, ...ready].map(({ schema }) => schema))
  const found = await look.query<{ name: string; kind: string }>(
    // What a restore of one establishment set aside says so.
    `select nspname as name, 'schema' as kind from pg_namespace
     where nspname ~ $1 and coalesce(obj_description(oid, 'pg_namespace'), '') !~ '^sis: version '
     union all select rolname, 'role' from pg_roles where rolname ~ $1 order by 1, 2`,
    [tenantPattern(site)],
  )
  const newest = tenantMigrations.length
  return {
    tenants_prepared: [
      ...lived
        .filter(({ hasRole, hasSchema }) => !hasRole || !hasSchema)
        .map(({ slug, schema, hasRole }) => `${slug}: ${hasRole ? 'schema' : 'role'} ${schema}`),
      ...site.prepared.flatMap(({ schema }) =>
        ['schema', 'role']
          .filter((kind) => !found.some((one) => one.kind === kind && one.name === schema))
          .map((kind) => `${kind} ${schema}`),
      ),
    ],
    tenants_unknown: found.filter(({ name }) => !known.has(name)).map(({ name, kind }) => `${kind} ${name}`),
    tenants_waiting: tenants
      .filter(({ status, waiting }) => status === 'failed' || (status === 'provisioning' && waiting))
      .map(({ slug, status }) => `${slug}: ${status}`),
    tenant_migrations: prepared
      .filter(({ version, migration }) => version === null || version < newest || migration === 'failed')
      .map(
        ({ slug, version, migration }) =>
          `${slug}: ${version ?? 0}/${newest}${migration === 'failed' ? ', failed' : ''}`,
      ),
    tenant_tables: await missingTables(site),
    ...(await lookAtFiles(site, prepared)),
    directory_version: await brokenVersion(site),
  }
}

async function missingTables({ look, tenantMigrations }: Site): Promise<string[]> {
  const made = tenantTablesOf(tenantMigrations)
  const rows = await look.query<{ name: string }>(
    `select e.slug || ': ' || x.relname as name
     from sis_platform.establishment e join sis_platform.tenant_migration m on m.establishment_id = e.id
     join pg_namespace n on n.nspname = e.schema_name, unnest($1::text[], $2::int[], $3::int[]) as x(relname, since, until)
     where e.status in ('active', 'suspended', 'archived') and x.since <= m.version and m.version < x.until
       and not exists (select from pg_class c where c.relnamespace = n.oid and c.relname = x.relname and c.relkind in ('r', 'p'))
     order by 1 limit 50`,
    [made.map(({ table }) => table), made.map(({ since }) => since), made.map(({ until }) => until)],
  )
  return rows.map(({ name }) => name)
}

type Applied = { version: number; checksum: string }

/** The files of this program, compared with what the database says was applied. */
async function lookAtFiles(site: Site, prepared: SeenTenant[]): Promise<Findings> {
  const { look, platformMigrations, tenantMigrations } = site
  const platform = await look.query<Applied>('select version, checksum from sis_platform.platform_migration')
  const tenant = await look.query<Applied>('select version, checksum from sis_platform.tenant_migration_file')
  const newest = Math.max(0, ...prepared.map(({ version }) => version ?? 0))
  const edited = (files: Migration[], applied: Applied[]): Migration[] =>
    files.filter((file) =>
      applied.some(({ version, checksum }) => version === file.version && checksum !== file.checksum),
    )
  const nameOf = (folder: string, { version, name }: Migration): string =>
    `${folder}/${String(version).padStart(4, '0')}_${name}.sql`
  const isBeyond = (files: Migration[], version: number): boolean => version > files.length
  return {
    platform_migrations: platformMigrations
      .filter((file) => !platform.some(({ version }) => version === file.version))
      .map((file) => nameOf('platform', file)),
    edited_migrations: [
      ...edited(platformMigrations, platform).map((file) => nameOf('platform', file)),
      // One that no establishment has yet may still be corrected.
      ...edited(tenantMigrations, tenant)
        .filter(({ version }) => version <= newest)
        .map((file) => nameOf('tenant', file)),
    ],
    newer_database: [
      ...platform
        .filter(({ version }) => isBeyond(platformMigrations, version))
        .map(({ version }) => `platform ${version}`),
      ...(isBeyond(tenantMigrations, newest) ? [`tenant ${newest}`] : []),
    ],
  }
}

const createTrigger = /create trigger (\w+) [^;]*? on (sis_platform\.\w+)/gi

/** The row that every process polls: there, and moved by every table that decides who may do what. */
async function brokenVersion({ look, platformMigrations }: Site): Promise<string[]> {
  const triggers = platformMigrations.flatMap(({ sql }) => [...sql.matchAll(createTrigger)])
  const rows = await look.query<{ name: string }>(
    `select x.relation || '.' || x.trigger as name from unnest($1::text[], $2::text[]) as x(trigger, relation)
     where not exists (select from pg_trigger t where t.tgrelid = to_regclass(x.relation) and t.tgname = x.trigger
       and t.tgenabled in ('O', 'A'))
     union all
     select 'directory_version: 0' where not exists (select from sis_platform.directory_version)
     order by 1`,
    [triggers.map(([, name]) => name), triggers.map(([, , relation]) => relation)],
  )
  return rows.map(({ name }) => name)
}
