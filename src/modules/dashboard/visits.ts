import {
  inFirst,
  run,
  statement,
  type ExpressionBuilder,
  type Statement,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { now } from '../../shared/clock.ts'
import { remembered } from '../../shared/remembered.ts'
import { isVisible, kindOf, placedIn, type Viewer } from '../patients/index.ts'
import type { Daily } from './rules.ts'

// All visits are counted by an index alone (migrations/tenant/0014_dashboard.sql), whoever looks; those that are hidden, and
// those of files that the reader may not see, are few, have indexes of their own, and are counted apart.

type Days = { from: string; to: string }
type DayRow = { day: string; count: number }
type CategoryRow = { category: string; count: number }

const allByDay = statement<Days, DayRow>('dashboard.visits', (db, value) =>
  db
    .selectFrom('consultation')
    .select(({ fn }) => ['date as day', fn.countAll<number>().as('count')])
    .where('date', '>=', value('from'))
    .where('date', '<=', value('to'))
    .groupBy('date'),
)

const allByCategory = statement<Days, { category: string | null; count: number }>('dashboard.diagnoses', (db, value) =>
  db
    .selectFrom('consultation')
    .select(({ fn }) => ['main_category as category', fn.countAll<number>().as('count')])
    .where('date', '>=', value('from'))
    .where('date', '<=', value('to'))
    .groupBy('main_category'),
)

type Visits = ExpressionBuilder<TenantTables, 'consultation'>
const categoryIn = (eb: Visits) => eb.fn.coalesce(inFirst(eb.ref('codes'), 'category'), eb.val(''))

/** Of visits that were stored before the column was there: 30 days after that there are none. */
const olderByCategory = statement<Days, CategoryRow>('dashboard.diagnoses.older', (db, value) =>
  db
    .selectFrom('consultation')
    .select((eb) => [categoryIn(eb).as('category'), eb.fn.countAll<number>().as('count')])
    .where('date', '>=', value('from'))
    .where('date', '<=', value('to'))
    .where('main_category', 'is', null)
    .groupBy('category')
    .$castTo<CategoryRow>(),
)

type Asked = Days & { viewer: string; at: string }
type ApartRow = DayRow & CategoryRow
type Patients = ExpressionBuilder<TenantTables, 'patient'>
const apartTo = remembered<Statement<Asked, ApartRow>>(3)

/** Visits that are hidden, or of files that `viewer` may not see. */
const apartFrom = (viewer: Viewer): Statement<Asked, ApartRow> =>
  apartTo(kindOf(viewer), () =>
    statement<Asked, ApartRow>('dashboard.visits.apart', (db, value) => {
      const between = db
        .selectFrom('consultation')
        .where('consultation.date', '>=', value('from'))
        .where('consultation.date', '<=', value('to'))
      const hidden = between
        .select((eb) => ['consultation.date as day', categoryIn(eb).as('category')])
        .where('consultation.hidden_at', 'is not', null)
      const unseen = between
        .innerJoin('patient', 'patient.id', 'consultation.patient_id')
        .select((eb) => ['consultation.date as day', categoryIn(eb as unknown as Visits).as('category')])
        .where('consultation.hidden_at', 'is', null)
        // The index of the few that ever had the mark.
        .where('patient.sensitive_at', 'is not', null)
        .where((eb) => eb.not(isVisible(eb as unknown as Patients, placedIn(viewer, value('viewer')), value('at'))))
      return db
        .selectFrom(hidden.unionAll(unseen).as('visit'))
        .select(({ fn }) => ['day', 'category', fn.countAll<number>().as('count')])
        .groupBy(['day', 'category'])
        .$castTo<ApartRow>()
    }),
  )

/** Visits of each day, and of each category that is a main diagnosis since `diagnosesFrom`; a visit without a code has ''. */
export type VisitCounts = { daily: Daily; categories: ReadonlyMap<string, number> }

/** What `viewer` may know: a visit more than they can find would tell of a protected file. */
export async function countVisits(
  db: TenantDb,
  viewer: Viewer,
  { from, diagnosesFrom, to }: Days & { diagnosesFrom: string },
): Promise<VisitCounts> {
  const recent = { from: diagnosesFrom, to }
  const asked = { from, to, viewer: viewer.id ?? '', at: now().toISOString() }
  const [byDay, counted, apart] = await Promise.all([
    run(db, allByDay, { from, to }),
    run(db, allByCategory, recent),
    run(db, apartFrom(viewer), asked),
  ])
  const older = counted.some(({ category }) => category === null) ? await run(db, olderByCategory, recent) : []
  const daily = new Map(byDay.map(({ day, count }) => [day, count]))
  const categories = new Map<string, number>()
  for (const { category, count } of [...counted, ...older]) if (category !== null) add(categories, category, count)
  for (const { day, category, count } of apart) {
    add(daily, day, -count)
    if (day >= diagnosesFrom) add(categories, category, -count)
  }
  return { daily, categories }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

const MOST = 10

/** The categories that are most often the main diagnosis, the most frequent first. */
export const firstOf = (categories: ReadonlyMap<string, number>): CategoryRow[] =>
  [...categories]
    .filter(([category, count]) => category !== '' && count > 0)
    .map(([category, count]) => ({ category, count }))
    .sort((a, b) => b.count - a.count || (a.category < b.category ? -1 : 1))
    .slice(0, MOST)
