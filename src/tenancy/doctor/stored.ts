import { listTenants } from './directory.ts'
import { lookAt, type Look } from './look.ts'

/** A table as it stands in the database. `establishment`: in the schema of each of them. */
export type StoredTable = {
  place: 'establishment' | 'platform' | 'audit' | 'reference'
  name: string
  columns: string[]
}

export type StoredEstablishment = {
  slug: string
  name: string
  type: string
  region: string
  cercle: string | null
  healthDistrict: string | null
  status: string
  demo: boolean
}

export type Stored = {
  /** Of PostgreSQL, such as 18.1. */
  server: string
  tables: StoredTable[]
  establishments: StoredEstablishment[]
  /** Exact, of one establishment; absent when none was named. */
  records?: { patients: number; consultations: number; firstDay: string | null }
  /** People with an account that may be used, by the role that they hold (there, when one establishment was named). */
  people: { role: string; count: number; withSecondFactor: number }[]
  lastBackup: { at: string; file: string | null } | null
  lastSeal: string | null
}

/**
 * What an installation stores, looked up in the live database, read only; counts and names of tables, never a record.
 * @param slug of the one establishment that is asked about
 * @returns undefined for the named establishment that does not exist
 */
export const describeStored = (url: string, slug?: string): Promise<Stored | undefined> =>
  lookAt(url, async (look) => {
    const establishments = await look.query<StoredEstablishment & { schema: string }>(
      `select slug, name, type, region, cercle, health_district as "healthDistrict", status, demo, schema_name as schema
       from sis_platform.establishment where $1::text is null or slug = $1 order by slug`,
      [slug ?? null],
    )
    if (slug !== undefined && establishments.length === 0) return undefined
    const schemas = (await listTenants(look)).filter(({ hasSchema }) => hasSchema).map(({ schema }) => schema)
    const one = slug === undefined ? undefined : establishments[0]
    return {
      server:
        (
          await look.query<{ server: string }>(`select split_part(current_setting('server_version'), ' ', 1) as server`)
        )[0]?.server ?? '',
      tables: await tablesOf(look, one && schemas.includes(one.schema) ? one.schema : schemas[0]),
      establishments: establishments.map(({ schema: _schema, ...shown }) => shown),
      ...(one && schemas.includes(one.schema) && { records: await recordsOf(look, one.schema) }),
      people: await look.query<Stored['people'][number]>(peopleByRole, [slug ?? null]),
      lastBackup: (await look.query<{ at: string; file: string | null }>(newestBackup))[0] ?? null,
      lastSeal:
        (await look.query<{ at: string | null }>(`select ${instant('max(at)')} as at from sis_audit.seal`))[0]?.at ??
        null,
    }
  })

const instant = (value: string): string => `to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const peopleByRole = `
  select held.role, count(distinct a.id)::int as count, (count(distinct a.id) filter (where f.confirmed_at is not null))::int as "withSecondFactor"
  from (
    select account_id, role from sis_platform.membership m join sis_platform.establishment e on e.id = m.establishment_id
    where m.status = 'active' and ($1::text is null or e.slug = $1)
    union all select id, platform_role from sis_platform.account where platform_role is not null
  ) held
  join sis_platform.account a on a.id = held.account_id and a.status = 'active'
  left join sis_platform.second_factor f on f.account_id = a.id
  group by held.role order by held.role`

const newestBackup = `
  select ${instant('at')} as at, file_name as file from sis_platform.backup_run
  where kind = 'backup' and outcome = 'success' order by backup_run.at desc limit 1`

async function tablesOf(look: Look, schema: string | undefined): Promise<StoredTable[]> {
  const rows = await look.query<{ schema: string; name: string; columns: string[] }>(
    `select n.nspname as schema, c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p', 'm') and n.nspname in ('sis_platform', 'sis_audit', 'sis_ref', $1)
     group by 1, 2 order by 1, 2`,
    [schema ?? ''],
  )
  const places: Record<string, StoredTable['place']> = {
    sis_platform: 'platform',
    sis_audit: 'audit',
    sis_ref: 'reference',
  }
  return rows.map(({ schema: found, name, columns }) => ({ place: places[found] ?? 'establishment', name, columns }))
}

/** @param schema of the directory, which takes only names of this form */
async function recordsOf(look: Look, schema: string): Promise<NonNullable<Stored['records']>> {
  if (!/^sis_[a-z0-9]+_t_[a-z0-9]+$/.test(schema)) throw new Error('not the schema of an establishment')
  const [row] = await look.query<NonNullable<Stored['records']>>(
    `select (select count(*)::int from ${schema}.patient) as patients, count(*)::int as consultations, min(date)::text as "firstDay"
     from ${schema}.consultation`,
  )
  return row ?? { patients: 0, consultations: 0, firstDay: null }
}
