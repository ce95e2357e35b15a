import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { childrenOf } from '../../test/sis-process.ts'
import { endWithUs } from './ending.ts'

export const repository = join(import.meta.dirname, '..', '..')

/**
 * The built program as it is now, in a folder of its own: an edit or a build during a run of half an hour changes nothing
 * in what is measured.
 * @returns its folder
 */
export function snapshotProgram(folder: string): string {
  if (!existsSync(join(repository, 'dist', 'cli.js'))) throw new Error('dist/ is missing: npm run build')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of ['dist', 'migrations', 'bin', 'package.json'])
    cpSync(join(repository, name), join(folder, name), { recursive: true })
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** `sis serve` as a real process: supervisor and HTTP processes. */
export type Server = {
  url: string
  /** The supervisor. */
  pid: number
  /** From its start to the first answer of /health/ready (ms). */
  readyAfter: number
  httpProcesses(): number[]
  output(): string
  stop(): Promise<void>
}

export type ServeOptions = { program: string; environment: Record<string, string>; withinMs?: number }

/** @throws Error with what it said when it ends before it serves, or does not within the time */
export async function serve({ program, environment, withinMs = 120_000 }: ServeOptions): Promise<Server> {
  const startedAt = performance.now()
  const child = run(program, ['serve'], { PORT: '0', SIS_DEMO: 'off', ...environment })
  let [output, ended] = ['', false]
  let readyAfter: number | undefined
  const collect = (chunk: Buffer): void => void (output = (output + chunk).slice(-100_000))
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  const exit = new Promise<void>((resolve) => child.once('close', () => ((ended = true), resolve())))
  const pid = child.pid ?? 0
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exit
  }
  for (;;) {
    if (ended) throw new Error(`sis serve ended:\n${output}`)
    if (performance.now() - startedAt > withinMs) {
      child.kill('SIGKILL')
      throw new Error(`sis serve is not ready after ${withinMs / 1000} s:\n${output}`)
    }
    const port = /SIS répond.*http:\/\/localhost:(\d+)/.exec(output)?.[1]
    if (port !== undefined && (await isReady(`http://127.0.0.1:${port}/health/ready`)))
      readyAfter ??= performance.now() - startedAt
    // The first process serves before the others are there.
    if (readyAfter !== undefined && (availableParallelism() === 1 || /processus HTTP répondent/.test(output)))
      return {
        url: `http://127.0.0.1:${port}`,
        pid,
        readyAfter,
        httpProcesses: () =>
          childrenOf(pid)
            .filter(({ command }) => /server\.js/.test(command))
            .map(({ pid: worker }) => worker),
        output: () => output,
        stop,
      }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A command of the snapshot, with no more of the environment than it needs. It ends with us. */
export function run(program: string, args: string[], environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [join(program, 'dist', 'cli.js'), ...args], {
    cwd: program,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithUs(child)
  return child
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status === 200
  } catch {
    return false
  }
}
