import { text, type Text } from '../../../shared/text.ts'
import { hasLetter, tidyName } from '../../patients/index.ts'
import { isEmpty, unguarded } from './cells.ts'
import type { Read } from './days.ts'
import type { Headings } from './headings.ts'
import type { Row } from './rows.ts'

/** Where the columns of a file stand. */
export type Columns = {
  /** As written, without the blank ones at the end. */
  headings: string[]
  /** Where each recognised column stands. */
  places: Partial<Record<string, number>>
  /** Ages without a unit are years: the heading says so. */
  ageInYears: boolean
  register: { headings: Headings }
}

/** What is said about a line of the file; the column is the file's own heading, null where the whole line is meant. */
export type Note = { line: number; column: string | null; message: Text }

const noLetter = text('Un nom contient au moins une lettre.', 'A name has at least one letter.')
const tooLong = (max: number): Text =>
  text(`Trop long : ${max} caractères au plus.`, `Too long: at most ${max} characters.`)

/** A row with other cells than the header has lost or gained a delimiter: which cell is which would be a guess. */
export function misfitOf({ cells }: Row, { headings }: Columns): Text | undefined {
  const filled = cells.findLastIndex((cell) => cell.trim() !== '') + 1
  const [has, needs] = [cells.length < headings.length ? cells.length : filled, headings.length]
  if (has < needs && cells.length < needs)
    return text(
      `${has} cellules au lieu de ${needs} : un séparateur manque.`,
      `${has} cells instead of ${needs}: a delimiter is missing.`,
    )
  if (filled > needs)
    return text(
      `${filled} cellules au lieu de ${needs} : un séparateur en trop, ou un texte à mettre entre guillemets.`,
      `${filled} cells instead of ${needs}: one delimiter too many, or a text that needs quotes.`,
    )
  return undefined
}

/** Reads the cells of one row by their columns, and keeps what is wrong with them. */
export class LineReader {
  readonly faults: Note[] = []
  readonly warnings: Note[] = []
  readonly row: Row
  readonly header: Columns

  constructor(row: Row, header: Columns) {
    this.row = row
    this.header = header
  }

  has = (column: string): boolean => this.header.places[column] !== undefined

  cell(column: string): string {
    const place = this.header.places[column]
    return place === undefined ? '' : unguarded(this.row.cells[place] ?? '').trim()
  }

  /** A note on a column, under the file's own heading. */
  note(column: string, message: Text): Note {
    return { line: this.row.line, column: headingIn(this.header, column), message }
  }

  refuse = (column: string, message: Text): void => void this.faults.push(this.note(column, message))
  warn = (column: string, message: Text): void => void this.warnings.push(this.note(column, message))

  take<T>(column: string, read: (cell: string) => Read<T>, missing: Text): T | undefined {
    const cell = this.cell(column)
    const { value, fault } = isEmpty(cell) ? { fault: missing, value: undefined } : read(cell)
    if (fault) this.refuse(column, fault)
    return value
  }

  /** What a cell says, or null where it says nothing: the entry that is there stays as it is. */
  said<T>(column: string, read: (cell: string) => Read<T>): T | null {
    const cell = this.cell(column)
    if (isEmpty(cell)) return null
    const { value, fault } = read(cell)
    if (fault) this.refuse(column, fault)
    return value ?? null
  }

  name(column: string, missing: Text): string | undefined {
    const name = this.line(column, 100)
    if (name === null) this.refuse(column, missing)
    else if (!hasLetter(name)) this.refuse(column, noLetter)
    return name ?? undefined
  }

  /** One line of text, or null. */
  line(column: string, max: number): string | null {
    const cell = tidyName(this.cell(column))
    if (isEmpty(cell)) return null
    if (cell.length > max) this.refuse(column, tooLong(max))
    return cell
  }

  paragraph(column: string, max: number): string | null {
    const cell = this.cell(column).normalize('NFC')
    if (isEmpty(cell)) return null
    if (cell.length > max) this.refuse(column, tooLong(max))
    return cell
  }
}

/** What a column is called in a file; as we write it where the file has none. */
export const headingIn = ({ places, headings, register }: Columns, column: string): string => {
  const place = places[column]
  return (place === undefined ? undefined : headings[place]) ?? register.headings[column]?.[0] ?? column
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** The identifier that a file which we exported has in this cell. */
export const uuidOf = (cell: string): string | null => (uuid.test(cell.toLowerCase()) ? cell.toLowerCase() : null)
