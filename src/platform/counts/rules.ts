/** Below this, a figure of one place and time points at people (usual in health statistics; the design's rule). */
export const smallest = 5

export type Month = { consultations: number; newCases: number }
export type Cells = { patients: number | null; consultations: number | null; newCases: number | null; hidden: boolean }

/**
 * What may be shown of an establishment's figures. Cells under five are hidden. Months under five are left out of sums,
 * else two periods that differ by one month would give that month; and a month's new cases are left out of theirs where
 * its follow-ups, which are the difference, would be one to four. `hidden` says that something was left out.
 */
export function suppress(patients: number, months: readonly Month[]): Cells {
  const shown = months.filter(({ consultations }) => consultations >= smallest)
  const consultations = sum(shown.map((month) => month.consultations))
  const open = shown.filter(({ newCases, consultations: all }) => newCases >= smallest && !isSmall(all - newCases))
  const newCases = sum(open.map((month) => month.newCases))
  const cells = { patients: cell(patients), consultations: cell(consultations), newCases: cell(newCases) }
  const isComplete = open.length === months.length && Object.values(cells).every((value) => value !== null)
  return { ...cells, hidden: !isComplete }
}

const isSmall = (value: number): boolean => value > 0 && value < smallest
const cell = (value: number): number | null => (value < smallest ? null : value)
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0)

/** The whole months that contain the asked days: single days would tell what months hide. */
export function wholeMonths(
  from: string | undefined,
  to: string | undefined,
): { from: string | null; to: string | null } {
  return { from: from === undefined ? null : `${from.slice(0, 7)}-01`, to: to === undefined ? null : lastOfMonth(to) }
}

function lastOfMonth(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10)
}
