import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { atEnd, removeFolder, type Test } from './ending.ts'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A data folder below a parent that only its owner may enter, as `mktemp -d` makes it. */
export function newDataDir(t: Test): string {
  const parent = mkdtempSync(join(roomiest(), 'sis-process-'))
  atEnd(t, () => removeFolder(parent))
  return join(parent, 'data')
}

// In memory where there is room: a busy disk makes each fsync of a new cluster wait.
function roomiest(): string {
  const memory = '/dev/shm'
  if (!existsSync(memory)) return tmpdir()
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > 2 * 1024 ** 3 ? memory : tmpdir()
}

export type SisProcess = {
  pid: number
  /** Where it answers, once `ready` has resolved. */
  url: string
  /** Both outputs, as on a terminal. */
  output(): string
  stdout(): string
  /** Resolves when /health/ready says 200; rejects with the output when the process ends before. */
  ready(): Promise<void>
  /** Waits for the first answer with this status (0: no answer). */
  status(path: string, wanted: number): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Whoever read both outputs goes away. */
  hangUp(): void
  exit: Promise<number | null>
}

/** Runs `sis …` as a real process, as npm start does. What is left at the test's end is killed. */
export function sis(t: Test, args: string[], environment: Record<string, string>): SisProcess {
  const child: ChildProcess = spawn(process.execPath, [join(root, 'bin', 'sis.mjs'), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let stdout = ''
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk))
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk))
  let ended = false
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => ((ended = true), resolve(code))))
  atEnd(t, async () => {
    if (!ended) child.kill('SIGKILL')
    await exit
  })
  const running: SisProcess = {
    pid: child.pid ?? 0,
    url: '',
    output: () => output,
    stdout: () => stdout,
    async ready() {
      const url = await until(() => {
        if (ended) throw new Error(`it ended:\n${output}`)
        return /http:\/\/localhost:\d+/.exec(/SIS répond.*/.exec(output)?.[0] ?? '')?.[0]
      })
      running.url = url.replace('localhost', '127.0.0.1')
      await running.status('/health/ready', 200)
      // The first process answers before the others are there; whoever asks for several wants them.
      if (Number(environment['SIS_WORKERS'] ?? 1) > 1)
        await until(() => /processus HTTP répondent/.test(output) || undefined)
    },
    async status(path, wanted) {
      await until(async () => (await statusOf(running.url + path)) === wanted || undefined)
    },
    signal: (name) => child.kill(name),
    hangUp() {
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
    exit,
  }
  return running
}

/** The status of a new connection's request, 0 when nobody answers. */
export async function statusOf(url: string): Promise<number> {
  try {
    const { status } = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(10_000) })
    return status
  } catch {
    return 0
  }
}

/** Repeats until there is a value. @throws Error after 3 min: something hangs (a healthy run needs about a second) */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(30)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error('waited 3 min in vain')
}

export const postmasterOf = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])

/** The processes that work in a folder (Linux), for example every process of a cluster. */
export function processesIn(folder: string): number[] {
  return processes().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder
    } catch {
      return false
    }
  })
}

export function childrenOf(parent: number): { pid: number; command: string }[] {
  return processes().flatMap((pid) => {
    try {
      const [, ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
      return Number(ppid) === parent
        ? [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }]
        : []
    } catch {
      return []
    }
  })
}

/** Whether a process runs; one that is dead and not yet collected by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0] !== 'Z'
  } catch {
    return false
  }
}

const processes = (): number[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number) // prettier-ignore
