// All of an installation out of the database and into an empty one: the side of it that speaks SQL.
export { checkPlan, wholeOf, type Whole } from './owner.ts'
export type { Closed } from './finish.ts'
export { platformPlace } from './types.ts'
export type {
  ArrivingPart,
  BackupRun,
  RunKind,
  SealedSigningKey,
  WholeContents,
  WholeDigest,
  WholePart,
  WholePlan,
  WholeTable,
} from './types.ts'
