import { registerAudit } from './audit.ts'
import { registerBackup } from './backup.ts'
import { registerDemo } from './demo.ts'
import { registerDoctor } from './doctor.ts'
import { registerEstablishment } from './establishment.ts'
import { registerExport } from './export.ts'
import { registerImport } from './import.ts'
import { registerKeys } from './keys.ts'
import { registerMigrate } from './migrate.ts'
import { registerPrivacy } from './privacy.ts'
import { runProgram } from './program.ts'
import { registerRestore } from './restore.ts'
import { registerServe } from './serve.ts'
import { registerUser } from './user.ts'

// The `sis` command: one file per group, one line here.
await runProgram([
  registerServe,
  registerMigrate,
  registerEstablishment,
  registerUser,
  registerImport,
  registerExport,
  registerBackup,
  registerRestore,
  registerKeys,
  registerAudit,
  registerDemo,
  registerDoctor,
  registerPrivacy,
])
