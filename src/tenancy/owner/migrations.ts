import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Migration = { version: number; name: string; sql: string; checksum: string }

const fileName = /^(\d{4})_([a-z0-9_]+)\.sql$/

/** The migrations of a folder in order, without gaps or doubles. @throws when a number is missing or stands twice */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const migrations: Migration[] = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()) {
    const [, number, name] = fileName.exec(file) ?? []
    if (!number || !name) throw new Error(`migration ${file}: expected a name like 0001_core.sql`)
    const sql = await readFile(join(folder, file), 'utf8')
    migrations.push({ version: Number(number), name, sql, checksum: createHash('sha256').update(sql).digest('hex') })
  }
  migrations.forEach(({ version, name }, index) => {
    if (version !== index + 1) throw new Error(`migration ${version} (${name}): number ${index + 1} was expected`)
  })
  return migrations
}

const forms = new WeakMap<Migration[], string>()

/** Names what these migrations make. A version alone does not: a step that no establishment has yet may still be corrected. */
export function formOf(migrations: Migration[]): string {
  const form =
    forms.get(migrations) ??
    createHash('sha256')
      .update(migrations.map(({ checksum }) => checksum).join())
      .digest('hex')
  forms.set(migrations, form)
  return form
}

const createTable = /create table(?: if not exists)? ([a-z_0-9.]+)/gi
const dropTable = /drop table(?: if exists)? ([a-z_0-9.]+)/gi
const grantLine = /^-- grants: (.+)$/gm

export type TableGrant = { table: string; privileges: string[] }

/** The tables that a tenant migration makes, with the rights of the establishment's role: SELECT, INSERT, … */
export function tenantGrantsOf(sql: string): TableGrant[] {
  const narrowed = new Map<string, string>()
  for (const [, line = ''] of sql.matchAll(grantLine)) {
    const [table = '', ...privileges] = line.split(' ')
    narrowed.set(table, privileges.join(' '))
  }
  return [...sql.matchAll(createTable)].map(([, table = '']) => ({
    table,
    privileges: privilegesOf(narrowed.get(table) ?? 'select, insert, update, delete'),
  }))
}

const never = 2 ** 31 - 1

/** The tables that the migrations make: there from version `since` on, gone with version `until`. */
export const tenantTablesOf = (migrations: Migration[]): { table: string; since: number; until: number }[] =>
  migrations.flatMap(({ sql, version: since }) =>
    tenantGrantsOf(sql).map(({ table }) => {
      const dropping = migrations.find(
        (later) => later.version > since && [...later.sql.matchAll(dropTable)].some(([, name]) => name === table),
      )
      return { table, since, until: dropping?.version ?? never }
    }),
  )

/**
 * The grants of a tenant migration, as an explicit list of tables: GRANT … ON ALL TABLES IN SCHEMA scans pg_class
 * (272–462 ms at 5,000 tenants, research/tenancy.md 5.1). A line `-- grants: record_version select, insert` narrows a table's.
 */
export const tenantGrants = (sql: string, role: string): string =>
  tenantGrantsOf(sql)
    .map(({ table, privileges }) => `grant ${privileges.join(', ')} on ${table} to ${role};`)
    .join('\n')

/** The lines `-- grants: sis_platform.account accounts: select, update (status)` of a platform migration. */
export function platformGrantsOf(sql: string): (TableGrant & { role: string })[] {
  return [...sql.matchAll(grantLine)].map(([, line = '']) => {
    const [, table, role, privileges] = /^(\S+) (\S+): (.+)$/.exec(line) ?? []
    if (!table || !role || !privileges) throw new Error(`grants line not understood: ${line}`)
    return { table, role, privileges: privilegesOf(privileges) }
  })
}

/** The grants of a platform migration. */
export const platformGrants = (sql: string, installation: string): string =>
  platformGrantsOf(sql)
    .map(({ table, role, privileges }) => {
      const to = role === 'public' ? 'public' : `sis_${installation}_${role}`
      return `grant ${privileges.join(', ')} on ${table} to ${to};`
    })
    .join('\n')

/** `select, update (a, b)` → SELECT, UPDATE (a), UPDATE (b), as PostgreSQL keeps them. */
const privilegesOf = (list: string): string[] =>
  [...list.matchAll(/(\w+)(?: \(([^)]*)\))?/g)].flatMap(([, privilege = '', columns]) =>
    columns === undefined
      ? privilege.toUpperCase()
      : columns.split(',').map((column) => `${privilege.toUpperCase()} (${column.trim()})`),
  )
