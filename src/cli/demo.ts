import type { Command } from 'commander'
import { output } from './program.ts'

/** `sis demo`: the demonstration's accounts; loads it into an empty database. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('charge les données de démonstration dans une base vide, ou montre leurs comptes')
    .option('--reset-password', 'donne un nouveau mot de passe aux comptes (SIS_DEMO_PASSWORD, sinon au hasard)')
    .option('--json', 'résultat en JSON')
    .action(async ({ resetPassword, json }: { resetPassword?: boolean; json?: boolean }) => {
      const { withDatabase } = await import('./database.ts')
      const { demoAccounts, demoState, loadDemo, readablePassword, setDemoPassword } = await import('../demo/index.ts')
      const { accountLines } = await import('../supervisor/demonstration.ts')
      const { Failure } = await import('../supervisor/failure.ts')
      const { progressBar } = await import('./progress.ts')
      const password = await withDatabase(async ({ config, database: { owner }, tenancy }) => {
        const state = await demoState(tenancy)
        const chosen = config.demoPassword ?? readablePassword()
        if (state === 'foreign')
          throw new Failure('Cette base de données a ses propres comptes : la démonstration n’y est pas chargée.')
        if (state === 'absent')
          await loadDemo({ owner, tenancy, password: chosen, onProgress: progressBar('Démonstration') })
        else if (resetPassword) await setDemoPassword(tenancy, chosen)
        else return undefined
        return chosen
      })
      output(
        json,
        { password: password ?? null, accounts: demoAccounts },
        accountLines(password ?? 'inchangé (pour en changer : npx sis demo --reset-password)'),
      )
    })
}
