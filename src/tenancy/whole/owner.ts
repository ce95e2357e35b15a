import { join } from 'node:path'
import type { Log } from '../types.ts'
import type { OwnerPool } from '../owner/connection.ts'
import { migratePlatform } from '../owner/migrate.ts'
import { readMigrations } from '../owner/migrations.ts'
import type { ProvisionContext } from '../owner/provision.ts'
import { keepEra } from '../seals/era.ts'
import { finishRestore, newestRuns, recordRun, signingKeys, type Closed } from './finish.ts'
import type { Files } from './plan.ts'
import { prepareRestore } from './prepare.ts'
import { readWhole } from './read.ts'
import type { ArrivingPart, BackupRun, NewestRun, SealedSigningKey, WholeContents, WholePlan } from './types.ts'
import { refuseUnknown, writeWhole } from './write.ts'

/** Backup and restore of everything; the owner's side. */
export type Whole = {
  /** Hands `work` everything as it is at one instant. @throws BackupRefused busy, moved; SetupRefused */
  read<T>(work: (contents: WholeContents) => Promise<T>): Promise<T>
  /** Marks an empty database as being restored into; comes before bootstrap({ restoring }). @throws BackupRefused occupied */
  prepare(): Promise<void>
  /** Makes the backup's tables and fills them. @throws BackupRefused content, differs, newer, migrations */
  write(
    plan: WholePlan,
    arriving: AsyncIterator<ArrivingPart>,
    onProgress?: (done: number, of: number) => void,
  ): Promise<void>
  /** Signing keys in use, to try a master key on. */
  keys(): Promise<SealedSigningKey[]>
  /** Ends sessions and links, puts the restore on record, takes the mark away: the database may serve. */
  finish(run: BackupRun, actor: string): Promise<Closed>
  /** Puts a backup or a drill on record. @returns false where the tables are from before there was such a record */
  record(run: BackupRun, actor: string): Promise<boolean>
  /** The newest backup, drill and restore on record. */
  newest(): Promise<NewestRun[]>
}

export const readFiles = async (migrationsFolder: string): Promise<Files> => ({
  platform: await readMigrations(join(migrationsFolder, 'platform')),
  tenant: await readMigrations(join(migrationsFolder, 'tenant')),
})

/** Whether this program can restore a backup. @throws BackupRefused newer, migrations */
export async function checkPlan(migrationsFolder: string, plan: Pick<WholePlan, 'migrations'>): Promise<void> {
  refuseUnknown(plan, await readFiles(migrationsFolder))
}

type Side = {
  pool: OwnerPool
  log: Log
  installation(): string
  migrationsFolder: string
  context(): Promise<ProvisionContext>
}

export const wholeOf = ({ pool, log, installation, migrationsFolder, context }: Side): Whole => ({
  read: async (work) => readWhole(pool, await readFiles(migrationsFolder), work),
  prepare: () => prepareRestore(pool),
  async write(plan, arriving, onProgress) {
    const all = await readFiles(migrationsFolder)
    refuseUnknown(plan, all)
    await migratePlatform(pool, all.platform.slice(0, plan.migrations.platform.length), installation())
    const options = { context: await context(), files: all, ...(onProgress && { onProgress }) }
    await writeWhole(pool, plan, arriving, options)
    await keepEra(pool, log, true)
  },
  keys: () => signingKeys(pool),
  finish: (run, actor) => finishRestore(pool, run, actor),
  record: (run, actor) => recordRun(pool, run, actor),
  newest: () => newestRuns(pool),
})
