import pg from 'pg'

/** How large the hospital is. */
export type Size = { patients: number; consultations: number; stays: number; beds: number }

// Two years of work until today: days differ, Sundays are quiet, and a few diagnoses are most of them.
const filled = ({ patients, consultations, stays, beds }: Size): string[] => [
  `insert into service (id, name, name_key)
   select gen_random_uuid(), 'Service ' || n, 'service ' || n from generate_series(1, 8) n`,
  `insert into patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to,
     search_key, created_at, updated_at, created_by_name)
   select gen_random_uuid(), 2024, n, 'Traoré', 'Awa ' || n, case n % 2 when 0 then 'F' else 'M' end, 'year', '1985', '1985-01-01',
     '1985-12-31', 'traore awa ' || n, t, t, 'Agent'
   from generate_series(1, ${patients}) n, lateral (select now() - interval '2 years' * (1 - n / ${patients}::float) as t) x`,
  `create temp table person as select id, file_number as n from patient`,
  `create temp table diagnosis as
   select row_number() over (order by md5(code)) as n, code, left(code, 3) as category, label from sis_ref.icd10`,
  'create unique index on person (n)',
  'create unique index on diagnosis (n)',
  'analyze person, diagnosis',
  `insert into consultation (id, patient_id, date, practitioner_name, practitioner_key, service_id, reason, diagnosis, codes, treatment,
     notes, search_key, created_at, updated_at, created_by_name, main_category)
   select gen_random_uuid(), p.id, x.date, 'Dr. Touré', 'dr toure', null, 'Fièvre et céphalées depuis trois jours', d.label,
     case when visit.n % 7 = 0 then '[]'::jsonb else jsonb_build_array(jsonb_build_object('system', 'icd10', 'code', d.code, 'category', d.category,
       'label', d.label, 'role', 'main')) end,
     'Artéméther-luméfantrine, paracétamol', repeat('Bon état général, conjonctives peu colorées. ', 4), 'paludisme', x.date, x.date, 'Agent',
     case when visit.n % 7 = 0 then '' else d.category end
   from generate_series(1, ${consultations}) visit (n)
   cross join lateral (select current_date - 729 + (visit.n * 730.0 / ${consultations + 1})::int as date) y
   cross join lateral (select case when extract(isodow from y.date) = 7 and visit.n % 3 > 0 then greatest(y.date - 1, current_date - 729) else y.date end as date) x
   join person p on p.n = 1 + (visit.n * 7919::bigint) % ${patients}
   join diagnosis d on d.n = 1 + floor(60 * power((visit.n * 48271::bigint % 99991) / 99991.0, 3))::int`,
  `insert into bed (id, code, code_key, service_id)
   select gen_random_uuid(), 'L-' || n, 'l ' || n, (array(select id from service order by name))[1 + n % 8] from generate_series(1, ${beds}) n`,
  `insert into bed_opening (bed_id, service_id, opened_on) select id, service_id, current_date - 800 from bed`,
  // Bed by bed, one patient after the other; the last ones are still there.
  `create temp table planned as
   with slots as (
     select b.id as bed_id, b.service_id, now() - interval '730 days' + (s + b::float / ${beds}) * step as at, step
     from (select id, service_id, row_number() over (order by code) as b from bed) b
     cross join generate_series(0, ${Math.ceil(stays / beds)}) s
     cross join lateral (select interval '730 days' / ${Math.ceil(stays / beds)} as step) one
   ), begun as (select * from slots where at < now() - interval '1 day' order by at desc limit ${stays})
   select row_number() over (order by at) as n, gen_random_uuid() as id, bed_id, service_id, at as admitted_at,
     at + step * (0.5 + (row_number() over (order by at) * 53 % 40) / 100.0) as leaves_at, row_number() over (order by at) % 40 as kind
   from begun`,
  'update planned set leaves_at = null where leaves_at > now()',
  'update planned set bed_id = null where leaves_at is null and n % 30 = 0',
  `insert into stay (id, patient_id, admitted_at, discharged_at, service_id, bed_id, status, discharge_mode, short_observation, search_key,
     created_at, updated_at, created_by_name)
   select s.id, p.id, admitted_at, leaves_at, service_id, bed_id, case when kind < 3 then 'critical' else 'stable' end,
     case when leaves_at is null then null when kind = 1 and leaves_at - admitted_at >= interval '48 hours' then 'deathAfter48h' else 'home' end,
     kind % 10 = 0, 'paludisme', admitted_at, admitted_at, 'Agent'
   from planned s join person p on p.n = s.n`,
  // Every fifth waits six hours without a bed at the first service.
  `insert into stay_place (id, stay_id, service_id, from_at, to_at, by_name, at)
   select gen_random_uuid(), id, (select id from service order by name limit 1), admitted_at, admitted_at + interval '6 hours', 'Agent', admitted_at
   from planned where kind % 5 = 0 and (leaves_at is null or leaves_at > admitted_at + interval '7 hours') and admitted_at < now() - interval '7 hours'`,
  `insert into stay_place (id, stay_id, service_id, bed_id, from_at, to_at, by_name, at)
   select gen_random_uuid(), s.id, s.service_id, s.bed_id, coalesce(w.to_at, s.admitted_at), s.leaves_at, 'Agent', s.admitted_at
   from planned s left join stay_place w on w.stay_id = s.id`,
]

const tables = ['patient', 'consultation', 'service', 'bed', 'bed_opening', 'stay', 'stay_place']

/** Fills an empty establishment with the past of a hospital; indexes of words are made afterwards. Once: a filled one is left. */
export async function fillHospital(
  url: string,
  schema: string,
  size: Size,
  say: (line: string) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`set search_path = ${pg.escapeIdentifier(schema)}, sis_ref, sis_ext, pg_temp`)
    const { rows } = await client.query<{ there: boolean }>('select exists (select from stay) as there')
    if (rows[0]?.there) return
    say(`  a hospital of ${size.consultations} consultations and ${size.stays} stays is made…`)
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
       join pg_class c on c.oid = indexrelid join pg_am a on a.oid = c.relam
       where indrelid in ('patient'::regclass, 'consultation'::regclass) and amname = 'gin'`,
    )
    await client.query('begin')
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    for (const statement of filled(size)) await client.query(statement)
    for (const { definition } of indexes) await client.query(definition)
    await client.query('commit')
    for (const table of tables) await client.query(`vacuum analyze ${table}`)
  } finally {
    await client.end()
  }
}
