/** What an examination of the record can find; docs/operations.md says what each means. */
export const findingKinds = [
  'entry_altered',
  'entry_removed',
  'entry_inserted',
  'entries_unsealed',
  'seal_altered',
  'seal_missing',
  'seal_unsigned',
  'key_unknown',
  'anchor_mismatch',
  'chain_truncated',
  'chain_missing',
  'anchor_unreadable',
] as const

export type FindingKind = (typeof findingKinds)[number]

export type Finding = {
  kind: FindingKind
  /** Absent for a line of an anchor that names none. */
  chain?: string
  /** The number of the seal. */
  seal?: number
  /** The id of the entry, or of its first when there are several. */
  entry?: string
  /** How many entries or seals, where that is not one. */
  count?: number
  /** Of the oldest entry: when it was written. */
  since?: string
}

/** As many as a person can look into; the others are counted. */
const mostKept = 1_000

export class Findings {
  readonly kept: Finding[] = []
  total = 0

  add(finding: Finding): void {
    this.total++
    if (this.kept.length < mostKept) this.kept.push(finding)
  }
}
