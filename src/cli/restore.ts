import type { Command } from 'commander'
import { basename } from 'node:path'
import { operator } from './operator.ts'
import { output } from './program.ts'

type Options = { passphraseFile?: string; replace?: boolean; yes?: boolean; json?: boolean }

/** `sis restore`: a backup of the whole into an empty data folder or database. */
export function registerRestore(program: Command): void {
  program
    .command('restore <sauvegarde>')
    .description('restaure toute l’installation d’une sauvegarde (ou de la plus récente d’un dossier)')
    .option('--passphrase-file <fichier>', 'la phrase secrète : première ligne de ce fichier')
    .option('--replace', 'prend la place de la base de ce dossier de données, qui est gardée à côté')
    .option('--yes', 'ne demande pas de confirmation')
    .option('--json', 'résultat en JSON')
    .action(run)
}

async function run(path: string, { passphraseFile, replace = false, yes, json }: Options): Promise<void> {
  const [
    { loadConfig },
    { openWholeBackup },
    restoring,
    { Failure },
    { confirm },
    { readPassphrase },
    { progressBar },
    { longInstant },
  ] = await Promise.all([
    import('../config.ts'),
    import('../platform/backup/index.ts'),
    import('../supervisor/restore.ts'),
    import('../supervisor/failure.ts'),
    import('./input.ts'),
    import('./passphrase.ts'),
    import('./progress.ts'),
    import('../shared/french.ts'),
  ])
  const [{ backupAt }, { tell }, { createLog }, { setAnchorsAside }, { now }] = await Promise.all([
    import('./backup-file.ts'),
    import('./database.ts'),
    import('../supervisor/log.ts'),
    import('../supervisor/anchors.ts'),
    import('../shared/clock.ts'),
  ])
  const config = loadConfig()
  if (config.databaseUrl && replace)
    throw new Failure('--replace vaut pour un dossier de données : donnez par DATABASE_URL une base vide.')
  const file = backupAt(path)
  const startedAt = performance.now()
  const backup = await openWholeBackup(file, await readPassphrase(passphraseFile), progressBar('Vérification'))
  const { plan } = backup.manifest
  const { rows } = backup.total
  const key = restoring.masterKeyFor(config, backup)
  const what = `l’installation ${plan.installation} telle qu’elle était le ${longInstant(plan.takenAt)} (${rows} lignes, ${plan.schemas.length} établissements)`
  if (replace)
    await confirm(`Restaurer ${what} à la place de la base de ${config.dataDir}, qui sera gardée à côté ?`, yes)
  const options = {
    log: createLog('error', 2),
    tell,
    actor: operator.name,
    fileName: basename(file),
    key,
    onProgress: progressBar('Restauration'),
  }
  const { aside, wasInPlace, filled } = config.databaseUrl
    ? { aside: undefined, wasInPlace: false, filled: await restoring.restoreExternal(config, backup, options) }
    : await restoring.restoreEmbedded(config, backup, { ...options, replace })
  const anchors = setAnchorsAside(config, now())
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10
  const { installation, takenAt } = plan
  const { failed = [], closed, recordFindings = 0 } = filled ?? {}
  output(
    json,
    { installation, takenAt, rows, seconds, aside: aside ?? null, wasInPlace, failed, recordFindings, ...closed },
    [
      wasInPlace
        ? `Cette sauvegarde était déjà restaurée ; il ne restait qu’à la mettre en place : ${what}.`
        : `Restaurée et comparée table par table, en ${seconds.toLocaleString('fr')} s : ${what}.`,
      ...(aside === undefined ? [] : [`Ce qui était là est gardé dans ${aside}.`]),
      ...(recordFindings > 0
        ? [`Attention : le journal d’audit a des anomalies : ${recordFindings} (npx sis audit verify).`]
        : []),
      ...failed.map(({ slug, error }) => `L’établissement ${slug} n’a pas pu être mis à jour : ${error}`),
      ...anchors.map((place) => `Les têtes du journal d’audit d’avant sont gardées dans ${place}.`),
      `Toutes les sessions sont terminées (${closed?.sessions ?? 0}), les liens d’activation non utilisés ne valent plus (${closed?.links ?? 0}) : chacun se connecte de nouveau.`,
      `Ce qui a été fait après le ${longInstant(takenAt)} n’y est pas : refaites les suspensions, les départs et les changements de mot de passe ou de second facteur intervenus depuis ; après un vol de clés : npx sis keys rotate --compromised.`,
      'Démarrez : npm start. Puis : npx sis doctor.',
    ],
  )
  if (failed.length > 0) process.exitCode = 1
}
