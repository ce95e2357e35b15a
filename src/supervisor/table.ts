/** Columns of equal width, the first row being the titles, underlined. */
export function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]))))
  const line = (row: string[]) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell))).join('  ').trimEnd() // prettier-ignore
  const [titles = [], ...others] = rows
  return [line(titles), widths.map((width) => '─'.repeat(width)).join('  '), ...others.map(line)]
}

const lengthOf = (cell = ''): number => [...cell].length
