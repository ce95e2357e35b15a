import { isClosedFunction } from '../owner/closed.ts'
import { platformGrantsOf, tenantGrantsOf } from '../owner/migrations.ts'
import { platformRoleNames, tenantPattern, type Findings, type Site } from './finding.ts'

type Right = { place: string; who: string; what: string }
const lineOf = ({ place, who, what }: Right): string => `${place}: ${what}${who && ` → ${who}`}`

/** Who may do what, compared with what the migrations give: nothing less, nothing more, to nobody else. */
export async function lookAtRights(site: Site): Promise<Findings> {
  return {
    tenant_rights: await tenantRights(site),
    foreign_rights: [...(await foreignRights(site)), ...(await publicRights(site))],
    platform_rights: await platformRights(site),
    login_rights: await loginRights(site),
  }
}

/**
 * Each establishment's role on its own schema: the missing and the surplus. Tables of one name and one list of rights are
 * compared once: with 1,000 establishments a dozen, not 12,000.
 */
async function tenantRights({ look, installation, tenantMigrations, prepared }: Site): Promise<string[]> {
  const grants = tenantMigrations.flatMap(({ sql }) => tenantGrantsOf(sql))
  const rows = await look.query<Right>(
    `with tenant as (
       select n.oid as schema, n.nspname as name, n.nspacl as acl, r.oid as role
       from pg_namespace n join pg_roles r on r.rolname = n.nspname where n.nspname ~ $1),
     granted as (select * from unnest($2::text[], $3::text[]) as x(relname, what)),
     relation as materialized (
       select t.name, t.role, c.oid, c.relname, c.relacl, coalesce(replace(c.relacl::text, t.name, '*'), '') as shape
       from tenant t join pg_class c on c.relnamespace = t.schema
       where c.relkind in ('r', 'p') and c.relname in (select relname from granted)),
     sample as (select distinct on (relname, shape) * from relation order by relname, shape),
     held as (
       select relname, shape, a.privilege_type || case when a.is_grantable then ' WITH GRANT OPTION' else '' end as what
       from sample, aclexplode(relacl) a where a.grantee = role),
     wanted as (select relname, shape, what from sample join granted using (relname)),
     difference as (
       select relname, shape, '+' || what as what from (select * from held except select * from wanted) surplus
       union all select relname, shape, '−' || what from (select * from wanted except select * from held) missing)
     select name || '.' || relname as place, what, '' as who from relation join difference using (relname, shape)
     union all
     select name || '.' || relname || '.' || attname, '+' || privilege_type, ''
     from pg_attribute join relation on oid = attrelid, aclexplode(attacl) where attacl is not null and grantee = role
     union all
     select name, '+' || privilege_type, '' from tenant, aclexplode(acl) where grantee = role and privilege_type <> 'USAGE'
     union all
     select name, case when name = any($4) then '+USAGE' else '−USAGE' end, '' from tenant
     where has_schema_privilege(role, schema, 'usage') = (name = any($4))
     order by 1, 2 limit 50`,
    [
      tenantPattern({ installation }),
      grants.flatMap(({ table, privileges }) => privileges.map(() => table)),
      grants.flatMap(({ privileges }) => privileges),
      prepared.map(({ schema }) => schema),
    ],
  )
  return rows.map(lineOf)
}

// Where a right stands: the schema of an object, or of the schema itself.
const schemaOfObject = `left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
  left join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
  left join pg_type y on d.classid = 'pg_type'::regclass and y.oid = d.objid
  left join pg_namespace n on n.oid = case d.classid when 'pg_namespace'::regclass then d.objid
    else coalesce(c.relnamespace, p.pronamespace, y.typnamespace) end`
// pg_shdepend knows every right of every named role, of whatever kind of object, in this database and in the cluster.
const named = `from pg_shdepend d join pg_roles r on d.refclassid = 'pg_authid'::regclass and r.oid = d.refobjid ${schemaOfObject}
  where d.deptype = 'a' and d.dbid in (0, (select oid from pg_database where datname = current_database()))
    and not (d.classid = 'pg_language'::regclass) and not coalesce(${isClosedFunction}, false)`
const described = `coalesce(pg_describe_object(d.classid, d.objid, d.objsubid), '?')`

/** Rights of an establishment's role outside its schema, and of anybody else inside it. */
async function foreignRights({ look, installation, owner, apiRole }: Site): Promise<string[]> {
  const rows = await look.query<{ place: string; who: string }>(
    `select ${described} as place, r.rolname as who ${named}
       and (r.rolname ~ $1 and n.nspname is distinct from r.rolname
         or n.nspname ~ $1 and r.rolname <> all (array[n.nspname, $2, $3]))
     order by 1, 2 limit 50`,
    [tenantPattern({ installation }), owner, apiRole],
  )
  return rows.map(({ place, who }) => `${place} → ${who}`)
}

/** What every role of the cluster may do in an establishment's schema, or with tables that the owner will make. */
async function publicRights({ look, installation, owner }: Site): Promise<string[]> {
  const rows = await look.query<Right>(
    `with schema as (select oid, nspname, nspacl from pg_namespace where nspname ~ $1)
     select nspname as place, privilege_type as what, 'PUBLIC' as who from schema, aclexplode(nspacl) where grantee = 0
     union all
     select nspname || '.' || relname, privilege_type, 'PUBLIC'
     from schema join pg_class c on relnamespace = schema.oid, aclexplode(relacl) where grantee = 0
     union all
     select nspname || '.' || relname || '.' || attname, privilege_type, 'PUBLIC'
     from schema join pg_class c on relnamespace = schema.oid join pg_attribute on attrelid = c.oid and attacl is not null,
       aclexplode(attacl) where grantee = 0
     union all
     select 'DEFAULT PRIVILEGES', privilege_type, 'PUBLIC' from pg_default_acl d, aclexplode(defaclacl)
     where grantee = 0 and defaclrole = (select oid from pg_roles where rolname = $2) and defaclobjtype in ('r', 'S', 'n')
     order by 1, 2 limit 50`,
    [tenantPattern({ installation }), owner],
  )
  return rows.map(lineOf)
}

/** The shared schemas: what each role of the platform and what everybody may. */
async function platformRights(site: Site): Promise<string[]> {
  const { look, installation, owner, apiRole, platformMigrations } = site
  const grants = platformMigrations.flatMap(({ sql }) => platformGrantsOf(sql))
  const wanted = grants.flatMap(({ table, role, privileges }) =>
    privileges.map((what) => ({
      place: table,
      what,
      who: role === 'public' ? 'PUBLIC' : `sis_${installation}_${role}`,
    })),
  )
  const usage = [
    ...platformRoleNames(site).map((who) => ({ place: 'sis_platform', what: 'USAGE', who })),
    ...['sis_ref', 'sis_ext', 'sis_audit'].map((place) => ({ place, what: 'USAGE', who: 'PUBLIC' })),
  ]
  const all = [...wanted, ...usage]
  const rows = await look.query<Right>(
    `with schema as (select oid, nspname, nspacl, nspowner from pg_namespace where nspname in ('sis_platform', 'sis_ref', 'sis_ext', 'sis_audit')),
     relation as (select c.oid, nspname || '.' || relname as place, relacl, relowner
       from pg_class c join schema on relnamespace = schema.oid where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and nspname <> 'sis_ext'),
     every as (
       select nspname as place, privilege_type as what, grantee, is_grantable, nspowner as owner from schema, aclexplode(nspacl)
       union all select place, privilege_type, grantee, is_grantable, relowner from relation, aclexplode(relacl)
       union all select place, privilege_type || ' (' || attname || ')', grantee, is_grantable, relowner
       from relation join pg_attribute on attrelid = oid and attacl is not null, aclexplode(attacl)),
     held as (
       select place, what || case when is_grantable then ' WITH GRANT OPTION' else '' end as what, coalesce(rolname, 'PUBLIC') as who
       from every left join pg_roles r on r.oid = grantee
       where grantee <> owner and rolname is distinct from $4 and rolname is distinct from $5 and coalesce(rolname, '') !~ $6),
     wanted as (select * from unnest($1::text[], $2::text[], $3::text[]) as x(place, what, who)
       where place in (select place from relation union select nspname from schema))
     select place, '+' || what as what, who from (select * from held except select * from wanted) surplus
     union all select place, '−' || what, who from (select * from wanted except select * from held) missing
     order by 1, 2 limit 50`,
    [
      all.map(({ place }) => place),
      all.map(({ what }) => what),
      all.map(({ who }) => who),
      apiRole,
      owner,
      tenantPattern({ installation }),
    ],
  )
  return rows.map(lineOf)
}

/** The login of the pools by itself: CONNECT and the function that names a role, nothing else. */
async function loginRights({ look, apiRole }: Site): Promise<string[]> {
  const rows = await look.query<{ place: string }>(
    `select ${described} as place ${named} and r.rolname = $1 and d.classid <> 'pg_database'::regclass
     union all
     select 'database ' || datname || ': ' || privilege_type from pg_database, aclexplode(datacl)
     where datname = current_database() and privilege_type <> 'CONNECT'
       and grantee = (select oid from pg_roles where rolname = $1)
     order by 1 limit 50`,
    [apiRole],
  )
  return rows.map(({ place }) => place)
}
