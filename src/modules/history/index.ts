export { addVersion, addVersions, listVersions, listVersionsOf, type NewVersion, type Version } from './queries.ts'
export { HistoryOf } from './schemas.ts'
