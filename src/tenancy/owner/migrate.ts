import { setTimeout as sleep } from 'node:timers/promises'
import { sayable } from '../../shared/traces.ts'
import { SetupRefused } from './bootstrap.ts'
import { ident, literal, type OwnerPool, type OwnerSession } from './connection.ts'
import { platformGrants, tenantGrants, type Migration } from './migrations.ts'
import { enterSchema, recordDone } from './provision.ts'

/** Applies the missing platform migrations, each in its own transaction. @returns how many. @throws SetupRefused */
export async function migratePlatform(pool: OwnerPool, migrations: Migration[], installation: string): Promise<number> {
  let applied = 0
  for (const migration of migrations) {
    applied += await pool.transaction(async (session) => {
      // The version row first: of two supervisors that migrate at once, the second waits here and then finds it done.
      const inserted = await session.query(
        `insert into sis_platform.platform_migration (version, name, checksum) values ($1, $2, $3)
         on conflict do nothing returning version`,
        [migration.version, migration.name, migration.checksum],
      )
      if (inserted.length === 0) {
        await refuseEdited(session, 'platform', migration)
        return 0
      }
      await session.run(`${migration.sql}\n${platformGrants(migration.sql, installation)}`)
      return 1
    })
  }
  await pool.transaction((session) =>
    refuseOlder(session, 'select max(version) as version from sis_platform.platform_migration', migrations.length),
  )
  return applied
}

/**
 * A migration that was edited after some database had it: two databases of the same version would differ, and none would
 * know. @throws SetupRefused
 */
async function refuseEdited(session: OwnerSession, kind: 'platform' | 'tenant', migration: Migration): Promise<void> {
  const table = kind === 'platform' ? 'platform_migration' : 'tenant_migration_file'
  const edited = await session.query(`select 1 from sis_platform.${table} where version = $1 and checksum <> $2`, [
    migration.version,
    migration.checksum,
  ])
  if (edited.length === 0) return
  const file = `migrations/${kind}/${String(migration.version).padStart(4, '0')}_${migration.name}.sql`
  throw new SetupRefused(`${file} a changé depuis son application : un changement demande une nouvelle migration.`)
}

/**
 * The establishments' migrations of this program, compared with what some establishment already has. One that failed
 * everywhere may be corrected. @throws SetupRefused for an edited one, and to a program older than the database
 */
export async function checkTenantFiles(pool: OwnerPool, migrations: Migration[]): Promise<void> {
  await pool.transaction(async (session) => {
    for (const migration of migrations) {
      await session.query(
        `insert into sis_platform.tenant_migration_file (version, name, checksum) values ($1, $2, $3)
         on conflict (version) do update set name = excluded.name, checksum = excluded.checksum, applied_at = now()
         where not exists (select 1 from sis_platform.tenant_migration done where done.version >= excluded.version)`,
        [migration.version, migration.name, migration.checksum],
      )
      await refuseEdited(session, 'tenant', migration)
    }
    await refuseOlder(session, 'select max(version) as version from sis_platform.tenant_migration', migrations.length)
  })
}

async function refuseOlder(session: OwnerSession, newestOf: string, known: number): Promise<void> {
  const [newest] = await session.query<{ version: number | null }>(newestOf)
  if ((newest?.version ?? 0) > known)
    throw new SetupRefused(
      `la base est à la version ${newest?.version} du schéma, ce programme ne connaît que ${known} : installez la version récente`,
    )
}

export type FailedTenant = { slug: string; error: string }
export type MigrationReport = { migrated: number; failed: FailedTenant[] }

type Behind = { id: string; slug: string; schema_name: string; version: number }

// Where others are served, an establishment is followed by a pause as long as it took, of so many ms at most. 600 establishments,
// 40 lists a second, p99 against quiet: 3.0 times with two at once, 1.2 to 1.65 so, in 3.4 s instead of 1.9.
const longestPause = 6

/**
 * Brings every establishment to the newest version: several at once, each in one transaction with its control row, so
 * that a killed run is resumed by the next. One that fails stops nobody else and is named in the report.
 * @param apiRole while somebody works under this login of the pools, one at a time, with pauses
 */
export async function migrateTenants(
  pool: OwnerPool,
  { apiRole, migrations }: { apiRole: string; migrations: Migration[] },
  options: { parallel?: number; onProgress?: (done: number, of: number) => void } = {},
): Promise<MigrationReport> {
  const target = migrations.length
  const isServed = await worksUnder(pool, apiRole)
  const behind = await pool.transaction((session) =>
    session.query<Behind>(
      `select e.id, e.slug, e.schema_name, m.version from sis_platform.establishment e
       join sis_platform.tenant_migration m on m.establishment_id = e.id
       where m.version < $1 and e.status in ('active', 'suspended', 'archived') order by e.slug`,
      [target],
    ),
  )
  const report: MigrationReport = { migrated: 0, failed: [] }
  const queue = [...behind]
  const worker = async (): Promise<void> => {
    for (let tenant = queue.shift(); tenant; tenant = queue.shift()) {
      const since = performance.now()
      const error = await migrateOne(pool, migrations, tenant)
      if (error === undefined) report.migrated++
      else report.failed.push({ slug: tenant.slug, error })
      options.onProgress?.(report.migrated + report.failed.length, behind.length)
      if (isServed && queue.length > 0) await sleep(Math.min(performance.now() - since, longestPause))
    }
  }
  await Promise.all(Array.from({ length: isServed ? 1 : (options.parallel ?? 2) }, worker))
  return report
}

const worksUnder = async (pool: OwnerPool, login: string): Promise<boolean> =>
  (await pool.asLogin((session) => session.query('select 1 from pg_stat_activity where usename = $1 limit 1', [login])))
    .length > 0

async function migrateOne(pool: OwnerPool, migrations: Migration[], tenant: Behind): Promise<string | undefined> {
  try {
    await pool.transaction(async (session) => {
      const [control] = await session.query<{ version: number }>(
        'select version from sis_platform.tenant_migration where establishment_id = $1 for update',
        [tenant.id],
      )
      const missing = migrations.filter(({ version }) => version > (control?.version ?? 0))
      if (missing.length === 0) return
      const sql = missing
        .map((migration) => `${migration.sql}\n${tenantGrants(migration.sql, ident(tenant.schema_name))}`)
        .join('\n')
      // In one message with its control row: of 5,000 establishments 5,000 round trips fewer.
      await session.run(`${enterSchema(tenant.schema_name)}\n${sql};\n${recordDone(tenant.id, migrations.length)}`)
    })
    return undefined
  } catch (error) {
    const message = sayable(error).slice(0, 500)
    await pool.transaction((session) =>
      session.run(`update sis_platform.tenant_migration set status = 'failed', attempt = attempt + 1, error = ${literal(message)},
        finished_at = now() where establishment_id = ${literal(tenant.id)}`),
    )
    return message
  }
}
