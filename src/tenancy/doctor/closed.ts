import { isClosedFunction, openToPublic, signatureOf } from '../owner/closed.ts'
import { platformRoleNames, tenantPattern, type Findings, type Site } from './finding.ts'

// Functions of these run text as SQL, reach other servers or the server's files.
const strongExtensions = ['dblink', 'tablefunc', 'xml2', 'postgres_fdw', 'file_fdw', 'adminpack', 'lo', 'pageinspect']

/** What an expression bent into one of our statements could call, own or borrow. */
export async function lookAtClosed(site: Site): Promise<Findings> {
  const { look, apiRole } = site
  const open = await openToPublic(look)
  const roles = [apiRole, ...platformRoleNames(site)]
  // The login of the pools needs the one function that names role and path at the beginning of each transaction.
  const named = await look.query<{ kind: string; name: string }>(
    `with ours as (select oid, rolname from pg_roles where rolname ~ $1 or rolname = any($2))
     select 'functions' as kind, ${signatureOf} || ' → ' || rolname as name
     from pg_proc p, aclexplode(p.proacl) a join ours on ours.oid = a.grantee
     where ${isClosedFunction} and not (rolname = $3 and p.proname = 'set_config' and not a.is_grantable)
     union all
     select 'languages', lanname || ' → ' || coalesce(rolname, 'PUBLIC')
     from pg_language l, aclexplode(coalesce(lanacl, acldefault('l', lanowner))) a left join ours on ours.oid = a.grantee
     where lanispl and lanpltrusted and (a.grantee = 0 and lanname <> 'plpgsql' or ours.oid is not null)
     union all
     select 'schemas', 'public → ' || rolname from pg_namespace, aclexplode(nspacl) a join ours on ours.oid = a.grantee
     where nspname = 'public'
     order by 1, 2 limit 50`,
    [tenantPattern(site), roles, apiRole],
  )
  const ofKind = (kind: string): string[] => named.filter((row) => row.kind === kind).map(({ name }) => name)
  const [may] = await look.query<{ may: boolean }>(
    `select has_function_privilege($1, 'pg_catalog.set_config(text, text, boolean)', 'execute') as may
     where exists (select from pg_roles where rolname = $1)`,
    [apiRole],
  )
  return {
    closed_functions: [
      ...open.functions.map((signature) => `${signature} → PUBLIC`),
      ...ofKind('functions'),
      ...(may?.may === false ? [`pg_catalog.set_config: − ${apiRole}`] : []),
    ],
    closed_languages: [...(open.plpgsql ? ['plpgsql → PUBLIC'] : []), ...ofKind('languages')],
    closed_temporary: open.temporary ? ['TEMPORARY → PUBLIC'] : [],
    closed_connect: open.connect ? ['CONNECT → PUBLIC'] : [],
    closed_public_schema: [...(open.schema ? ['public → PUBLIC'] : []), ...ofKind('schemas')],
    ...(await lookAtFunctions(site)),
    owners: await strangers(site, roles),
    extensions: await misplacedExtensions(site),
  }
}

/** SECURITY DEFINER (CVE-2018-1058, CVE-2007-2138) and who may call what in our schemas. */
async function lookAtFunctions({ look, owner }: Site): Promise<Findings> {
  const rows = await look.query<{
    name: string
    definer: boolean
    path: string | null
    strange: boolean
    callers: string | null
  }>(
    `select ${signatureOf} as name, prosecdef as definer, pg_get_userbyid(proowner) <> $1 as strange,
       (select substr(s, 13) from unnest(proconfig) s where s like 'search\\_path=%') as path,
       (select string_agg(coalesce(rolname, 'PUBLIC'), ', ') from aclexplode(coalesce(proacl, acldefault('f', proowner))) a
        left join pg_roles r on r.oid = a.grantee where a.grantee <> proowner) as callers
     from pg_proc p join pg_namespace n on n.oid = pronamespace
     where nspname not in ('pg_catalog', 'information_schema', 'sis_ext') and (nspname ~ '^sis_' or has_schema_privilege('public', n.oid, 'usage'))
       and (prosecdef or nspname ~ '^sis_') order by 1`,
    [owner],
  )
  return {
    definer_functions: rows
      .filter(({ definer }) => definer)
      .flatMap(({ name, path, strange, callers }) => [
        ...(isFixed(path) ? [] : [`${name}: search_path`]),
        ...(strange ? [`${name}: owner`] : []),
        ...(callers?.split(', ').includes('PUBLIC') ? [`${name}: PUBLIC`] : []),
      ]),
    function_rights: [
      ...rows
        .filter(({ definer, name, callers }) => !definer && callers !== null && !isOpen(name, callers))
        .map(({ name, callers }) => `${name} → ${callers}`),
      // A dump that somebody else than a superuser restores may lack it: PostgreSQL refuses its setting.
      ...(rows.some(({ name, callers }) => isOpen(name, callers)) ? [] : [`${open} − PUBLIC`]),
    ],
  }
}

/** Runs as whoever calls it, in their own schema, and reads what they may read. */
const open = 'sis_ref.named_alike(spellings text[])'
const isOpen = (name: string, callers: string | null): boolean => name === open && callers === 'PUBLIC'

/** Only schemas in which none of our roles can make anything, pg_temp last (it would be searched first if absent). */
const isFixed = (path: string | null): boolean =>
  path !== null && /^("?(pg_catalog|sis_(platform|ref|ext))"?, )*"?pg_temp"?$/.test(path)

/** What does not belong to the owner, and what belongs to a role that must own nothing. */
async function strangers({ look, installation, owner }: Site, roles: string[]): Promise<string[]> {
  const rows = await look.query<{ name: string; who: string }>(
    `with schema as (select oid, nspname, nspowner from pg_namespace
       where nspname in ('sis_platform', 'sis_ref', 'sis_ext', 'sis_audit') or nspname ~ $1),
     owned as (
       select nspname as name, nspowner as owner, 'pg_namespace'::regclass as class, oid as object from schema
       union all
       select nspname || '.' || relname, relowner, 'pg_class'::regclass, c.oid from pg_class c join schema on relnamespace = schema.oid
       where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and nspname <> 'sis_ext'
       union all
       select nspname || '.' || proname, proowner, 'pg_proc'::regclass, p.oid from pg_proc p join schema on pronamespace = schema.oid
       where nspname <> 'sis_ext' and not prosecdef)
     select name, pg_get_userbyid(owner) as who from owned where pg_get_userbyid(owner) <> $3
     union
     select coalesce(pg_describe_object(d.classid, d.objid, d.objsubid), '?'), r.rolname
     from pg_shdepend d join pg_roles r on d.refclassid = 'pg_authid'::regclass and r.oid = d.refobjid
     where d.deptype = 'o' and d.dbid in (0, (select oid from pg_database where datname = current_database()))
       and (r.rolname ~ $1 or r.rolname = any($2))
       and not exists (select from owned where class = d.classid and object = d.objid)
     order by 1, 2 limit 50`,
    [tenantPattern({ installation }), roles, owner],
  )
  return rows.map(({ name, who }) => `${name} → ${who}`)
}

async function misplacedExtensions({ look }: Site): Promise<string[]> {
  const rows = await look.query<{ name: string }>(
    `select wanted || ' ∄ sis_ext' as name from unnest(array['pg_trgm', 'unaccent', 'btree_gist']) wanted
     where not exists (select from pg_extension join pg_namespace n on n.oid = extnamespace
       where extname = wanted and nspname = 'sis_ext')
     union all
     select distinct extname || ' → PUBLIC' from pg_extension e
     join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
     join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
     where extname = any($1) and has_function_privilege('public', p.oid, 'execute')
       and has_schema_privilege('public', p.pronamespace, 'usage')
     order by 1`,
    [strongExtensions],
  )
  return rows.map(({ name }) => name)
}
