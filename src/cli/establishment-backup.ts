import type { Command } from 'commander'
import { existsSync, lstatSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Owner } from '#tenancy'
import type { SigningKey } from '../shared/ed25519.ts'
import { longInstant } from '../shared/french.ts'
import { Failure, onDisk } from '../supervisor/failure.ts'
import { operator } from './operator.ts'
import { output, programVersion } from './program.ts'

type Export = { output: string; passphraseFile?: string; force?: boolean; json?: boolean }
type Restore = {
  as?: string
  trust?: string
  withAccounts?: boolean
  passphraseFile?: string
  dryRun?: boolean
  yes?: boolean
  json?: boolean
}

const passphraseOption = ['--passphrase-file <fichier>', 'la phrase secrète : première ligne de ce fichier'] as const

/** `sis establishment export` and `restore`: one establishment as one file, and back. */
export function registerEstablishmentBackup(group: Command): void {
  group
    .command('export <identifiant>')
    .description('sauvegarde un établissement entier dans un fichier chiffré par une phrase secrète')
    .requiredOption('--output <fichier>', 'le fichier à écrire')
    .option(...passphraseOption)
    .option('--force', 'remplace un fichier qui existe')
    .option('--json', 'résultat en JSON')
    .action((slug: string, options: Export) => exportTo(slug, options))
  group
    .command('restore <fichier>')
    .description('restaure un établissement d’une sauvegarde : dans sa place archivée, ou comme nouvel établissement')
    .option('--as <identifiant>', 'sous un nouvel identifiant')
    .option('--trust <empreinte>', 'accepte une sauvegarde signée par cette autre installation')
    .option('--with-accounts', 'crée, sans mot de passe, les comptes de ses personnes')
    .option(...passphraseOption)
    .option('--dry-run', 'vérifie tout, restaure pour voir, ne garde rien')
    .option('--yes', 'ne demande pas de confirmation')
    .option('--json', 'résultat en JSON')
    .action((file: string, options: Restore) => restoreFrom(file, options))
}

async function exportTo(slug: string, { output: path, passphraseFile, force, json }: Export): Promise<void> {
  const [
    { withDatabase },
    { readPassphrase },
    { progressBar },
    transfer,
    { recordEvent },
    { auditKey, installationKey },
    { atSignal },
  ] = await Promise.all([
    import('./database.ts'),
    import('./passphrase.ts'),
    import('./progress.ts'),
    import('../platform/transfer/index.ts'),
    import('../platform/audit/index.ts'),
    import('../platform/audit/installation-key.ts'),
    import('./clean-up.ts'),
  ])
  const there = lstatSync(path, { throwIfNoEntry: false })
  if (there && !there.isFile()) throw new Failure(`${path} n’est pas un fichier ordinaire : choisissez un autre nom.`)
  if (there && !force) throw new Failure(`${path} existe déjà : choisissez un autre nom, ou ajoutez --force.`)
  if (!existsSync(dirname(path))) throw new Failure(`Impossible d’écrire ${path} : le dossier n’existe pas.`)
  const passphrase = await readPassphrase(passphraseFile, { isNew: true })
  const done = await withDatabase(async ({ database, tenancy, masterKey }) => {
    const establishment = tenancy.directory.findBySlug(slug)
    if (!establishment) throw new Failure(`Aucun établissement « ${slug} ».`)
    const record = (action: string, detail: Record<string, unknown> = {}) =>
      tenancy.platform.transaction('accounts', (db) =>
        recordEvent(db, operator, {
          action,
          outcome: 'success',
          establishmentId: establishment.id,
          targetType: 'establishment',
          targetId: slug,
          detail,
        }),
      )
    // Before anything is read: an export that is cut short was an access too.
    await record('establishment.export')
    const secret = await masterKey()
    // What was changed behind the seals must not be signed as if it had always been so.
    await sealAll(database.owner, auditKey(secret))
    const { found } = await database.owner.verifyAudit({ slug, publicKeys: [auditKey(secret).publicKey] })
    let done = (): void => {}
    return transfer
      .exportEstablishment(database.owner, {
        slug,
        path,
        passphrase,
        key: installationKey(secret, transfer.keyPurpose),
        installation: database.installation,
        program: programVersion(),
        recordFindings: found,
        onRecord: ({ rows, bytes, sha256, signer }) =>
          record('establishment.exported', { rows, bytes, sha256, signer }),
        onDraft: (draft) => (done = atSignal(() => rmSync(draft, { force: true }))),
        onProgress: progressBar('Lignes'),
      })
      .finally(() => done())
      .catch((error: unknown) =>
        onDisk(path, () => {
          throw error
        }),
      )
  })
  output(json, { file: path, ...done }, [
    `${slug} : ${done.rows} lignes de ${done.tables} tables dans ${path} (${megabytes(done.bytes)}), relues et vérifiées.`,
    ...(done.strangers.length > 0
      ? [`Laissées, car elles ne sont pas de SIS : les tables ${done.strangers.join(', ')}.`]
      : []),
    ...(done.recordFindings > 0
      ? [
          `Attention : son journal d’audit a ${done.recordFindings} constat(s), que la sauvegarde mentionne : npx sis audit verify --establishment ${slug}`,
        ]
      : []),
    `Signée par cette installation, empreinte ${done.signer}.`,
    'Sans la phrase secrète, ce fichier ne s’ouvre plus : gardez-la ailleurs que lui.',
  ])
}

async function restoreFrom(file: string, options: Restore): Promise<void> {
  const [
    { withDatabase },
    { readPassphrase },
    { confirm, checked },
    { progressBar },
    transfer,
    { auditKey, installationKey },
    { explainDatabase },
  ] = await Promise.all([
    import('./database.ts'),
    import('./passphrase.ts'),
    import('./input.ts'),
    import('./progress.ts'),
    import('../platform/transfer/index.ts'),
    import('../platform/audit/installation-key.ts'),
    import('../supervisor/database.ts'),
  ])
  const [{ Slug }, { object }, { Type }] = await Promise.all([
    import('../platform/auth/index.ts'),
    import('../shared/schemas.ts'),
    import('typebox'),
  ])
  const { as } = checked(object({ as: Type.Optional(Slug) }), { as: options.as })
  const backup = await transfer.openBackup(
    (await import('./backup-file.ts')).fileAt(file),
    await readPassphrase(options.passphraseFile),
    progressBar('Vérification'),
  )
  const { manifest, rows, signer } = backup
  const { name, slug } = manifest.establishment
  const restored = await withDatabase(async ({ database, masterKey }) => {
    const secret = await masterKey()
    const key = installationKey(secret, transfer.keyPurpose)
    const { trust, withAccounts, dryRun } = options
    transfer.assertTrusted(backup, { key, ...(trust !== undefined && { trust }) })
    if (!dryRun)
      await confirm(
        `Restaurer « ${name} » (${slug}) tel qu’il était le ${longInstant(manifest.exportedAt)}, ${rows} lignes, sous l’identifiant ${as ?? slug} ?`,
        options.yes,
      )
    const made = await transfer
      .restoreEstablishment(database.owner, backup, {
        key,
        ...(trust !== undefined && { trust }),
        ...(as !== undefined && { as }),
        ...(withAccounts && { withAccounts }),
        ...(dryRun && { dryRun }),
        actor: operator.name,
        onProgress: progressBar('Restauration'),
      })
      .catch((error: unknown) => {
        throw explainDatabase(error, database.apiUrl)
      })
    // Entries as old as they are must not stand there without a seal.
    await sealAll(database.owner, auditKey(secret))
    return made
  })
  const { dryRun = false } = options
  output(
    options.json,
    { ...restored, kept: dryRun ? null : (restored.kept ?? null), signer, exportedAt: manifest.exportedAt, dryRun },
    [
      dryRun
        ? `${restored.slug} : ${restored.rows} lignes seraient restaurées ; rien n’a été gardé.`
        : `${restored.slug} est ouvert, avec ${restored.rows} lignes, tel qu’il était le ${longInstant(manifest.exportedAt)}.`,
      ...(manifest.recordFindings > 0
        ? [
            `Attention : son journal d’audit avait ${manifest.recordFindings} constat(s) quand la sauvegarde a été signée.`,
          ]
        : []),
      ...(restored.kept && !dryRun ? [`Ses anciennes tables restent dans le schéma ${restored.kept}.`] : []),
      ...(restored.people.length > 0 && dryRun ? [`Comptes qui seraient créés : ${restored.people.join(', ')}.`] : []),
      ...(restored.people.length > 0 && !dryRun
        ? [
            `Comptes créés sans mot de passe : ${restored.people.join(', ')}. Pour chacun : npx sis user reset-password <compte>`,
          ]
        : []),
    ],
  )
}

async function sealAll(owner: Owner, key: SigningKey): Promise<void> {
  for (let more = true; more;) more = (await owner.sealAudit(key)).more
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toLocaleString('fr', { maximumFractionDigits: 1 })} Mo`
