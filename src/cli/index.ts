import process from 'node:process'
import { runProgram } from './program.ts'

// The `sis` command: one file per group, one line here.
const groups = {
  serve: async () => (await import('./serve.ts')).registerServe,
  migrate: async () => (await import('./migrate.ts')).registerMigrate,
  establishment: async () => (await import('./establishment.ts')).registerEstablishment,
  user: async () => (await import('./user.ts')).registerUser,
  import: async () => (await import('./import.ts')).registerImport(await keptRegisters()),
  export: async () => (await import('./export.ts')).registerExport(await keptRegisters()),
  backup: async () => (await import('./backup.ts')).registerBackup,
  restore: async () => (await import('./restore.ts')).registerRestore,
  keys: async () => (await import('./keys.ts')).registerKeys,
  audit: async () => (await import('./audit.ts')).registerAudit,
  demo: async () => (await import('./demo.ts')).registerDemo,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  privacy: async () => (await import('./privacy.ts')).registerPrivacy,
}

async function keptRegisters() {
  const { registersOf } = await import('../modules/exchange/index.ts')
  const { modules } = await import('../app.ts')
  return registersOf(modules)
}

// Only the group that is asked for is loaded: all of them cost a start half a second on one core. Help names them all.
const [asked = ''] = process.argv.slice(2)
const wanted = Object.hasOwn(groups, asked) ? [groups[asked as keyof typeof groups]] : Object.values(groups)
await runProgram(await Promise.all(wanted.map((load) => load())))
