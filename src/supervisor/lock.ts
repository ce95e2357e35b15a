import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, Failure, onDisk } from './failure.ts'
import { isAlive } from './postmaster.ts'

/** Who holds a data folder. `birth` tells a process from a later one with the same number. */
export type Holder = { pid: number; birth: string; what: string; address?: string }

export type Lock = { tell(address: string): void; release(): void }

const fileIn = (dataDir: string): string => join(dataDir, 'sis.lock')

/** The living process that holds the folder, or undefined. */
export function holderOf(dataDir: string): Holder | undefined {
  const holder = parse(read(fileIn(dataDir)))
  return holder && birthOf(holder.pid) === holder.birth ? holder : undefined
}

/**
 * Takes a data folder for this process. What a killed process left is taken over.
 * @param what this process does, told to who comes second
 * @throws Failure when a living process holds it
 */
export function takeLock(dataDir: string, what: string): Lock {
  const file = fileIn(dataDir)
  const mine: Holder = { pid: process.pid, birth: birthOf(process.pid) ?? '', what }
  // The file appears with its content: a half-written lock could not be told from a broken one.
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  onDisk(dataDir, () => writeFileSync(draft, JSON.stringify(mine), { mode: 0o600, flag: 'wx' }))
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (linked(draft, file)) return held(file, mine)
      const holder = holderOf(dataDir)
      if (holder) throw new Failure(refusal(dataDir, holder))
      removeStale(file)
    }
  } finally {
    rmSync(draft, { force: true })
  }
  throw new Failure(`Le dossier ${dataDir} est disputé par plusieurs démarrages à la fois : réessayez.`)
}

function refusal(dataDir: string, { pid, what, address }: Holder): string {
  const where = address ? `, ${address}` : ''
  return `SIS utilise déjà le dossier ${dataDir} (${what}, processus ${pid}${where}) : arrêtez-le, ou choisissez un autre dossier avec SIS_DATA_DIR.`
}

function held(file: string, mine: Holder): Lock {
  const isMine = () => parse(read(file))?.birth === mine.birth
  return {
    tell(address) {
      const draft = `${file}.${randomBytes(6).toString('hex')}`
      onDisk(file, () => {
        writeFileSync(draft, JSON.stringify({ ...mine, address }), { mode: 0o600, flag: 'wx' })
        renameSync(draft, file)
      })
    },
    release() {
      if (isMine()) rmSync(file, { force: true })
    },
  }
}

function linked(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    return onDisk(file, () => {
      throw error
    })
  }
}

/** Two starters may both see a dead holder: only a lock that is still the dead one may go. */
function removeStale(file: string): void {
  const aside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  const taken = parse(read(aside))
  if (taken && birthOf(taken.pid) === taken.birth) linked(aside, file)
  rmSync(aside, { force: true })
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function parse(content: string | undefined): Holder | undefined {
  try {
    const holder = JSON.parse(content ?? '') as Holder
    return Number.isSafeInteger(holder.pid) && typeof holder.birth === 'string' ? holder : undefined
  } catch {
    return undefined
  }
}

/** When a process began, comparable across restarts of the machine; undefined when it does not live. */
function birthOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    // Field 22, counted after the name, which may itself hold spaces and brackets (proc_pid_stat(5)).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    if (fields[0] === 'Z') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`
  } catch {
    return undefined
  }
}
