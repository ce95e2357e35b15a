import type { Writable } from 'node:stream'
import { csvLines, UTF8_MARK, type Cell } from '../../../shared/csv.ts'
import type { SheetColumn } from '../declaration.ts'
import { drained, writeTo } from './stream.ts'

export type Format = 'csv' | 'xlsx'
export const mediaTypes: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
}

export type Sheet<T> = { name: string; columns: readonly SheetColumn<T>[] }

export type Hooks = {
  /** Called when the first records are there. */
  begin?: () => void
  /** Told after each page how many records are written. */
  written?: (records: number) => void
}

/** Writes pages of records as one file; at most a page and the receiver's buffer are in memory. */
export async function writeSheet<T>(
  format: Format,
  sheet: Sheet<T>,
  pages: AsyncIterable<readonly T[]>,
  out: Writable,
  hooks: Hooks = {},
): Promise<void> {
  await (format === 'csv' ? writeCsv : writeWorkbook)(sheet, pages, out, hooks)
}

const cellsOf = <T>(columns: readonly SheetColumn<T>[], record: T): Cell[] => columns.map(({ cell }) => cell(record))

async function writeCsv<T>(
  { columns }: Sheet<T>,
  pages: AsyncIterable<readonly T[]>,
  out: Writable,
  { begin, written }: Hooks,
): Promise<void> {
  await writeTo(out, UTF8_MARK + csvLines([columns.map(({ heading }) => heading)]))
  let records = 0
  for await (const page of pages) {
    begin?.()
    await writeTo(out, csvLines(page.map((record) => cellsOf(columns, record))))
    records += page.length
    written?.(records)
  }
}

async function writeWorkbook<T>(
  { name, columns }: Sheet<T>,
  pages: AsyncIterable<readonly T[]>,
  out: Writable,
  { begin, written }: Hooks,
): Promise<void> {
  // Loaded when a workbook is asked for: it is a third of the program's start.
  const { default: ExcelJS } = await import('exceljs')
  // Shared strings would hold every text of the file in memory until its end.
  const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({ stream: out, useSharedStrings: false, useStyles: true })
  const worksheet = workbook.addWorksheet(name, { views: [{ state: 'frozen', ySplit: 1 }] })
  worksheet.columns = columns.map(({ heading, width }) => ({ header: heading, width }))
  worksheet.getRow(1).font = { bold: true }
  worksheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: 1, column: columns.length } }
  let records = 0
  for await (const page of pages) {
    begin?.()
    for (const record of page) {
      const row = worksheet.addRow(cellsOf(columns, record).map(valueOf))
      row.eachCell((cell) => {
        if (cell.value instanceof Date) cell.numFmt = 'dd/mm/yyyy'
      })
      row.commit()
    }
    await drained(out)
    records += page.length
    written?.(records)
  }
  worksheet.commit()
  await workbook.commit()
}

// A text stays a text in a workbook, whatever it begins with: no formula to defuse.
const valueOf = (cell: Cell): string | number | Date | null =>
  cell === null || cell === undefined ? null : typeof cell === 'object' ? new Date(`${cell.day}T00:00:00Z`) : cell
