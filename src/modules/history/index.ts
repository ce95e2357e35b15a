export {
  addVersion,
  addVersions,
  listVersions,
  listVersionsOf,
  versionRow,
  versionValues,
  type NewVersion,
  type Version,
  type VersionValues,
} from './queries.ts'
export { HistoryOf } from './schemas.ts'
