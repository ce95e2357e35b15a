import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { calmly, theft } from '../measure/calm.ts'
import { paced } from '../measure/paced.ts'
import { median } from '../measure/statistics.ts'
import { shown, type Line, type Measured } from '../rows.ts'
import { benchMigration, query, withdrawMigration } from '../world/database.ts'
import { run, serve } from '../world/program.ts'
import type { Arena, Bench } from './arena.ts'

/** @returns seconds */
async function readyAfter(program: string, dataDir: string): Promise<number> {
  const server = await serve({ program, environment: { SIS_DATA_DIR: dataDir } })
  await server.stop()
  return server.readyAfter / 1_000
}

/** From the command to the first answer of /health/ready: on a large installation, and on none at all. */
export async function start(bench: Bench, dataDir: string): Promise<Measured> {
  const times = { existing: [] as number[], first: [] as number[] }
  for (let round = 0; round < Math.max(3, bench.options.rounds); round++) {
    const existing = await calmly(() => readyAfter(bench.program, dataDir))
    const fresh = join(bench.folder, 'first')
    const first = await calmly(() =>
      readyAfter(bench.program, fresh).finally(() => rmSync(fresh, { recursive: true, force: true })),
    )
    times.existing.push(existing.done)
    times.first.push(first.done)
    bench.say(`  existing ${existing.done.toFixed(2)} s${theft(existing.stolen)}, first ${first.done.toFixed(2)} s${theft(first.stolen)}`) // prettier-ignore
  }
  const line = (what: string, values: number[], atLeast: number, aim: number): Line => ({
    row: 'start',
    what,
    atLeast,
    aim,
    more: false,
    unit: 's',
    value: median(values),
    figure: `median of ${values.length}`,
    comparison: '–',
  })
  return {
    detail: times,
    lines: [
      line(`ready, ${bench.options.tenants.toLocaleString('en')} establishments there`, times.existing, 3, 2),
      line('ready, first start without demonstration', times.first, 6, 5),
    ],
  }
}

const pace = 40

/**
 * One more column in every establishment by a newer program while the older one serves, killed in the middle and run
 * again. Told is the time of both runs together, and how long the others waited meanwhile.
 */
export async function migration(bench: Bench, arena: Arena): Promise<Measured> {
  const { folder, say } = bench
  const program = newerProgram(bench.program, join(folder, 'newer'))
  const { superuserUrl } = arena.reached
  const dataDir = arena.dataDir
  const tokens = await arena.tokens()
  const requests = arena.sites.map(({ slug, mark }) => ({ method: 'GET' as const, path: '/api/v1/consultations?limit=20', token: tokens.get(slug)?.[0] ?? '', mark })) // prettier-ignore
  const asked = (until: Promise<unknown>) => paced(arena.recorded.url, requests, { perSecond: pace, until })
  await asked(sleep(5_000))
  const quiet = await asked(sleep(bench.options.quick ? 5_000 : 20_000))
  const done = async (): Promise<number> =>
    (await query<{ count: number }>(superuserUrl, `select count(*)::int as count from sis_platform.tenant_migration m
      join sis_platform.tenant_migration_file f on f.version = m.version where f.name = $1`, [benchMigration]))[0]?.count ?? 0 // prettier-ignore
  let [killedAt, total] = [0, 0]
  const migrate = async (): Promise<void> => {
    const since = performance.now()
    const killed = run(program, ['migrate'], { SIS_DATA_DIR: dataDir })
    const ended = once(killed, 'exit')
    while (killed.exitCode === null && (await done()) < arena.sites.length / 3) await sleep(50)
    killed.kill('SIGKILL')
    await ended
    killedAt = await done()
    const again = run(program, ['migrate'], { SIS_DATA_DIR: dataDir })
    let said = ''
    again.stderr?.on('data', (chunk: Buffer) => (said += chunk))
    const [code] = (await once(again, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`sis migrate ended with ${code}:\n${said}`)
    total = (performance.now() - since) / 1_000
  }
  try {
    const migrating = migrate()
    const busy = await asked(migrating)
    await migrating
    const after = await done()
    if (after < arena.sites.length) throw new Error(`${after} of ${arena.sites.length} have the column`)
    say(
      `  ${total.toFixed(1)} s, killed after ${killedAt}; p99 ${busy.p99.toFixed(0)} ms, quiet ${quiet.p99.toFixed(0)} ms`,
    )
    return {
      detail: { total, killedAt, after, quiet, busy },
      lines: [
        { row: 'migration', what: `one column more in ${arena.sites.length.toLocaleString('en')} establishments`, atLeast: 60, aim: 30, more: false, unit: 's', value: total, figure: `killed after ${killedAt}, resumed`, comparison: '–' }, // prettier-ignore
        { row: 'migration', what: `p99 of the others meanwhile, ${pace} lists a second`, atLeast: 2, more: false, unit: '×', value: busy.p99 / quiet.p99, figure: shown(busy.p99, 'ms'), comparison: `${shown(quiet.p99, 'ms')} in quiet` }, // prettier-ignore
      ],
    }
  } finally {
    await withdrawMigration(superuserUrl)
  }
}

function newerProgram(program: string, target: string): string {
  cpSync(program, target, { recursive: true, verbatimSymlinks: true })
  const folder = join(target, 'migrations', 'tenant')
  const next = readdirSync(folder).filter((name) => name.endsWith('.sql')).length + 1
  writeFileSync(join(folder, `${String(next).padStart(4, '0')}_${benchMigration}.sql`), `alter table patient add column ${benchMigration} text;\n`) // prettier-ignore
  return target
}
