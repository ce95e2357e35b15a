import {
  isBefore,
  isOneOf,
  startingWith,
  statement,
  type ExpressionBuilder,
  type Statement,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { now } from '../../shared/clock.ts'
import { readKeys } from '../../shared/keyset.ts'
import { remembered } from '../../shared/remembered.ts'
import type { PatientFilters } from './list-schemas.ts'
import type { PatientRow } from './record.ts'
import { foldText } from './rules/names.ts'
import { kindOf, placedIn, visiblePatients, type Viewer } from './visibility.ts'

/** One text for each condition. */
export type Conditions = Record<string, string>

/** What the filters compare with, `q` aside. @throws invalid_cursor */
export function conditionsOf({ q: _q, village, ...plain }: PatientFilters, cursor?: string): Conditions {
  const conditions: Conditions = {}
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) conditions[name] = value
  if (village !== undefined) conditions['village'] = inVillage(foldText(village))
  if (cursor !== undefined) [conditions['afterTime'], conditions['afterId']] = readKeys(cursor)
  return conditions
}

// Mere punctuation is nobody's village, and no key has any.
const inVillage = (folded: string): string => (folded === '' ? '-' : startingWith(folded))

/** Patients under these conditions, newest first. @param changed patients who count as updated */
export const newestPatients = (
  db: TenantDb,
  viewer: Viewer,
  conditions: Conditions,
  limit: number,
  { at, changed = [] }: { at?: string; changed?: readonly string[] } = {},
) =>
  visiblePatients(db, viewer, at)
    .where((eb) => eb.and([...matching(eb, conditions, changed)]))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)

export function* matching(
  eb: ExpressionBuilder<TenantTables, 'patient'>,
  { sex, village, bornFrom, bornTo, updatedSince, afterTime, afterId }: Conditions,
  changed: readonly string[],
) {
  // Synchronisation must learn of what was hidden, and of what became visible without a change of its own.
  if (updatedSince === undefined) yield eb('hidden_at', 'is', null)
  else
    yield eb.or([
      eb('updated_at', '>=', updatedSince),
      ...(changed.length > 0 ? [isOneOf(eb.ref('patient.id'), changed)] : []),
    ])
  if (sex !== undefined) yield eb('sex', '=', sex)
  if (village !== undefined) yield eb('village_key', 'like', village)
  if (bornFrom !== undefined) yield eb('born_to', '>=', bornFrom)
  if (bornTo !== undefined) yield eb('born_from', '<=', bornTo)
  if (afterTime !== undefined && afterId !== undefined)
    yield isBefore([eb.ref('created_at'), eb.ref('id')], [afterTime, afterId], ['timestamp', 'uuid'])
}

type Values = Conditions & { viewer: string; at: string }
type Row = PatientRow & { glass: string | null }

// As of consultations (consultations/page-query.ts).
const statements = remembered<Statement<Values, Row>>(60)
const steps = [11, 21, 51, 101]

/** The same as a statement that was made before, with its values. @param limit rows at least */
export function newestStatement(
  viewer: Viewer,
  conditions: Conditions,
  limit: number,
): [Statement<Values, Row>, Values] {
  const most = steps.find((step) => step >= limit) ?? limit
  const shape = `${Object.keys(conditions).sort().join(' ')} ${kindOf(viewer)} ${most}`
  const made = statements(shape, () =>
    statement<Values, Row>('patient.list', (db, value) => {
      const places = Object.fromEntries(Object.keys(conditions).map((name) => [name, value(name)]))
      return newestPatients(db, placedIn(viewer, value('viewer')), places, most, { at: value('at') })
    }),
  )
  return [made, { ...conditions, viewer: viewer.id ?? '', at: now().toISOString() }]
}
