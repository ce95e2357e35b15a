import {
  containing,
  likenessRank,
  startingWith,
  type ExpressionBuilder,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { matching } from './page-query.ts'
import type { Conditions } from './page-statement.ts'
import { patientColumns, type PatientRow } from './record.ts'
import { isVisible, throughGlass, type Viewer } from './visibility.ts'

type Patients = ExpressionBuilder<TenantTables, 'patient'>
export type RankedRow = PatientRow & { glass: string | null; rank: number }
export type RankKeys = [rank: number, id: string]

/** Likeness is told from 0 to this (likenessRank): who is called as it is written comes before all who are alike. */
export const MOST_ALIKE = 10_000

/**
 * So many are ranked, fifty pages: of a common name's bearers the newest. Among a million, “a” cost PostgreSQL 425 ms of processor
 * and a common given name 214 where all were; 25 and 27 of 2,000, of which the walk through the newest is most.
 */
const MOST_RANKED = 1_000

/** Names folded, and the same by their sound. */
type Names = readonly [string, string]

/** Whether the names hold all the words, as they are written or as they sound; of one or two letters as a beginning. */
export const isCalled = (eb: Patients, names: Names) =>
  eb.or([...new Set(names)].map((one) => eb.and(one.split(' ').map((word) => holds(eb, word)))))

// Two letters have a trigram at the beginning of a word only: '% co%' is served by the index, '%co%' reads the table.
const holds = (eb: Patients, word: string) =>
  word.length > 2
    ? eb('patient.search_key', 'like', containing(word))
    : eb.or([
        eb('patient.search_key', 'like', startingWith(word)),
        eb('patient.search_key', 'like', containing(` ${word}`)),
      ])

type Search = {
  conditions: Conditions
  changed: readonly string[]
  /** The keys of the last one of the page before. */
  after?: RankKeys | undefined
  limit: number
}

/** Those who are called so, the likest first. */
export const calledSo = (db: TenantDb, viewer: Viewer, names: Names, search: Search): Promise<RankedRow[]> =>
  likestOf(db, viewer, names, { ...search, among: (eb) => isCalled(eb, names), from: MOST_ALIKE + 1, newest: true })

/**
 * Those under a condition, the likest first. The likeness is counted once for each name, not for each of its bearers: among
 * 200,000 patients 6,700 are called Coulibaly, with forty different names (132 ms of processor, 31 so); 1,390 are like
 * Fatoumata Ngodabo, with 421 names.
 * @param from rank of the least like
 * @param newest of more than MOST_RANKED the newest; else any, which alone spares looking at each of the like-named
 */
export const likestOf = (
  db: TenantDb,
  viewer: Viewer,
  names: Names,
  {
    conditions,
    changed,
    after,
    limit,
    among,
    from,
    newest,
  }: Search & { among: (eb: Patients) => ReturnType<typeof isCalled>; from: number; newest: boolean },
): Promise<RankedRow[]> =>
  db
    .with('found', (one) =>
      one
        .selectFrom('patient')
        .select(['patient.id', 'patient.search_key'])
        .where((eb) => isVisible(eb, viewer))
        .where((eb) => eb.and([...matching(eb, conditions, changed), among(eb)]))
        // From the index of the newest, or from that of the names where they are few: PostgreSQL's to choose.
        .$if(newest, (query) => query.orderBy('created_at', 'desc').orderBy('id', 'desc'))
        .limit(MOST_RANKED),
    )
    // PostgreSQL would put the likeness back into the join, for each bearer.
    .with(
      (named) => named('ranked').materialized(),
      (one) =>
        one
          .selectFrom(one.selectFrom('found').select('found.search_key').distinct().as('name'))
          .select((eb) => [
            'name.search_key',
            eb(likenessRank(names, eb.ref('name.search_key')), '+', eb.lit(from)).as('rank'),
          ]),
    )
    // What metrics call it by.
    .with('patient_search', (one) =>
      one
        .selectFrom('found')
        .innerJoin('ranked', 'ranked.search_key', 'found.search_key')
        .select(['found.id', 'ranked.rank'])
        .$if(after !== undefined, (query) =>
          query.where((eb) =>
            eb.or([
              eb('ranked.rank', '<', after![0]),
              eb.and([eb('ranked.rank', '=', after![0]), eb('found.id', '<', after![1])]),
            ]),
          ),
        )
        .orderBy('ranked.rank', 'desc')
        .orderBy('found.id', 'desc')
        .limit(limit),
    )
    .selectFrom('patient_search')
    .innerJoin('patient', 'patient.id', 'patient_search.id')
    .select(patientColumns)
    .select((eb) => ['patient_search.rank', throughGlass(eb as unknown as Patients, viewer).as('glass')])
    .orderBy('patient_search.rank', 'desc')
    .orderBy('patient_search.id', 'desc')
    .execute()
