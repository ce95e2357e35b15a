import {
  containing,
  isBefore,
  likenessRank,
  startingWith,
  type ExpressionBuilder,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { today } from '../../shared/clock.ts'
import { readKeys, readRankKeys, toPage } from '../../shared/keyset.ts'
import { isNamed } from './likeness.ts'
import { patientColumns, toPatient, type PatientRow } from './record.ts'
import { foldText } from './rules/names.ts'
import { readSearch, type Asked } from './rules/search.ts'
import type { PatientFilters, PatientPage, PatientQuery } from './schemas.ts'

type Patients = ExpressionBuilder<TenantTables, 'patient'>

/**
 * A page of patients: by likeness to `q`, else newest first. Pages by the sort keys of the last row, so a record
 * created meanwhile moves nothing and none is shown twice.
 * @throws invalid_cursor
 */
export const listPatients = (db: TenantDb, { limit = 20, cursor, ...filters }: PatientQuery): Promise<PatientPage> =>
  filters.q === undefined ? newestFirst(db, filters, limit, cursor) : likestFirst(db, filters, filters.q, limit, cursor)

async function newestFirst(
  db: TenantDb,
  filters: PatientFilters,
  limit: number,
  cursor?: string,
): Promise<PatientPage> {
  const after = cursor === undefined ? undefined : readKeys(cursor)
  const rows = await db
    .selectFrom('patient')
    .select(patientColumns)
    .where((eb) => matching(eb, filters))
    .$if(after !== undefined, (query) =>
      query.where((eb) => isBefore([eb.ref('created_at'), eb.ref('id')], after!, ['timestamp', 'uuid'])),
    )
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageOf(rows, limit, ({ created_at, id }) => [created_at, id])
}

async function likestFirst(
  db: TenantDb,
  filters: PatientFilters,
  q: string,
  limit: number,
  cursor?: string,
): Promise<PatientPage> {
  const asked = readSearch(q)
  const after = cursor === undefined ? undefined : readRankKeys(cursor)
  const rows = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('patient')
        .select(patientColumns)
        .select((of) => likenessRank(asked.names ?? ['', ''], of.ref('search_key')).as('rank'))
        .where((of) => of.and([matching(of, filters), askedFor(of, asked)]))
        .as('patient'),
    )
    .select([...patientColumns, 'patient.rank'])
    .$if(after !== undefined, (query) =>
      query.where((eb) =>
        eb.or([eb('rank', '<', after![0]), eb.and([eb('rank', '=', after![0]), eb('id', '<', after![1])])]),
      ),
    )
    .orderBy('rank', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return pageOf(rows, limit, ({ rank, id }) => [rank, id])
}

function pageOf<R extends PatientRow>(rows: R[], limit: number, keys: (row: R) => (string | number)[]): PatientPage {
  const day = today()
  return toPage(rows, limit, keys, (row) => toPatient(row, day))
}

function matching(eb: Patients, { sex, village, bornFrom, bornTo, updatedSince }: PatientFilters) {
  return eb.and([
    // Synchronisation must learn of what was hidden.
    ...(updatedSince === undefined ? [eb('hidden_at', 'is', null)] : [eb('updated_at', '>=', updatedSince)]),
    ...(sex === undefined ? [] : [eb('sex', '=', sex)]),
    ...(village === undefined ? [] : [inVillage(eb, foldText(village))]),
    ...(bornFrom === undefined ? [] : [eb('born_to', '>=', bornFrom)]),
    ...(bornTo === undefined ? [] : [eb('born_from', '<=', bornTo)]),
  ])
}

const inVillage = (eb: Patients, folded: string) =>
  folded === '' ? eb.lit(false) : eb('village_key', 'like', startingWith(folded))

function askedFor(eb: Patients, { names, digits, card, fileNumber }: Asked) {
  if (fileNumber) return eb.and([eb('file_year', '=', fileNumber.year), eb('file_number', '=', fileNumber.number)])
  if (!names && !digits) return eb.lit(false)
  const said = eb.and([
    ...(names ? [eb.or([...new Set(names)].map((name) => isNamed(eb, name)))] : []),
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
