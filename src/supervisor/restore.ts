import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkPlan, createTenancy, type Closed, type Log } from '#tenancy'
import { packageRoot, type Config } from '../config.ts'
import { auditKey } from '../platform/audit/installation-key.ts'
import { freeBytes, keyCheckOf, type WholeBackup } from '../platform/backup/index.ts'
import { now } from '../shared/clock.ts'
import { explainDatabase, openDatabase, type Database } from './database.ts'
import { hasCluster } from './embedded.ts'
import { Failure } from './failure.ts'
import { takeLock } from './lock.ts'
import { findMasterKey, opensKey, writeMasterKey } from './master-key.ts'
import { stopOrphan } from './postmaster.ts'
import { privateFolder, readSecret } from './secrets.ts'
import { restoringIn, settleSwitch, switchTo } from './switch.ts'

export type RestoreOptions = {
  log: Log
  tell: (line: string) => void
  actor: string
  /** Of the file, for the record. */
  fileName: string
  /** Of the backup, as masterKeyFor found it. */
  key: Buffer | undefined
  onProgress?: (done: number, of: number) => void
}

export type Filled = {
  /** Establishments whose tables could not be brought to this version. */
  failed: { slug: string; error: string }[]
  closed: Closed
  /** Findings of the verification of the audit record. */
  recordFindings: number
  recordEntries: number
  /** Until the database could be served (ms). */
  readyMs: number
}

/**
 * The key that opens the keys of a backup, from the first place that has one: SIS_MASTER_KEY, the backup, the data folder.
 * @throws Failure when there is none, or another one, before anything is restored
 */
export function masterKeyFor(config: Config, { manifest }: WholeBackup): Buffer | undefined {
  const { masterKey, keyCheck } = manifest
  if (keyCheck === null) return undefined
  const own = masterKey === null ? undefined : Buffer.from(masterKey, 'base64')
  const key = config.masterKey ? findMasterKey(config) : (own ?? findMasterKey(config))
  if (!key)
    throw new Failure(
      'La clé maîtresse n’est pas dans cette sauvegarde (elle était donnée par SIS_MASTER_KEY) : donnez-la de la même façon.',
    )
  if (keyCheckOf(key) === keyCheck) return key
  throw new Failure(
    own && config.masterKey
      ? 'SIS_MASTER_KEY n’est pas la clé maîtresse de cette sauvegarde ; celle-ci contient la sienne : relancez sans SIS_MASTER_KEY.'
      : 'La clé maîtresse donnée ici n’est pas celle de cette sauvegarde : elle n’ouvrirait pas ses clés.',
  )
}

/**
 * Fills the empty database of a configuration, brings it to this version and ends what must not live on. `work` is given the
 * database when it could be served.
 * @throws BackupRefused, Failure; what is left is not served, and the next restore begins anew
 */
export async function fillDatabase(
  config: Config,
  backup: WholeBackup,
  options: RestoreOptions,
  work: (database: Database) => Promise<void> = async () => {},
): Promise<Filled> {
  const startedAt = performance.now()
  const { plan } = backup.manifest
  await checkPlan(join(packageRoot, 'migrations'), plan)
  const { log, tell, key } = options
  const database = await openDatabase(config, { log, tell, restoring: plan.installation })
  try {
    const { owner } = database
    await owner.whole.write(plan, backup.parts(options.onProgress))
    for (const sealed of await owner.whole.keys())
      if (!key || !opensKey(key, sealed))
        throw new Failure('La clé maîtresse n’ouvre pas les clés de cette sauvegarde.')
    await owner.migratePlatform()
    const { failed } = await owner.migrateTenants()
    const closed = await owner.whole.finish(
      {
        kind: 'restore',
        outcome: 'success',
        takenAt: plan.takenAt,
        fileName: options.fileName,
        bytes: backup.bytes,
        rows: backup.total.rows,
        durationMs: performance.now() - startedAt,
      },
      options.actor,
    )
    const record = key && (await verifyRecord(database, key))
    await selfCheck(config, database, log)
    const readyMs = performance.now() - startedAt
    await work(database)
    return { failed, closed, recordFindings: record?.found ?? 0, recordEntries: record?.entries ?? 0, readyMs }
  } catch (error) {
    throw explainDatabase(error, database.apiUrl)
  } finally {
    await database.close()
  }
}

async function verifyRecord({ owner }: Database, key: Buffer): Promise<{ found: number; entries: number }> {
  const signer = auditKey(key)
  while ((await owner.sealAudit(signer)).more);
  return owner.verifyAudit({ publicKeys: [signer.publicKey] })
}

/** The pools' login and the directory, as each HTTP process opens them. */
async function selfCheck(config: Config, { apiUrl, installation }: Database, log: Log): Promise<void> {
  const tenancy = await createTenancy({
    url: apiUrl,
    installation,
    poolSize: 1,
    pooler: config.pooler,
    log,
    name: 'sis-restore',
  })
  await tenancy.close()
}

export type Placed = { aside: string | undefined; wasInPlace: boolean; filled: Filled | undefined }

/**
 * Restores into a data folder: beside what is there, which goes aside only when everything is complete.
 * @param options.replace what to do with a database that is there
 */
export async function restoreEmbedded(
  config: Config,
  backup: WholeBackup,
  options: RestoreOptions & { replace: boolean },
): Promise<Placed> {
  const { dataDir } = config
  const taken = `${backup.manifest.plan.installation} ${backup.manifest.plan.takenAt}`
  privateFolder(dataDir)
  const lock = takeLock(dataDir, 'restauration')
  try {
    // Everything was restored and half moved: only that was left.
    if (settleSwitch(dataDir) === taken) return { aside: undefined, wasInPlace: true, filled: undefined }
    if (hasCluster(dataDir) && !options.replace)
      throw new Failure(
        `Il y a déjà une base de données dans ${dataDir} : choisissez un autre SIS_DATA_DIR, ou ajoutez --replace (elle sera gardée à côté).`,
      )
    refuseFullDisk(dataDir, backup)
    const draft = restoringIn(dataDir)
    if (existsSync(join(draft, 'postgres'))) await stopOrphan(join(draft, 'postgres'))
    rmSync(draft, { recursive: true, force: true })
    privateFolder(draft)
    const filled = await fillDatabase(scratchOf(config, draft), backup, options)
    if (options.key && !config.masterKey) writeMasterKey(draft, options.key)
    return { aside: switchTo(dataDir, taken, now()), wasInPlace: false, filled }
  } finally {
    lock.release()
  }
}

/** The same configuration on an embedded database in this folder. */
export function scratchOf(config: Config, dataDir: string): Config {
  const { databaseUrl: _url, databaseOwnerUrl: _ownerUrl, ...rest } = config
  return { ...rest, dataDir, pooler: 'none' }
}

/** Restores into the empty database of DATABASE_URL. */
export async function restoreExternal(config: Config, backup: WholeBackup, options: RestoreOptions): Promise<Filled> {
  privateFolder(config.dataDir)
  const lock = takeLock(config.dataDir, 'restauration')
  try {
    const { key } = options
    const there = config.masterKey ? undefined : readSecret(join(config.dataDir, 'master-key'))
    if (there !== undefined && key && !findMasterKey(config)?.equals(key))
      throw new Failure(
        `${join(config.dataDir, 'master-key')} est la clé maîtresse d’une autre installation : mettez ce fichier à l’abri, ou choisissez un autre SIS_DATA_DIR.`,
      )
    if (key && !config.masterKey && there === undefined) writeMasterKey(config.dataDir, key)
    return await fillDatabase(config, backup, options)
  } finally {
    lock.release()
  }
}

// Measured: rows, their indexes and the log take about three times what the rows are as text.
const timesOnDisk = 3
const emptyCluster = 200 * 1024 ** 2

/** @throws Failure */
export function refuseFullDisk(folder: string, { total }: { total: { bytes: number } }): void {
  const needed = total.bytes * timesOnDisk + emptyCluster
  const free = freeBytes(folder)
  if (free >= needed) return
  throw new Failure(
    `Le disque n’a plus que ${megabytes(free)} libres dans ${folder} ; la base restaurée en demande environ ${megabytes(needed)}.`,
  )
}

export const megabytes = (bytes: number): string =>
  `${(bytes / 1e6).toLocaleString('fr', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })} Mo`
