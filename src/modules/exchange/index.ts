export { exchange } from './module.ts'

// What the command line uses of imports and exports.
export { walkPatients, walkVisited } from './export/queries.ts'
export { consultationSheet, patientSheet, type SheetColumn } from './export/sheets.ts'
export { writeSheet, type Format } from './export/write.ts'
export { DRY_RUN_KEPT_DAYS, getRun, listRefused } from './import/queries.ts'
export { refusedFile } from './import/refused-file.ts'
export { MAX_BYTES, readRegister } from './import/register.ts'
export { MAX_LISTED, toReport, type ImportReport } from './import/report.ts'
export { shownTo } from './import/shown.ts'
export { storeRegister } from './import/store.ts'

// What other files that leave while they are made need.
export { patiently } from './export/routes.ts'
export { drained, hashing, streamFrom, type Streamed } from './export/stream.ts'
