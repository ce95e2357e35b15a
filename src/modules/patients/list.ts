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
import { isNamedAs } from './likeness.ts'
import { isCalled, isCalledWholly, likestOf, MOST_ALIKE, type RankedRow } from './named.ts'
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
 * @param all of those found by `q`, not only of the newest (named.ts)
 * @throws invalid_cursor
 */
export async function listPatients(
  db: TenantDb,
  viewer: Viewer,
  { limit = 20, cursor, ...asked }: PatientQuery,
  { all = false } = {},
): Promise<PatientPage> {
  const { q, updatedSince } = asked
  const sight = updatedSince === undefined ? undefined : await changedSight(db, viewer, updatedSince)
  const filters = { ...asked, ...(sight && { changed: sight.changed }) }
  const page =
    q === undefined
      ? await newestFirst(db, viewer, filters, limit, cursor)
      : await likestFirst(db, viewer, filters, q, { limit, cursor, all })
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
  { limit, cursor, all }: { limit: number; cursor: string | undefined; all: boolean },
): Promise<PatientPage> {
  const asked = readSearch(q)
  const conditions = conditionsOf(filters)
  const after = cursor === undefined ? undefined : readRankKeys(cursor)
  // A name alone: who is called so comes first, then who is called alike. Before them who has a short one whole: the others
  // are too many.
  const called = asked.digits || asked.card ? undefined : asked.names
  const isShort = called?.[0].split(' ').some((word) => word.length <= 3)
  const steps = called
    ? [
        ...(isShort ? [(eb: Patients) => isCalledWholly(eb, called)] : []),
        (eb: Patients) => eb.and([isCalled(eb, called), ...(isShort ? [eb.not(isCalledWholly(eb, called))] : [])]),
        (eb: Patients) => eb.and([askedFor(eb, asked), eb.not(isCalled(eb, called))]),
      ]
    : [(eb: Patients) => askedFor(eb, asked)]
  const rows: RankedRow[] = []
  // Among a million, only who is called by few has the like-named looked for: those of a common name fill the pages.
  for (let left = steps.length - 1; left >= 0 && rows.length <= limit; left--) {
    const from = left * (MOST_ALIKE + 1)
    if (after && after[0] < from) continue
    const newest = !called || left > 0
    const search = { conditions, changed, after, limit: limit + 1 - rows.length, all, from, newest }
    const among = steps[steps.length - 1 - left]!
    rows.push(...(await likestOf(db, viewer, asked.names ?? ['', ''], { ...search, among })))
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
    ...(names ? [isNamedAs(eb, spellingsOf(names))] : []),
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
