export { addVersion, addVersions, listVersions, type NewVersion } from './queries.ts'
export { HistoryOf } from './schemas.ts'
