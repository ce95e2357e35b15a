import { ConfigError, loadConfig } from './config.ts'
import { Failure } from './supervisor/failure.ts'
import { serve } from './supervisor/serve.ts'

// The supervisor: config → database → migrations → provisioning → HTTP processes → signals.
// One line per thing that is wrong, exit code 1, and nothing of what was started is left.
try {
  await serve(loadConfig())
  process.exit(0)
} catch (error) {
  const expected = error instanceof Failure || error instanceof ConfigError
  const lines = expected ? error.lines : [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  process.stderr.write(`${lines.join('\n')}\n`)
  process.exit(1)
}
