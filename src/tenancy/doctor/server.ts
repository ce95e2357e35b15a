import { loginSettings, silentLog } from '../owner/bootstrap.ts'
import type { Findings, Site } from './finding.ts'
import type { Look, Way } from './look.ts'

/** What the server must hold, from the configuration of this program. */
export type Load = {
  /** HTTP processes, and the connections that each may open. */
  workers: number
  connectionsEach: number
  /** They end in a pooler, whose own limits then decide how many reach the server. */
  isPooled?: boolean
}

// Older minor versions have known holes in exactly what isolation stands on: rights after SET ROLE (CVE-2024-10978,
// CVE-2024-10976), values of foreign rows told by statistics (CVE-2025-8713), objects in foreign schemas (CVE-2025-12817).
const firstSafeMinor: Record<number, number> = { 15: 15, 16: 11, 17: 7, 18: 1 }
const wraparound = { warning: 1_000_000_000, critical: 1_800_000_000 }
const settingNames = [
  'synchronous_commit', 'fsync', 'full_page_writes', 'max_connections', 'max_prepared_transactions',
  'max_locks_per_transaction', 'superuser_reserved_connections', 'reserved_connections',
  'auto_explain.log_min_duration', 'pgaudit.log_parameter',
] // prettier-ignore

type Settings = Map<string, string>

/** The settings as the login of the pools gets them: by server, database and role together. */
export async function readSettings(look: Look, version: number): Promise<Settings> {
  const names = [...settingNames, ...Object.keys(silentLog), ...Object.keys(loginSettings(version))]
  const rows = await look.query<{ name: string; setting: string }>(
    'select name, reset_val as setting from pg_settings where lower(name) = any($1)',
    [names],
  )
  return new Map(rows.map(({ name, setting }) => [name.toLowerCase(), setting]))
}

export async function lookAtServer(site: Site, settings: Settings, load: Load): Promise<Findings> {
  const { look } = site
  const [row] = await look.query<{ number: number; encoding: string; folds: boolean; age: number }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_encoding') as encoding,
       lower('É' collate "default") = 'é' as folds,
       (select greatest(age(datfrozenxid), mxid_age(datminmxid)) from pg_database where datname = current_database()) as age`,
  )
  if (!row) throw new Error('unreachable')
  const [major, minor] = [Math.floor(row.number / 10_000), row.number % 10_000]
  const oldest = firstSafeMinor[major]
  const is = (name: string, wanted: string): string[] =>
    settings.get(name) === wanted ? [] : [`${name} = ${settings.get(name) ?? '?'}`]
  return {
    server_version: major >= 15 && major <= 18 ? [] : [`PostgreSQL ${major}`],
    server_minor: oldest !== undefined && minor < oldest ? [`PostgreSQL ${major}.${minor} < ${major}.${oldest}`] : [],
    encoding: row.encoding === 'UTF8' ? [] : [row.encoding],
    locale: row.folds ? [] : ["lower('É') ≠ 'é'"],
    // Stronger ones (remote_apply) are as good.
    synchronous_commit: settings.get('synchronous_commit') === 'remote_apply' ? [] : is('synchronous_commit', 'on'),
    fsync: is('fsync', 'on'),
    full_page_writes: is('full_page_writes', 'on'),
    wraparound_near: row.age > wraparound.warning && row.age <= wraparound.critical ? [String(row.age)] : [],
    wraparound: row.age > wraparound.critical ? [String(row.age)] : [],
    server_log: leaks(settings),
    ...(await lookAtRoom(site, settings, load)),
  }
}

/** The settings under which the server's own log would quote records. */
function leaks(settings: Settings): string[] {
  const get = (name: string): string => settings.get(name) ?? ''
  const show = (name: string): string => `${name} = ${get(name)}`
  const logsStatements = [
    ...(['mod', 'all'].includes(get('log_statement')) ? ['log_statement'] : []),
    ...['log_min_duration_statement', 'log_min_duration_sample'].filter((name) => Number(get(name) || -1) >= 0),
    ...(Number(get('log_transaction_sample_rate')) > 0 ? ['log_transaction_sample_rate'] : []),
  ]
  return [
    // The words of an error quote values; its details, its statement and its parameters come with it.
    ...(['log', 'fatal', 'panic'].includes(get('log_min_messages')) ? [] : [show('log_min_messages')]),
    ...(get('log_parameter_max_length') === '0' ? [] : logsStatements.map(show)),
    ...['debug_print_parse', 'debug_print_rewritten', 'debug_print_plan', 'pgaudit.log_parameter']
      .filter((name) => get(name) === 'on')
      .map(show),
    ...(Number(get('auto_explain.log_min_duration') || -1) >= 0 ? [show('auto_explain.log_min_duration')] : []),
  ]
}

// Requests touch few tables, and sixteen of a transaction's locks stand in a place of its own (fast path).
const locksOfRequest = 10
// The owner's side of the server, and a command beside it.
const otherConnections = 13

/**
 * Locks: a dump of everything holds one for each table, a migration makes all relations of two establishments at
 * once, their TOAST tables with them (measured: 102 locks for 44 relations of 12 tables). */
async function lookAtRoom(
  { look, apiRole }: Site,
  settings: Settings,
  { workers, connectionsEach, isPooled }: Load,
): Promise<Findings> {
  const [row] = await look.query<{ tables: number; widest: number; limit: number }>(
    `with relation as materialized (select relkind, relnamespace, reltoastrelid, nspname
       from pg_class join pg_namespace n on n.oid = relnamespace where nspname ~ '^sis_')
     select (select count(*)::int from relation where relkind in ('r', 'p')) as tables,
       (select coalesce(max(count), 0)::int from (select count(*) + 2 * count(*) filter (where reltoastrelid <> 0) as count
         from relation where nspname ~ '^sis_.*_t_' group by relnamespace) each) as widest,
       (select least(nullif(datconnlimit, -1), (select nullif(rolconnlimit, -1) from pg_roles where rolname = $1))
        from pg_database where datname = current_database()) as limit`,
    [apiRole],
  )
  if (!row) throw new Error('unreachable')
  const number = (name: string): number => Number(settings.get(name) ?? 0)
  const pools = workers * connectionsEach
  const slots = number('max_connections') + number('max_prepared_transactions')
  const locks = {
    has: number('max_locks_per_transaction') * slots,
    needs: row.tables + 2 * row.widest + locksOfRequest * pools,
  }
  const free = number('max_connections') - number('superuser_reserved_connections') - number('reserved_connections')
  const room = Math.min(free - otherConnections, row.limit ?? Infinity)
  return {
    locks:
      locks.has >= locks.needs
        ? []
        : [
            `max_locks_per_transaction = ${settings.get('max_locks_per_transaction')} < ${Math.ceil(locks.needs / slots)}`,
          ],
    connections: isPooled || room >= pools ? [] : [`${room} < ${pools}`],
  }
}

/** The limits that the login of the pools has of the server, against a process that hangs. */
export async function lookAtLogin(asLogin: Look, settings: Settings, version: number): Promise<Findings> {
  const wanted = Object.entries(loginSettings(version)).map(
    ([name, value]) => [name, value.replaceAll("'", '')] as const,
  )
  const times = await asLogin.query<{ name: string; ms: number }>(
    `select name, (extract(epoch from value::interval) * 1000)::int as ms from unnest($1::text[], $2::text[]) as x(name, value)`,
    [
      wanted.filter(([, value]) => /^\d/.test(value)).map(([name]) => name),
      wanted.filter(([, value]) => /^\d/.test(value)).map(([, value]) => value),
    ],
  )
  const tooLong = times.filter(({ name, ms }) => {
    const is = Number(settings.get(name) ?? 0)
    return is === 0 || is > ms
  })
  return { login_limits: tooLong.map(({ name }) => `${name} = ${settings.get(name) ?? '?'}`) }
}

/** Who could listen or stand in between. */
export function lookAtWay(owner: Way, logins: Way[], pooler: boolean, secondsApart: number): Findings {
  const far = [owner, ...logins].filter(({ isLocal }) => !isLocal)
  return {
    tls: far.some(({ isEncrypted }) => !isEncrypted) ? ['TLS'] : [],
    tls_certificate: far.some(({ isEncrypted, isVerified }) => isEncrypted && !isVerified)
      ? ['sslmode=verify-full']
      : [],
    pooler: [
      // The owner's side holds locks and roles for longer than a transaction.
      ...(owner.isPooled ? ['DATABASE_OWNER_URL'] : []),
      ...(logins.some(({ isPooled }) => isPooled) && !pooler ? ['DATABASE_URL'] : []),
    ],
    clock: secondsApart > 2 ? [`${Math.round(secondsApart)} s`] : [],
  }
}
