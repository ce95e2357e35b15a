import pg from 'pg'

/** Whoever reads or writes this table waits, or whom another `mode` keeps out, until `release`. */
export async function holdLock(
  superuserUrl: string,
  schema: string,
  table = 'patient',
  mode = 'access exclusive',
): Promise<{ release(): Promise<void>; waiting(): Promise<number> }> {
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  await client.query(`begin; lock table ${schema}.${table} in ${mode} mode`)
  return {
    async release() {
      await client.query('commit')
      await client.end()
    },
    /** How many connections of the pools wait for a lock. */
    async waiting() {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`,
      )
      return rows[0]?.n ?? 0
    },
  }
}
