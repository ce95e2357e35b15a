import type { Command } from 'commander'

/** `sis serve`: what npm start runs. */
export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('démarre la base de données et le serveur HTTP (réglages : docs/operations.md)')
    .action(async () => void (await import('../main.ts')))
}
