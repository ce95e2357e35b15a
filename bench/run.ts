// npm run bench: what is promised of speed and scale, each measured beside what it is promised against (bench/README.md).
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../test/tools.ts'
import { readOptions, UsageError } from './options.ts'
import { openArena, prepareData, type Bench } from './rows/arena.ts'
import { create, get, list } from './rows/throughput.ts'
import { table, type Line } from './rows.ts'
import { snapshotProgram } from './world/program.ts'

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  const wrk = findProgram('wrk')
  if (wrk === undefined) throw new UsageError('wrk makes the load and is not installed: apt-get install wrk, or brew install wrk') // prettier-ignore
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
  const lines: Line[] = []
  const details: Record<string, unknown> = {}
  try {
    const dataDir = await prepareData(bench, 'few', options.few, { patients: 250, consultations: 1_000 })
    const arena = await openArena(bench, dataDir, { count: options.few, each: 10, guided: true })
    try {
      for (const [name, row] of Object.entries({ list, get, create })) {
        if (!(options.rows as string[]).includes(name)) continue
        bench.say(name)
        const measured = await row(bench, arena)
        lines.push(...measured.lines)
        details[name] = measured.detail
      }
    } finally {
      await arena.close()
    }
    console.log(table(lines))
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
