import type { Finding, FindingKind } from '#tenancy'
import { text, type Text } from '../shared/text.ts'

/** A finding as a sentence: what it is, then where. */
export function sentenceOf(finding: Finding, names: Map<string, string>): Text {
  const { kind, chain, seal, entry, count, since } = finding
  const slug = chain === undefined ? undefined : (names.get(chain) ?? chain)
  const places: [fr: string, en: string][] = [
    ...(slug === undefined ? [] : [[`chaîne ${slug}`, `chain ${slug}`] as [string, string]]),
    ...(seal === undefined ? [] : [[`sceau ${seal}`, `seal ${seal}`] as [string, string]]),
    ...(entry === undefined ? [] : [[`entrée ${entry}`, `entry ${entry}`] as [string, string]]),
    ...(count === undefined ? [] : [[`nombre : ${count}`, `count: ${count}`] as [string, string]]),
    ...(since === undefined ? [] : [[`depuis ${since}`, `since ${since}`] as [string, string]]),
  ]
  const { fr, en } = kinds[kind]
  return text(
    `${fr} (${places.map(([part]) => part).join(', ')})`,
    `${en} (${places.map(([, part]) => part).join(', ')})`,
  )
}

const kinds: Record<FindingKind, Text> = {
  entry_altered: text('Entrée modifiée après son scellement', 'Entry changed after it was sealed'),
  entry_removed: text('Entrée scellée qui manque', 'Sealed entry that is missing'),
  entry_inserted: text('Entrée ajoutée dans une période déjà scellée', 'Entry added to a period that was sealed'),
  entries_unsealed: text('Entrées sans sceau depuis plus de 30 secondes', 'Entries without a seal for over 30 seconds'),
  seal_altered: text('Sceau modifié', 'Seal changed'),
  seal_missing: text('Sceau qui manque', 'Seal that is missing'),
  seal_unsigned: text(
    'Sceau dont la signature n’est pas celle de cette installation',
    'Seal whose signature is not this installation’s',
  ),
  key_unknown: text(
    'Sceaux signés par une clé inconnue, à partir de',
    'Seals signed by an unknown key, beginning with',
  ),
  anchor_mismatch: text(
    'Sceau différent de celui dont la tête a été gardée hors de la base',
    'Seal other than the one whose head was kept outside the database',
  ),
  chain_truncated: text(
    'Fin de chaîne disparue : une tête gardée hors de la base va plus loin',
    'End of a chain gone: a head kept outside the database goes further',
  ),
  chain_missing: text(
    'Chaîne disparue : une tête en a été gardée hors de la base',
    'Chain gone: a head of it was kept outside the database',
  ),
  anchor_unreadable: text(
    'Têtes gardées hors de la base illisibles ou contrefaites',
    'Heads kept outside the database that cannot be read or are forged',
  ),
}
