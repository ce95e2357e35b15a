import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The arguments with which node runs the OpenAPI linter. */
export function redocly(...args: string[]): string[] {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('@redocly/cli/package.json')
  const { bin } = require(manifest) as { bin: { redocly: string } }
  return [join(dirname(manifest), bin.redocly), ...args, '--config', join(root, 'redocly.yaml')]
}
