import {
  containing,
  isBefore,
  isOneOf,
  jsonContainsText,
  type ExpressionBuilder,
  type Tenant,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { readKeys, toPage } from '../../shared/keyset.ts'
import { tidyCode } from '../icd10/index.ts'
import { changedSight, foldText, isVisible, noteGlass, refuseProtected, type Viewer } from '../patients/index.ts'
import { selectStays, toStay, type FullRow } from './record.ts'
import type { Stay, StayFilters, StayPage, StayQuery } from './schemas.ts'

type Tables = ExpressionBuilder<TenantTables, 'stay' | 'patient'>
/** The keys of the last stay of the page before. */
export type StayKeys = [admittedAt: string, id: string]

/**
 * A page of stays of the patients that `viewer` may see, newest first by (admittedAt, id).
 * @throws invalid_cursor; patient_protected when the filter names a patient whom `viewer` may not see
 */
export async function listStays(
  db: TenantDb,
  viewer: Viewer,
  { limit = 20, cursor, ...filters }: StayQuery,
): Promise<StayPage> {
  const after = cursor === undefined ? undefined : readKeys(cursor)
  const asked = await prepared(db, viewer, filters)
  const rows = await rowsAfter(db, viewer, asked, after, limit + 1)
  noteGlass(viewer, rows.length > limit ? rows.slice(0, limit) : rows)
  const page = toPage(rows, limit, ({ admitted_at, id }) => [admitted_at, id], toStay)
  return after === undefined && asked.withdrawn.length > 0 ? { ...page, withdrawnPatients: asked.withdrawn } : page
}

/**
 * All stays of the filters, newest first, in batches. Each is read in a transaction of its own, so that a slow receiver
 * holds neither a connection nor a snapshot between two.
 * @throws patient_protected as listStays
 */
export async function* walkStays(
  read: Tenant['read'],
  viewer: Viewer,
  filters: StayFilters,
  batch = 1_000,
): AsyncGenerator<Stay[]> {
  const asked = await read((db) => prepared(db, viewer, filters))
  let after: StayKeys | undefined
  for (;;) {
    const from = after
    const rows = await read((db) => rowsAfter(db, viewer, asked, from, batch))
    noteGlass(viewer, rows)
    if (rows.length > 0) yield rows.map(toStay)
    const last = rows.at(-1)
    if (rows.length < batch || !last) return
    after = [last.admitted_at, last.id]
  }
}

/**
 * What is kept of one patient's stays, hidden ones too, newest first.
 * @param after the last stay of the page before
 * @throws patient_protected when `viewer` may not see the patient, or no more
 */
export async function listWholeStays(
  db: TenantDb,
  viewer: Viewer,
  patientId: string,
  after: StayKeys | undefined,
  limit: number,
): Promise<Stay[]> {
  await refuseProtected(db, viewer, patientId)
  const asked: Asked = { filters: { patientId }, words: [], changed: [], withdrawn: [], hiddenToo: true }
  const rows = await rowsAfter(db, viewer, asked, after, limit)
  noteGlass(viewer, rows)
  return rows.map(toStay)
}

/** A word of `q`; with `patients`, those are all whose names have it. */
type Word = { word: string; patients?: string[] }
type Asked = {
  filters: Omit<StayFilters, 'q'>
  words: Word[]
  /** Patients whom a device that asks by `updatedSince` may see otherwise than before, and sees no more. */
  changed: string[]
  withdrawn: string[]
  hiddenToo?: true
}

// As in the list of consultations: an OR over two tables is served by no index, and reads every stay with its patient. A word
// that few have took 152 ms among 20,000 stays, 48 so (busy machine).
const FEW_PATIENTS = 300

async function prepared(db: TenantDb, viewer: Viewer, { q, ...filters }: StayFilters): Promise<Asked> {
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

const rowsAfter = (
  db: TenantDb,
  viewer: Viewer,
  asked: Asked,
  after: StayKeys | undefined,
  limit: number,
): Promise<FullRow[]> =>
  selectStays(db, viewer)
    .where((eb) => eb.and([...matching(eb, asked, after)]))
    .orderBy('stay.admitted_at', 'desc')
    .orderBy('stay.id', 'desc')
    .limit(limit)
    .execute()

function* matching(eb: Tables, { filters, words, changed, hiddenToo }: Asked, after: StayKeys | undefined) {
  const { status, open, patientId, serviceId, bedId, code, updatedSince } = filters
  // Synchronisation must learn of what was hidden, and of what became visible without a change of its own.
  if (updatedSince === undefined && !hiddenToo) yield eb('stay.hidden_at', 'is', null)
  if (updatedSince !== undefined)
    yield eb.or([
      eb('stay.updated_at', '>=', updatedSince),
      ...(changed.length > 0 ? [isOneOf(eb.ref('stay.patient_id'), changed)] : []),
    ])
  if (patientId !== undefined) yield eb('stay.patient_id', '=', patientId)
  if (serviceId !== undefined) yield eb('stay.service_id', '=', serviceId)
  if (bedId !== undefined) yield eb('stay.bed_id', '=', bedId)
  if (open !== undefined) yield eb('stay.discharged_at', open ? 'is' : 'is not', null)
  if (status === 'discharged') yield eb('stay.discharged_at', 'is not', null)
  else if (status !== undefined) yield eb.and([eb('stay.status', '=', status), eb('stay.discharged_at', 'is', null)])
  yield* days(eb, 'stay.admitted_at', filters.admittedFrom, filters.admittedTo)
  yield* days(eb, 'stay.discharged_at', filters.dischargedFrom, filters.dischargedTo)
  if (code !== undefined) yield coded(eb, tidyCode(code))
  for (const word of words) yield saying(eb, word)
  if (after !== undefined) yield isBefore([eb.ref('stay.admitted_at'), eb.ref('stay.id')], after, ['timestamp', 'uuid'])
}

/** The word stands in the stay's own text, or in the patient's names. */
function saying(eb: Tables, { word, patients }: Word) {
  const said = eb('stay.search_key', 'like', containing(word))
  if (patients === undefined) return eb.or([said, eb('patient.search_key', 'like', containing(word))])
  return patients.length === 0 ? said : eb.or([said, isOneOf(eb.ref('stay.patient_id'), patients)])
}

/** Mali keeps UTC: a day goes from midnight to midnight there. */
function* days(eb: Tables, column: 'stay.admitted_at' | 'stay.discharged_at', from?: string, to?: string) {
  if (from !== undefined) yield eb(column, '>=', `${from}T00:00:00.000Z`)
  if (to !== undefined) yield eb(column, '<', new Date(Date.parse(to) + 86_400_000).toISOString())
}

function coded(eb: Tables, code: string) {
  const asked = JSON.stringify([code.length === 3 ? { category: code } : { code }])
  return eb.or([jsonContainsText(eb.ref('stay.codes'), asked), jsonContainsText(eb.ref('stay.final_codes'), asked)])
}

/** At least one word: a text of mere punctuation is looked for as it is, and found nowhere. */
const wordsOf = (written: string): string[] =>
  foldText(written)
    .split(' ')
    .map((word) => word || written.trim())
