import {
  isBefore,
  isOneOf,
  jsonContainsText,
  containing,
  type ExpressionBuilder,
  type SelectQueryBuilder,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { tidyCode } from '../icd10/index.ts'
import { foldText, pageStatement, type Conditions, type PageStatement, type Viewer } from '../patients/index.ts'
import { selectConsultations, selectSummaries, type FullRow, type ShortRow } from './record.ts'
import type { ConsultationFilters } from './schemas.ts'

type Sources = 'consultation' | 'patient'
type Tables = ExpressionBuilder<TenantTables, Sources>

/** The keys of the last consultation of the page before. */
export type VisitKeys = [date: string, id: string]

/** What the filters compare with, `q` aside; of the prescriber's name one text for each word (`practitioner0`, `practitioner1`…). */
export function conditionsOf(filters: Omit<ConsultationFilters, 'q'>, after?: VisitKeys): Conditions {
  const { practitioner, code, ...plain } = filters
  const conditions: Conditions = {}
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) conditions[name] = value
  if (practitioner !== undefined)
    for (const [i, word] of wordsOf(practitioner).entries()) conditions[`practitioner${i}`] = containing(word)
  if (code !== undefined) conditions['code'] = codedAs(tidyCode(code))
  if (after !== undefined) [conditions['afterDate'], conditions['afterId']] = after
  return conditions
}

const codedAs = (code: string): string => JSON.stringify([code.length === 3 ? { category: code } : { code }])

/** At least one word: a text of mere punctuation is looked for as it is, and found nowhere. */
export const wordsOf = (written: string): string[] =>
  foldText(written)
    .split(' ')
    .map((word) => word || written.trim())

/** Consultations in one form: a page of them under some conditions, newest first by (date, id). */
export type Pages<Row> = {
  /** @param changed patients who count as updated */
  newest: (
    db: TenantDb,
    viewer: Viewer,
    conditions: Conditions,
    limit: number,
    options?: { at?: string; changed?: readonly string[] },
  ) => SelectQueryBuilder<TenantTables, Sources, Row>
  /** The same as a statement that was made before, with its values: `limit` rows at least. */
  statement: PageStatement<Row>
}

function pagesOf<Row>(
  name: string,
  select: (db: TenantDb, viewer: Viewer, at?: string) => SelectQueryBuilder<TenantTables, Sources, Row>,
): Pages<Row> {
  const newest: Pages<Row>['newest'] = (db, viewer, conditions, limit, { at, changed = [] } = {}) =>
    select(db, viewer, at)
      .where((eb) => eb.and([...matching(eb, conditions, changed)]))
      .orderBy('consultation.date', 'desc')
      .orderBy('consultation.id', 'desc')
      .limit(limit)
  return {
    newest,
    statement: pageStatement<Row>(name, 100, (db, viewer, conditions, limit, at) =>
      newest(db, viewer, conditions, limit, { at }),
    ),
  }
}
export const wholePages = pagesOf<FullRow>('consultation.list', selectConsultations)
export const shortPages = pagesOf<ShortRow>('consultation.summaries', selectSummaries)

function* matching(eb: Tables, conditions: Conditions, changed: readonly string[]) {
  const { patientId, from, to, serviceId, specialtyId, code, caseType, updatedSince, afterDate, afterId } = conditions
  // Synchronisation must learn of what was hidden, and of what became visible without a change of its own.
  if (conditions['kept'] === undefined && updatedSince === undefined) yield eb('consultation.hidden_at', 'is', null)
  if (updatedSince !== undefined)
    yield eb.or([
      eb('consultation.updated_at', '>=', updatedSince),
      ...(changed.length > 0 ? [isOneOf(eb.ref('consultation.patient_id'), changed)] : []),
    ])
  if (patientId !== undefined) yield eb('consultation.patient_id', '=', patientId)
  if (from !== undefined) yield eb('consultation.date', '>=', from)
  if (to !== undefined) yield eb('consultation.date', '<=', to)
  if (serviceId !== undefined) yield eb('consultation.service_id', '=', serviceId)
  if (specialtyId !== undefined) yield eb('consultation.specialty_id', '=', specialtyId)
  if (caseType !== undefined) yield eb('consultation.case_type', '=', caseType)
  for (let i = 0; conditions[`practitioner${i}`] !== undefined; i++)
    yield eb('consultation.practitioner_key', 'like', conditions[`practitioner${i}`]!)
  if (code !== undefined) yield jsonContainsText(eb.ref('consultation.codes'), code)
  if (afterDate !== undefined && afterId !== undefined)
    yield isBefore([eb.ref('consultation.date'), eb.ref('consultation.id')], [afterDate, afterId], ['date', 'uuid'])
}
