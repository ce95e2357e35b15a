import type { OwnerSession } from './connection.ts'

// A statement of ours that an attacker bends could call these to run text as SQL, to change the role inside the
// statement, or to leave something behind for the next borrower (research/tenancy.md 3.3, 3.4, 3.9).
const ofPostgres = [
  'set_config',
  'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema',
  'cursor_to_xml', 'cursor_to_xmlschema',
  'table_to_xml', 'table_to_xmlschema', 'table_to_xml_and_xmlschema',
  'schema_to_xml', 'schema_to_xmlschema', 'schema_to_xml_and_xmlschema',
  'database_to_xml', 'database_to_xmlschema', 'database_to_xml_and_xmlschema',
  'ts_stat', 'ts_rewrite',
  'pg_advisory_lock', 'pg_advisory_lock_shared', 'pg_try_advisory_lock', 'pg_try_advisory_lock_shared',
  'pg_advisory_unlock', 'pg_advisory_unlock_shared', 'pg_advisory_unlock_all',
  'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_get', 'lo_lseek', 'lo_lseek64', 'lo_open', 'lo_put', 'lo_tell', 'lo_tell64',
  'lo_truncate', 'lo_truncate64', 'lo_unlink', 'lo_close', 'loread', 'lowrite',
  'pg_notify', 'pg_logical_emit_message', 'setseed',
] // prettier-ignore
// They tell of any table by its oid, exactly and at once, how many rows others have and what they are doing. What pg_class
// says since the last ANALYZE stays readable: drivers and pg_dump need it, and the names there tell no establishment.
const counters =
  '^(pg_lock_status|pg_(table|indexes|relation|total_relation)_size|pg_stat_get_(xact_)?(numscans|lastscan|tuples_.*|(live|dead)_tuples|blocks_.*|(mod|ins)_since_.*|.*(vacuum|analyze)_(count|time)))$'
// pg_trgm's own set_config: its threshold would stay for the connection's next borrower.
const ofExtensions = ['set_limit']

/** Which rows of pg_proc `p` tell of others' tables; who watches the server (pg_monitor) and the owner keep them. */
const isCounter = `(p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '${counters}')`

/** The one list of functions that neither PUBLIC nor a role of the pools may execute: which rows of pg_proc `p` they are. */
export const isClosedFunction = `(p.pronamespace = 'pg_catalog'::regnamespace and p.proname in (${quoted(ofPostgres)})
  or p.pronamespace = (select to_regnamespace('sis_ext')) and p.proname in (${quoted(ofExtensions)})
  or ${isCounter})`

function quoted(names: string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}

/** A function of pg_proc `p` with its schema and the types of its arguments, quoted. */
export const signatureOf = `format('%I.%I(%s)', p.pronamespace::regnamespace, p.proname, pg_get_function_identity_arguments(p.oid))`

/** What every role of the cluster may do in this database and must not; all empty and false where everything is closed. */
export type OpenToPublic = {
  functions: string[]
  /** Those of the functions that count: told in one line. */
  counters: string[]
  plpgsql: boolean
  temporary: boolean
  connect: boolean
  schema: boolean
}

/** Reads it from the catalogues: where the login owns too little, PostgreSQL answers a REVOKE with a mere warning. */
export async function openToPublic(session: Pick<OwnerSession, 'query'>): Promise<OpenToPublic> {
  const functions = await session.query<{ signature: string; counts: boolean }>(
    `select ${signatureOf} as signature, ${isCounter} as counts from pg_proc p
     where ${isClosedFunction} and has_function_privilege('public', p.oid, 'execute') order by 1`,
  )
  const [rest] = await session.query<Omit<OpenToPublic, 'functions' | 'counters'>>(
    `select has_language_privilege('public', 'plpgsql', 'usage') as plpgsql,
       has_database_privilege('public', current_database(), 'temporary') as temporary,
       has_database_privilege('public', current_database(), 'connect') as connect,
       coalesce(has_schema_privilege('public', to_regnamespace('public'), 'create, usage'), false) as schema`,
  )
  if (!rest) throw new Error('unreachable')
  const counting = functions.filter(({ counts }) => counts)
  return {
    functions: functions.map(({ signature }) => signature),
    counters: counting.map(({ signature }) => signature),
    ...rest,
  }
}

export const weaknessesOf = (open: OpenToPublic): string[] => [
  ...open.functions
    .filter((signature) => !open.counters.includes(signature))
    .map((signature) => `PUBLIC may execute ${signature}`),
  ...(open.counters.length > 0 ? ['PUBLIC may read the counters, sizes and locks of every table'] : []),
  ...(open.plpgsql ? ['PUBLIC may use the language plpgsql'] : []),
  ...(open.temporary ? ['PUBLIC may create temporary tables'] : []),
  ...(open.connect ? ['PUBLIC may connect to this database'] : []),
  ...(open.schema ? ['PUBLIC may use the schema public'] : []),
]
