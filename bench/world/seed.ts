import { v7 as uuidv7 } from 'uuid'
import pg from 'pg'
import type { Owner } from '#tenancy'
import { query, type Site } from './database.ts'

/** How many records an establishment is given. */
export type Fill = { patients: number; consultations: number }

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
  { count, fill, onProgress }: { count: number; fill: Fill; onProgress?: (done: number, of: number) => void },
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
      if (!before.has(slug))
        await owner.createEstablishment({ slug, name: `Centre ${n}`, type: 'cscom', region: 'Mopti' })
      await fillSite(client, slug, fill)
      onProgress?.(n + 1, count)
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

/** The content of the guide's own table, and no more: both list the same. */
const recordsOf = (mark: string, { patients, consultations }: Fill): string => `
  insert into service (id, name, name_key) values (gen_random_uuid(), 'Pédiatrie', 'pediatrie');
  insert into specialty (id, name, name_key) values (gen_random_uuid(), 'Pédiatrie', 'pediatrie');
  insert into file_counter (year, last) values (2026, ${patients});
  insert into patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to,
    village, search_key, created_at, updated_at, created_by_name)
  select gen_random_uuid(), 2026, n, '${mark} Traoré', 'Awa ' || n, 'F', 'year', '1985', '1985-01-01', '1985-12-31', 'Sangha',
    '${mark.replace('_', ' ')} traore awa ' || n || ' trawre awa ' || n, t, t, 'Agent'
  from generate_series(1, ${patients}) n, lateral (select timestamptz '2024-01-01 08:00Z' + n * interval '1 minute' as t) x;
  insert into consultation (id, patient_id, date, practitioner_name, practitioner_key, service_id, specialty_id, diagnosis, search_key,
    created_at, updated_at, created_by_name)
  select gen_random_uuid(), p.id, date '2024-01-01' + (n % 300), 'Dr. Touré', 'dr toure', (select id from service), (select id from specialty),
    'Paludisme', 'paludisme', t, t, 'Agent'
  from generate_series(1, ${consultations}) n join patient p on p.file_number = n % ${patients} + 1,
    lateral (select timestamptz '2024-01-01 08:00Z' + n * interval '1 minute' as t) x;`

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
