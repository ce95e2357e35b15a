import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { v7 as uuidv7 } from 'uuid'
import type { SigningKey } from '../../shared/ed25519.ts'
import { sayable } from '../../shared/traces.ts'
import { isConnectionFailure, isSerializationFailure, sqlState } from '../failures.ts'
import { eachRestored, readEstablishment, writeEstablishment } from '../transfer/index.ts'
import type { Arrival, ArrivingTable, EstablishmentContents, Restored, RestoredRecord } from '../transfer/index.ts'
import { keepEra } from '../seals/era.ts'
import { newestHeads, type Position } from '../seals/heads.ts'
import type { Head } from '../seals/head.ts'
import { sealRound, type Round } from '../seals/seal.ts'
import { verifyAudit, type Verification, type VerifyOptions } from '../seals/verify.ts'
import type { EstablishmentType, Log } from '../types.ts'
import { wholeOf, type Whole } from '../whole/index.ts'
import { bootstrap, type ApiLogin, type Installation } from './bootstrap.ts'
import { OwnerPool } from './connection.ts'
import { checkTenantFiles, migratePlatform, migrateTenants, type MigrationReport } from './migrate.ts'
import { readMigrations } from './migrations.ts'
import { prepareNext } from './prepared.ts'
import { provision, setAccess, type ProvisionContext } from './provision.ts'
import { Stock } from './stock.ts'

export type NewEstablishment = {
  slug: string
  name: string
  type: EstablishmentType
  region: string
  cercle?: string | null
  healthDistrict?: string | null
  demo?: boolean
}

/** The owner's side of a database: set-up, migrations, provisioning. HTTP processes never hold one. */
export type Owner = {
  /** Roles, schemas, revokes, the API login. Repeatable; must come first. @throws SetupRefused */
  bootstrap(options?: ApiLogin): Promise<Installation>
  /** @returns how many migrations were applied. @throws SetupRefused: an applied file was edited, or the database is newer */
  migratePlatform(): Promise<number>
  migrateTenants(options?: {
    parallel?: number
    onProgress?: (done: number, of: number) => void
  }): Promise<MigrationReport>
  /** Prepares wished establishments and makes the database's grants agree with their status. @returns how many it changed */
  reconcile(): Promise<number>
  /** From now on so many establishments are kept prepared for those who will wish for one; made in the background, one at a time. */
  keepPrepared(count: number): void
  /** Records the wish and prepares the establishment at once. @returns its id. @throws 23505 when the slug was ever used */
  createEstablishment(wish: NewEstablishment): Promise<string>
  /** Hands `work` one establishment as it is at one instant. @throws establishment_not_found, establishment_not_ready */
  readEstablishment<T>(slug: string, work: (contents: EstablishmentContents) => Promise<T>): Promise<T>
  /** Makes an establishment of what arrives, whole or not at all. @throws BackupRefused */
  writeEstablishment(arrival: Arrival, arriving: AsyncIterable<ArrivingTable>): Promise<Restored>
  /** Each part of a record that a restore brought. @param slug of one establishment; undefined for all */
  eachRestored(work: (restored: RestoredRecord) => Promise<void>, slug?: string): Promise<void>
  /** One round of seals over what was written to the audit record; nothing while another machine is at it. */
  sealAudit(key: SigningKey, options?: { entries?: number }): Promise<Round>
  /** The newest head of each chain sealed since `position`, of every chain without one, and the position for next time. */
  auditHeads(position?: Position): Promise<{ heads: Head[]; position: Position | undefined }>
  /** Compares the audit record with its seals. Changes nothing. */
  verifyAudit(options: Omit<VerifyOptions, 'url'>): Promise<Verification>
  /** Backup and restore of everything. */
  whole: Whole
  close(): Promise<void>
}

type Pending = { id: string; slug: string; schema_name: string; status: string; access_granted: boolean }

/** @param migrationsFolder the repository's migrations/ (platform/ and tenant/ below it) */
export function openOwner({ url, migrationsFolder, log }: { url: string; migrationsFolder: string; log: Log }): Owner {
  const pool = new OwnerPool(url)
  let installed: Installation | undefined
  let context: ProvisionContext | undefined
  /** The directory's last change at which there was nothing to prepare. */
  let settledAt: string | undefined

  const installation = (): Installation => {
    if (!installed) throw new Error('bootstrap() comes first')
    return installed
  }
  const provisioning = async (): Promise<ProvisionContext> => {
    context ??= {
      apiRole: installation().apiRole,
      version: await serverVersion(pool),
      migrations: await readMigrations(join(migrationsFolder, 'tenant')),
    }
    return context
  }

  const newName = (): string => newSchemaName(installation().installation)
  const stock = new Stock(async (wanted) => prepareNext(pool, wanted, await provisioning(), newName), log)

  return {
    async bootstrap(options = {}) {
      installed = await bootstrap(pool, options, log)
      return installed
    },
    async migratePlatform() {
      const files = await readMigrations(join(migrationsFolder, 'platform'))
      const applied = await migratePlatform(pool, files, installation().installation)
      await keepEra(pool, log)
      // Before any establishment is prepared from them.
      await checkTenantFiles(pool, (await provisioning()).migrations)
      return applied
    },
    migrateTenants: async (options) => migrateTenants(pool, await provisioning(), options),
    async reconcile() {
      let isChanged = false
      const pending = await pool.transaction(async (session) => {
        // Asked twice a second: one entry of an index instead of all establishments.
        const [newest] = await session.query<{ at: string }>(
          `select coalesce(max(changed), 0)::text as at from sis_platform.establishment`,
        )
        if (newest?.at === settledAt) return []
        const found = await session.query<Pending>(
          `select id, slug, schema_name, status, access_granted from sis_platform.establishment
           where status = 'provisioning' or (status <> 'failed' and access_granted <> (status = 'active')) order by created_at limit 100`,
        )
        settledAt = found.length === 0 ? newest?.at : undefined
        // Whoever wished for one may have taken a prepared one, also through another machine.
        isChanged = true
        return found
      })
      for (const establishment of pending) await settle(pool, establishment, await provisioning(), log)
      if (isChanged) stock.lack()
      else stock.look()
      return pending.length
    },
    keepPrepared: (count) => stock.keep(count),
    async createEstablishment(wish) {
      const id = uuidv7()
      await pool.transaction((session) =>
        session.query(
          `with claimed as (update sis_platform.prepared set claimed = true where schema_name = (
             select schema_name from sis_platform.prepared where not claimed
             order by version desc, schema_name limit 1 for update skip locked) returning schema_name)
           insert into sis_platform.establishment (id, slug, name, type, region, cercle, health_district, demo, schema_name)
           values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce((select schema_name from claimed), $9))`,
          [
            id,
            wish.slug,
            wish.name,
            wish.type,
            wish.region,
            wish.cercle ?? null,
            wish.healthDistrict ?? null,
            wish.demo ?? false,
            newName(),
          ],
        ),
      )
      await provision(pool, id, await provisioning())
      stock.lack()
      return id
    },
    readEstablishment: async (slug, work) => readEstablishment(pool, slug, (await provisioning()).migrations, work),
    writeEstablishment: async (arrival, arriving) =>
      writeEstablishment(pool, await provisioning(), arrival, arriving, newName),
    eachRestored: (work, slug) => eachRestored(pool, work, slug),
    sealAudit: (key, options) => sealRound(pool, key, options),
    auditHeads: (position) => pool.transaction((session) => newestHeads(session, position)),
    verifyAudit: (options) => verifyAudit({ url, ...options }),
    whole: wholeOf({
      pool,
      log,
      installation: () => installation().installation,
      migrationsFolder,
      context: provisioning,
    }),
    async close() {
      await stock.close()
      await pool.close()
    },
  }
}

/** Opaque: role and schema names are readable by every role, slugs are not for them. */
export const newSchemaName = (installation: string): string => `sis_${installation}_t_${randomBytes(8).toString('hex')}`

async function settle(pool: OwnerPool, establishment: Pending, context: ProvisionContext, log: Log): Promise<void> {
  const { id, slug, status } = establishment
  try {
    if (status === 'provisioning') await provision(pool, id, context)
    else await setAccess(pool, establishment, status === 'active', context)
  } catch (error) {
    log.error({ establishment: slug, reason: sayable(error) }, 'establishment could not be prepared')
    // What passes by itself (a restart, a lock, another supervisor at the same row) is tried again by the next round.
    if (status !== 'provisioning' || isPassing(error)) return
    await pool.transaction((session) =>
      session.query(
        `update sis_platform.establishment set status = 'failed', status_reason = 'préparation impossible', updated_at = now() where id = $1`,
        [id],
      ),
    )
  }
}

// Without a code: the driver's own "Connection terminated". 53: no room; 55P03, 57014: waited too long; XX000 of GRANT:
// "tuple concurrently updated".
const isPassing = (error: unknown): boolean =>
  isConnectionFailure(error) ||
  isSerializationFailure(error) ||
  !sqlState(error) ||
  /^(53|55P03|57|XX000)/.test(sqlState(error) ?? '')

async function serverVersion(pool: OwnerPool): Promise<number> {
  const [row] = await pool.asLogin((session) =>
    session.query<{ version: number }>(`select current_setting('server_version_num')::int / 10000 as version`),
  )
  return row?.version ?? 0
}
