import {
  containing,
  run,
  startingWith,
  type ExpressionBuilder,
  type Tenant,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { today } from '../../shared/clock.ts'
import { readRankKeys, toPage } from '../../shared/keyset.ts'
import { isNamed } from './likeness.ts'
import { calledSo, isCalled, likestOf, MOST_ALIKE, type RankedRow } from './named.ts'
import { findProtected } from './protected.ts'
import { conditionsOf, newestPatients, newestStatement } from './page-query.ts'
import { toPatient, type PatientRow } from './record.ts'
import { readSearch, spellingsOf, type Asked } from './rules/search.ts'
import type { PatientFilters, PatientPage, PatientQuery } from './list-schemas.ts'
import { changedSight, noteGlass, type Viewer } from './visibility.ts'

type Patients = ExpressionBuilder<TenantTables, 'patient'>
/** With the patients whom a device that asks by `updatedSince` may see otherwise than before. */
type Filters = PatientFilters & { changed?: readonly string[] }

/**
 * A page of the patients that `viewer` may see: by likeness to `q`, else newest first. Pages by the sort keys of the
 * last row, so a record created meanwhile moves nothing and none is shown twice. Beside them, `protected`: the file that
 * was asked for by its whole number; with `updatedSince`, `withdrawn`: those that are seen no more.
 * @throws invalid_cursor
 */
export async function listPatients(
  db: TenantDb,
  viewer: Viewer,
  { limit = 20, cursor, ...asked }: PatientQuery,
): Promise<PatientPage> {
  const { q, updatedSince } = asked
  const sight = updatedSince === undefined ? undefined : await changedSight(db, viewer, updatedSince)
  const filters = { ...asked, ...(sight && { changed: sight.changed }) }
  const page =
    q === undefined
      ? await newestFirst(db, viewer, filters, limit, cursor)
      : await likestFirst(db, viewer, filters, q, limit, cursor)
  if (cursor !== undefined) return page
  const hidden = q === undefined ? [] : await findProtected(db, viewer, q)
  return {
    ...page,
    ...(hidden.length > 0 && { protected: hidden }),
    ...(sight && sight.withdrawn.length > 0 && { withdrawn: sight.withdrawn }),
  }
}

/**
 * The same in a transaction of its own, of one statement where nothing but filters is asked.
 * @throws invalid_cursor
 */
export async function pagePatients(tenant: Tenant, viewer: Viewer, query: PatientQuery): Promise<PatientPage> {
  const { limit = 20, cursor, ...filters } = query
  if (filters.q !== undefined || filters.updatedSince !== undefined)
    return tenant.read((db) => listPatients(db, viewer, query))
  const rows = await tenant.once(...newestStatement(viewer, conditionsOf(filters, cursor), limit + 1))
  return pageOf(viewer, rows, limit, newestKeys)
}

async function newestFirst(
  db: TenantDb,
  viewer: Viewer,
  { changed = [], ...filters }: Filters,
  limit: number,
  cursor?: string,
): Promise<PatientPage> {
  const conditions = conditionsOf(filters, cursor)
  const rows =
    changed.length > 0
      ? await newestPatients(db, viewer, conditions, limit + 1, { changed }).execute()
      : await run(db, ...newestStatement(viewer, conditions, limit + 1))
  return pageOf(viewer, rows, limit, newestKeys)
}

const newestKeys = ({ created_at, id }: PatientRow): string[] => [created_at, id]

async function likestFirst(
  db: TenantDb,
  viewer: Viewer,
  { changed = [], ...filters }: Filters,
  q: string,
  limit: number,
  cursor?: string,
): Promise<PatientPage> {
  const asked = readSearch(q)
  const conditions = conditionsOf(filters)
  const after = cursor === undefined ? undefined : readRankKeys(cursor)
  const search = { conditions, changed, after }
  // A name alone: who is called so comes first.
  const called = asked.digits || asked.card ? undefined : asked.names
  const rows: RankedRow[] = []
  if (called && (after === undefined || after[0] > MOST_ALIKE))
    rows.push(...(await calledSo(db, viewer, called, { ...search, limit: limit + 1 })))
  // Among a million, only who is called by few has the like-named looked for: those of a common name fill the pages.
  if (rows.length <= limit) {
    const among = (eb: Patients) => eb.and([askedFor(eb, asked), ...(called ? [eb.not(isCalled(eb, called))] : [])])
    const alike = { ...search, limit: limit + 1 - rows.length, among, from: 0, newest: !called }
    rows.push(...(await likestOf(db, viewer, asked.names ?? ['', ''], alike)))
  }
  return pageOf(viewer, rows, limit, ({ rank, id }) => [rank, id])
}

function pageOf<R extends PatientRow & { glass: string | null }>(
  viewer: Viewer,
  rows: R[],
  limit: number,
  keys: (row: R) => (string | number)[],
): PatientPage {
  const day = today()
  noteGlass(viewer, rows.slice(0, limit))
  return toPage(rows, limit, keys, (row) => toPatient(row, day))
}

function askedFor(eb: Patients, { names, digits, card, fileNumber }: Asked) {
  if (fileNumber) return eb.and([eb('file_year', '=', fileNumber.year), eb('file_number', '=', fileNumber.number)])
  if (!names && !digits) return eb.lit(false)
  const said = eb.and([
    ...(names ? [eb.or(spellingsOf(names).map((name) => isNamed(eb, name)))] : []),
    ...(digits ? [withDigits(eb, digits)] : []),
  ])
  if (!card) return said
  return eb.or([said, eb('nina', 'like', startingWith(card)), eb('amo_number', 'like', startingWith(card))])
}

const withDigits = (eb: Patients, digits: string) =>
  eb.or([
    eb('phone', 'like', containing(digits)),
    ...(digits.length <= 6 ? [eb('file_number', '=', Number(digits))] : []),
    eb('nina', 'like', startingWith(digits)),
    eb('amo_number', 'like', startingWith(digits)),
  ])
