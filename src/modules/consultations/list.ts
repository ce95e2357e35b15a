import { containing, run, type ExpressionBuilder, type Tenant, type TenantDb, type TenantTables } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { readDayKeys, toPage } from '../../shared/keyset.ts'
import type { Language } from '../../shared/text.ts'
import { changedSight, isVisible, noteGlasses, refuseProtected, type Viewer } from '../patients/index.ts'
import { conditionsOf, shortPages, wholePages, wordsOf, type Pages, type VisitKeys } from './page-query.ts'
import { toConsultation, toConsultationSummary, type FullRow, type ShortRow } from './record.ts'
import type { Consultation, ConsultationFilters, ConsultationQuery, ConsultationSummary } from './schemas.ts'

/** A form in which consultations are listed. */
type Form<Row, Item> = Pages<Row> & { toItem: (row: Row, language: Language) => Item }
const whole: Form<FullRow, Consultation> = { ...wholePages, toItem: toConsultation }
const short: Form<ShortRow, ConsultationSummary> = { ...shortPages, toItem: toConsultationSummary }
type Line = { id: string; date: string; patient_id: string; sensitive: boolean }

/**
 * A page of consultations of the patients that `viewer` may see, newest first by (date, id).
 * @throws invalid_cursor; patient_protected when the filter names a patient whom `viewer` may not see
 */
export const listConsultations = listIn(whole)

/** The same in their short form. @throws as listConsultations */
export const listSummaries = listIn(short)

function listIn<Row extends Line, Item>(form: Form<Row, Item>) {
  return async (
    tenant: Tenant,
    viewer: Viewer,
    { limit = 20, cursor, ...filters }: ConsultationQuery,
    language: Language,
  ) => {
    const after = cursor === undefined ? undefined : readDayKeys(cursor)
    const since = now().toISOString()
    const pageOf = async (read: Tenant['read'], rows: Row[]) => {
      await noteGlasses(read, viewer, rows.length > limit ? rows.slice(0, limit) : rows, since)
      return toPage(
        rows,
        limit,
        ({ date, id }) => [date, id],
        (row) => form.toItem(row, language),
      )
    }
    if (filters.q === undefined && filters.updatedSince === undefined)
      return pageOf(tenant.read, await readAtOnce(form, tenant, viewer, filters, after, limit + 1))
    return tenant.read(async (db) => {
      const asked = await prepared(db, viewer, filters)
      const page = await pageOf((look) => look(db), await rowsAfter(form, db, viewer, asked, after, limit + 1))
      return after === undefined && asked.withdrawn.length > 0 ? { ...page, withdrawnPatients: asked.withdrawn } : page
    })
  }
}

/** One statement: a patient is asked about only where none of the visits showed that `viewer` may see them. */
async function readAtOnce<Row>(
  form: Pages<Row>,
  tenant: Tenant,
  viewer: Viewer,
  filters: ConsultationFilters,
  after: VisitKeys | undefined,
  limit: number,
): Promise<Row[]> {
  const rows = await tenant.once(...form.statement(viewer, conditionsOf(filters, after), limit))
  const { patientId } = filters
  if (rows.length === 0 && patientId !== undefined) await tenant.read((db) => refuseProtected(db, viewer, patientId))
  return rows
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
  let after: VisitKeys | undefined
  for (;;) {
    const from = after
    const since = now().toISOString()
    const rows = await read((db) => rowsAfter(whole, db, viewer, asked, from, batch))
    await noteGlasses(read, viewer, rows, since)
    if (rows.length > 0) yield rows.map((row) => toConsultation(row, language))
    const last = rows.at(-1)
    if (rows.length < batch || !last) return
    after = [last.date, last.id]
  }
}

/** A word of `q`; with `patients`, those are all whose names have it. */
type Word = { word: string; patients?: string[] }
type Asked = {
  filters: Omit<ConsultationFilters, 'q'>
  words: Word[]
  /** Patients whom a device that asks by `updatedSince` may see otherwise than before, and sees no more. */
  changed: string[]
  withdrawn: string[]
}

// An OR over two tables is served by no index. A word that few patients' names have becomes an OR over one table, for
// which the two indexes are combined: 2-15 ms instead of 180-270 at 100,000 visits. A name that many have stays in the
// join: walking the visits by date then finds a page soon. Among 200,000 visits of 200,000 patients (busy machine) a word
// takes 0-30 ms of PostgreSQL's processor, known or not; a name of 2,500 with a diagnosis of every tenth visit 60-80.
const FEW_PATIENTS = 300

async function prepared(db: TenantDb, viewer: Viewer, { q, ...filters }: ConsultationFilters): Promise<Asked> {
  const { patientId, updatedSince } = filters
  if (patientId !== undefined) await refuseProtected(db, viewer, patientId)
  const sight = updatedSince === undefined ? undefined : await changedSight(db, viewer, updatedSince)
  const words: Word[] = []
  for (const word of q === undefined ? [] : wordsOf(q)) {
    // Fewer than three characters make no trigram.
    const found = word.length < 3 ? undefined : await patientsNamed(db, viewer, word)
    words.push({ word, ...(found && found.length <= FEW_PATIENTS && { patients: found }) })
  }
  return { filters, words, changed: sight?.changed ?? [], withdrawn: sight?.withdrawn ?? [] }
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

async function rowsAfter<Row>(
  form: Pages<Row>,
  db: TenantDb,
  viewer: Viewer,
  { filters, words, changed }: Asked,
  after: VisitKeys | undefined,
  limit: number,
): Promise<Row[]> {
  const conditions = conditionsOf(filters, after)
  if (words.length === 0 && changed.length === 0) {
    const rows = await run(db, ...form.statement(viewer, conditions, limit))
    return rows.length > limit ? rows.slice(0, limit) : rows
  }
  return form
    .newest(db, viewer, conditions, limit, { changed })
    .where((eb) => eb.and(words.map((word) => saying(eb, word))))
    .execute()
}

/** The word stands in the visit's own text, or in the patient's names. */
function saying(eb: ExpressionBuilder<TenantTables, 'consultation' | 'patient'>, { word, patients }: Word) {
  const said = eb('consultation.search_key', 'like', containing(word))
  if (patients === undefined) return eb.or([said, eb('patient.search_key', 'like', containing(word))])
  return patients.length === 0 ? said : eb.or([said, eb('consultation.patient_id', 'in', patients)])
}
