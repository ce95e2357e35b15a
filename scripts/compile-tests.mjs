import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiler } from './build.mjs'
import { bundleLibraries } from './libraries.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const copied = ['src', 'test', 'scripts', 'bench', 'migrations', 'docs', 'deploy', '.ci']
// The program that the tests start is the one of `npm start`.
const linked = ['bin', 'dist']

/**
 * Compiles sources and tests into a folder of this run's own: never stale, and an edit during the run changes nothing in
 * it. Loading the application through a transpiling loader cost each test file twice the time (1.9 s of CPU, now 0.9).
 * The folder looks like the repository, so that paths from a test to the migrations or the documents hold in both.
 * Types are not looked at: a test can be run while a neighbour does not compile yet (`npm run types` does look).
 */
export function compileTests() {
  removeLeftOvers()
  const folder = join(root, `dist.test.${process.pid}`)
  mkdirSync(folder)
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    const [from, to] = [join(root, entry.name), join(folder, entry.name)]
    // A junction needs no privilege on Windows.
    if (linked.includes(entry.name)) symlinkSync(from, to, 'junction')
    else if (entry.isFile() || copied.includes(entry.name)) cpSync(from, to, { recursive: true })
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  manifest.imports['#tenancy'] = './src/tenancy/index.js'
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const { status } = spawnSync(
    process.execPath,
    [compiler(), '-p', join(root, 'tsconfig.test.json'), '--noCheck', '--outDir', folder],
    { cwd: root, stdio: ['ignore', 2, 2] },
  )
  bundleLibraries(folder)
  // 2: written, with syntax errors; whoever needs those files fails by itself.
  if (status === 0 || status === 2) return folder
  rmSync(folder, { recursive: true, force: true })
  process.stderr.write('La compilation des tests a échoué (voir ci-dessus).\n')
  process.exit(1)
}

/** Folders of runs that were killed. */
function removeLeftOvers() {
  for (const name of readdirSync(root)) {
    const pid = Number(/^dist\.test\.(\d+)$/.exec(name)?.[1])
    if (pid > 0 && !isRunning(pid)) rmSync(join(root, name), { recursive: true, force: true })
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
