import {
  containing,
  likenessRank,
  startingWith,
  type ExpressionBuilder,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import { allOf, newestOf } from './found.ts'
import { matching } from './page-query.ts'
import type { Conditions } from './page-statement.ts'
import { patientColumns, type PatientRow } from './record.ts'
import { throughGlass, type Viewer } from './visibility.ts'

type Patients = ExpressionBuilder<TenantTables, 'patient'>
export type RankedRow = PatientRow & { glass: string | null; rank: number }
export type RankKeys = [rank: number, id: string]

/** Likeness is told from 0 to this (likenessRank). */
export const MOST_ALIKE = 10_000

/**
 * So many are ranked, fifty pages: of a common name's bearers the newest. Among a million, “a” cost PostgreSQL 425 ms of processor
 * and a common given name 214 where all were; 25 and 27 of 2,000, of which the walk through the newest is most.
 */
const MOST_RANKED = 1_000

/** Of the like-named the likest can be anywhere: as a whole, as three names are asked for, 1,390 of 200,000 are like Fatoumata Ngodabo. */
const MOST_ALIKE_RANKED = 2_000

/** Names folded, and the same by their sound. */
type Names = readonly [string, string]

/** Whether the names hold all the words, as they are written or as they sound; of one or two letters as a beginning. */
export const isCalled = (eb: Patients, names: Names, holdsOne = holds) =>
  eb.or([...new Set(names)].map((one) => eb.and(one.split(' ').map((word) => holdsOne(eb, word)))))

/** The same, each of them whole: Ba is not lost among the newest of all who are called Bagayoko or Barry. */
export const isCalledWholly = (eb: Patients, names: Names) => isCalled(eb, names, isWord)

// Folded names have no wildcards. The trigram index knows where a word ends; most rows are spared the four by the one.
const isWord = (eb: Patients, word: string) =>
  eb.and([
    holds(eb, word),
    eb.or([`${word} %`, `% ${word} %`, `% ${word}`, word].map((one) => eb('patient.search_key', 'like', one))),
  ])

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
  /** Whatever number there is, for a file that shall be whole. */
  all: boolean
  among: (eb: Patients) => ReturnType<typeof isCalled>
  /** Rank of the least like. */
  from: number
  /** Of more than MOST_RANKED the newest; else any, which alone spares sorting the like-named. */
  newest: boolean
}

/**
 * Those under a condition, the likest first. The likeness is counted once for each name, not for each of its bearers: among
 * 200,000 patients 6,700 are called Coulibaly, with forty different names (132 ms of processor, 31 so); 1,390 are, as a whole,
 * like Fatoumata Ngodabo, with 421 names.
 */
export const likestOf = (
  db: TenantDb,
  viewer: Viewer,
  names: Names,
  { conditions, changed, after, limit, all, among, from, newest }: Search,
): Promise<RankedRow[]> =>
  db
    .with('found', (one) => {
      const asked = (eb: Patients) => eb.and([...matching(eb, conditions, changed), among(eb)])
      if (newest && !all) return newestOf(one, viewer, asked, MOST_RANKED)
      return allOf(one, viewer, asked).$if(!all, (query) => query.limit(MOST_ALIKE_RANKED))
    })
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
