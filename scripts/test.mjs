import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// npm test [-- part-of-a-path …]: every test file, or those whose path contains one of the words.
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const words = process.argv.slice(2)

const files = ['src', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()

if (files.length === 0) {
  process.stderr.write(`Aucun fichier de test ne correspond à : ${words.join(' ')}\n`)
  process.exit(1)
}

const reporters = ['spec', './scripts/test-count.mjs'].flatMap((reporter) => [
  `--test-reporter=${reporter}`,
  '--test-reporter-destination=stdout',
])
// A test that hangs fails, instead of holding the run.
const flags = [
  '--import',
  'tsx',
  '--conditions=sis-source',
  '--test',
  '--test-concurrency=2',
  '--test-timeout=240000',
  ...reporters,
]
const child = spawn(process.execPath, [...flags, ...files], { cwd: root, stdio: 'inherit' })
// The runner ends its own children; we only have to outlive it to hand on its result.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
