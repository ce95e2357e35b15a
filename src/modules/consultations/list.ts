import {
  containing,
  isBefore,
  isOneOf,
  jsonContains,
  type ExpressionBuilder,
  type Tenant,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { readDayKeys, toPage } from '../../shared/keyset.ts'
import type { Language } from '../../shared/text.ts'
import { tidyCode } from '../icd10/index.ts'
import { changedSight, foldText, isVisible, noteGlass, refuseProtected, type Viewer } from '../patients/index.ts'
import { selectConsultations, toConsultation, type FullRow } from './record.ts'
import type { Consultation, ConsultationFilters, ConsultationPage, ConsultationQuery } from './schemas.ts'

type Tables = ExpressionBuilder<TenantTables, 'consultation' | 'patient'>
type Keys = [date: string, id: string]

/**
 * A page of consultations of the patients that `viewer` may see, newest first by (date, id).
 * @throws invalid_cursor; patient_protected when the filter names a patient whom `viewer` may not see
 */
export async function listConsultations(
  db: TenantDb,
  viewer: Viewer,
  { limit = 20, cursor, ...filters }: ConsultationQuery,
  language: Language,
): Promise<ConsultationPage> {
  const after = cursor === undefined ? undefined : readDayKeys(cursor)
  const asked = await prepared(db, viewer, filters)
  const rows = await rowsAfter(db, viewer, asked, after, limit + 1)
  noteGlass(viewer, rows.slice(0, limit))
  const page = toPage(
    rows,
    limit,
    ({ date, id }) => [date, id],
    (row) => toConsultation(row, language),
  )
  return after === undefined && asked.withdrawn.length > 0 ? { ...page, withdrawnPatients: asked.withdrawn } : page
}

/**
 * All consultations of the filters, newest first, in batches. Each is read in a transaction of its own, so that a slow
 * receiver holds neither a connection nor a snapshot between two.
 * @throws patient_protected as listConsultations
 */
export async function* walkConsultations(
  read: Tenant['read'],
  viewer: Viewer,
  filters: ConsultationFilters,
  language: Language,
  batch = 1_000,
): AsyncGenerator<Consultation[]> {
  const asked = await read((db) => prepared(db, viewer, filters))
  let after: Keys | undefined
  for (;;) {
    const from = after
    const rows = await read((db) => rowsAfter(db, viewer, asked, from, batch))
    noteGlass(viewer, rows)
    if (rows.length > 0) yield rows.map((row) => toConsultation(row, language))
    const last = rows.at(-1)
    if (rows.length < batch || !last) return
    after = [last.date, last.id]
  }
}

/** A word of `q`; with `patients`, those are all whose names have it. */
type Word = { word: string; patients?: string[] }
type Asked = ConsultationFilters & {
  words: Word[]
  /** Patients whom a device that asks by `updatedSince` may see otherwise than before, and sees no more. */
  changed: string[]
  withdrawn: string[]
}

// An OR over two tables is served by no index. A word that few patients' names have becomes an OR over one table, for
// which the two indexes are combined: 2-15 ms instead of 180-270 at 100,000 visits. A name that many have stays in the
// join: walking the visits by date then finds a page soon.
const FEW_PATIENTS = 300

async function prepared(db: TenantDb, viewer: Viewer, filters: ConsultationFilters): Promise<Asked> {
  const { patientId, updatedSince } = filters
  if (patientId !== undefined) await refuseProtected(db, viewer, patientId)
  const sight = updatedSince === undefined ? undefined : await changedSight(db, viewer, updatedSince)
  const words: Word[] = []
  for (const word of filters.q === undefined ? [] : wordsOf(filters.q)) {
    // Fewer than three characters make no trigram.
    const found = word.length < 3 ? undefined : await patientsNamed(db, viewer, word)
    words.push({ word, ...(found && found.length <= FEW_PATIENTS && { patients: found }) })
  }
  return { ...filters, words, changed: sight?.changed ?? [], withdrawn: sight?.withdrawn ?? [] }
}

async function patientsNamed(db: TenantDb, viewer: Viewer, word: string): Promise<string[]> {
  const rows = await db
    .selectFrom('patient')
    .select('id')
    .where('search_key', 'like', containing(word))
    .where((eb) => isVisible(eb, viewer))
    .limit(FEW_PATIENTS + 1)
    .execute()
  return rows.map(({ id }) => id)
}

const rowsAfter = (
  db: TenantDb,
  viewer: Viewer,
  asked: Asked,
  after: Keys | undefined,
  limit: number,
): Promise<FullRow[]> =>
  selectConsultations(db, viewer)
    .where((eb) => matching(eb, asked))
    .$if(after !== undefined, (query) =>
      query.where((eb) => isBefore([eb.ref('consultation.date'), eb.ref('consultation.id')], after!, ['date', 'uuid'])),
    )
    .orderBy('consultation.date', 'desc')
    .orderBy('consultation.id', 'desc')
    .limit(limit)
    .execute()

function matching(eb: Tables, asked: Asked) {
  const { words, patientId, from, to, serviceId, specialtyId, practitioner, code, caseType, updatedSince, changed } =
    asked
  return eb.and([
    // Synchronisation must learn of what was hidden, and of what became visible without a change of its own.
    ...(updatedSince === undefined
      ? [eb('consultation.hidden_at', 'is', null)]
      : [
          eb.or([
            eb('consultation.updated_at', '>=', updatedSince),
            ...(changed.length > 0 ? [isOneOf(eb.ref('consultation.patient_id'), changed)] : []),
          ]),
        ]),
    ...(patientId === undefined ? [] : [eb('consultation.patient_id', '=', patientId)]),
    ...(from === undefined ? [] : [eb('consultation.date', '>=', from)]),
    ...(to === undefined ? [] : [eb('consultation.date', '<=', to)]),
    ...(serviceId === undefined ? [] : [eb('consultation.service_id', '=', serviceId)]),
    ...(specialtyId === undefined ? [] : [eb('consultation.specialty_id', '=', specialtyId)]),
    ...(caseType === undefined ? [] : [eb('consultation.case_type', '=', caseType)]),
    ...(practitioner === undefined
      ? []
      : wordsOf(practitioner).map((word) => eb('consultation.practitioner_key', 'like', containing(word)))),
    ...(code === undefined ? [] : [coded(eb, tidyCode(code))]),
    ...words.map((word) => saying(eb, word)),
  ])
}

/** At least one word: a text of mere punctuation is looked for as it is, and found nowhere. */
const wordsOf = (written: string): string[] =>
  foldText(written)
    .split(' ')
    .map((word) => word || written.trim())

const coded = (eb: Tables, code: string) =>
  jsonContains(eb.ref('consultation.codes'), [code.length === 3 ? { category: code } : { code }])

/** The word stands in the visit's own text, or in the patient's names. */
function saying(eb: Tables, { word, patients }: Word) {
  const said = eb('consultation.search_key', 'like', containing(word))
  if (patients === undefined) return eb.or([said, eb('patient.search_key', 'like', containing(word))])
  return patients.length === 0 ? said : eb.or([said, eb('consultation.patient_id', 'in', patients)])
}
