// npm run bench: what is promised of speed and scale, each measured beside what it is promised against (bench/README.md).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../test/tools.ts'
import { readOptions, usage, UsageError, type Options, type RowName } from './options.ts'
import { machineOf, record, versionsOf, write, type Run } from './results.ts'
import { openArena, prepareData, type Arena, type Bench } from './rows/arena.ts'
import { dashboard } from './rows/dashboard.ts'
import { creation } from './rows/creation.ts'
import { migration, start } from './rows/installation.ts'
import { imports, rss } from './rows/memory-and-import.ts'
import { memory, tenants, type Point } from './rows/scale.ts'
import { search } from './rows/search.ts'
import { create, get, list } from './rows/throughput.ts'
import { table, type Line, type Measured } from './rows.ts'
import { query } from './world/database.ts'
import { snapshotProgram } from './world/program.ts'

type OnArena = (bench: Bench, arena: Arena) => Promise<Measured>

const onFew: [RowName, OnArena][] = [['list', list], ['get', get], ['create', create], ['rss', rss], ['import', imports]] // prettier-ignore
const onFolder: [RowName, (bench: Bench, dataDir: string) => Promise<Measured>][] = [['creation', creation], ['start', start]] // prettier-ignore
const onMany: [RowName, OnArena][] = [
  ['tenants', tenants],
  ['memory', memory],
  ['migration', migration],
]
const onLarge: string[] = [...onFolder, ...onMany].map(([name]) => name)

/** The goals are those of the whole sizes: a smaller run only informs. */
function judged({ atLeast, aim, ...line }: Line, { tenants, quick }: Options): Line {
  const isWhole = ['search', 'import', 'dashboard'].includes(line.row)
    ? !quick
    : !onLarge.includes(line.row) || tenants >= 5_000
  return { ...line, ...(isWhole && atLeast !== undefined && { atLeast }), ...(isWhole && aim !== undefined && { aim }) }
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(usage)
    return
  }
  const options = readOptions(process.argv.slice(2))
  const wrk = findProgram('wrk')
  if (wrk === undefined) throw new UsageError('wrk makes the load and is not installed: apt-get install wrk, or brew install wrk') // prettier-ignore
  if (process.platform !== 'linux') throw new UsageError('processor time and memory are read from /proc: Linux only')
  const folder = mkdtempSync(join(tmpdir(), 'sis-bench-'))
  const bench: Bench = {
    options,
    wrk,
    pgbench: findProgram('pgbench'),
    data: options.keep ?? folder,
    folder,
    program: snapshotProgram(join(folder, 'program')),
    say: (line) => console.log(line),
  }
  mkdirSync(bench.data, { recursive: true })
  // Its load before ours.
  const machine = machineOf(bench.data)
  const measured: Measured[] = []
  const details: Record<string, unknown> = {}
  let [points, postgres]: [Point[] | undefined, string] = [undefined, 'PostgreSQL']
  const wanted = <T>(rows: [RowName, T][]): [RowName, T][] => rows.filter(([name]) => options.rows.includes(name))
  const measure = async (name: RowName, work: () => Promise<Measured & { points?: Point[] }>): Promise<void> => {
    bench.say(name)
    try {
      const one = await work()
      measured.push(one)
      details[name] = one.detail
      points ??= one.points
    } catch (error) {
      // The other rows are worth their hour nevertheless; this one keeps its former figure.
      bench.say(`  ${name} failed: ${(error as Error).stack}`)
      process.exitCode = 1
    }
  }
  const inArena = async (arena: Arena, rows: [RowName, OnArena][]): Promise<void> => {
    try {
      const [row] = await query<{ version: string }>(arena.reached.superuserUrl, `select 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit') as version`) // prettier-ignore
      postgres = row?.version ?? postgres
      for (const [name, row] of rows) await measure(name, () => row(bench, arena))
    } finally {
      await arena.close()
    }
  }
  try {
    if (wanted(onFew).length > 0) {
      const dataDir = await prepareData(bench, 'few', options.few, { patients: 250, consultations: 1_000 })
      await inArena(await openArena(bench, dataDir, { count: options.few, each: 10, compared: true }), wanted(onFew))
    }
    if (wanted(onFolder).length > 0 || wanted(onMany).length > 0) {
      const dataDir = await prepareData(bench, `many-${options.tenants}`, options.tenants, { patients: 20, consultations: 60 }) // prettier-ignore
      for (const [name, row] of wanted(onFolder)) await measure(name, () => row(bench, dataDir))
      if (wanted(onMany).length > 0)
        await inArena(await openArena(bench, dataDir, { count: options.tenants, each: 1, compared: false, crowded: true }), wanted(onMany)) // prettier-ignore
    }
    if (options.rows.includes('search')) await measure('search', () => search(bench))
    if (options.rows.includes('dashboard')) await measure('dashboard', () => dashboard(bench))
    if (measured.length === 0) return
    const run: Run = {
      date: new Date().toISOString(),
      machine,
      versions: versionsOf(postgres, bench),
      options: { ...options, keep: undefined },
      lines: measured.flatMap(({ lines }) => lines).map((line) => judged(line, options)),
      details,
    }
    console.log(`\n${table(run.lines)}\n\n${write(run, points)}`)
    if (options.record) record(run, points)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
