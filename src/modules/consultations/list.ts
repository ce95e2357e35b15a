import { containing, isBefore, jsonContains, type ExpressionBuilder, type TenantDb, type TenantTables } from '#tenancy'
import { decodeCursor, encodeCursor } from '../../shared/cursor.ts'
import type { Language } from '../../shared/text.ts'
import { tidyCode } from '../icd10/index.ts'
import { foldText } from '../patients/index.ts'
import { selectConsultations, toConsultation, type FullRow } from './record.ts'
import type { Consultation, ConsultationFilters, ConsultationPage, ConsultationQuery } from './schemas.ts'

type Tables = ExpressionBuilder<TenantTables, 'consultation' | 'patient'>
type Keys = [date: string, id: string]

/** A page of consultations, newest first by (date, id). @throws invalid_cursor */
export async function listConsultations(
  db: TenantDb,
  { limit = 20, cursor, ...filters }: ConsultationQuery,
  language: Language,
): Promise<ConsultationPage> {
  const after = cursor === undefined ? undefined : (decodeCursor(cursor, ['string', 'string']) as Keys)
  const rows = await rowsAfter(db, filters, after, limit + 1)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return {
    items: rows.slice(0, limit).map((row) => toConsultation(row, language)),
    nextCursor: last ? encodeCursor([last.date, last.id]) : null,
  }
}

/** All consultations of the filters, newest first, in batches read one after the other within the caller's transaction. */
export async function* walkConsultations(
  db: TenantDb,
  filters: ConsultationFilters,
  language: Language,
  batch = 1_000,
): AsyncGenerator<Consultation[]> {
  let after: Keys | undefined
  for (;;) {
    const rows = await rowsAfter(db, filters, after, batch)
    if (rows.length > 0) yield rows.map((row) => toConsultation(row, language))
    const last = rows.at(-1)
    if (rows.length < batch || !last) return
    after = [last.date, last.id]
  }
}

const rowsAfter = (db: TenantDb, filters: ConsultationFilters, after: Keys | undefined, limit: number): Promise<FullRow[]> =>
  selectConsultations(db)
    .where((eb) => matching(eb, filters))
    .$if(after !== undefined, (query) =>
      query.where((eb) => isBefore([eb.ref('consultation.date'), eb.ref('consultation.id')], after!, ['date', 'uuid'])),
    )
    .orderBy('consultation.date', 'desc')
    .orderBy('consultation.id', 'desc')
    .limit(limit)
    .execute()

function matching(eb: Tables, filters: ConsultationFilters) {
  const { q, patientId, from, to, serviceId, specialtyId, practitioner, code, caseType, updatedSince } = filters
  return eb.and([
    // Synchronisation must learn of what was hidden.
    ...(updatedSince === undefined ? [eb('consultation.hidden_at', 'is', null)] : [eb('consultation.updated_at', '>=', updatedSince)]),
    ...(patientId === undefined ? [] : [eb('consultation.patient_id', '=', patientId)]),
    ...(from === undefined ? [] : [eb('consultation.date', '>=', from)]),
    ...(to === undefined ? [] : [eb('consultation.date', '<=', to)]),
    ...(serviceId === undefined ? [] : [eb('consultation.service_id', '=', serviceId)]),
    ...(specialtyId === undefined ? [] : [eb('consultation.specialty_id', '=', specialtyId)]),
    ...(caseType === undefined ? [] : [eb('consultation.case_type', '=', caseType)]),
    ...(practitioner === undefined ? [] : wordsOf(practitioner).map((word) => eb('consultation.practitioner_key', 'like', containing(word)))),
    ...(code === undefined ? [] : [coded(eb, tidyCode(code))]),
    ...(q === undefined ? [] : wordsOf(q).map((word) => saying(eb, word))),
  ])
}

/** At least one word: a text of mere punctuation is looked for as it is, and found nowhere. */
const wordsOf = (written: string): string[] => foldText(written).split(' ').map((word) => word || written.trim())

const coded = (eb: Tables, code: string) =>
  jsonContains(eb.ref('consultation.codes'), [code.length === 3 ? { category: code } : { code }])

/** A word of the visit's own text, or of the patient's names. */
const saying = (eb: Tables, word: string) =>
  eb.or([eb('consultation.search_key', 'like', containing(word)), eb('patient.search_key', 'like', containing(word))])
