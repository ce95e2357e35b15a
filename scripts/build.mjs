import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const stampFile = join(dist, '.stamp')

/** What the build depends on: names, sizes and times, which `git checkout` and editors change. */
function stamp() {
  const hash = createHash('sha256')
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path))
    hash.update(`${path} ${size} ${mtimeMs}\n`)
  }
  for (const file of ['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/bundle.mjs']) add(file)
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  for (const file of sources.sort()) add(file)
  return hash.digest('hex')
}

/**
 * Makes dist/ of src/ when something changed. The new folder replaces the old one when it is complete.
 * Without sources (a container with dist/ only) there is nothing to do.
 */
export async function build() {
  if (!existsSync(join(root, 'src')) || !existsSync(join(root, 'tsconfig.json'))) return
  const wanted = stamp()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return
  // Not on the standard output, which is a command's result.
  process.stderr.write('Compilation de SIS…\n')
  const draft = `${dist}.${process.pid}`
  try {
    // Without a look at the types (`npm run types`): a first start would wait for it.
    mkdirSync(draft, { recursive: true })
    // Not above: a container without sources has no compiler either.
    await (await import('./bundle.mjs')).bundleProgram(draft)
    writeFileSync(join(draft, '.stamp'), wanted)
    replace(draft, wanted)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (error.code === 'MODULE_NOT_FOUND') refuseIncomplete()
    // What esbuild finds wrong in a source it has written itself.
    if (error.errors === undefined) throw error
    process.stderr.write('La compilation a échoué (voir ci-dessus).\n')
    process.exit(1)
  }
}

/** In two renames: what another start is loading from the old folder must not be half gone. */
function replace(draft, wanted) {
  const old = `${draft}.old`
  try {
    if (existsSync(dist)) renameSync(dist, old)
    renameSync(draft, dist)
  } catch (error) {
    // Another start built the same at the same time.
    if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  rmSync(old, { recursive: true, force: true })
}

export function compiler() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  } catch {
    refuseIncomplete()
  }
}

function refuseIncomplete() {
  process.stderr.write(
    'Le compilateur TypeScript manque : lancez d’abord « npm ci » (avec les dépendances de développement).\n',
  )
  process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build()
