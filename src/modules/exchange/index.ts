import {
  listWith,
  registerWith,
  type Created,
  type Entry,
  type ListLine,
  type ListOf,
  type ListSpec,
  type RegisterOf,
  type RegisterSpec,
} from './declaration.ts'
import { listIgnored, sharedHeadings } from './reading/headings.ts'

// What a module uses to declare its register.
export type {
  AnyRegister,
  Created,
  Entry,
  ExportOf,
  Judged,
  ListLine,
  Planned,
  RegisterOf,
  SheetColumn,
  Told,
  Written,
} from './declaration.ts'
export { PAGE as EXPORT_PAGE, walkList, withContacts, type Contact } from './export/queries.ts'
export { column, patientColumns } from './export/sheets.ts'
export { nameOf } from './import/duplicates.ts'
export {
  codesOf,
  entryIn,
  knownCodes,
  listed,
  namedServices,
  storeListed,
  tooManyNew,
  type Listed,
  type NamedServices,
} from './import/references.ts'
export { waitAtGate } from './import/queries.ts'
export { isEmpty, readCodes } from './reading/cells.ts'
export { fault, readAnyDay, readDay, readVisitDay, type Read } from './reading/days.ts'
export { headingIn, uuidOf, type LineReader, type Note } from './reading/line.ts'
export { readPerson } from './reading/person.ts'
export { headingOf as sharedHeading, sharedHeadings, type Headings } from './reading/headings.ts'
export { vocabulary, yesNo, type Vocabulary } from './reading/words.ts'

/** Declares a register of a module. */
export const declareRegister = <E extends Entry, K extends { created: Created[] }, P, T>(
  spec: RegisterSpec<E, K, P, T>,
): RegisterOf<E, K, P, T> => registerWith(sharedHeadings, spec)

/** Declares a list of a module. */
export const declareList = <L extends ListLine, K, T>(spec: ListSpec<L, K, T>): ListOf<L, K, T> =>
  listWith(listIgnored, spec)

export { exchange, registersOf } from './module.ts'

// What the command line uses of imports and exports.
export { walkPatients } from './export/queries.ts'
export { patientSheet } from './export/sheets.ts'
export { writeSheet, type Format } from './export/write.ts'
export { DRY_RUN_KEPT_DAYS, getRun, listRefused } from './import/queries.ts'
export { refusedFile } from './import/refused-file.ts'
export { MAX_BYTES, readRegister } from './import/register.ts'
export { MAX_LISTED, toReport, type ImportReport } from './import/report.ts'
export { shownTo } from './import/shown.ts'
export { storeRegister } from './import/store.ts'

// What other files that leave while they are made need.
export { exportRoute, patiently } from './export/routes.ts'
export { drained, hashing, streamFrom, type Streamed } from './export/stream.ts'
