import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { EstablishmentContents, Owner } from '#tenancy'
import { now } from '../../shared/clock.ts'
import type { SigningKey } from '../../shared/ed25519.ts'
import { verifyBackup } from './backup.ts'
import { newSealing, writeSealed } from './container.ts'
import { contentOf } from './content.ts'
import { contentFormat, type Manifest, type Trailer } from './manifest.ts'

export type ExportOptions = {
  slug: string
  path: string
  passphrase: string
  key: SigningKey
  installation: string
  /** The version of SIS. */
  program: string
  /** Faults that the verification of its record found. */
  recordFindings: number
  /** Puts the export on record, with the file's hash: it gets its name only afterwards. */
  onRecord: (exported: Exported) => Promise<void>
  /** Told where it is written before it has its name: to be removed when the process is ended. */
  onDraft?: (path: string) => void
  /** Rows, of about how many. */
  onProgress?: (done: number, of: number) => void
}

export type Exported = {
  slug: string
  rows: number
  tables: number
  people: number
  /** Of the file. */
  bytes: number
  sha256: string
  signer: string
  /** Tables that no migration of SIS made: they are not in it. */
  strangers: string[]
  recordFindings: number
}

/**
 * Writes one establishment as it is at one instant into one file, readable by its owner only. It is read back and verified
 * before it gets its name; nothing is left behind by a failure.
 * @throws establishment_not_found, establishment_not_ready; errors of the file system
 */
export async function exportEstablishment(owner: Owner, options: ExportOptions): Promise<Exported> {
  const { path, passphrase, onRecord } = options
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`
  options.onDraft?.(draft)
  try {
    const sealing = await newSealing(passphrase)
    const written = await owner.readEstablishment(options.slug, async (contents) => {
      const manifest = manifestOf(contents, options)
      const estimate = contents.tables.reduce((sum, { rows }) => sum + rows, 0)
      let trailer: Trailer | undefined
      const content = contentOf(manifest, contents, options.key, {
        beforeSigned: (end) => (trailer = end),
        onRows: (rows) => options.onProgress?.(rows, Math.max(rows + 1, estimate)),
      })
      const sha256 = await writeSealed(draft, sealing, content)
      const rows = trailer?.tables.reduce((sum, table) => sum + table.rows, 0) ?? 0
      return {
        rows,
        people: manifest.people.length,
        tables: manifest.tables.length,
        sha256,
        strangers: contents.strangers,
      }
    })
    // What was never read is no backup.
    await verifyBackup(draft, sealing)
    const { slug, key, recordFindings } = options
    const exported = { slug, ...written, bytes: (await stat(draft)).size, signer: key.kid, recordFindings }
    await onRecord(exported)
    await rename(draft, path)
    await syncFolder(dirname(path))
    return exported
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function manifestOf(contents: EstablishmentContents, options: ExportOptions): Manifest {
  const { establishment, chain, migrations, people, tables } = contents
  return {
    format: contentFormat,
    program: options.program,
    exportedAt: now().toISOString(),
    installation: options.installation,
    establishment,
    chain,
    recordFindings: options.recordFindings,
    migrations,
    people: people as Manifest['people'],
    tables: tables.map(({ name, columns }) => ({ name, columns })),
  }
}

// A file's name is safe only when its folder is (fsync(2)); some systems cannot do it to a folder.
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => {})
  await folder?.close()
}
