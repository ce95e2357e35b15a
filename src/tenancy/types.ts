import type { PlatformDb, TenantDb } from './db.ts'
import type { Last } from './last.ts'
import type { Statement } from './statement.ts'

export type { PlatformDb, TenantDb } from './db.ts'

export type EstablishmentType = 'hospital' | 'csref' | 'cscom' | 'cabinet'
export type EstablishmentStatus = 'provisioning' | 'active' | 'suspended' | 'archived' | 'failed'

/** An establishment as the directory holds it: resolved once from the verified token, then passed as an object. */
export type Establishment = {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly type: EstablishmentType
  readonly region: string
  readonly cercle: string | null
  readonly healthDistrict: string | null
  readonly status: EstablishmentStatus
  readonly schema: string
  /** What was chosen for it, by module; one that is not named is as its type says (platform/modules). */
  readonly modules: Readonly<Record<string, { readonly enabled: boolean; readonly mode?: string }>>
}

export type PlatformRole = 'directory' | 'accounts' | 'audit'

export type Tenant = {
  readonly establishment: Establishment
  /** The establishment with everything that was committed before this call; on no connection of the transactions. */
  current(): Promise<Establishment>
  /**
   * Reads and writes in one transaction as the establishment's own role. Repeated as a whole on 40001, 40P01 and when
   * the connection is lost before COMMIT: `work` must have no other side effect. A COMMIT that is not answered is settled.
   * @param work gives the result, or with `last` a statement that stores and the result
   * @param options keyed: `work` keeps its operation's key first, and answers what was stored when it finds it; plannedOnce: the
   *   first plan of each of its statements fits all values (statement.ts)
   * @throws whatever `work` throws (rolled back); AlreadyThere of a `last` statement; database_unavailable, outcome_unknown,
   *   timeout, establishment_suspended
   */
  transaction<T>(
    work: (db: TenantDb) => Promise<T | Last<T>>,
    options?: { keyed?: boolean; plannedOnce?: boolean },
  ): Promise<T>
  /** Reads in one REPEATABLE READ, READ ONLY transaction: all statements see the same instant. */
  read<T>(work: (db: TenantDb) => Promise<T>): Promise<T>
  /** One short read whose statement is known at the start, in a transaction of its own. @throws as `read` */
  once<Values extends object, Row>(statement: Statement<Values, Row>, values: Values): Promise<Row[]>
}

export type Platform = {
  /** Works on the shared tables with the rights of one platform role only. Repeated like Tenant.transaction. */
  transaction<T>(role: PlatformRole, work: (db: PlatformDb) => Promise<T>, options?: { keyed?: boolean }): Promise<T>
  read<T>(role: PlatformRole, work: (db: PlatformDb) => Promise<T>): Promise<T>
}

export type { Log } from './log.ts'
