import type pg from 'pg'
import type { TestDatabase } from '../cluster.ts'

type Server = Pick<TestDatabase, 'asSuperuser'>

/** What the next borrower of this connection finds that the last one should not have left; `[]`: it is as new. */
export async function leftovers(client: pg.PoolClient, database: Server): Promise<string[]> {
  const status = client.getTransactionStatus()
  if (status !== 'I') return [`transaction state ${status}`]
  const { rows } = await client.query<{ pid: number; left: string[] }>(`
    select pg_backend_pid() as pid, array_remove(array[
      case when current_setting('role') <> 'none' or current_user <> session_user then 'role ' || current_user end,
      case when session_user not like 'sis\\_%\\_api' then 'login ' || session_user end,
      case when current_setting('search_path') <> 'pg_catalog, pg_temp' then 'path ' || current_setting('search_path') end,
      (select 'settings ' || string_agg(name || '=' || setting, ' ') from pg_settings where source = 'session'),
      -- Those of our own protocol are named by us; whoever speaks SQL makes the others.
      (select 'prepared ' || string_agg(statement, ' ') from pg_prepared_statements where from_sql),
      (select 'cursors ' || string_agg(name, ' ') from pg_cursors where name <> ''),
      (select 'listens ' || string_agg(channel, ' ') from pg_listening_channels() channel),
      case when pg_my_temp_schema() <> 0 then 'temporary tables' end
    ], null) as left`)
  const { pid, left } = rows[0]!
  const locks = await database.asSuperuser<{ locktype: string }>(
    `select locktype from pg_locks where pid = $1 and locktype in ('advisory', 'relation', 'transactionid', 'object')`,
    [pid],
  )
  return [...left, ...locks.map(({ locktype }) => `lock ${locktype}`)]
}

const catalogs = [
  `select concat('role ', rolname), t::text from pg_authid t`,
  `select concat('member ', roleid, ' ', member), t::text from pg_auth_members t`,
  `select concat('setting ', setdatabase, ' ', setrole), t::text from pg_db_role_setting t`,
  `select concat('schema ', nspname), concat(nspowner, nspacl) from pg_namespace where nspname !~ '^pg_(toast_)?temp_'`,
  `select concat('relation ', oid), concat(relname, ' ', relowner, relkind, relacl) from pg_class where relpersistence <> 't'`,
  `select concat('function ', oid), concat(proname, ' ', prosecdef, proacl) from pg_proc`,
  `select concat('large object ', oid), '' from pg_largeobject_metadata`,
  `select concat('slot ', slot_name), '' from pg_replication_slots`,
  `select concat('server ', name), setting from pg_settings where source = 'configuration file'`,
  `select concat('prepared transaction ', gid), '' from pg_prepared_xacts`,
]

/**
 * Everything that is not `own`'s: the rows of all other establishments and of the platform, the catalogs of roles, rights and
 * objects, the server's settings. @returns what to compare a later state with
 */
export async function othersState(database: Server, own: string): Promise<Record<string, string>> {
  const tables = await database.asSuperuser<{ name: string }>(
    `select oid::regclass::text as name from pg_class where relkind = 'r' and relname <> 'icd10'
     and relnamespace in (select oid from pg_namespace where nspname ~ '^sis_' and nspname <> $1)`,
    [own],
  )
  const contents = tables.map(({ name }) => {
    // What it appends to its own record is its own.
    const others = name === 'sis_audit.entry' ? `where (tenant, chain) is distinct from ('${own}', '${own}')` : ''
    return `select '${name}', md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from ${name} t ${others}`
  })
  const rows = await database.asSuperuser<{ what: string; state: string }>(
    `select what, state from (${[...catalogs, ...contents].join(' union all ')}) as all_of (what, state)`,
  )
  return Object.fromEntries(rows.map(({ what, state }) => [what, state]))
}

/** The names of what differs. */
export const changes = (before: Record<string, string>, after: Record<string, string>): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((what) => before[what] !== after[what])
