import { InvalidArgumentError, type Command } from 'commander'
import { rmSync } from 'node:fs'
import { longInstant } from '../shared/french.ts'
import { registerDrill } from './drill.ts'
import { operator } from './operator.ts'
import { output, programVersion } from './program.ts'

type Options = { output?: string; passphraseFile?: string; keep?: number; json?: boolean }

/** `sis backup`: the whole installation as one file; `sis backup drill`: whether it can be restored. */
export function registerBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description('sauvegarde toute l’installation, clés comprises, dans un fichier chiffré, relu et vérifié')
    .option('--output <dossier>', 'le dossier qui reçoit la sauvegarde, ou le nom du fichier')
    .option('--passphrase-file <fichier>', 'la phrase secrète : première ligne de ce fichier')
    .option('--keep <nombre>', 'combien de sauvegardes restent dans le dossier, celle-ci comprise', countOf)
    .option('--json', 'résultat en JSON')
  backup.action(({ output: to, ...options }: Options) => {
    // Not a required option of commander's: `sis backup drill` would ask for it too.
    if (to === undefined)
      return backup.error("error: required option '--output <dossier>' not specified", { exitCode: 2 })
    return run(to, options)
  })
  registerDrill(backup)
}

function countOf(value: string): number {
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('attendu un nombre de 1 à 9999.')
}

const keyLines = {
  inside: [
    'La clé maîtresse y est, sous la phrase secrète : ce fichier et cette phrase suffisent à tout restaurer. Gardez-les séparément.',
  ],
  elsewhere: [
    'La clé maîtresse (SIS_MASTER_KEY) n’y est pas : gardez-en une copie ailleurs, sans elle cette sauvegarde ne se restaure pas.',
  ],
  none: [],
}

async function run(to: string, { passphraseFile, keep, json }: Omit<Options, 'output'>): Promise<void> {
  const [{ withOwner }, { readPassphrase }, { backUp, refuseOutput }, { megabytes }, { progressBar }, { atSignal }] =
    await Promise.all([
      import('./with-owner.ts'),
      import('./passphrase.ts'),
      import('../supervisor/backup.ts'),
      import('../supervisor/restore.ts'),
      import('./progress.ts'),
      import('./clean-up.ts'),
    ])
  refuseOutput(to, keep)
  const passphrase = await readPassphrase(passphraseFile, { isNew: true })
  const startedAt = performance.now()
  let draft: string | undefined
  const done = atSignal(() => draft !== undefined && rmSync(draft, { force: true }))
  const written = await withOwner((owner, config) =>
    backUp(owner, config, {
      output: to,
      passphrase,
      program: programVersion(),
      actor: operator.name,
      ...(keep !== undefined && { keep }),
      onProgress: progressBar('Sauvegarde'),
      onVerify: progressBar('Vérification'),
      onDraft: (path) => (draft = path),
    }),
  ).finally(done)
  const { rows, tables, establishments, file, fileBytes, takenAt, strangers, removed } = written
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  output(json, { ...written, seconds }, [
    `${rows} lignes de ${tables} tables, ${establishments} établissements, dans ${file} (${megabytes(fileBytes)}) : relues et vérifiées, telles qu’elles étaient le ${longInstant(takenAt)}.`,
    ...keyLines[written.masterKey],
    ...(strangers.length > 0 ? [`Laissées, car elles ne sont pas de SIS : ${strangers.join(', ')}.`] : []),
    ...removed.map((path) => `Ancienne sauvegarde supprimée : ${path}`),
    `Essayez-la : npx sis backup drill ${file}. Sans la phrase secrète, elle ne s’ouvre plus.`,
  ])
}
