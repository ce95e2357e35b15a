import type { StoredTable } from '#tenancy'
import type { ModuleDefinition } from '../../platform/modules/index.ts'
import { ofCore } from './core-tables.ts'
import type { About, Described } from './described.ts'

declare module '../../shared/module-types.ts' {
  interface ModuleParts {
    /** What a module's tables hold, for the register of processing: by the table's name in an establishment. */
    readonly tables?: Readonly<Record<string, Described>>
  }
}

// Of a table that tells about people: what only joins it to others, orders or repeats it.
const links = new Set([
  'id', 'version', 'patient_id', 'resource', 'resource_id', 'opposition_id', 'import_id', 'file_hash', 'account_id', 'establishment_id', 'route', 'key',
  'request_hash', 'status', 'created_at', 'updated_at', 'not_before', 'demo', 'active', 'slug', 'schema_name', 'access_granted', 'refresh_hash', 'previous_hash',
  'successor', 'rotated_at', 'idle_expires_at', 'expires_at', 'second_factor', 'last_step', 'pending_at', 'failures', 'retry_at', 'seq', 'era', 'xid', 'chain',
  'origin', 'tenant', 'session_id', 'request_id', 'changed',
]) // prettier-ignore

export type Category = { place: StoredTable['place']; table: string; about: About; purpose: string; data: string[] }

export type Tables = Readonly<Record<string, Described>>

/** Those of the core and of all modules, by `place.table`. */
export const tablesOf = (modules: readonly ModuleDefinition[]): Tables => ({
  ...ofCore,
  ...Object.fromEntries(
    modules.flatMap(({ tables = {} }) => Object.entries(tables).map(([name, one]) => [`establishment.${name}`, one])),
  ),
})

/** What a table of the live database holds, and the columns that nobody has described. */
export function categoryOf(
  tables: Tables,
  { place, name, columns }: StoredTable,
): { category?: Category; unknown: string[] } {
  const known = tables[`${place}.${name}`]
  if (!known) return { unknown: [name] }
  const { about, purpose, data, links: own = [] } = known
  const unknown =
    about === 'technical'
      ? []
      : columns.filter((column) => !(column in data) && !links.has(column) && !own.includes(column))
  const told = [...new Set(columns.flatMap((column) => data[column] ?? []))]
  return {
    category: { place, table: name, about, purpose, data: told },
    unknown: unknown.map((column) => `${name}.${column}`),
  }
}

/** What is described and does not exist any more: `place.table` or `place.table.column`. */
export function staleIn(tables: Tables, stored: readonly StoredTable[]): string[] {
  const found = new Map(stored.map((table) => [`${table.place}.${table.name}`, new Set(table.columns)]))
  return Object.entries(tables).flatMap(([name, { data }]) => {
    const columns = found.get(name)
    return columns
      ? Object.keys(data)
          .filter((column) => !columns.has(column))
          .map((column) => `${name}.${column}`)
      : [name]
  })
}
