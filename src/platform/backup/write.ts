import { randomBytes } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Owner, WholeContents } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { newSealing, syncFolder, writeSealed } from '../transfer/index.ts'
import { contentOf } from './content.ts'
import { fileNameOf, isFolder, keepNewest, removeDrafts } from './files.ts'
import { manifestOf, type Total } from './manifest.ts'
import { verifyWholeBackup } from './read.ts'

export type WriteOptions = {
  /** A folder, in which the file gets a name of its own, or a file. */
  output: string
  passphrase: string
  /** The version of SIS. */
  program: string
  /** To be taken along: only where it lies beside the database. */
  masterKey: Buffer | undefined
  /** Of the master key, wherever it lies (keyCheckOf). */
  keyCheck: string | undefined
  /** Looks at what will be saved, before anything is written: throws to refuse. */
  check?: (contents: WholeContents, folder: string) => void
  /** How many backups stay in the folder, this one among them. */
  keep?: number
  onProgress?: (bytes: number, ofAbout: number) => void
  onVerify?: (done: number, of: number) => void
  /** A file that is being written, for whoever must remove it at a signal. */
  onDraft?: (path: string | undefined) => void
}

export type Written = Total & {
  file: string
  fileBytes: number
  fileSha256: string
  takenAt: string
  installation: string
  establishments: number
  /** Tables and schemas that no migration of SIS made: they are not in it. */
  strangers: string[]
  /** Older backups that gave way to this one. */
  removed: string[]
  /** Where the master key is that opens the keys in it; `none` before the first start, when there are no keys yet. */
  masterKey: 'inside' | 'elsewhere' | 'none'
}

/**
 * Writes everything as it is at one instant into one file, readable by its owner only: under another name first, which is
 * read back and verified to its end. A failure leaves nothing behind and takes nothing away.
 * @throws BackupRefused busy, moved; SetupRefused; what `check` throws; errors of the file system
 */
export async function writeBackup(owner: Owner, options: WriteOptions): Promise<Written> {
  return owner.whole.read(async (contents) => {
    const { installation, takenAt, schemas } = contents.plan
    const path = isFolder(options.output) ? join(options.output, fileNameOf(installation, now())) : options.output
    options.check?.(contents, dirname(path))
    if (isFolder(options.output)) removeDrafts(options.output, installation)
    const draft = `${path}.${randomBytes(4).toString('hex')}.part`
    options.onDraft?.(draft)
    try {
      const { total, fileSha256 } = await writeDraft(contents, draft, options)
      await rename(draft, path)
      await syncFolder(dirname(path))
      return {
        ...total,
        file: path,
        fileBytes: (await stat(path)).size,
        fileSha256,
        takenAt,
        installation,
        establishments: schemas.filter(({ slug }) => slug !== undefined).length,
        strangers: contents.strangers,
        removed: removeOld(installation, path, options),
        masterKey: options.masterKey ? 'inside' : options.keyCheck === undefined ? 'none' : 'elsewhere',
      }
    } finally {
      await rm(draft, { force: true })
      options.onDraft?.(undefined)
    }
  })
}

function removeOld(installation: string, made: string, { output, keep }: WriteOptions): string[] {
  return keep !== undefined && isFolder(output) ? keepNewest(output, installation, keep, made) : []
}

async function writeDraft(
  contents: WholeContents,
  draft: string,
  options: WriteOptions,
): Promise<{ total: Total; fileSha256: string }> {
  const sealing = await newSealing(options.passphrase, 'whole')
  let written: Total | undefined
  const content = contentOf(
    manifestOf(contents, options),
    contents,
    (total) => {
      written = total
      options.onProgress?.(total.bytes, total.bytes)
    },
    // Indexes and free space are not in it: what is read is about half of the database.
    (bytes) => options.onProgress?.(bytes, Math.max(bytes + 1, Math.round(contents.databaseBytes / 2))),
  )
  const fileSha256 = await writeSealed(draft, sealing, content)
  // What was never read is no backup.
  const { total } = await verifyWholeBackup(draft, sealing, options.onVerify)
  if (!written || JSON.stringify(total) !== JSON.stringify(written)) throw new Error('the file is not what was written')
  return { total, fileSha256 }
}
