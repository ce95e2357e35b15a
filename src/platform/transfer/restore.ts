import type { Owner, Person, Restored } from '#tenancy'
import { BackupRefused } from '../../shared/backup-refused.ts'
import type { SigningKey } from '../../shared/ed25519.ts'
import { fits, type EstablishmentRole } from '../auth/index.ts'
import type { Backup, Progress } from './backup.ts'

export type RestoreOptions = {
  key: Pick<SigningKey, 'kid'>
  /** The thumbprint of another installation whose backups are taken over. */
  trust?: string
  /** A slug that nobody ever had; without it, the backup's own. */
  as?: string
  /** Whether accounts without a password are made for those who work there. */
  withAccounts?: boolean
  /** Everything is done, then taken back. */
  dryRun?: boolean
  /** Who restores, for the record. */
  actor: string
  onProgress?: Progress
}

/** Whether this installation, or one that the operator trusts, signed the backup. @throws BackupRefused untrusted */
export function assertTrusted(
  { signer, manifest }: Backup,
  { key, trust }: Pick<RestoreOptions, 'key' | 'trust'>,
): void {
  if (signer === key.kid || signer === trust) return
  throw new BackupRefused('untrusted', {
    more: [
      `Installation ${manifest.installation}, empreinte de sa clé : ${signer}`,
      'Comparez cette empreinte avec celle que donne cette installation (par téléphone, jamais par le fichier), puis ajoutez : --trust <empreinte>',
    ],
  })
}

/**
 * Makes an establishment of a verified backup: into its own archived place when it is one of this installation's, else as
 * a new establishment. Whole or not at all.
 * @throws BackupRefused untrusted, live, taken, migrations, newer, content, altered
 */
export function restoreEstablishment(owner: Owner, backup: Backup, options: RestoreOptions): Promise<Restored> {
  assertTrusted(backup, options)
  const { manifest, trailer, signer, publicKey, statement, signature } = backup
  const { establishment, installation } = manifest
  const isOwn = signer === options.key.kid && (options.as ?? establishment.slug) === establishment.slug
  return owner.writeEstablishment(
    {
      establishment,
      chain: manifest.chain,
      migrations: manifest.migrations,
      tables: manifest.tables,
      people: options.withAccounts ? manifest.people.filter((person) => isFitting(person, establishment.type)) : [],
      into: isOwn ? 'own' : { slug: options.as ?? establishment.slug },
      isTrial: options.dryRun ?? false,
      actor: options.actor,
      detail: {
        installation,
        signer,
        exportedAt: manifest.exportedAt,
        establishment: establishment.slug,
        record: trailer.tables.at(-1)?.sha256,
        recordFindings: manifest.recordFindings,
      },
      proof: { installation, publicKey, statement, signature },
    },
    backup.tables(options.onProgress),
  )
}

const isFitting = ({ roles }: Person, type: Parameters<typeof fits>[1]): boolean =>
  roles.every((role) => fits(role as EstablishmentRole, type))
