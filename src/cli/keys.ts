import type { Command } from 'commander'
import { output } from './program.ts'

/** `sis keys rotate`: running servers notice within two seconds. */
export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('les clés qui signent les jetons d’accès')
  keys
    .command('rotate')
    .description('passe à la clé suivante, sans redémarrage ni déconnexion')
    .option('--compromised', 'refuse dès maintenant tout jeton signé jusqu’ici (clé volée)')
    .option('--json', 'résultat en JSON')
    .action(async ({ compromised = false, json }: { compromised?: boolean; json?: boolean }) => {
      const { withDatabase } = await import('./database.ts')
      const { rotateKeys } = await import('../platform/auth/keys.ts')
      await withDatabase(async ({ tenancy, masterKey }) =>
        rotateKeys(tenancy.platform, await masterKey(), { compromised }),
      )
      output(json, { rotated: true, compromised }, [
        compromised
          ? 'Les clés sont remplacées ; tous les jetons signés jusqu’ici sont refusés.'
          : 'La clé suivante signe désormais ; la précédente est encore acceptée un quart d’heure.',
      ])
    })
}
