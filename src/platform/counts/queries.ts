import type { Establishment, Tenancy, TenantDb } from '#tenancy'
import { decodeCursor, encodeCursor } from '../../shared/cursor.ts'
import { suppress, wholeMonths, type Cells, type Month } from './rules.ts'
import type { Counts, CountsQuery } from './schemas.ts'

// One reader must not take the connections of those who are at work.
const atOnce = 4

/** Figures of each active establishment, read through its own handle, by slug. @throws invalid_cursor */
export async function listCounts(tenancy: Tenancy, query: CountsQuery): Promise<Counts> {
  const { limit = 20, cursor, region } = query
  const after = cursor === undefined ? '' : String(decodeCursor(cursor, ['string'])[0])
  const period = wholeMonths(query.from, query.to)
  const listed = tenancy.directory
    .list()
    .filter((one) => one.status === 'active' && one.slug > after && (region === undefined || one.region === region))
  const shown = listed.slice(0, limit)
  const items: Counts['items'] = []
  for (let start = 0; start < shown.length; start += atOnce) {
    const some = shown.slice(start, start + atOnce)
    const cells = await Promise.all(some.map((one) => tenancy.tenant(one).read((db) => countOne(db, period))))
    items.push(...some.map((one, i) => toItem(one, cells[i]!)))
  }
  const last = shown.at(-1)
  return { ...period, items, nextCursor: listed.length > limit && last ? encodeCursor([last.slug]) : null }
}

async function countOne(db: TenantDb, { from, to }: { from: string | null; to: string | null }): Promise<Cells> {
  const { patients } = await db
    .selectFrom('patient')
    .select(({ fn }) => fn.countAll<number>().as('patients'))
    .where('hidden_at', 'is', null)
    .executeTakeFirstOrThrow()
  let months = db
    .selectFrom('consultation')
    .select(({ fn, val }) => fn<string>('to_char', ['date', val('YYYY-MM')]).as('month'))
    .select(({ fn }) => fn.countAll<number>().as('consultations'))
    .select(({ fn }) => fn.countAll<number>().filterWhere('case_type', '=', 'new').as('newCases'))
    .where('hidden_at', 'is', null)
  if (from !== null) months = months.where('date', '>=', from)
  if (to !== null) months = months.where('date', '<=', to)
  const rows = await months.groupBy('month').execute()
  return suppress(
    patients,
    rows.map(({ consultations, newCases }): Month => ({ consultations, newCases })),
  )
}

const toItem = ({ slug, name, type, region }: Establishment, cells: Cells): Counts['items'][number] => ({
  slug,
  name,
  type,
  region,
  ...cells,
})
