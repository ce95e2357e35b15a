import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { examine, type Check, type Log } from '#tenancy'
import { packageRoot, type Config } from '../config.ts'
import { openWholeBackup, type WholeBackup } from '../platform/backup/index.ts'
import { now } from '../shared/clock.ts'
import { say } from '../shared/text.ts'
import type { Database } from './database.ts'
import { findRunning } from './embedded.ts'
import { linesOf } from './failure.ts'
import { holderOf, takeLock } from './lock.ts'
import { opensKey } from './master-key.ts'
import { ownConnections, poolSizeFor } from './messages.ts'
import { stopOrphan } from './postmaster.ts'
import { fillDatabase, masterKeyFor, refuseFullDisk, scratchOf, type Filled } from './restore.ts'

export type DrillOptions = {
  path: string
  passphrase: string
  /** The folder in which the try takes place, and of which nothing is left. */
  scratch: string
  log: Log
  tell: (line: string) => void
  actor: string
  onVerify?: (done: number, of: number) => void
  onProgress?: (done: number, of: number) => void
  /** The folder that must go should a signal come. */
  onFolder?: (folder: string) => void
}

export type Drill = {
  outcome: 'success' | 'failure'
  file: string
  /** Why it failed, one sentence each. */
  failures: string[]
  takenAt?: string
  /** How much would be lost now, in seconds (RPO): the age of what the backup shows. */
  ageSeconds?: number
  /** From nothing to a database that could be served, in seconds (RTO). */
  readySeconds?: number
  bytes?: number
  rows?: number
  tables?: number
  establishments?: number
  recordEntries?: number
  recordFindings?: number
  /** What `sis doctor` says of the restored database beyond warnings. */
  critical?: string[]
}

const prefix = 'sis-drill-'

/** Restores a backup into a folder of its own, looks at everything, and removes it. What fails is told, never thrown. */
export async function drill(config: Config, options: DrillOptions): Promise<Drill> {
  const file = basename(options.path)
  let told: Partial<Drill> = {}
  let folder: string | undefined
  try {
    const startedAt = performance.now()
    const backup = await openWholeBackup(options.path, options.passphrase, options.onVerify)
    told = describe(backup)
    await removeLeft(options.scratch)
    refuseFullDisk(options.scratch, backup)
    folder = mkdtempSync(join(options.scratch, prefix))
    options.onFolder?.(folder)
    const lock = takeLock(folder, 'essai de restauration')
    const verifiedMs = performance.now() - startedAt
    const { filled, checks } = await restoreAndLook(config, folder, backup, options).finally(lock.release)
    told = {
      ...told,
      readySeconds: round((verifiedMs + filled.readyMs) / 1000),
      recordEntries: filled.recordEntries,
      recordFindings: filled.recordFindings,
      critical: checks.filter(({ level }) => level === 'critical').map(({ found }) => say(found, 'fr')),
    }
    const failures = faultsOf(filled, told.critical ?? [])
    return { outcome: failures.length > 0 ? 'failure' : 'success', file, failures, ...told }
  } catch (error) {
    return { outcome: 'failure', file, failures: linesOf(error), ...told }
  } finally {
    if (folder !== undefined) await removeDrill(folder)
  }
}

function describe({ manifest: { plan }, total, bytes }: WholeBackup): Partial<Drill> {
  const { takenAt, schemas } = plan
  return {
    takenAt,
    ageSeconds: round((now().getTime() - Date.parse(takenAt)) / 1000),
    bytes,
    rows: total.rows,
    tables: total.tables,
    establishments: schemas.filter(({ slug }) => slug !== undefined).length,
  }
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10

async function restoreAndLook(
  config: Config,
  folder: string,
  backup: WholeBackup,
  { log, tell, actor, onProgress, path }: DrillOptions,
): Promise<{ filled: Filled; checks: Check[] }> {
  const key = masterKeyFor(config, backup)
  const scratch = scratchOf(config, folder)
  let checks: Check[] = []
  const options = { log, tell, actor, fileName: basename(path), key, ...(onProgress && { onProgress }) }
  const filled = await fillDatabase(scratch, backup, options, async (database) => {
    checks = await lookAround(scratch, database, key)
  })
  return { filled, checks }
}

async function lookAround(config: Config, { apiUrl }: Database, key: Buffer | undefined): Promise<Check[]> {
  return examine({
    url: findRunning(config.dataDir) ?? '',
    login: { url: () => apiUrl },
    migrationsFolder: join(packageRoot, 'migrations'),
    load: { workers: config.workers, connectionsEach: poolSizeFor(config.workers) + ownConnections },
    pooler: false,
    opensKey: key && ((sealed) => opensKey(key, sealed)),
    now: () => new Date(),
  })
}

const faultsOf = ({ failed, recordFindings }: Filled, critical: string[]): string[] => [
  ...failed.map(({ slug, error }) => `L’établissement ${slug} n’a pas pu être mis à jour : ${error}`),
  ...(recordFindings > 0 ? [`Le journal d’audit a des anomalies : ${recordFindings} (npx sis audit verify).`] : []),
  ...critical,
]

/** Stops what runs in a drill's folder and removes it: it holds records in clear. */
export async function removeDrill(folder: string): Promise<void> {
  await stopOrphan(join(folder, 'postgres'), 5_000).catch(() => false)
  rmSync(folder, { recursive: true, force: true })
}

/** What a drill left that was killed. */
async function removeLeft(scratch: string): Promise<void> {
  for (const name of readdirSync(scratch)) {
    const folder = join(scratch, name)
    if (!name.startsWith(prefix) || holderOf(folder)) continue
    // In a folder that all may write to, a link of that name may lead anywhere.
    const found = lstatSync(folder, { throwIfNoEntry: false })
    if (found?.isDirectory() && found.uid === process.getuid?.()) await removeDrill(folder)
  }
}
