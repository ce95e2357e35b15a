import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { calmly, theft } from '../measure/calm.ts'
import { median } from '../measure/statistics.ts'
import { shown, type Line, type Measured } from '../rows.ts'
import { platformToken, reach } from '../world/database.ts'
import { serve } from '../world/program.ts'
import { creationsIn, type Bench } from './arena.ts'

const [alone, inARow] = [8, 25]

type Times = { alone: number[]; inARow: number[] }

/**
 * What an administrator of the platform meets on a running server, from POST /establishments until it is active (ms): some one at
 * a time, when others are prepared again, then some in a row.
 */
async function opened(program: string, dataDir: string): Promise<Times> {
  const server = await serve({ program, environment: { SIS_DATA_DIR: dataDir, SIS_RATE_REQUESTS: '1000000' } })
  const reached = await reach(dataDir)
  // Looked up beside the server: a client that asks it again and again would be part of what is measured.
  const looking = new pg.Client({ connectionString: reached.superuserUrl })
  try {
    await looking.connect()
    const token = await platformToken(reached)
    const open = async (): Promise<number> => {
      const slug = `more_${uuidv7().replaceAll('-', '')}`
      const since = performance.now()
      await post(server.url, token, { slug, name: 'De plus', type: 'cscom', region: 'Mopti' })
      while (
        !(await isThere(looking, `select from sis_platform.establishment where slug = '${slug}' and status = 'active'`))
      )
        await sleep(1)
      return performance.now() - since
    }
    const times: Times = { alone: [], inARow: [] }
    while (times.alone.length < alone) {
      await prepared(looking)
      times.alone.push(await open())
    }
    await prepared(looking)
    while (times.inARow.length < inARow) times.inARow.push(await open())
    return times
  } finally {
    await looking.end()
    await server.stop()
  }
}

async function post(url: string, token: string, wish: object): Promise<void> {
  const answer = await fetch(`${url}/api/v1/establishments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(wish),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`POST /establishments: ${answer.status} ${text}`)
}

const isThere = async (looking: pg.Client, sql: string): Promise<boolean> => (await looking.query(sql)).rowCount === 1

/** Until two are kept again (src/supervisor/serve.ts). */
async function prepared(looking: pg.Client): Promise<void> {
  for (
    const end = Date.now() + 120_000;
    !(await isThere(looking, 'select from sis_platform.prepared where not claimed having count(*) >= 2'));
    await sleep(50)
  )
    if (Date.now() > end) throw new Error('no establishment was prepared within 2 min')
}

/** Creation in an empty installation and beyond the last of a large one, in turn; and the times of those in between. */
export async function creation(bench: Bench, dataDir: string): Promise<Measured> {
  const empty = join(bench.folder, 'empty')
  mkdirSync(empty, { mode: 0o700 })
  const [first, last]: [Times[], Times[]] = [[], []]
  for (let round = 0; round < Math.min(3, bench.options.rounds); round++)
    for (const [rounds, folder] of [
      [first, empty],
      [last, dataDir],
    ] as const) {
      const { done, stolen } = await calmly(() => opened(bench.program, folder))
      rounds.push(done)
      bench.say(`  one at a time ${median(done.alone).toFixed(0)} ms, in a row ${mean(done.inARow).toFixed(0)} ms each${theft(stolen)}`) // prettier-ignore
    }
  const all = creationsIn(join(dataDir, 'creation.json'))
  const thousands = Object.fromEntries(
    [0, 1_000, 2_000, 3_000, 4_000, 5_000].flatMap((from) => {
      const some = all.filter(({ n }) => Math.abs(n - from) < 100).map(({ ms }) => ms)
      return some.length > 0 ? [[from, Math.round(median(some))]] : []
    }),
  )
  bench.say(
    `  while the installation was filled, each made when it was wished for, median ms: ${JSON.stringify(thousands)}`,
  )
  const place = `beyond the ${bench.options.tenants.toLocaleString('en')}th`
  const lines = (how: string, each: (times: Times[]) => number, figure: string): Line[] => {
    const [one, many] = [each(first), each(last)]
    const goal = { row: 'creation', atLeast: 80, aim: 60, more: false, unit: 'ms', figure }
    return [
      { ...goal, what: `create an establishment, ${how}, the first ones`, value: one, comparison: '–' },
      { ...goal, what: `create an establishment, ${how}, ${place}`, value: many, comparison: `${shown(one, 'ms')} the first ones` }, // prettier-ignore
    ]
  }
  return {
    detail: { first, last, thousands },
    lines: [
      ...lines('one at a time', (times) => median(times.flatMap((each) => each.alone)), `median of ${first.length * alone}`), // prettier-ignore
      // Every other one finds a prepared one: a median would tell of one kind only.
      ...lines('in a row', (times) => median(times.map((each) => mean(each.inARow))), `mean of ${inARow} each`),
    ],
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
