import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { rowNames, type Options } from './options.ts'
import { plot } from './plot.ts'
import type { Point } from './rows/scale.ts'
import { table, type Line } from './rows.ts'
import { repository } from './world/program.ts'

export type Machine = {
  processor: string
  cores: number
  memoryGB: number
  system: string
  fileSystem: string
  busy: number
}

export type Run = {
  date: string
  machine: Machine
  versions: Record<string, string>
  options: Options
  lines: Line[]
  details: Record<string, unknown>
}

/** The machine, without what tells which one it is. @param data where the databases stand */
export function machineOf(data: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    fileSystem: fileSystemOf(data),
    busy: Math.round((loadavg()[2] ?? 0) * 10) / 10,
  }
}

/** Whether a path is on a disk: in memory fsync costs nothing, and no figure would mean anything. */
export function fileSystemOf(path: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n').map((line) => line.split(' ')) // prettier-ignore
  const fitting = mounts.filter(([, at = '-']) => path === at || path.startsWith(at === '/' ? at : `${at}/`))
  return fitting.sort(([, a = ''], [, b = '']) => b.length - a.length)[0]?.[2] ?? 'unknown'
}

const said = (program: string, ...args: string[]): string => {
  try {
    // wrk -v ends with 1.
    return execFileSync('/bin/sh', ['-c', '"$@" 2>&1 || true', 'sh', program, ...args], { encoding: 'utf8' }).split('\n')[0] ?? '' // prettier-ignore
  } catch {
    return 'unknown'
  }
}

export const versionsOf = (postgres: string, tools: { wrk: string; pgbench: string | undefined }) => ({
  node: process.version,
  postgres,
  wrk: said(tools.wrk, '-v').replace(/ \[.*/, ''),
  pgbench: tools.pgbench === undefined ? 'absent' : said(tools.pgbench, '--version'),
  commit: said('git', '-C', repository, 'rev-parse', '--short=12', 'HEAD'),
})

/** Writes the run down: bench/results/<date>-<cores>cores.json, and the plot when there is one. @returns its path */
export function write(run: Run, points: Point[] | undefined): string {
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const name = `${run.date.slice(0, 16).replace('T', '-').replace(':', '')}-${run.machine.cores}cores-${run.machine.system.replace(' ', '-')}`
  const path = join(folder, `${name}.json`)
  writeFileSync(path, `${JSON.stringify(run, null, 1)}\n`)
  if (points !== undefined) writeFileSync(join(folder, `${name}.svg`), plot(points))
  return path
}

const [begin, end] = ['<!-- table: npm run bench -- --record -->', '<!-- /table -->']

type Recorded = { line: Line; date: string; commit: string }

/** The lines on record, each row's from its last run; in the order of the rows. */
function recordedWith(run: Run): Recorded[] {
  const path = join(import.meta.dirname, 'results', 'recorded.json')
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Recorded[]) : []
  const measured = new Set(run.lines.map(({ row }) => row))
  const stamp = { date: run.date.slice(0, 10), commit: run.versions['commit'] ?? '' }
  const order = (row: string): number => rowNames.findIndex((name) => name === row)
  const all = [
    ...before.filter(({ line }) => !measured.has(line.row)),
    ...run.lines.map((line) => ({ line, ...stamp })),
  ].sort((a, b) => order(a.line.row) - order(b.line.row))
  writeFileSync(path, `${JSON.stringify(all, null, 1)}\n`)
  return all
}

/** Puts the run's table, and its plot, into bench/README.md. @throws Error when the README has no place for it */
export function record(run: Run, points: Point[] | undefined): void {
  const path = join(import.meta.dirname, 'README.md')
  const text = readFileSync(path, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error('bench/README.md has no place for the table')
  const { processor, cores, memoryGB, system, fileSystem, busy } = run.machine
  const { node, postgres, wrk, commit } = run.versions
  const all = recordedWith(run)
  const older = [...new Set(all.filter((one) => one.commit !== commit).map(({ line, date, commit: of }) => `${line.row} (${date}, ${of})`))] // prettier-ignore
  const head = [
    `${run.date.slice(0, 10)}; ${cores} cores (${processor}, load on the same machine, which had ${busy} processes under way before it), ${memoryGB} GB, ${system}, ${fileSystem}; Node ${node}, ${postgres}, ${wrk}; commit ${commit}; ${run.options.rounds} rounds of ${run.options.seconds} s.`,
    ...(older.length > 0 ? [`Of an earlier run: ${older.join(', ')}.`] : []),
  ].join(' ')
  if (points !== undefined) writeFileSync(join(import.meta.dirname, 'results', 'tenants.svg'), plot(points))
  const image = existsSync(join(import.meta.dirname, 'results', 'tenants.svg'))
    ? '\n\n![Throughput and database memory against establishments](results/tenants.svg)'
    : ''
  const content = `${head}\n\n${table(all.map(({ line }) => line))}${image}`
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`)
}
