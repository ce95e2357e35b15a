import type { Command } from 'commander'
import { output } from './program.ts'

/** `sis migrate`: brings the shared schema and every establishment to this version's tables, without serving. */
export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('met à jour les tables communes et celles de chaque établissement')
    .option('--json', 'résultat en JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { migrate } = await import('../supervisor/migrate.ts')
      const { tell, withDatabase } = await import('./database.ts')
      const report = await withDatabase(async ({ database, migration }) => migration ?? migrate(database.owner, tell))
      output(json, report, [
        `Tables communes : ${report.shared} étape(s) appliquée(s).`,
        `Établissements mis à jour : ${report.migrated} ; en échec : ${report.failed.length}.`,
      ])
      if (report.failed.length > 0) process.exitCode = 1
    })
}
