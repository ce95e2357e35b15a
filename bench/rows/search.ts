import { Agent } from 'node:http'
import { calmly, theft } from '../measure/calm.ts'
import { answered } from '../measure/paced.ts'
import { percentile } from '../measure/statistics.ts'
import { shown, type Line, type Measured } from '../rows.ts'
import { fillPeople, searchesOf } from '../world/people.ts'
import { openArena, prepareData, type Bench } from './arena.ts'

const searches = 200
const goals = [50, 300]

/** One person searches patients by a part of a name, one search after the other, in a large and a very large file. */
export async function search(bench: Bench): Promise<Measured> {
  const { options, say } = bench
  const dataDir = await prepareData(bench, 'search', 2, { patients: 0, consultations: 0 })
  const arena = await openArena(bench, dataDir, { count: 2, each: 0, compared: false })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const lines: Line[] = []
  const detail: Record<string, unknown> = {}
  try {
    for (const [n, count] of options.patients.entries()) {
      const site = arena.sites[n]!
      await fillPeople(arena.reached.superuserUrl, site.schema, count, say)
      const token = (await arena.tokens()).get(site.slug)?.[0] ?? ''
      const all = async (): Promise<{ q: string; ms: number }[]> => {
        const found: { q: string; ms: number }[] = []
        for (const q of searchesOf(searches + 20, count)) {
          const path = `/api/v1/patients?limit=20&q=${encodeURIComponent(q)}`
          const since = performance.now()
          await answered(arena.recorded.url, agent, { method: 'GET', path, token, mark: site.mark })
          found.push({ q, ms: performance.now() - since })
        }
        // The first ones bring the pages into memory.
        return found.slice(20)
      }
      const { done, stolen } = await calmly(all)
      const times = done.map(({ ms }) => ms)
      const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)]
      const worst = done.map(({ q, ms }) => ({ q, ms: Math.round(ms) })).sort((a, b) => b.ms - a.ms)
      detail[count] = { p50, p95, stolen, worst: worst.slice(0, 10) }
      say(`  among ${count}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms; slowest ${JSON.stringify(worst[0])}${theft(stolen)}`) // prettier-ignore
      lines.push({ row: 'search', what: `search by part of a name among ${count.toLocaleString('en')} patients, p95`, atLeast: goals[n]!, more: false, unit: 'ms', value: p95, figure: `p50 ${shown(p50, 'ms')}`, comparison: '–' }) // prettier-ignore
    }
  } finally {
    agent.destroy()
    await arena.close()
  }
  return { detail, lines }
}
