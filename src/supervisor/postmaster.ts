import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'

/** What postmaster.pid says (PostgreSQL: src/include/utils/pidfile.h). */
export type Postmaster = { pid: number; port: number; ready: boolean }

export function readPostmaster(directory: string): Postmaster | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(directory, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/** The postmaster that really runs on this cluster, or undefined. */
export function runningPostmaster(directory: string): Postmaster | undefined {
  const found = readPostmaster(directory)
  return found && isPostmasterOf(found.pid, directory) ? found : undefined
}

/** A number in a file may since belong to any other process. */
function isPostmasterOf(pid: number, directory: string): boolean {
  if (!isAlive(pid)) return false
  if (process.platform === 'linux') {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory)
    } catch {
      return false
    }
  }
  try {
    return basename(execFileSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' }).trim()) === 'postgres'
  } catch {
    return false
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Stops a database that outlived its supervisor: fast shutdown (nothing is lost), then, after `patience` ms, an
 * immediate one (recovered from the log at the next start). A lock file that nobody owns any more is removed.
 */
export async function stopOrphan(directory: string, patience = 30_000): Promise<boolean> {
  const orphan = runningPostmaster(directory)
  if (!orphan) {
    // PostgreSQL itself would refuse to start when the number now belongs to another process of the same user. Its
    // second lock, the shared memory segment of this folder, still protects from backends that are left.
    rmSync(join(directory, 'postmaster.pid'), { force: true })
    return false
  }
  process.kill(orphan.pid, 'SIGINT')
  if (await gone(orphan.pid, directory, patience)) return true
  process.kill(orphan.pid, 'SIGQUIT')
  if (await gone(orphan.pid, directory, patience)) return true
  throw new Failure(`La base de données ${directory} ne s’arrête pas (processus ${orphan.pid}).`)
}

// Not isAlive: where nobody collects the dead (a container without an init), a number stays for ever.
async function gone(pid: number, directory: string, patience: number): Promise<boolean> {
  for (const end = Date.now() + patience; Date.now() < end; await sleep(20))
    if (!isPostmasterOf(pid, directory)) return true
  return !isPostmasterOf(pid, directory)
}
