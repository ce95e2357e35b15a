import type { OwnerSession } from '../owner/connection.ts'

export type CatalogueTable = { name: string; columns: string[]; rows: number }

/** The table's name under which the establishment's record travels; no table of a schema is called so. */
export const recordName = '_record'

// The answers of the last 48 hours: they belong to clients of the place that was left.
const leftBehind = new Set(['idempotency_key'])

/**
 * The tables of a schema that travel, those first that others refer to, each with all columns that are not computed.
 * PostgreSQL's catalogue says what the migrations made: nothing is listed twice, and nothing new is forgotten.
 * @throws when two tables refer to each other
 */
export async function portableTables(session: OwnerSession, schema: string): Promise<CatalogueTable[]> {
  const tables = await orderedTables(session, [schema])
  return tables
    .map((table) => ({ ...table, name: table.name.slice(schema.length + 1) }))
    .filter(({ name }) => !leftBehind.has(name))
}

/** The same of several schemas together, all of their tables, each with its schema's name before its own. */
export async function orderedTables(session: OwnerSession, schemas: string[]): Promise<CatalogueTable[]> {
  const tables = await session.query<CatalogueTable>(
    `select n.nspname || '.' || c.relname as name, greatest(c.reltuples, 0)::float8 as rows,
       array_agg(a.attname::text order by a.attnum) as columns
     from pg_namespace n join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where n.nspname = any($1) group by n.nspname, c.oid, c.relname, c.reltuples order by c.oid`,
    [schemas],
  )
  const references = await session.query<{ from: string; to: string }>(
    `select n.nspname || '.' || r.relname as "from", m.nspname || '.' || t.relname as "to"
     from pg_namespace n join pg_class r on r.relnamespace = n.oid join pg_constraint k on k.conrelid = r.oid and k.contype = 'f'
     join pg_class t on t.oid = k.confrelid join pg_namespace m on m.oid = t.relnamespace
     where n.nspname = any($1) and m.nspname = any($1) and r.oid <> t.oid`,
    [schemas],
  )
  const ordered: CatalogueTable[] = []
  const waiting = new Map(tables.map((table) => [table.name, table]))
  while (waiting.size > 0) {
    const free = [...waiting.values()].filter(
      ({ name }) => !references.some(({ from, to }) => from === name && waiting.has(to)),
    )
    if (free.length === 0) throw new Error(`tables that refer to each other: ${[...waiting.keys()].join(', ')}`)
    for (const table of free) {
      ordered.push(table)
      waiting.delete(table.name)
    }
  }
  return ordered
}
