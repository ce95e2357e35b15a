import { statement, type Statement, type TenantDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { remembered } from '../../shared/remembered.ts'
import { kindOf, placedIn, type Viewer } from './visibility.ts'

/** What the filters of a page compare with: one text for each condition. */
export type Conditions = Record<string, string>

type Values = Conditions & { viewer: string; at: string }
export type PageStatement<Row> = (
  viewer: Viewer,
  conditions: Conditions,
  limit: number,
) => [Statement<Values, Row>, Values]

// The limit stands in the text (tenancy/statement.ts): a page of any size reads the next step.
const steps = [11, 21, 51, 101]

/**
 * Statements of the pages of one list, made once for each set of filters, kind of viewer and step of the limit: a reader has
 * a dozen of them, and who makes up others pays for building them (0.7 ms).
 * @param name as metrics say it: `patient.list`
 * @param most how many are kept
 * @param build the rows of a page, newest first, from the places of the values; `limit` rows at least
 * @returns the statement, and its values
 */
export function pageStatement<Row>(
  name: string,
  most: number,
  build: (
    db: TenantDb,
    viewer: Viewer,
    conditions: Conditions,
    limit: number,
    at: string,
  ) => ReturnType<Parameters<typeof statement<Values, Row>>[1]>,
): PageStatement<Row> {
  const statements = remembered<Statement<Values, Row>>(most)
  return (viewer, conditions, limit) => {
    const step = steps.find((one) => one >= limit) ?? limit
    const shape = `${Object.keys(conditions).sort().join(' ')} ${kindOf(viewer)} ${step}`
    const made = statements(shape, () =>
      statement<Values, Row>(
        name,
        (db, value) => {
          const places = Object.fromEntries(Object.keys(conditions).map((key) => [key, value(key)]))
          return build(db, placedIn(viewer, value('viewer')), places, step, value('at'))
        },
        // The newest of all. What a filter finds is much or little: its plans are PostgreSQL's to choose.
        { plannedOnce: Object.keys(conditions).length === 0 },
      ),
    )
    return [made, { ...conditions, viewer: viewer.id ?? '', at: now().toISOString() }]
  }
}
