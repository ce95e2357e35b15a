import { platformRoleNames, tenantPattern, type Findings, type Site } from './finding.ts'

type Member = { role: string; member: string; admin: boolean; inherits: boolean; sets: boolean }

/** Who the roles are, and who may become whom. */
export async function lookAtRoles(site: Site): Promise<Findings> {
  const { look, apiRole, owner } = site
  const roles = platformRoleNames(site)
  const isTenant = new RegExp(tenantPattern(site))
  const isOurs = (name: string): boolean => isTenant.test(name) || roles.includes(name)

  const attributes = await look.query<{ name: string; extra: string[]; login: boolean }>(
    `select rolname as name, rolcanlogin as login, array_remove(array[
        case when rolsuper then 'SUPERUSER' end, case when rolinherit then 'INHERIT' end,
        case when rolcreaterole then 'CREATEROLE' end, case when rolcreatedb then 'CREATEDB' end,
        case when rolreplication then 'REPLICATION' end, case when rolbypassrls then 'BYPASSRLS' end], null) as extra
     from pg_roles where rolname ~ $1 or rolname = any($2)`,
    [tenantPattern(site), [apiRole, ...roles]],
  )
  // The options of a membership came with PostgreSQL 16; before, NOINHERIT of the member decides.
  const members = await look.query<Member>(
    `select r.rolname as role, m.rolname as member, a.admin_option as admin,
       coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, false) as inherits,
       coalesce((to_jsonb(a) ->> 'set_option')::boolean, true) as sets
     from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
     where r.rolname ~ $1 or m.rolname ~ $1 or r.rolname = any($2) or m.rolname = any($2)`,
    [tenantPattern(site), [apiRole, ...roles]],
  )
  const ofLogin = members.filter(({ member }) => member === apiRole)
  const granted = new Set(ofLogin.filter(({ sets }) => sets).map(({ role }) => role))
  const login = attributes.find(({ name }) => name === apiRole)
  const ahead = new Set(site.prepared.map(({ schema }) => schema))
  const prepared = site.tenants.filter(({ hasRole, hasSchema }) => hasRole && hasSchema)

  return {
    login_attributes: login ? [...(login.login ? [] : ['NOLOGIN']), ...login.extra] : [`${apiRole} ∄`],
    role_attributes: [
      ...attributes
        .filter(({ name }) => name !== apiRole)
        .flatMap(({ name, login: may, extra }) =>
          [...(may ? ['LOGIN'] : []), ...extra].map((one) => `${name}: ${one}`),
        ),
      ...roles.filter((role) => !attributes.some(({ name }) => name === role)).map((role) => `${role} ∄`),
    ],
    login_memberships: [
      ...ofLogin.filter(({ role }) => !isOurs(role)).map(({ role }) => role),
      ...ofLogin.filter(({ role, admin }) => isOurs(role) && admin).map(({ role }) => `${role}: ADMIN`),
      ...ofLogin.filter(({ role, inherits }) => isOurs(role) && inherits).map(({ role }) => `${role}: INHERIT`),
      ...roles.filter((role) => !granted.has(role)).map((role) => `${role}: −`),
    ],
    role_members: members
      .filter(({ role, member }) =>
        isOurs(role) || role === apiRole ? member !== apiRole && member !== owner : isOurs(member),
      )
      .map(({ role, member }) => `${member} ∈ ${role}`),
    tenants_granted: prepared
      .filter(({ status, schema }) => status === 'active' && !granted.has(schema))
      .map(({ slug }) => slug),
    tenants_suspended: prepared
      // One that was prepared gets its membership with its role; what it opens comes when it is wished for.
      .filter(
        ({ status, schema }) =>
          status !== 'active' && !ahead.has(schema) && ofLogin.some(({ role }) => role === schema),
      )
      .map(({ slug }) => slug),
  }
}
