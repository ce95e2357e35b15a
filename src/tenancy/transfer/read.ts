import { BackupRefused } from '../../shared/backup-refused.ts'
import { problem } from '../../shared/errors.ts'
import { ident, type OwnerPool, type OwnerSession } from '../owner/connection.ts'
import { tenantTablesOf, type Migration } from '../owner/migrations.ts'
import { portableTables, recordName } from './catalogue.ts'
import { copyRecord, recordTable } from './record.ts'
import type { EstablishmentContents, Person, PortableEstablishment } from './types.ts'

type Row = PortableEstablishment & { schema: string; status: string; version: number }

/**
 * Hands `work` one establishment as it is at one instant: what others store meanwhile is not in it.
 * @param files the tenant migrations of this program
 * @throws establishment_not_found, establishment_not_ready; BackupRefused moved
 */
export function readEstablishment<T>(
  pool: OwnerPool,
  slug: string,
  files: Migration[],
  work: (contents: EstablishmentContents) => Promise<T>,
): Promise<T> {
  return pool.snapshot(async (session) => {
    const { schema, status, version, ...establishment } = await find(session, slug)
    if (!['active', 'suspended', 'archived'].includes(status)) throw problem('establishment_not_ready')
    const made = new Set(
      tenantTablesOf(files)
        .filter(({ since, until }) => since <= version && version < until)
        .map(({ table }) => table),
    )
    const found = await portableTables(session, schema)
    const done = await work({
      establishment,
      chain: schema,
      migrations: files
        .slice(0, version)
        .map(({ version: number, name, checksum }) => ({ version: number, name, checksum })),
      people: await listPeople(session, establishment.id),
      tables: [...found.filter(({ name }) => made.has(name)), recordTable],
      strangers: found.filter(({ name }) => !made.has(name)).map(({ name }) => name),
      read: ({ name, columns }) =>
        session.copyOut(
          name === recordName
            ? copyRecord(schema, columns)
            : `copy ${ident(schema)}.${ident(name)} (${columns.map(ident).join(', ')}) to stdout`,
        ),
    })
    await refuseMoved(session, schema)
    return done
  })
}

/**
 * A migration, or a restore into its archived place, makes tables anew meanwhile: to an older snapshot these are empty, without an
 * error. The catalogue's rows are of the snapshot, these functions look at what is there now.
 */
async function refuseMoved(session: OwnerSession, schema: string): Promise<void> {
  const [moved] = await session.query(
    `select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'
       and (to_regclass(format('%I.%I', n.nspname, c.relname))::oid is distinct from c.oid
         or pg_relation_filenode(c.oid) is distinct from c.relfilenode) limit 1`,
    [schema],
  )
  if (moved) throw new BackupRefused('moved')
}

async function find(session: OwnerSession, slug: string): Promise<Row> {
  const [row] = await session.query<Row>(
    `select e.id, e.slug, e.name, e.type, e.region, e.cercle, e.health_district as "healthDistrict", e.modules, e.status,
       e.schema_name as schema, coalesce(m.version, 0) as version
     from sis_platform.establishment e left join sis_platform.tenant_migration m on m.establishment_id = e.id where e.slug = $1`,
    [slug],
  )
  if (!row) throw problem('establishment_not_found')
  return row
}

const listPeople = (session: OwnerSession, establishmentId: string): Promise<Person[]> =>
  session.query<Person>(
    `select a.id, a.username, a.display_name as "displayName", array_agg(m.role order by m.role) as roles
     from sis_platform.membership m join sis_platform.account a on a.id = m.account_id
     where m.establishment_id = $1 and m.status <> 'removed' group by a.id order by a.username`,
    [establishmentId],
  )
