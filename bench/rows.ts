import type { Contest } from './measure/contest.ts'

/** What is to be reached; names as `--rows` takes them. Sources: the project's own goals (bench/README.md). */
export type Goal = {
  row: string
  what: string
  /** What the figure is held against. */
  against?: string
  atLeast?: number
  aim?: number
  /** Whether more is better. */
  more: boolean
  unit: string
}

/** One line of the table. */
export type Line = Goal & {
  value: number
  /** The figure itself where the value is a ratio, and the other one: `3,140/s`, `392/s`. */
  figure: string
  comparison: string
}

export type Measured = { lines: Line[]; detail: Record<string, unknown> | Contest }

/** How a line stands: against the least that is asked and against the aim; without either it only informs. */
export function standing({ value, atLeast, aim, more }: Pick<Line, 'value' | 'atLeast' | 'aim' | 'more'>): string {
  if (atLeast === undefined) return '–'
  const reaches = (mark: number): boolean => (more ? value >= mark : value <= mark)
  if (!reaches(atLeast)) return 'no'
  return aim !== undefined && reaches(aim) ? 'aim' : 'yes'
}

const thousands = (value: number): string => value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ',')

/** A figure as people read it: three digits that count. */
export function shown(value: number, unit: string): string {
  const digits = value >= 100 ? thousands(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
  return unit === '×' ? `${digits} ×` : unit === '/s' ? `${digits}/s` : `${digits} ${unit}`
}

const bound = (value: number | undefined, { more, unit }: Goal): string =>
  value === undefined ? '–' : `${more ? '≥' : '≤'} ${value >= 1_000 ? thousands(value) : value} ${unit}`.trim()

/** The table of a run, in Markdown. */
export function table(lines: readonly Line[]): string {
  const head = ['what', 'figure', 'beside', 'ratio or value', 'at least', 'aim', 'met']
  const cells = lines.map((line) => [
    line.what,
    line.figure,
    line.comparison,
    shown(line.value, line.unit),
    bound(line.atLeast, line),
    bound(line.aim, line),
    standing(line),
  ])
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)))
  const line = (row: string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...cells.map(line)].join('\n')
}
