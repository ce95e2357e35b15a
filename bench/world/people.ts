import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { searchKey } from '../../src/modules/patients/rules/names.ts'
import { chance, families, givens, pick } from '../register.ts'

// Beside the forty families that are half of a district, the many that are the other half.
const syllables = 'ba bo da di do fa go gué ka ko la lé ma mi na ngo sa si ta to wa ya'.split(' ')
const rare = Array.from({ length: 2_000 }, (_, n) => {
  const [a, b, c] = [n % 22, Math.floor(n / 22) % 22, Math.floor(n / 484)].map((at) => syllables[at] ?? '')
  return `${a!.charAt(0).toUpperCase()}${a!.slice(1)}${b}${c}`
})

/** The n-th person, the same at every run. */
export function personOf(n: number): { familyName: string; givenName: string } {
  const familyName = chance(n * 3) < 0.5 ? pick(families, chance(n * 3 + 1)) : pick(rare, chance(n * 3 + 1))
  return { familyName, givenName: pick(givens, chance(n * 3 + 2)) }
}

const perYear = 200_000

/** Fills an establishment with people until it has `count`. The index of names is made afterwards: five times faster. */
export async function fillPeople(
  url: string,
  schema: string,
  count: number,
  say: (line: string) => void,
): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`set search_path = ${pg.escapeIdentifier(schema)}, sis_ref, sis_ext, pg_temp`)
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from patient')
    if (rows[0]?.count === count) return
    await client.query('truncate patient cascade')
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(
      `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
       join pg_class c on c.oid = indexrelid join pg_am a on a.oid = c.relam
       where indrelid = 'patient'::regclass and amname = 'gin'`,
    )
    for (const { name } of indexes) await client.query(`drop index ${name}`)
    say(`  ${count} people are stored…`)
    await pipeline(
      Readable.from(linesOf(count), { objectMode: false }),
      client.query(copyFrom('copy patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to, village, village_key, search_key, created_by_name, created_at, updated_at) from stdin')), // prettier-ignore
    )
    await client.query("set maintenance_work_mem = '512MB'")
    for (const { definition } of indexes) await client.query(definition)
    await client.query('vacuum analyze patient')
  } finally {
    await client.end()
  }
}

function* linesOf(count: number): Generator<string> {
  let lines: string[] = []
  for (let n = 0; n < count; n++) {
    const { familyName, givenName } = personOf(n)
    const year = 2000 - (n % 60)
    const id = `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
    const at = new Date(Date.UTC(2020, 0, 1) + n * 60_000).toISOString()
    lines.push([id, 2020 + Math.floor(n / perYear), (n % perYear) + 1, familyName, givenName, n % 2 ? 'F' : 'M', 'year', year, `${year}-01-01`, `${year}-12-31`, `Village ${n % 60}`, `village ${n % 60}`, searchKey(givenName, familyName), 'Agent', at, at].join('\t')) // prettier-ignore
    if (lines.length === 2_000) {
      yield `${lines.join('\n')}\n`
      lines = []
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`
}

/** What people type into the search: a part of a family name, a given name with such a part, or both in full. */
export function searchesOf(count: number, of: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const { familyName, givenName } = personOf(Math.floor(chance(-1 - n) * of))
    const part = familyName.slice(0, 4)
    return n % 4 < 2 ? part : n % 4 === 2 ? `${givenName} ${part}` : `${givenName} ${familyName}`
  })
}
