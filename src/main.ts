import { loadConfig } from './config.ts'
import { linesOf } from './supervisor/failure.ts'
import { serve } from './supervisor/serve.ts'

// The supervisor: config → database → migrations → provisioning → HTTP processes → signals.
// One line per thing that is wrong, exit code 1, and nothing of what was started is left.
// Whoever reads the two outputs may go away (a pipe, a terminal): no request ends with them.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

try {
  await serve(loadConfig())
  process.exit(0)
} catch (error) {
  for (const line of linesOf(error)) process.stderr.write(`${line}\n`)
  process.exit(1)
}
