import { ident, literal, type OwnerPool, type OwnerSession } from './connection.ts'
import { memberOptions } from './bootstrap.ts'
import { formOf, type Migration } from './migrations.ts'
import { newestForm } from './newest.ts'

export type ProvisionContext = { apiRole: string; version: number; migrations: Migration[] }

type Wished = { id: string; schema_name: string }

/**
 * Role, schema, tables and grants of one establishment in one transaction and one message (research/tenancy.md 5.1: 60–88 ms
 * against 178 for one round trip a statement); of one that was prepared, only what opens it.
 */
export async function provision(pool: OwnerPool, establishmentId: string, context: ProvisionContext): Promise<void> {
  await pool.transaction(async (session) => {
    const [wished] = await session.query<Found>(
      `select e.id, e.schema_name, exists (select from pg_roles where rolname = e.schema_name) as "hasRole",
         to_regnamespace(quote_ident(e.schema_name)) is not null as "hasSchema",
         exists (select from pg_auth_members where roleid = to_regrole(quote_ident(e.schema_name))
           and member = to_regrole(quote_ident($3))) as "isMember",
         p.schema_name is not null as "isPrepared", p.checksum = $2 as fits
       from sis_platform.establishment e left join sis_platform.prepared p using (schema_name)
       where e.id = $1 and e.status in ('provisioning', 'failed') for update of e`,
      [establishmentId, formOf(context.migrations), context.apiRole],
    )
    if (!wished) return
    const isReady = wished.isPrepared && wished.fits && wished.hasRole && wished.hasSchema
    // Prepared for the pools' former login, a member is missing.
    const member = wished.isMember ? '' : admit(ident(wished.schema_name), context)
    await session.run(`
      ${isReady ? member : makeAnew(wished, context)}
      ${openSchema(wished.schema_name)}
      ${recordDone(wished.id, context.migrations.length)}
      ${wished.isPrepared ? `delete from sis_platform.prepared where schema_name = ${literal(wished.schema_name)};` : ''}
      update sis_platform.establishment set status = 'active', access_granted = true, version = version + 1, updated_at = now()
        where id = ${literal(wished.id)};`)
  })
}

type Found = Wished & Record<'hasRole' | 'hasSchema' | 'isMember' | 'isPrepared', boolean> & { fits: boolean | null }

// What an earlier version prepared holds nothing yet, and is made anew under its name: the record has begun there.
const makeAnew = ({ schema_name, hasRole, isPrepared }: Found, context: ProvisionContext): string => `
  ${isPrepared ? `drop schema if exists ${ident(schema_name)} cascade;` : ''}
  ${hasRole ? admit(ident(schema_name), context) : createRole(schema_name, context.apiRole)}
  ${makeTables(schema_name, context)}`

/** The schema with its tables and their grants. Before openSchema its role reaches none of them. */
export const makeTables = (schema: string, { migrations }: ProvisionContext): string => `
  create schema ${ident(schema)};
  ${enterSchema(schema)}
  ${newestForm(migrations, ident(schema))}`

// The last that is given. The pools' membership comes with the role (see createRole): without this it leads to nothing.
const openSchema = (schema: string): string => `grant usage on schema ${ident(schema)} to ${ident(schema)};`

// A role survives its database: a restored or copied database may find it there.
export async function createRoleOnce(session: OwnerSession, role: string): Promise<void> {
  const [found] = await session.query('select 1 from pg_roles where rolname = $1', [role])
  if (!found) await session.run(createRole(role))
}

// With its member at once: NOINHERIT is what the login's own says (bootstrap.ts), SET the default, and PostgreSQL does not read
// all memberships of the owner first, as for a GRANT (5,000 establishments: 3.0 ms of its processor for both, 21.9 one by one).
export const createRole = (role: string, member?: string): string =>
  `create role ${ident(role)} nologin noinherit${member === undefined ? '' : ` role ${ident(member)}`};`

/** The pools' membership in an establishment's role. @param role quoted */
const admit = (role: string, { apiRole, version }: ProvisionContext): string =>
  `grant ${role} to ${ident(apiRole)}${memberOptions(version)};`

/** What follows works on unqualified names of this establishment's schema. */
export const enterSchema = (schema: string): string =>
  `set local search_path = ${ident(schema)}, sis_ref, sis_ext, pg_temp;`

export const recordDone = (establishmentId: string, version: number): string => `
  insert into sis_platform.tenant_migration (establishment_id, version, status, attempt, finished_at)
    values (${literal(establishmentId)}, ${version}, 'done', 1, now())
    on conflict (establishment_id) do update
    set version = excluded.version, status = 'done', attempt = tenant_migration.attempt + 1, error = null,
      duration_ms = extract(epoch from clock_timestamp() - now()) * 1000, finished_at = now();`

/** Gives or takes the pools' membership in the establishment's role: the second lock of a suspension, in the database. */
export async function setAccess(
  pool: OwnerPool,
  establishment: Wished,
  granted: boolean,
  context: ProvisionContext,
): Promise<void> {
  const role = ident(establishment.schema_name)
  await pool.transaction((session) =>
    session.run(`
      ${granted ? admit(role, context) : `revoke ${role} from ${ident(context.apiRole)};`}
      update sis_platform.establishment set access_granted = ${granted} where id = ${literal(establishment.id)};`),
  )
}
