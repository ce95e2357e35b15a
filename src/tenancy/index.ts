// The public face of the boundary. Nothing else in this folder may be imported from outside (test/boundaries.test.ts).
export { createTenancy, type Tenancy, type TenancyOptions } from './tenancy.ts'
export { Directory } from './directory.ts'
export { openOwner, newSchemaName, type NewEstablishment, type Owner } from './owner/open-owner.ts'
export { SetupRefused, type Installation } from './owner/bootstrap.ts'
export type { MigrationReport } from './owner/migrate.ts'
export { IsolationBroken } from './self-check.ts'
export { constraintOf, isConnectionFailure, problemOf, sqlState } from './failures.ts'
export * from './sql.ts'
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
export type { ExpressionBuilder, Insertable, Selectable } from 'kysely'
