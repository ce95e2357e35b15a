/**
 * Jaro–Winkler likeness of two short strings, 0 (nothing in common) to 1 (equal). It forgives a letter written wrong,
 * left out or swapped, most of all after an equal beginning: how names vary between two registers.
 * Source: W. Winkler, "String Comparator Metrics and Enhanced Decision Rules", 1990 (prefix of 4, weight 0.1).
 */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1)
  const taken: boolean[] = []
  const fromA: string[] = []
  for (let i = 0; i < a.length; i++) {
    for (let j = Math.max(0, i - reach); j <= Math.min(b.length - 1, i + reach); j++) {
      if (taken[j] || a[i] !== b[j]) continue
      taken[j] = true
      fromA.push(b[j]!)
      break
    }
  }
  const matches = fromA.length
  if (matches === 0) return 0
  const fromB = b.split('').filter((_, j) => taken[j])
  const transpositions = fromA.filter((letter, i) => letter !== fromB[i]).length / 2
  const jaro = (matches / a.length + matches / b.length + (matches - transpositions) / matches) / 3
  let prefix = 0
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix++
  return jaro + prefix * 0.1 * (1 - jaro)
}
