import { Agent } from 'node:http'
import { answered } from '../measure/paced.ts'
import { processorTime } from '../measure/processes.ts'
import { percentile } from '../measure/statistics.ts'
import { shown, type Line, type Measured } from '../rows.ts'
import { fillHospital } from '../world/hospital.ts'
import { openArena, prepareData, type Bench } from './arena.ts'

const asked = 200
const warmUp = 20

/** One person asks for the dashboard of a hospital again and again, and for its board of beds and a year's indicators. */
export async function dashboard(bench: Bench): Promise<Measured> {
  const { options, say } = bench
  const dataDir = await prepareData(bench, 'hospital', 1, { patients: 0, consultations: 0 })
  const arena = await openArena(bench, dataDir, { count: 1, each: 0, compared: false })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const detail: Record<string, unknown> = {}
  try {
    const site = arena.sites[0]!
    const { superuserUrl, postgresPid } = arena.reached
    await fillHospital(superuserUrl, site.schema, options.hospital, say)
    // The supervisor has the database below it.
    const ofServer = (): number => arena.recorded.httpProcesses().reduce((sum, pid) => sum + processorTime(pid), 0)
    const year = `from=${daysAgo(365)}&to=${daysAgo(0)}`
    const lines: Line[] = []
    for (const [name, path, most] of [
      ['dashboard', '/api/v1/dashboard', 50],
      ['board of beds', '/api/v1/occupancy', undefined],
      ['indicators of a year', `/api/v1/occupancy/indicators?${year}`, undefined],
    ] as const) {
      const token = (await arena.tokens()).get(site.slug)?.[0] ?? ''
      const times: number[] = []
      let [server, database] = [0, 0]
      for (let turn = 0; turn < asked + warmUp; turn++) {
        // The first ones bring the pages into memory, and are planned.
        if (turn === warmUp) [server, database] = [ofServer(), processorTime(postgresPid)]
        const since = performance.now()
        await answered(arena.recorded.url, agent, { method: 'GET', path, token, mark: site.mark })
        if (turn >= warmUp) times.push(performance.now() - since)
      }
      const processor = {
        server: (ofServer() - server) / asked,
        database: (processorTime(postgresPid) - database) / asked,
      }
      const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)]
      detail[name] = { p50, p95, processor }
      say(`  ${name}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms; processor ${processor.database.toFixed(1)} ms of the database, ${processor.server.toFixed(1)} ms of the server`) // prettier-ignore
      const { consultations, stays } = options.hospital
      lines.push({ row: 'dashboard', what: `${name} of a hospital, ${consultations.toLocaleString('en')} consultations, ${stays.toLocaleString('en')} stays, p95`, ...(most !== undefined && { atLeast: most }), more: false, unit: 'ms', value: p95, figure: `p50 ${shown(p50, 'ms')}`, comparison: '–' }) // prettier-ignore
    }
    return { detail, lines }
  } finally {
    agent.destroy()
    await arena.close()
  }
}

const daysAgo = (count: number): string => new Date(Date.now() - count * 86_400_000).toISOString().slice(0, 10)
