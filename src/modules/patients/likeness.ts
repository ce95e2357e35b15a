import { containing, isLike, startingWith, type ExpressionBuilder, type TenantTables } from '#tenancy'

/**
 * Whether a file's names are like these. @param names folded, or the key of their sound (rules/names.ts); not empty
 */
export function isNamed(eb: ExpressionBuilder<TenantTables, 'patient'>, names: string) {
  const key = eb.ref('search_key')
  // One letter has too few trigrams to pass the threshold: whoever has a name beginning with it.
  if (names.length === 1) return eb.or([eb(key, 'like', startingWith(names)), eb(key, 'like', containing(` ${names}`))])
  // pg_trgm makes trigrams of the letters of the database's own character type, where it is C of a–z only: names in
  // Arabic or N'Ko have none, and are looked for as they are written.
  if (/[^\x20-\x7e]/.test(names)) return eb.and(names.split(' ').map((word) => eb(key, 'like', containing(word))))
  return isLike(names, key)
}
