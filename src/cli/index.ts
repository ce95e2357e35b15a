import { registerDemo } from './demo.ts'
import { registerExport } from './export.ts'
import { registerImport } from './import.ts'
import { registerKeys } from './keys.ts'
import { registerMigrate } from './migrate.ts'
import { runProgram } from './program.ts'
import { registerServe } from './serve.ts'

// The `sis` command: one file per group, one line here.
await runProgram([registerServe, registerMigrate, registerKeys, registerDemo, registerImport, registerExport])
