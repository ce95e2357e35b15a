/** Whom a table tells about. `technical`: nobody, or only by an identifier that stands for what another table tells. */
export type About = 'patients' | 'staff' | 'establishments' | 'technical'

export type Described = {
  readonly about: About
  /** What it is kept for. */
  readonly purpose: string
  /** What its columns tell, in a reader's words; several columns may tell one thing. */
  readonly data: Readonly<Record<string, string>>
  /** Columns that only join it to others, order or repeat it, besides those that do so everywhere. */
  readonly links?: readonly string[]
}

/** Several columns that tell one thing. */
export function all(label: string, ...columns: string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [column, label]))
}
