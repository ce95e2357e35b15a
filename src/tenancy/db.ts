import type { Kysely } from 'kysely'
import type { PlatformTables, TenantTables } from './tables.ts'

type Statements = 'selectFrom' | 'selectNoFrom' | 'insertInto' | 'updateTable' | 'deleteFrom' | 'with' | 'fn'

/** A handle on one establishment's tables inside one transaction: no raw SQL, no other schema, no nested transaction. */
export type TenantDb = Pick<Kysely<TenantTables>, Statements>

/** A handle on the shared tables inside one transaction, with the rights of the role that was named. */
export type PlatformDb = Pick<Kysely<PlatformTables>, Statements>
