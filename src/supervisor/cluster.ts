import { spawnSync } from 'node:child_process'
import { chownSync, closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Binaries } from './binaries.ts'
import { Failure, onDisk } from './failure.ts'
import { userFor, type User } from './run-as.ts'
import { makeFolder } from './secrets.ts'

/** The superuser and the database of every embedded cluster. */
export const superuser = 'postgres'
export const database = 'sis'

/** How to start a program of PostgreSQL on a cluster: as whom, where, and the cluster's name as that process sees it. */
export function launch(directory: string): { seenAs: string; options: LaunchOptions } {
  const user = userFor(directory)
  // Root may keep its data below a folder that the unprivileged user cannot enter. A process that is put into the
  // cluster before it changes its user needs none of the parents: /proc/self/cwd names it.
  const seenAs = user && process.platform === 'linux' ? '/proc/self/cwd' : directory
  return { seenAs, options: { cwd: directory, env, ...(user && { uid: user.uid, gid: user.gid }) } }
}

type LaunchOptions = { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number }

// Neither the user's locale (an LC_ALL=C cluster would be SQL_ASCII, French messages could not be recognised) nor
// the user's PG… variables may reach PostgreSQL.
const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

export const isCluster = (directory: string): boolean => existsSync(join(directory, 'PG_VERSION'))

/**
 * Makes a cluster with the database `sis`: UTF-8, sorted and lower-cased alike on every machine, scram only.
 * The folder appears under its name when everything is done; an interrupted attempt leaves only a draft.
 * @param options.password of the superuser
 * @param options.sync false for throw-away clusters of tests
 */
export function initCluster(
  binaries: Binaries,
  directory: string,
  options: { password: string; sync?: boolean },
): void {
  const draft = `${directory}.draft`
  onDisk(draft, () => {
    rmSync(draft, { recursive: true, force: true })
    makeFolder(draft, 0o700)
  })
  const user = userFor(draft)
  onDisk(draft, () => give(draft, user))
  const { seenAs, options: how } = launch(draft)
  const password = passwordFile(dirname(directory), options.password, user)
  const fast = options.sync === false
  try {
    const flags = [
      ['-D', seenAs, '-U', superuser, '--auth=scram-sha-256', `--pwfile=${user ? '/dev/stdin' : password.path}`],
      ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--no-instructions'],
      fast ? ['--no-sync'] : [],
    ].flat()
    const { status, stderr, stdout, error } = spawnSync(binaries.initdb, flags, {
      ...how,
      stdio: [password.handle, 'pipe', 'pipe'],
      encoding: 'utf8',
    })
    if (error || status !== 0) throw new Failure(explain(`${stdout}\n${stderr}\n${error ?? ''}`, directory))
  } finally {
    closeSync(password.handle)
    rmSync(password.path, { force: true })
  }
  const single = ['--single', '-D', seenAs, ...(fast ? ['-F'] : []), 'postgres']
  const made = spawnSync(binaries.postgres, single, {
    ...how,
    input: `CREATE DATABASE ${database}\n`,
    encoding: 'utf8',
  })
  if (made.error || made.status !== 0 || /(ERROR|FATAL|PANIC):/.test(made.stderr)) {
    throw new Failure(explain(`${made.stderr}\n${made.error ?? ''}`, directory))
  }
  onDisk(directory, () => renameSync(draft, directory))
}

/** Copies a stopped cluster, owner and modes too (39 MB: 0.14 s). */
export function copyCluster(from: string, to: string): void {
  const { status, stderr } = spawnSync('cp', ['-a', from, to], { encoding: 'utf8' })
  if (status !== 0) throw new Failure(explain(stderr, to))
}

/** Refuses a cluster of another major version: its files can only be read by the PostgreSQL that wrote them. */
export function refuseOtherVersion(binaries: Binaries, directory: string): void {
  const found = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim()
  const ours = binaries.version.split('.')[0]
  if (found !== ours) {
    throw new Failure(
      `La base de données ${directory} a été créée par PostgreSQL ${found} ; cette version de SIS apporte PostgreSQL ${ours}. Voir docs/operations.md, « Changer de version ».`,
    )
  }
}

function give(path: string, user: User | undefined): void {
  if (user) chownSync(path, user.uid, user.gid)
}

/** initdb reads the password from a file; when it runs as another user, from an open handle on it. */
function passwordFile(folder: string, password: string, user: User | undefined): { path: string; handle: number } {
  const path = join(folder, `.initdb-${randomBytes(6).toString('hex')}`)
  return onDisk(path, () => {
    writeFileSync(path, `${password}\n`, { mode: 0o600, flag: 'wx' })
    give(path, user)
    return { path, handle: openSync(path, 'r') }
  })
}

const reasons: [RegExp, (directory: string) => string][] = [
  [
    /No space left on device|Disk quota exceeded/i,
    (d) => `Le disque est plein : la base de données ${d} ne peut pas écrire.`,
  ],
  [/Read-only file system/i, (d) => `Le disque est en lecture seule : la base de données ${d} ne peut pas écrire.`],
  [/Permission denied/i, (d) => `L’accès à la base de données ${d} est refusé à cet utilisateur.`],
  [/could not map anonymous shared memory|Cannot allocate memory/i, () => 'La mémoire ne suffit pas pour PostgreSQL.'],
  [/Address already in use/i, () => 'Le port choisi pour la base de données vient d’être pris par un autre programme.'],
  [
    /invalid checkpoint record|could not locate a valid checkpoint/i,
    (d) => `La base de données ${d} est abîmée : restaurez une sauvegarde (docs/operations.md).`,
  ],
]

/** One French sentence for what PostgreSQL's programs wrote, with their own last line when the cause is not a known one. */
export function explain(output: string, directory: string): string {
  for (const [pattern, sentence] of reasons) if (pattern.test(output)) return sentence(directory)
  const lines = output.split('\n').filter((line) => /(error|FATAL|PANIC):/i.test(line))
  const last = lines.at(-1) ?? output.trim().split('\n').at(-1) ?? ''
  return `PostgreSQL n’a pas pu démarrer sur ${directory} : ${last.replace(/^.*?(error|FATAL|PANIC): +/i, '').trim() || 'aucune raison donnée'}.`
}
