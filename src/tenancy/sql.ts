import { sql, type Expression, type RawBuilder, type Selectable } from 'kysely'
import type { TenantTables } from './tables.ts'

// The few expressions that queries need beyond the builder. Values are always bound, never written into the text.

/** 0..1: how much of `needle` stands, spelling tolerated, somewhere in `haystack` (pg_trgm word similarity). */
export const likeness = (needle: string, haystack: Expression<string>): RawBuilder<number> =>
  sql<number>`sis_ext.word_similarity(${needle}::text, ${haystack})`

/**
 * 0..10000, whole so that a keyset cursor on it is exact: by three quarters the mean of the needles' word similarities
 * (a name as written and as it sounds), by one how much the first resembles the whole ("Awa Diarra" before "Awa Bintou Diarra").
 */
export const likenessRank = (
  needles: readonly [string, ...string[]],
  haystack: Expression<string>,
): RawBuilder<number> => {
  const each = [...new Set(needles)].map((needle) => likeness(needle, haystack))
  return sql<number>`(7500 * (${sql.join(each, sql` + `)}) / ${each.length}::integer + 2500 * ${similarity(haystack, needles[0])})::integer`
}

/**
 * Whether word similarity passes the threshold of pg_trgm (0.6 unless set); the trigram index serves it. Written as the index
 * has it: turned around, PostgreSQL looked at each candidate twice.
 */
export const isLike = (needle: string, haystack: Expression<string>): RawBuilder<boolean> =>
  sql<boolean>`${haystack} operator(sis_ext.%>) ${needle}::text`

/**
 * Whether it is the id of a patient who has names like one of these spellings, in each of their words (sis_ref.named_alike).
 * @param spellings folded, of a–z and digits, several words
 */
export const isNamedAlike = (id: Expression<string>, spellings: readonly string[]): RawBuilder<boolean> =>
  isInList(id, sql`select sis_ref.named_alike(${spellings}::text[])`)

/** 0..1: similarity of the two whole strings. */
export const similarity = (left: Expression<string>, right: string): RawBuilder<number> =>
  sql<number>`sis_ext.similarity(${left}, ${right}::text)`

/** A LIKE pattern for "contains", with the wildcards of the searched text taken literally. */
export const containing = (part: string): string => `%${part.replace(/[\\%_]/g, '\\$&')}%`

/** A LIKE pattern for "starts with", with the wildcards of the searched text taken literally. */
export const startingWith = (part: string): string => `${part.replace(/[\\%_]/g, '\\$&')}%`

/** Whether a uuid is one of these: one value however many, where an IN list would be as many parameters. */
export const isOneOf = (column: Expression<string>, ids: readonly string[]): RawBuilder<boolean> =>
  sql<boolean>`${column} = any(${ids}::uuid[])`

/** The same for a text. */
export const isOneOfTexts = (column: Expression<string>, texts: readonly string[]): RawBuilder<boolean> =>
  sql<boolean>`${column} = any(${texts}::text[])`

/**
 * Whether a value is in this list, which is read once for the whole statement and only when it is needed. PostgreSQL counts
 * the cost of an IN list once for each row that is looked up, and then reads whole tables instead of twenty rows.
 */
export const isInList = (column: Expression<string>, list: Expression<unknown>): RawBuilder<boolean> =>
  sql<boolean>`${column} = any(array(${list}))`

/** One object of all rows; null of none. */
export const jsonObjectOf = (key: Expression<string>, text: Expression<string>) =>
  sql<Record<string, string> | null>`json_object_agg(${key}, ${text})`

/** jsonb containment of what this JSON text says, served by a GIN index with jsonb_path_ops. */
export const jsonContainsText = (column: Expression<unknown>, json: string): RawBuilder<boolean> =>
  sql<boolean>`${column} @> ${json}::jsonb`

/** One array of all rows of a query with one column; empty of none. */
export const arrayOf = (list: Expression<unknown>): RawBuilder<string[]> => sql<string[]>`array(${list})`

/** Whether two lists of texts have one in common. */
export const overlaps = (column: Expression<unknown>, texts: readonly string[]): RawBuilder<boolean> =>
  sql<boolean>`${column} && ${texts}::text[]`

/** The identifier of a feed's numbered entry: 24 characters of the feed's, 12 hexadecimal digits of the number. */
export const feedId = (mark: Expression<string>, number: Expression<number>): RawBuilder<string> =>
  sql<string>`(${mark} || lpad(to_hex(${number}), 12, '0'))::uuid`

/** A value for a jsonb column. */
export const asJson = <T>(value: T): RawBuilder<T> => sql<T>`${JSON.stringify(value)}::jsonb`

/** The same for one that is text already. */
export const jsonText = (text: string): RawBuilder<unknown> => sql`${text}::jsonb`

/** What stands under `key` in the first object of a jsonb list, as text; null where there is none. */
export const inFirst = (list: Expression<unknown>, key: string): RawBuilder<string | null> =>
  sql<string | null>`${list} -> 0 ->> ${sql.lit(key)}`

/** The day of an instant, in UTC whatever the session's time zone; null of null. */
export const utcDay = (instant: Expression<string | null>): RawBuilder<string | null> =>
  sql<string | null>`(${instant} at time zone 'UTC')::date`

/** How many days from the day `since` (counted) to the day `until` (not counted; null: it goes on) lie from `from` on and before `after`. */
export const daysWithin = (
  since: Expression<string | null>,
  until: Expression<string | null>,
  from: string,
  after: string,
): RawBuilder<number> =>
  // LEAST passes over a null.
  sql<number>`greatest(least(${until}, ${after}::date) - greatest(${since}, ${from}::date), 0)`

/**
 * Some pages of a table, the same ones each time: enough to see how common something is in it. Of its first pages the seed takes
 * 1, 8, 46, 171, 431: a small table has one too.
 */
export const sampled = <T extends keyof TenantTables>(table: T) =>
  sql<
    Selectable<TenantTables[T]>
  >`(select * from ${sql.table(table)} tablesample system (${sql.lit(100 * SAMPLED)}) repeatable (1310))`.as<T>(table)
/** The share of its pages. */
export const SAMPLED = 0.005

/** Row comparison for keyset paging, newest first: (a, b) < (x, y), served by an index on (a desc, b desc). */
export const isBefore = (
  columns: [Expression<unknown>, Expression<unknown>],
  keys: [string, string],
  types: [KeyType, KeyType],
): RawBuilder<boolean> =>
  sql<boolean>`(${columns[0]}, ${columns[1]}) < (${keys[0]}::text::${sql.raw(keyTypes[types[0]])}, ${keys[1]}::text::${sql.raw(keyTypes[types[1]])})`

const keyTypes = { date: 'date', timestamp: 'timestamptz', uuid: 'uuid', text: 'text' } as const
export type KeyType = keyof typeof keyTypes
