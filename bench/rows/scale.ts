import { calmly, theft } from '../measure/calm.ts'
import { contest, rateOf, ratioOf } from '../measure/contest.ts'
import type { Request, Round } from '../measure/load.ts'
import { memoryOf, treeOf } from '../measure/processes.ts'
import { median } from '../measure/statistics.ts'
import { verify } from '../measure/verify.ts'
import { shown, type Measured } from '../rows.ts'
import { roundOn, type Arena, type Bench } from './arena.ts'

/** Every table of an establishment is met: nine reads and a creation, which writes keys, versions and the record. */
async function everyTable(arena: Arena, slugs: ReadonlySet<string>): Promise<Request[]> {
  const tokens = await arena.tokens()
  return arena.sites.flatMap(({ slug, mark }): Request[] => {
    if (!slugs.has(slug)) return []
    const { consultations, patients } = arena.records.get(slug)!
    const token = tokens.get(slug)?.[0] ?? ''
    const [visit, patient] = [consultations[0]!, patients[0]!]
    const reads = [
      '/consultations?limit=20',
      `/consultations/${visit}`,
      `/consultations/${visit}/history`,
      '/patients?limit=20',
      `/patients/${patient}`,
      `/patients/${patient}/history`,
      `/patients/${patient}/oppositions`,
      '/services',
      '/specialties',
    ].map((path): Request => ({ method: 'GET', path: `/api/v1${path}`, token, mark }))
    const body = JSON.stringify({ patientId: patient, date: '2026-01-01', practitionerName: 'Dr. Touré', diagnosis: 'Paludisme {n}' }) // prettier-ignore
    return [...reads, { method: 'POST', path: '/api/v1/consultations', token, body, mark }]
  })
}

const someOf = (arena: Arena, count: number): Set<string> => {
  const step = arena.sites.length / count
  return new Set(Array.from({ length: count }, (_, n) => arena.sites[Math.floor(n * step)]!.slug))
}

export type DatabaseMemory = { total: number; backends: number; ofBackends: number }

/** What a PostgreSQL uses (MB): each page once, however many processes share it; and what is its processes' own. */
export function databaseMemory(postmaster: number): DatabaseMemory {
  const all = treeOf(postmaster).map(memoryOf)
  const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0)
  return { total: sum(({ proportional }) => proportional), backends: all.length, ofBackends: sum(({ anonymous }) => anonymous) } // prettier-ignore
}

/** One point of the plot. */
export type Point = { tenants: number; perSecond: number; memory: DatabaseMemory }

/** A token lasts ten minutes. */
const mostMeeting = 300

/**
 * A server has met its establishments long ago, each by all kinds of request: one pass through all of them (the load takes them in
 * order), where the first look was too short for it. At 300/s it had met each of 5,000 hardly once.
 */
async function meetAll(round: (seconds: number) => Promise<Round>, requests: number, first: Round): Promise<void> {
  if (first.requests < requests) await round(Math.min(mostMeeting, Math.ceil(requests / first.perSecond)))
}

export async function tenants(bench: Bench, arena: Arena): Promise<Measured & { points: Point[] }> {
  const { options, say } = bench
  const round = (count: number): ((seconds: number) => Promise<Round>) => {
    const slugs = someOf(arena, count)
    return roundOn(bench, arena, arena.recorded, () => everyTable(arena, slugs), { keyed: true })
  }
  const points: Point[] = []
  // From few to many: what a connection has learnt of an establishment it may keep.
  for (const count of [1, 5, 50, 500, 5_000].filter((size) => size < arena.sites.length).concat(arena.sites.length)) {
    const first = await round(count)(options.warmUp + 1)
    await meetAll(round(count), (await everyTable(arena, someOf(arena, count))).length, first)
    const { done: { perSecond }, stolen } = await calmly(() => round(count)(options.seconds)) // prettier-ignore
    const memory = databaseMemory(arena.reached.postgresPid)
    points.push({ tenants: count, perSecond, memory })
    say(`  ${count} establishments: ${perSecond.toFixed(0)}/s, database ${memory.total.toFixed(0)} MB in ${memory.backends} processes${theft(stolen)}`) // prettier-ignore
  }
  const few = Math.min(options.few, arena.sites.length)
  const names = { many: `${arena.sites.length} establishments`, few: `${few} establishments` }
  const detail = await contest(
    [
      { name: names.many, round: round(arena.sites.length) },
      { name: names.few, round: round(few) },
    ],
    { ...options, say },
  )
  const lists = (await everyTable(arena, someOf(arena, arena.sites.length))).filter(({ path }) => path.includes('/consultations?')) // prettier-ignore
  await verify(arena.recorded.url, lists, { count: options.verified, connections: options.connections })
  const [ours, theirs] = [detail.rounds[names.many], detail.rounds[names.few]]
  return {
    detail: { ...detail, points },
    points,
    lines: [
      {
        row: 'tenants',
        what: `${arena.sites.length} establishments over all tables, as shipped`,
        atLeast: 0.8,
        aim: 0.9,
        more: true,
        unit: '×',
        value: ratioOf(ours, theirs),
        figure: shown(rateOf(ours), '/s'),
        comparison: `${shown(rateOf(theirs), '/s')} ${names.few}`,
      },
    ],
  }
}

/** Of so many requests one may be refused: with more, what is watched is not a server at its work. */
const oneRefusedOf = 1_000

/** What the operator may count on when SIS_DB_MEMORY_MB is left as it is. */
const budget = 2_048

export async function memory(bench: Bench, arena: Arena): Promise<Measured> {
  const { options, say } = bench
  const round = roundOn(bench, arena, arena.recorded, () => everyTable(arena, someOf(arena, arena.sites.length)), {
    keyed: true,
    tellsRefusals: true,
  })
  const seconds = Math.min(30, Math.max(5, Math.floor(options.churn / 10)))
  const samples: (DatabaseMemory & { at: number; requests: number })[] = []
  const refusals: { at: number; count: number; first: string }[] = []
  let requests = 0
  for (const since = performance.now(); performance.now() - since < options.churn * 1_000;) {
    const done = await round(seconds)
    requests += done.requests
    const at = Math.round((performance.now() - since) / 1_000)
    samples.push({ ...databaseMemory(arena.reached.postgresPid), at, requests })
    if (done.refused?.count) refusals.push({ at, ...done.refused })
  }
  const refused = refusals.reduce((sum, { count }) => sum + count, 0)
  if (refused * oneRefusedOf > requests)
    throw new Error(`of ${requests} requests ${refused} were refused, for example ${refusals[0]?.first}`)
  const totals = samples.map(({ total }) => total)
  const half = Math.ceil(totals.length / 2)
  const growth = median(totals.slice(-half)) / median(totals.slice(0, half))
  const touched = requests / arena.sites.length
  say(`  each establishment was met ${touched.toFixed(0)} times; at most ${Math.max(...totals).toFixed(0)} MB`)
  say(`  of ${requests} requests ${refused} were refused${refusals[0] ? `; the first: ${refusals[0].first}` : ''}`)
  const what = `database memory, ${arena.sites.length} establishments each met ${touched.toFixed(0)} times`
  return {
    detail: { samples, refusals },
    lines: [
      { row: 'memory', what, atLeast: budget, more: false, unit: 'MB', value: Math.max(...totals), figure: `${samples.at(-1)?.backends} processes; ${refused} of ${requests} requests refused`, comparison: 'SIS_DB_MEMORY_MB' }, // prettier-ignore
      { row: 'memory', what: `its second half of ${options.churn} s against the first`, atLeast: 1.05, more: false, unit: '×', value: growth, figure: `${totals.at(-1)?.toFixed(0)} MB`, comparison: `${totals[0]?.toFixed(0)} MB at first` }, // prettier-ignore
    ],
  }
}
