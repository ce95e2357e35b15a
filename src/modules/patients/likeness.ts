import { containing, isLike, isNamedAlike, startingWith, type ExpressionBuilder, type TenantTables } from '#tenancy'

// pg_trgm makes trigrams of the letters of the database's own character type, where it is C of a–z only: names in Arabic or
// N'Ko have none, and are looked for as they are written.
const hasOthers = (names: string): boolean => /[^\x20-\x7e]/.test(names)

/**
 * Whether a file's names are like one of these spellings; of a given and a family name, each like one of its own. Asked of the two
 * as a whole, Kadiatou Wasa leads through all Kadiatous (200 searches among 200,000, PostgreSQL's processor at the 95th: 56 ms, so
 * 36). Of three words one may be missing in the file.
 * @param spellings as for isNamed
 */
export const isNamedAs = (eb: ExpressionBuilder<TenantTables, 'patient'>, spellings: readonly string[]) =>
  spellings.every((names) => /^\S+ \S+$/.test(names) && /\S\S/.test(names) && !hasOthers(names))
    ? isNamedAlike(eb.ref('patient.id'), spellings)
    : eb.or(spellings.map((names) => isNamed(eb, names)))

/**
 * Whether a file's names are like these. @param names folded, or the key of their sound (rules/names.ts); not empty
 */
export function isNamed(eb: ExpressionBuilder<TenantTables, 'patient'>, names: string) {
  const key = eb.ref('search_key')
  // One letter has too few trigrams to pass the threshold: whoever has a name beginning with it.
  if (names.length === 1) return eb.or([eb(key, 'like', startingWith(names)), eb(key, 'like', containing(` ${names}`))])
  if (hasOthers(names)) return eb.and(names.split(' ').map((word) => eb(key, 'like', containing(word))))
  return isLike(names, key)
}
