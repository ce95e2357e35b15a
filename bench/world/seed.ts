import { v7 as uuidv7 } from 'uuid'
import pg from 'pg'
import type { Owner } from '#tenancy'
import { query, type Site } from './database.ts'
import { recordsOf, type Fill } from './records.ts'

/** Four people share the work of an establishment: the limits of a person and of an establishment stay as shipped. */
const agentsOf = 4

/**
 * Makes establishments by the product's own functions until there are `count`, and fills each new one. One that was cut
 * in the middle is filled by the next run.
 * @param url of a superuser
 */
export async function ensureSites(
  owner: Owner,
  url: string,
  { count, fill, created }: { count: number; fill: Fill; created?: (n: number, ms: number) => void },
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ slug: string; schema_name: string; filled: boolean }>(
      `select e.slug, e.schema_name, exists (select from sis_platform.membership m where m.establishment_id = e.id) as filled
       from sis_platform.establishment e where e.slug like 'bench_%'`,
    )
    const before = new Map(rows.map((row) => [row.slug, row]))
    for (let n = 0; n < count; n++) {
      const slug = slugOf(n)
      if (before.get(slug)?.filled) continue
      const since = performance.now()
      if (!before.has(slug))
        await owner.createEstablishment({ slug, name: `Centre ${n}`, type: 'cscom', region: 'Mopti' })
      const ms = performance.now() - since
      await fillSite(client, slug, fill)
      if (!before.has(slug)) created?.(n, ms)
    }
    await client.query('analyze sis_platform.establishment')
  } finally {
    await client.end()
  }
}

export const slugOf = (n: number): string => `bench_${String(n).padStart(5, '0')}`
const markOf = (slug: string): string => `t_${Number(slug.slice('bench_'.length))}`

async function fillSite(client: pg.Client, slug: string, fill: Fill): Promise<void> {
  const { rows } = await client.query<{ id: string; schema_name: string }>(
    'select id, schema_name from sis_platform.establishment where slug = $1',
    [slug],
  )
  const [site] = rows
  if (!site) throw new Error(`${slug} was not made`)
  await client.query(
    `begin; set local search_path = ${pg.escapeIdentifier(site.schema_name)}, sis_ref, sis_ext, pg_temp`,
  )
  await client.query(recordsOf(markOf(slug), fill))
  for (let agent = 0; agent < agentsOf; agent++) {
    const id = uuidv7()
    await client.query(
      `insert into sis_platform.account (id, username, display_name, status) values ($1, $2, $3, 'active')`,
      [id, `${slug}.agent${agent}`, `Agent ${agent} de ${slug}`],
    )
    await client.query(
      `insert into sis_platform.membership (id, account_id, establishment_id, role, status) values ($1, $2, $3, 'SIS_CSCOM', 'active')`,
      [uuidv7(), id, site.id],
    )
  }
  await client.query('commit')
  await client.query(
    ['patient', 'consultation', 'service', 'specialty']
      .map((table) => `analyze ${pg.escapeIdentifier(site.schema_name)}.${table}`)
      .join('; '),
  )
}

/** The establishments of the seeds, in the order of their numbers. */
export async function listSites(url: string, count: number): Promise<Site[]> {
  const rows = await query<{ id: string; slug: string; schema_name: string; agents: Site['agents'] }>(
    url,
    `select e.id, e.slug, e.schema_name,
       json_agg(json_build_object('id', a.id, 'username', a.username, 'name', a.display_name) order by a.username) as agents
     from sis_platform.establishment e
     join sis_platform.membership m on m.establishment_id = e.id
     join sis_platform.account a on a.id = m.account_id
     where e.slug like 'bench_%' group by e.id order by e.slug limit ${count}`,
  )
  return rows.map(({ schema_name: schema, ...site }) => ({ ...site, schema, mark: markOf(site.slug) }))
}

/** Some records of each establishment: ids of consultations and of patients. */
export async function someRecords(
  url: string,
  sites: readonly Site[],
  each: number,
): Promise<Map<string, { consultations: string[]; patients: string[] }>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const found = new Map<string, { consultations: string[]; patients: string[] }>()
    for (const { schema, slug } of sites) {
      const ids = async (table: string): Promise<string[]> =>
        (await client.query<{ id: string }>(`select id from ${pg.escapeIdentifier(schema)}.${table} order by created_at desc limit ${each}`)).rows.map(({ id }) => id) // prettier-ignore
      found.set(slug, { consultations: await ids('consultation'), patients: await ids('patient') })
    }
    return found
  } finally {
    await client.end()
  }
}
