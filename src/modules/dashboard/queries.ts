import { isOneOfTexts, run, statement, utcDay, type TenantDb } from '#tenancy'
import { daysBefore, type Daily } from './rules.ts'

type DayRow = { day: string; count: number }

const admitted = statement<{ from: string; after: string }, DayRow>('dashboard.admissions', (db, value) =>
  db
    .selectFrom('stay')
    .select((eb) => [utcDay(eb.ref('admitted_at')).as('day'), eb.fn.countAll<number>().as('count')])
    .where('admitted_at', '>=', value('from'))
    .where('admitted_at', '<', value('after'))
    .where('hidden_at', 'is', null)
    .groupBy('day')
    .$castTo<DayRow>(),
)

/** Admissions of each day. */
export async function dailyAdmissions(db: TenantDb, { from, to }: { from: string; to: string }): Promise<Daily> {
  const bounds = { from: `${from}T00:00:00Z`, after: `${daysBefore(to, -1)}T00:00:00Z` }
  return new Map((await run(db, admitted, bounds)).map(({ day, count }) => [day, count]))
}

type LabelRow = { code: string; label: string }
const subdivisions = statement<{ categories: string[] }, LabelRow>('dashboard.labels', (db, value) =>
  db
    .selectFrom('icd10')
    .select(['code', 'label'])
    .where((eb) => isOneOfTexts(eb.fn<string>('left', ['code', eb.lit(3)]), value('categories')))
    .orderBy('code'),
)

/** The nomenclature is every establishment's, and a label that it has stays: at most as many as it has categories. */
const labels = new Map<string, string>()

/** A category's own label; where the nomenclature has only its subdivisions, that of « sans précision » or of the first. */
export async function labelsOf(db: TenantDb, categories: string[]): Promise<ReadonlyMap<string, string>> {
  const missing = categories.filter((category) => !labels.has(category))
  if (missing.length === 0) return labels
  const rows = await run(db, subdivisions, { categories: missing })
  for (const category of missing) {
    const own = rows.filter(({ code }) => code.startsWith(category))
    const best = own.find(({ code }) => code === category) ?? own.find(({ code }) => code.endsWith('.9')) ?? own[0]
    if (best) labels.set(category, best.label)
  }
  return labels
}
