import { stringify } from 'csv-stringify/sync'
import { guarded } from './csv-guard.ts'

/** Tells a spreadsheet that the file is UTF-8 (a French Excel takes it for Windows-1252 without). */
export const UTF8_MARK = '\ufeff'

export type Cell = string | number | Day | null | undefined
/** A day, YYYY-MM-DD. */
export type Day = { day: string }

/** Lines as a French spreadsheet opens them: semicolons, CRLF, dd/mm/yyyy, decimal comma, formulas defused. */
export const csvLines = (rows: readonly (readonly Cell[])[]): string =>
  stringify(
    rows.map((cells) => cells.map(frenchCell)),
    { delimiter: ';', record_delimiter: '\r\n', quoted_match: /[\r\n\t]|^\s|\s$/ },
  )

function frenchCell(cell: Cell): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell === 'number') return String(cell).replace('.', ',')
  if (typeof cell === 'object') return frenchDay(cell.day)
  return guarded(cell)
}

/** 2026-07-01 → 01/07/2026. Also of a month (07/2026) or a year. */
export const frenchDay = (day: string): string => day.split('-').reverse().join('/')
