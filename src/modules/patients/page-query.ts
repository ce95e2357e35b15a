import { isBefore, isOneOf, startingWith, type ExpressionBuilder, type TenantDb, type TenantTables } from '#tenancy'
import { readKeys } from '../../shared/keyset.ts'
import type { PatientFilters } from './list-schemas.ts'
import { pageStatement, type Conditions } from './page-statement.ts'
import type { PatientRow } from './record.ts'
import { foldText } from './rules/names.ts'
import { visiblePatients, type Viewer } from './visibility.ts'

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

/** The same as a statement that was made before, with its values. @param limit rows at least */
export const newestStatement = pageStatement<PatientRow & { glass: string | null }>(
  'patient.list',
  60,
  (db, viewer, conditions, limit, at) => newestPatients(db, viewer, conditions, limit, { at }),
)
