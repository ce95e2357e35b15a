import type pg from 'pg'

/**
 * Refuses to serve when the pools' login, without any role, could read an establishment or is more than it should be:
 * one forgotten GRANT would silently turn every mistake into a leak.
 * @throws Error that names each finding
 */
export async function assertLoginIsPowerless(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    const [login, readable, owned, walled] = await Promise.all([
      client.query<{ too_much: boolean }>({
        text: `select rolsuper or rolinherit or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication as too_much
               from pg_roles where rolname = current_user`,
      }),
      client.query<{ nspname: string }>({
        text: `select nspname from pg_namespace where (nspname ~ '^sis_[a-z0-9]+_t_' or nspname = 'sis_platform')
               and has_schema_privilege(current_user, oid, 'usage')`,
      }),
      client.query<{ owned: number }>({
        // By its index: pg_class itself is 370,000 rows at 5,000 establishments, 0.1 s and more.
        text: `select count(*)::int as owned from pg_shdepend
               where refclassid = 'pg_authid'::regclass and refobjid = current_user::regrole and deptype = 'o'
                 and classid = 'pg_class'::regclass and dbid = (select oid from pg_database where datname = current_database())`,
      }),
      client.query<{ walled: boolean }>({
        text: `select relrowsecurity as walled from pg_class where oid = 'sis_audit.entry'::regclass`,
      }),
    ])
    const findings = [
      login.rows[0]?.too_much && 'the login of the pools is superuser, or inherits, or may create roles or databases',
      readable.rows.length > 0 &&
        `the login of the pools reaches without a role: ${readable.rows
          .slice(0, 5)
          .map((row) => row.nspname)
          .join(', ')}`,
      (owned.rows[0]?.owned ?? 0) > 0 && 'the login of the pools owns tables',
      walled.rows[0]?.walled !== true && 'every establishment could read the record of all (no row security)',
    ].filter(Boolean)
    if (findings.length > 0) throw new IsolationBroken(findings.join('; '))
  } finally {
    client.release()
  }
}

export class IsolationBroken extends Error {
  constructor(findings: string) {
    super(`isolation does not hold, nothing is served: ${findings}`)
  }
}
