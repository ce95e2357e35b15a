import {
  inFirst,
  isOneOfTexts,
  run,
  statement,
  utcDay,
  type ExpressionBuilder,
  type Statement,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { now } from '../../shared/clock.ts'
import { remembered } from '../../shared/remembered.ts'
import { isVisible, kindOf, placedIn, type Viewer } from '../patients/index.ts'
import { daysBefore, type Daily } from './rules.ts'

// Hidden records are few and have small indexes of their own (migrations/tenant/0014_dashboard.sql): counting all of them by
// an index alone, less the hidden ones, costs a quarter of reading the rows (bench/README.md).

type One = { count: number }

const patients = statement<object, One>('dashboard.patients', (db) =>
  db
    .selectNoFrom((eb) =>
      eb(
        eb.selectFrom('patient').select(({ fn }) => fn.countAll<number>().as('all')),
        '-',
        eb
          .selectFrom('patient')
          .select(({ fn }) => fn.countAll<number>().as('hidden'))
          .where('hidden_at', 'is not', null),
      ).as('count'),
    )
    .$castTo<One>(),
)

/** How many files there are. */
export const countPatients = async (db: TenantDb): Promise<number> => (await run(db, patients, {}))[0]?.count ?? 0

type Days = { from: string; to: string }
type DayRow = { day: string; count: number }

const allVisits = statement<Days, DayRow>('dashboard.consultations', (db, value) =>
  db
    .selectFrom('consultation')
    .select(({ fn }) => ['date as day', fn.countAll<number>().as('count')])
    .where('date', '>=', value('from'))
    .where('date', '<=', value('to'))
    .groupBy('date'),
)
const hiddenVisits = statement<Days, DayRow>('dashboard.consultations.hidden', (db, value) =>
  db
    .selectFrom('consultation')
    .select(({ fn }) => ['date as day', fn.countAll<number>().as('count')])
    .where('date', '>=', value('from'))
    .where('date', '<=', value('to'))
    .where('hidden_at', 'is not', null)
    .groupBy('date'),
)

/** Visits of each day. */
export async function dailyConsultations(db: TenantDb, days: Days): Promise<Daily> {
  const daily = new Map((await run(db, allVisits, days)).map(({ day, count }) => [day, count]))
  for (const { day, count } of await run(db, hiddenVisits, days)) daily.set(day, (daily.get(day) ?? 0) - count)
  return daily
}

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
export async function dailyAdmissions(db: TenantDb, { from, to }: Days): Promise<Daily> {
  const bounds = { from: `${from}T00:00:00Z`, after: `${daysBefore(to, -1)}T00:00:00Z` }
  return new Map((await run(db, admitted, bounds)).map(({ day, count }) => [day, count]))
}

type CategoryRow = { category: string | null; count: number }

type Asked = Days & { viewer: string; at: string }
type Patients = ExpressionBuilder<TenantTables, 'patient'>
const statements = remembered<Statement<Asked, CategoryRow>>(3)

// The main code stands first (consultations/rules/codes.ts).
const frequentTo = (viewer: Viewer): Statement<Asked, CategoryRow> =>
  statements(kindOf(viewer), () =>
    statement<Asked, CategoryRow>('dashboard.diagnoses', (db, value) =>
      db
        .selectFrom((from) =>
          from
            .selectFrom('consultation')
            .select((eb) => inFirst(eb.ref('codes'), 'category').as('category'))
            .where('date', '>=', value('from'))
            .where('date', '<=', value('to'))
            .where('hidden_at', 'is', null)
            .where('patient_id', 'not in', (of) =>
              of
                .selectFrom('patient')
                .select('patient.id')
                // The index of the few that ever had the mark.
                .where('sensitive_at', 'is not', null)
                .where((eb) =>
                  eb.not(isVisible(eb as unknown as Patients, placedIn(viewer, value('viewer')), value('at'))),
                ),
            )
            .as('visit'),
        )
        .select(({ fn }) => ['category', fn.countAll<number>().as('count')])
        .groupBy('category')
        .orderBy('count', 'desc')
        .orderBy('category')
        // And one for the visits without a code: as a condition the category would be taken out of each row twice.
        .limit(11)
        .$castTo<CategoryRow>(),
    ),
  )

export type Diagnosis = { category: string; label: string; consultations: number }

/**
 * The ten categories that are most often the main diagnosis of a visit, the most frequent first; of the files that `viewer`
 * may see: one visit with a rare code would tell of a patient.
 */
export async function firstDiagnoses(db: TenantDb, viewer: Viewer, days: Days): Promise<Diagnosis[]> {
  const asked = { ...days, viewer: viewer.id ?? '', at: now().toISOString() }
  const rows = (await run(db, frequentTo(viewer), asked)).flatMap(({ category, count }) =>
    category === null ? [] : [{ category, consultations: count }],
  )
  const labels = await labelsOf(
    db,
    rows.map(({ category }) => category),
  )
  return rows.slice(0, 10).map((row) => ({ ...row, label: labels.get(row.category) ?? row.category }))
}

/** A category's own label; where the nomenclature has only its subdivisions, that of « sans précision » or of the first. */
async function labelsOf(db: TenantDb, categories: string[]): Promise<Map<string, string>> {
  if (categories.length === 0) return new Map()
  const rows = await db
    .selectFrom('icd10')
    .select(['code', 'label'])
    .where((eb) => isOneOfTexts(eb.fn<string>('left', ['code', eb.lit(3)]), categories))
    .orderBy('code')
    .execute()
  return new Map(
    categories.flatMap((category) => {
      const own = rows.filter(({ code }) => code.startsWith(category))
      const best = own.find(({ code }) => code === category) ?? own.find(({ code }) => code.endsWith('.9')) ?? own[0]
      return best ? [[category, best.label] as const] : []
    }),
  )
}
