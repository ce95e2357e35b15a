import { spawn } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compileTests } from './compile-tests.mjs'
import count from './test-count.mjs'

// npm test [-- part-of-a-path …]: every test file, or those whose path contains one of the words.
// --full: the sizes of test:isolation, test:faults and test:fuzz; --seed N: the cases of an earlier run.
// --compiled: where this program has put what it starts itself for.
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values: options, positionals: words } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    seed: { type: 'string' },
    compiled: { type: 'string' },
  },
  allowPositionals: true,
})
if (options.full) process.env.SIS_TEST_FULL = '1'
if (options.seed !== undefined) process.env.SIS_TEST_SEED = options.seed

// Files that start the real program many times: first, so that the last minute has work for both cores.
const long = ['test/process', 'test/cli', 'src/cli', 'test/tour', 'test/openapi', 'src/modules/exchange']
const rank = (file) => (long.findIndex((start) => file.startsWith(start)) + long.length + 1) % (long.length + 1)

const files = ['src', 'test']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))

if (files.length === 0) {
  process.stderr.write(`Aucun fichier de test ne correspond à : ${words.join(' ')}\n`)
  process.exit(1)
} else if (options.compiled === undefined) {
  const folder = compileTests()
  // The runner hands its own flags on to the process of each file; stack traces name the sources.
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', fileURLToPath(import.meta.url), ...process.argv.slice(2), '--compiled', folder],
    { cwd: root, stdio: 'inherit' },
  )
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    rmSync(folder, { recursive: true, force: true })
    process.exit(signal ? 1 : (code ?? 1))
  })
} else {
  // A test that hangs fails, instead of holding the run.
  const events = run({
    files: files.map((file) => join(options.compiled, file.replace(/\.ts$/, '.js'))),
    // One more than cores: the tests of real processes wait much. One alone where others have the processors too: a file that
    // gets a fifth of one fails for what it waits for (SIS_TEST_AT_ONCE, in .ci/run).
    concurrency: Number(process.env.SIS_TEST_AT_ONCE ?? (options.full ? 1 : availableParallelism() + 1)),
    timeout: options.full ? 3_600_000 : 1_200_000,
  })
  events.on('test:fail', ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1
  })
  events.compose(new spec()).pipe(process.stdout)
  events.compose(count).pipe(process.stdout)
}
