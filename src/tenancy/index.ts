// The public face of the boundary. Nothing else in this folder may be imported from outside (test/boundaries.test.ts).
export { createTenancy, type Tenancy, type TenancyOptions } from './tenancy.ts'
export { Directory } from './directory.ts'
export { isPooled } from './pool.ts'
export type { AccessEntry, AccessLog } from './access-log.ts'
export { openOwner, newSchemaName, type NewEstablishment, type Owner } from './owner/open-owner.ts'
export { readRestored, recordName } from './transfer/index.ts'
export type { ArrivingTable, EstablishmentContents, Person, Restored, RestoredRecord } from './transfer/index.ts'
export { checkPlan, platformPlace } from './whole/index.ts'
export type {
  ArrivingPart,
  BackupRun,
  Closed,
  SealedSigningKey,
  WholeContents,
  WholeDigest,
  WholePart,
  WholePlan,
} from './whole/index.ts'
export { SetupRefused, silentLog, type Installation } from './owner/bootstrap.ts'
export { headOfLine, isGenuine, lineOf, type Head } from './seals/head.ts'
export type { Anchors } from './seals/anchored.ts'
export type { Finding, FindingKind } from './seals/findings.ts'
export { readAuditHeads, type Position } from './seals/heads.ts'
export { UnknownEstablishment, verifyAudit, type Verification } from './seals/verify.ts'
export { examine, type ExamineOptions } from './doctor/examine.ts'
export type { Check } from './doctor/finding.ts'
export { describeStored, type Stored, type StoredEstablishment, type StoredTable } from './doctor/stored.ts'
export type { MigrationReport } from './owner/migrate.ts'
export { Meter, Spent, type MeterOptions } from './meter.ts'
export { IsolationBroken } from './self-check.ts'
export { constraintOf, isConnectionFailure, problemOf, sqlState } from './failures.ts'
export { AlreadyThere, last, type Last } from './last.ts'
export { insertAll } from './insert-all.ts'
export * from './sql.ts'
export { run, statement, type Statement } from './statement.ts'
export type {
  Establishment,
  EstablishmentStatus,
  EstablishmentType,
  Log,
  Platform,
  PlatformDb,
  PlatformRole,
  Tenant,
  TenantDb,
} from './types.ts'
export type { PlatformTables, TenantTables } from './tables.ts'
export type { ExpressionBuilder, Insertable, Selectable, SelectQueryBuilder } from 'kysely'
