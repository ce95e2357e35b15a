import { join } from 'node:path'
import { contest, rateOf, ratioOf, type Contest, type Contestant } from '../measure/contest.ts'
import { limit } from '../measure/limit.ts'
import type { Request } from '../measure/load.ts'
import { verify } from '../measure/verify.ts'
import { shown, type Goal, type Line, type Measured } from '../rows.ts'
import { roundOn, type Arena, type Bench } from './arena.ts'
import { ownScripts } from './own-statement.ts'

type Kind = 'list' | 'short' | 'get' | 'create'

/** Whole consultations, and a line of each. */
const listed = { list: '/api/v1/consultations?limit=20', short: '/api/v1/consultations/summaries?limit=20' }

/** Four tokens of each establishment times some paths, in the order in which nobody sends them. */
async function oursFor(arena: Arena, kind: Kind): Promise<Request[]> {
  const tokens = await arena.tokens()
  return arena.sites.flatMap(({ slug, mark }) => {
    const { consultations, patients } = arena.records.get(slug)!
    return (tokens.get(slug) ?? []).flatMap((token): Request[] => {
      if (kind === 'list' || kind === 'short') return [{ method: 'GET', path: listed[kind], token, mark }]
      if (kind === 'get') return consultations.map((id) => ({ method: 'GET', path: `/api/v1/consultations/${id}`, token, mark })) // prettier-ignore
      return patients.map((patientId) => ({
        method: 'POST',
        path: '/api/v1/consultations',
        token,
        body: JSON.stringify({ patientId, date: '2026-01-01', practitionerName: 'Dr. Touré', diagnosis: 'Paludisme {n}' }), // prettier-ignore
        mark,
      }))
    })
  })
}

function guideFor({ tables }: Extract<Arena['guide'], { tables: object }>, kind: Kind): Request[] {
  return tables.tokens.flatMap((token, n): Request[] => {
    const mark = `t_${n}`
    if (kind === 'list' || kind === 'short') return [{ method: 'GET', path: '/consultations/?limit=20', token, mark }]
    if (kind === 'get')
      return tables.ids[n]!.map((id) => ({ method: 'GET', path: `/consultations/${id}`, token, mark }))
    const body = { patient_id: tables.patients[n], patient_name: `${mark} Awa`, doctor_name: 'Dr. Touré', date: '2026-01-01', service: 'Pédiatrie', specialty: 'Pédiatrie', diagnosis: 'Paludisme {n}' } // prettier-ignore
    return [{ method: 'POST', path: '/consultations/', token, body: JSON.stringify(body), mark }]
  })
}

/** Ours, as shipped and with reads not recorded, their names behind `mark`; and the guide's design. */
export function contestants(bench: Bench, arena: Arena, kind: Kind, mark = ''): Contestant[] {
  const { options } = bench
  const checked = { count: options.verified, connections: options.connections }
  const keyed = kind === 'create'
  const ours = (name: string, server: Arena['recorded']): Contestant => ({
    name: mark + name,
    round: roundOn(bench, arena, server, () => oursFor(arena, kind), { keyed }),
    verify: async () => verify(server.url, await oursFor(arena, kind), { ...checked, keyed }),
  })
  const all = [ours('as shipped', arena.recorded)]
  // A creation is put on record by its own transaction: there is nothing to switch off.
  if (kind !== 'create' && arena.unrecorded) all.push(ours('reads not recorded', arena.unrecorded))
  const { guide } = arena
  if (!('absent' in guide))
    all.push({
      name: 'guide',
      round: roundOn(bench, arena, guide, async () => guideFor(guide, kind)),
      verify: () => verify(guide.url, guideFor(guide, kind), checked),
    })
  return all
}

const tableLimit = "limit, the guide's table"
const ownLimit = 'limit, our own statement'

/** The database alone: the guide's table and transaction (bench/guide/limit.sql), and what our own list says to it. */
async function limits({ options, pgbench, folder }: Bench, arena: Arena): Promise<Contestant[]> {
  if (pgbench === undefined) return []
  const { reached, guide, sites } = arena
  const of = (
    name: string,
    url: string,
    what: { scripts: string[]; variables: Record<string, number> },
  ): Contestant => ({
    name,
    round: (seconds) => limit({ pgbench, seconds, clients: 4, url, postgresPid: reached.postgresPid, ...what }),
  })
  const own = of(ownLimit, reached.apiUrl, await ownScripts(reached, sites, await arena.tokens(), folder))
  if ('absent' in guide) return [own]
  const script = join(import.meta.dirname, '..', 'guide', 'limit.sql')
  return [of(tableLimit, guide.tables.url, { scripts: [script], variables: { tenants: options.few } }), own]
}

/** @throws Error when the record of reads is not what the name of the server says */
async function assertRecords(arena: Arena, kind: Kind): Promise<void> {
  const requests = await oursFor(arena, kind)
  const grown = async (server: Arena['unrecorded']): Promise<number | undefined> => {
    if (server === undefined) return undefined
    const before = await arena.entries()
    await verify(server.url, requests, { count: 20, connections: 1 })
    return (await arena.entries()) - before
  }
  const [as, without] = [await grown(arena.recorded), await grown(arena.unrecorded)]
  if (as !== 20 || without !== 0) throw new Error(`20 reads left ${as} entries as shipped and ${without} without`)
}

const lineOf = (goal: Goal, { rounds }: Contest, ours: string, theirs: string): Line[] =>
  rounds[theirs] === undefined
    ? []
    : [{ ...goal, value: ratioOf(rounds[ours], rounds[theirs]), figure: shown(rateOf(rounds[ours]), '/s'), comparison: `${shown(rateOf(rounds[theirs]), '/s')} ${goal.against}` }] // prettier-ignore

const inShort = 'a line of each, '
const ratio = { more: true, unit: '×' } as const
const guide = "the guide's design"
export async function list(bench: Bench, arena: Arena): Promise<Measured> {
  await assertRecords(arena, 'list')
  const all = [
    ...contestants(bench, arena, 'list'),
    ...contestants(bench, arena, 'short', inShort).filter(({ name }) => name.startsWith(inShort)),
    ...(await limits(bench, arena)),
  ]
  const detail = await contest(all, { ...bench.options, say: bench.say })
  const what = 'list of 20 whole consultations, reads not recorded'
  const short = 'list of 20 consultations, a line of each, reads not recorded'
  return {
    detail,
    lines: [
      ...lineOf({ row: 'list', what: short, against: guide, atLeast: 8, aim: 10, ...ratio }, detail, `${inShort}reads not recorded`, 'guide'), // prettier-ignore
      ...lineOf({ row: 'list', what: short, against: "the database alone, the guide's table", atLeast: 0.4, aim: 0.5, ...ratio }, detail, `${inShort}reads not recorded`, tableLimit), // prettier-ignore
      ...lineOf({ row: 'list', what: 'the same as shipped', against: guide, atLeast: 6, aim: 8, ...ratio }, detail, `${inShort}as shipped`, 'guide'), // prettier-ignore
      ...lineOf({ row: 'list', what, against: guide, atLeast: 8, aim: 10, ...ratio }, detail, 'reads not recorded', 'guide'), // prettier-ignore
      ...lineOf({ row: 'list', what, against: "the database alone, the guide's table", atLeast: 0.4, aim: 0.5, ...ratio }, detail, 'reads not recorded', tableLimit), // prettier-ignore
      ...lineOf(
        { row: 'list', what, against: 'the database alone, our own statement', ...ratio },
        detail,
        'reads not recorded',
        ownLimit,
      ),
      ...lineOf({ row: 'list', what: 'the same as shipped', against: guide, atLeast: 6, aim: 8, ...ratio }, detail, 'as shipped', 'guide'), // prettier-ignore
    ],
  }
}

export async function get(bench: Bench, arena: Arena): Promise<Measured> {
  const detail = await contest(contestants(bench, arena, 'get'), { ...bench.options, say: bench.say })
  return {
    detail,
    lines: [
      ...lineOf({ row: 'get', what: 'one consultation by id, reads not recorded', against: guide, atLeast: 8, aim: 10, ...ratio }, detail, 'reads not recorded', 'guide'), // prettier-ignore
      ...lineOf({ row: 'get', what: 'the same as shipped', against: guide, ...ratio }, detail, 'as shipped', 'guide'),
    ],
  }
}

export async function create(bench: Bench, arena: Arena): Promise<Measured> {
  const detail = await contest(contestants(bench, arena, 'create'), { ...bench.options, say: bench.say })
  return {
    detail,
    lines: lineOf({ row: 'create', what: 'create a consultation, as shipped', against: `${guide}, a plain insert`, atLeast: 4, aim: 5, ...ratio }, detail, 'as shipped', 'guide'), // prettier-ignore
  }
}
