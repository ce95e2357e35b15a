import type { Command } from 'commander'
import { tmpdir } from 'node:os'
import { longInstant } from '../shared/french.ts'
import type { Drill } from '../supervisor/drill.ts'
import { operator } from './operator.ts'
import { output } from './program.ts'

type Options = { passphraseFile?: string; scratch: string; json?: boolean }

/** `sis backup drill`: restores the newest backup into a place of its own, looks at everything, removes it, reports. */
export function registerDrill(backup: Command): void {
  backup
    .command('drill <sauvegarde>')
    .description(
      'essaie une sauvegarde (ou la plus récente d’un dossier) : la restaure à part, vérifie tout, efface l’essai',
    )
    .option('--passphrase-file <fichier>', 'la phrase secrète : première ligne de ce fichier')
    .option('--scratch <dossier>', 'où restaurer le temps de l’essai', tmpdir())
    .option('--json', 'résultat en JSON')
    .action(run)
}

async function run(path: string, { passphraseFile, scratch, json }: Options): Promise<void> {
  const [
    { loadConfig },
    { drill, removeDrill },
    { readPassphrase },
    { progressBar },
    { atSignal },
    { tell },
    log,
    files,
    { isFolder },
    { Failure },
  ] = await Promise.all([
    import('../config.ts'),
    import('../supervisor/drill.ts'),
    import('./passphrase.ts'),
    import('./progress.ts'),
    import('./clean-up.ts'),
    import('./database.ts'),
    import('../supervisor/log.ts'),
    import('./backup-file.ts'),
    import('../platform/backup/index.ts'),
    import('../supervisor/failure.ts'),
  ])
  const config = loadConfig()
  if (!isFolder(scratch)) throw new Failure(`Le dossier ${scratch} n’existe pas.`)
  const file = files.backupAt(path)
  const passphrase = await readPassphrase(passphraseFile)
  const startedAt = performance.now()
  let folder: string | undefined
  const done = atSignal(() => folder !== undefined && removeDrill(folder))
  const report = await drill(config, {
    path: file,
    passphrase,
    scratch,
    log: log.createLog('error', 2),
    tell,
    actor: operator.name,
    onVerify: progressBar('Vérification'),
    onProgress: progressBar('Restauration'),
    onFolder: (made) => (folder = made),
  }).finally(done)
  const recorded = await record(report, performance.now() - startedAt)
  const { megabytes } = await import('../supervisor/restore.ts')
  output(json, { ...report, recorded }, linesOf(report, recorded, megabytes))
  if (report.outcome === 'failure') process.exitCode = 1
}

/** In the installation's own database, where there is one: a drill may also be made on another machine. */
async function record(report: Drill, durationMs: number): Promise<boolean> {
  const { withOwner } = await import('./with-owner.ts')
  const { outcome, file: fileName, takenAt, bytes, rows, failures } = report
  return withOwner((owner) =>
    owner.whole.record(
      {
        kind: 'drill',
        outcome,
        fileName,
        durationMs,
        ...(takenAt !== undefined && { takenAt }),
        ...(bytes !== undefined && { bytes }),
        ...(rows !== undefined && { rows }),
        ...(failures.length > 0 && { reason: failures.join(' ') }),
      },
      operator.name,
    ),
  ).catch(() => false)
}

function linesOf(report: Drill, recorded: boolean, megabytes: (bytes: number) => string): string[] {
  const { file, rows, tables, establishments, takenAt, ageSeconds, readySeconds, recordEntries, bytes } = report
  const known =
    takenAt === undefined
      ? []
      : [
          `${file} (${megabytes(bytes ?? 0)}), prise le ${longInstant(takenAt)} : ${rows} lignes de ${tables} tables, ${establishments} établissements.`,
          `Perte si tout brûlait maintenant : ${durationOf(ageSeconds ?? 0)}.`,
        ]
  const restored =
    readySeconds === undefined
      ? []
      : [
          `Prête à servir en ${durationOf(readySeconds)}. Journal d’audit : ${recordEntries} entrées vérifiées. Chaque table relue et comparée.`,
        ]
  const end =
    report.outcome === 'success'
      ? ['Essai réussi : cette sauvegarde se restaure. L’essai est effacé.']
      : ['ESSAI EN ÉCHEC : cette sauvegarde ne suffirait pas.', ...report.failures.map((line) => `  ${line}`)]
  return [...known, ...restored, ...end, ...(recorded ? [] : ['Cet essai n’est consigné nulle part : la base de cette installation n’est pas ici.'])] // prettier-ignore
}

function durationOf(seconds: number): string {
  if (seconds < 120) return `${seconds.toLocaleString('fr', { maximumFractionDigits: 1 })} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
