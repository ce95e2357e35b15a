import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Owner, WholeContents } from '#tenancy'
import type { Config } from '../config.ts'
import {
  freeBytes,
  isFolder,
  keyCheckOf,
  writeBackup,
  type WriteOptions,
  type Written,
} from '../platform/backup/index.ts'
import { Failure, linesOf, onDisk } from './failure.ts'
import { findMasterKey, opensKey, storedMasterKey } from './master-key.ts'
import { megabytes } from './restore.ts'

export type BackupOptions = Omit<WriteOptions, 'masterKey' | 'keyCheck' | 'check'> & {
  /** Who makes it, for the record. */
  actor: string
}

/**
 * Saves everything with the key that opens it, and puts it on record, a failure too.
 * @throws Failure, BackupRefused, SetupRefused; nothing is left behind then, and what was kept until now stays
 */
export async function backUp(owner: Owner, config: Config, options: BackupOptions): Promise<Written> {
  const startedAt = performance.now()
  const masterKey = findMasterKey(config)
  const { actor, output } = options
  try {
    const written = await writeBackup(owner, {
      ...options,
      masterKey: storedMasterKey(config),
      keyCheck: masterKey && keyCheckOf(masterKey),
      check(contents, folder) {
        refuseOtherKey(contents, masterKey)
        refuseFullFolder(folder, contents)
      },
    })
    const { file, takenAt, fileSha256: sha256, fileBytes: bytes, rows } = written
    const durationMs = performance.now() - startedAt
    const run = { outcome: 'success', fileName: basename(file), takenAt, sha256, bytes, rows, durationMs } as const
    await owner.whole.record({ kind: 'backup', ...run }, actor)
    return written
  } catch (error) {
    const [reason = ''] = linesOf(error)
    const durationMs = performance.now() - startedAt
    await owner.whole.record({ kind: 'backup', outcome: 'failure', reason, durationMs }, actor).catch(() => {})
    return onDisk(output, () => {
      throw error
    })
  }
}

/** @throws Failure for a place that cannot take a backup */
export function refuseOutput(output: string, keep: number | undefined): void {
  if (isFolder(output)) return
  if (existsSync(output)) throw new Failure(`${output} existe déjà : choisissez un autre nom.`)
  if (!isFolder(dirname(output))) throw new Failure(`Impossible d’écrire ${output} : le dossier n’existe pas.`)
  if (keep !== undefined) throw new Failure('--keep demande un dossier, pas un nom de fichier.')
}

function refuseOtherKey({ keys }: WholeContents, masterKey: Buffer | undefined): void {
  if (keys.every((key) => masterKey && opensKey(masterKey, key))) return
  throw new Failure(
    masterKey
      ? 'La clé maîtresse donnée ici n’ouvre pas les clés de cette base : la sauvegarde ne vaudrait rien.'
      : 'La clé maîtresse manque ici (SIS_MASTER_KEY) : une sauvegarde dont elle n’ouvre pas les clés ne vaudrait rien.',
  )
}

// Indexes and free space are not in a backup, and it is compressed: measured, a tenth of the database (docs/decisions/0015).
const partOfDatabase = 1 / 4
const least = 5 * 1024 ** 2

/** @throws Failure */
export function refuseFullFolder(folder: string, { databaseBytes }: Pick<WholeContents, 'databaseBytes'>): void {
  const needed = databaseBytes * partOfDatabase + least
  const free = freeBytes(folder)
  if (free >= needed) return
  throw new Failure(
    `Le disque n’a plus que ${megabytes(free)} libres dans ${folder} ; la sauvegarde en demande environ ${megabytes(needed)}.`,
  )
}
