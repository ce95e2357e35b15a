import type { Establishment, Tenant, TenantDb } from '#tenancy'
import type { TObject } from 'typebox'
import type { Right } from '../../platform/auth/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import type { Cell } from '../../shared/csv.ts'
import type { Language, Text } from '../../shared/text.ts'
import { foldText, type Birth, type NewPatient, type Viewer } from '../patients/index.ts'
import type { Headings } from './reading/headings.ts'
import type { LineReader, Note } from './reading/line.ts'

/** A line of a file that could be read. */
export type ReadLine = { line: number; cells: string[] }

/** What a line of any register says, as it was understood. */
export type Entry = ReadLine & {
  /** The register's own number. */
  number: string | null
  /** Of a record that this system exported. */
  exportedId: string | null
  /** The day on which it took place or began, YYYY-MM-DD. */
  date: string
  /** null where the number of the file alone says who it is. */
  person: NewPatient | null
  fileNumber: { year: number; number: number } | null
  /** CIM-10 codes as written. */
  codes: string[]
  service: string | null
}

/** An entry of one of the establishment's lists that it has not; `id` stands for it until it is stored. */
export type Created = {
  list: 'services' | 'specialties' | 'beds'
  name: string
  id: string
  /** Of a bed: its service, and the day since which it is said to be there. */
  serviceId?: string
  since?: string
}

/** A line judged: what is to be stored of it, or why not. */
export type Judged<P> = { record: P; warnings: Note[]; faults?: undefined } | { record?: undefined; faults: Note[] }

export type Planned<P> = { id: string; patientId: string; record: P }

/** A column of an exported file: its heading, its width in a workbook, what a record has there. */
export type SheetColumn<T> = { heading: string; width: number; cell(record: T): Cell }

/** The way back: a filtered list as a file with the headings of the register, at `GET /<name>/export`. */
export type ExportOf<T> = {
  right: Right
  operationId: string
  summary: string
  filters: TObject
  sheet: string
  columns: readonly SheetColumn<T>[]
  /** All records of the filters that `viewer` may see, in pages; each page in transactions of its own. */
  walk(read: Tenant['read'], viewer: Viewer, filters: object, language: Language): AsyncIterable<T[]>
  /** Whose file a record opens; absent: nobody's. */
  patientOf?(record: T): string
}

/** What the imports and exports know of any file that an establishment keeps. */
type Declared<T> = {
  /** Whose it is: it can be switched off with it. */
  module: string
  /** In addresses, in the names of files and in the counts of a report. */
  name: string
  /** What it is called: « un registre de consultations ». */
  title: Text
  /** Who imports it, and reads the reports of its imports. */
  importRight: Right
  /** What one of its records is called in the record of accesses. */
  table: string
  headings: Headings
  /** Headings that are read only where the register was named by who sends the file. */
  whenNamed?: Headings
  /** One of each of these columns must be there. */
  needed: readonly (readonly string[])[]
  /** Columns that tell which register a file is, under a heading that no other register has. */
  telling: readonly string[]
  export: ExportOf<T>
}

/** Which column a heading is, compared without capitals, accents and punctuation. */
type Headed = { columnOf(heading: string, named: boolean): string | undefined }

/**
 * A register that an establishment keeps of its patients, as its module declares it: one line an event.
 * @typeParam E what a line says
 * @typeParam K what the establishment has by which lines are judged
 * @typeParam P what is stored of a line
 */
export type RegisterSpec<
  E extends Entry = Entry,
  K extends { created: Created[] } = { created: Created[] },
  P = unknown,
  T = unknown,
> = Declared<T> & {
  /** Its records' table and resource; `import_line` has a column `<table>_id`. */
  table: 'consultation' | 'stay'
  /** What is said where the same line was imported with another content. */
  alreadyOtherwise: Text
  /** A row understood, or nothing where the reader was told a fault. @param today YYYY-MM-DD */
  read(reader: LineReader, today: string): E | undefined
  /** All that a line says, and what makes it the same event whatever else it says; null where that is not known. */
  says(entry: E): { content: readonly unknown[]; event: readonly unknown[] | null }
  known(db: TenantDb, asked: { viewer: Viewer; establishment: Establishment }, entries: readonly E[]): Promise<K>
  judge(entry: E, person: { birth: Birth }, known: K, today: string): Judged<P>
  /**
   * Once it is known who it is: why it cannot be stored all the same.
   * @param closed all that is said where the file is not open to the sender; what refuses anybody's line is said before it
   */
  place?(planned: Planned<P>, entry: E, known: K, closed?: Note): Note | undefined
  /** Errors of `store` that say that something changed since the lines were judged: they are judged again. */
  outdatedBy?: readonly string[]
  storeCreated(db: TenantDb, actor: Actor, created: readonly Created[]): Promise<Map<string, string>>
  /** @param ids what the created entries are called now, by what stood for them */
  store(db: TenantDb, actor: Actor, planned: readonly Planned<P>[], ids: ReadonlyMap<string, string>): Promise<void>
}

/** A register, declared. Its spec has methods, not functions: one of its own kinds of lines is one of any. */
export type RegisterOf<
  E extends Entry = Entry,
  K extends { created: Created[] } = { created: Created[] },
  P = unknown,
  T = unknown,
> = RegisterSpec<E, K, P, T> & Headed & { kind: 'patients' }

/** A line of a list; what no cell says is null, and changes nothing of what is there. */
export type ListLine = ReadLine & {
  /** Two lines with the same key are about the same entry: its code or name, without capitals and accents. */
  key: string
  says: object
}

/** What became of a line: a new entry, one that is there and changed, or nothing to do. */
export type Written = 'new' | 'changed' | 'same'

/**
 * A list that an establishment keeps, as its module declares it: one line an entry, which is found by its key. The columns
 * are called as the fields of the API, so that its refusals name them.
 * @typeParam K what the establishment has, by key
 */
export type ListSpec<L extends ListLine = ListLine, K = unknown, T = unknown> = Declared<T> & {
  /** A row understood, or nothing where the reader was told a fault. @param today YYYY-MM-DD */
  read(reader: LineReader, today: string): L | undefined
  /** The entries of these lines, locked until the end of the transaction, and what they refer to. */
  known(db: TenantDb, lines: readonly L[]): Promise<K>
  /**
   * Writes what a line says, by the rules of the API. A refusal is thrown before anything is written: the lines around it
   * stay.
   */
  write(db: TenantDb, actor: Actor, line: L, known: K, told: Told): Promise<Written>
  /** Called when all lines are written: what is notified of them together. */
  notify?(db: TenantDb, known: K): Promise<void>
  /** Errors of `write` that say that somebody else added the same meanwhile: the file is begun again. */
  outdatedBy: readonly string[]
}

/** What is told of a list's lines besides what is refused. */
export type Told = {
  created: Created[]
  warn(column: string, message: Text): void
}

export type ListOf<L extends ListLine = ListLine, K = unknown, T = unknown> = ListSpec<L, K, T> &
  Headed & { kind: 'list' }

export type AnyRegister = RegisterOf | ListOf

/** Declares a register. @param shared columns of every register */
export const registerWith = <E extends Entry, K extends { created: Created[] }, P, T>(
  shared: Headings,
  spec: RegisterSpec<E, K, P, T>,
): RegisterOf<E, K, P, T> => ({ ...spec, kind: 'patients', ...headed({ ...shared, ...spec.headings }, spec.whenNamed) })

/** Declares a list. @param ignored headings that nobody reads */
export const listWith = <L extends ListLine, K, T>(
  ignored: readonly string[],
  spec: ListSpec<L, K, T>,
): ListOf<L, K, T> => ({
  ...spec,
  kind: 'list',
  ...headed({ ...spec.headings, ignored: [...ignored, ...(spec.headings['ignored'] ?? [])] }, spec.whenNamed),
})

function headed(headings: Headings, whenNamed: Headings = {}): Headed & { headings: Headings } {
  const [usual, named] = [indexOf(headings), indexOf(whenNamed)]
  return {
    headings,
    columnOf: (heading, isNamed) => {
      const key = foldText(heading)
      return usual.get(key) ?? (isNamed ? named.get(key) : undefined)
    },
  }
}

const indexOf = (headings: Headings): Map<string, string> =>
  new Map(Object.entries(headings).flatMap(([column, names]) => names.map((name) => [foldText(name), column] as const)))
