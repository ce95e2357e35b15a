import { foldText } from '../../patients/index.ts'
import { fault, type Read } from './days.ts'

/** How a list writes each of some values, and reads them back. */
export type Vocabulary<V extends string> = { read(written: string): Read<V>; write: Readonly<Record<V, string>> }

/**
 * The words of a column, compared without capitals and accents.
 * @param words of each value; the first is the one that we write ourselves
 */
export function vocabulary<V extends string>(words: Record<V, readonly [string, ...string[]]>): Vocabulary<V> {
  const entries = Object.entries(words) as [V, readonly [string, ...string[]]][]
  const byWord = new Map(entries.flatMap(([value, names]) => names.map((name) => [foldText(name), value] as const)))
  const ours = entries.map(([, [first]]) => first)
  return {
    read(written) {
      const value = byWord.get(foldText(written))
      return value === undefined
        ? fault(`Mot inconnu : ${ours.join(', ')}.`, `Unknown word; one of: ${ours.join(', ')}.`)
        : { value }
    },
    write: Object.fromEntries(entries.map(([value, [first]]) => [value, first])) as Record<V, string>,
  }
}

export const yesNo = vocabulary({
  oui: ['Oui', 'O', 'Vrai', 'Yes', 'X', '1', 'Ouvert', 'Ouverte', 'Actif', 'Active'],
  non: ['Non', 'N', 'Faux', 'No', '0', 'Fermé', 'Fermée', 'Inactif', 'Inactive'],
})
