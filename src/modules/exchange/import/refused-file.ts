import type { Tenant } from '#tenancy'
import { say, type Language } from '../../../shared/text.ts'
import { csvLines, UTF8_MARK } from '../../../shared/csv.ts'
import { headingOf } from '../reading/headings.ts'
import { listRefused, type Run } from './queries.ts'

const PAGE = 1_000

/**
 * The refused lines as they were, with one more column that says why: to be corrected in a spreadsheet and imported
 * again, that column being ignored then.
 */
export async function* refusedFile(read: Tenant['read'], run: Run, language: Language): AsyncGenerator<string> {
  const width = run.header.length
  const reason = headingOf('ignored')
  const at = run.header.indexOf(reason)
  const headings = at === -1 ? [...run.header, reason] : run.header
  yield UTF8_MARK + csvLines([headings])
  for (let after = 0; ;) {
    const from = after
    const page = await read((db) => listRefused(db, run.id, from, PAGE))
    const rows = page.map(({ cells, message }) => {
      const row = Array.from({ length: Math.max(width, lastFilled(cells)) }, (_, i) => cells[i] ?? '')
      row[at === -1 ? row.length : at] = say(message, language)
      return row
    })
    if (rows.length > 0) yield csvLines(rows)
    if (page.length < PAGE) return
    after = page.at(-1)!.line
  }
}

const lastFilled = (cells: readonly string[]): number => cells.findLastIndex((cell) => cell.trim() !== '') + 1
