import { v7 as uuidv7 } from 'uuid'
import { calmly, theft } from '../measure/calm.ts'
import { contest } from '../measure/contest.ts'
import { memoryOf } from '../measure/processes.ts'
import { median } from '../measure/statistics.ts'
import { registerFile } from '../register.ts'
import type { Line, Measured } from '../rows.ts'
import { openTokens, ownerOn, query, type Site } from '../world/database.ts'
import type { Arena, Bench } from './arena.ts'
import { contestants } from './throughput.ts'

/** The most that one HTTP process holds resident while lists, single records and creations are asked for. */
export async function rss(bench: Bench, arena: Arena): Promise<Measured> {
  const samples: number[] = []
  const timer = setInterval(() => samples.push(...arena.recorded.httpProcesses().map((pid) => memoryOf(pid).rss)), 500)
  try {
    for (const kind of ['list', 'get', 'create'] as const) {
      const ours = contestants(bench, arena, kind).filter(({ name }) => name === 'as shipped')
      await contest(ours, { ...bench.options, rounds: 2, say: () => {} })
    }
  } finally {
    clearInterval(timer)
  }
  const [most, usual] = [Math.max(...samples), median(samples)]
  return {
    detail: { most, usual, samples: samples.length },
    lines: [
      { row: 'rss', what: 'memory of one HTTP process under load', atLeast: 180, aim: 150, more: false, unit: 'MB', value: most, figure: `median ${usual.toFixed(0)} MB`, comparison: '–' }, // prettier-ignore
    ],
  }
}

const lines = (bench: Bench): number => (bench.options.quick ? 4_000 : 20_000)

/** Registers of made-up people through the API, into an establishment of their own: the first, and one more. */
export async function imports(bench: Bench, arena: Arena): Promise<Measured> {
  const count = lines(bench)
  const [first, more]: [number[], number[]] = [[], []]
  for (let round = 0; round < Math.min(3, bench.options.rounds); round++) {
    let [token, sent] = ['', 0]
    const next = async () => count / (await send(arena, token, registerFile(sent++ * count + 1, count), count))
    const empty = await calmly(async () => {
      ;[token, sent] = [await tokenOfNew(arena), 0]
      return next()
    })
    const another = await calmly(next)
    first.push(empty.done)
    more.push(another.done)
    bench.say(`  ${empty.done.toFixed(0)} lines/s into an empty establishment${theft(empty.stolen)}, ${another.done.toFixed(0)} of one more${theft(another.stolen)}`) // prettier-ignore
  }
  const line = (what: string, values: number[]): Line => ({
    row: 'import',
    what,
    atLeast: 3_000,
    aim: 5_000,
    more: true,
    unit: 'lines/s',
    value: median(values),
    figure: `median of ${values.length}`,
    comparison: '–',
  })
  return {
    detail: { first, more },
    lines: [
      line(`import of a register of ${count.toLocaleString('en')} lines, empty establishment`, first),
      line('import of one more such register', more),
    ],
  }
}

/** An agent's token of an establishment without records. */
async function tokenOfNew({ reached }: Arena): Promise<string> {
  const slug = `import_${Date.now().toString(36)}`
  const owner = await ownerOn(reached.superuserUrl)
  const id = await owner.createEstablishment({ slug, name: 'Registres', type: 'cscom', region: 'Mopti' })
  await owner.close()
  const agent = { id: uuidv7(), username: `${slug}.agent`, name: 'Agent' }
  await query(reached.superuserUrl, `insert into sis_platform.account (id, username, display_name, status) values ($1, $2, $3, 'active')`, [agent.id, agent.username, agent.name]) // prettier-ignore
  const site: Site = { id, slug, schema: '', mark: '', agents: [agent] }
  // Every HTTP process knows it after two seconds at the latest.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  return (await openTokens(reached))(site, agent)
}

type Report = { lines: number; stored: { consultations: number } }

/** @returns seconds. @throws Error unless every line was stored */
async function send({ recorded }: Arena, token: string, file: Buffer, count: number): Promise<number> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(file)], { type: 'text/csv' }), 'registre.csv')
  const since = performance.now()
  const answer = await fetch(`${recorded.url}/api/v1/imports?dryRun=false`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  })
  const report = (await answer.json()) as Report
  const seconds = (performance.now() - since) / 1_000
  if (!answer.ok || report.stored.consultations !== count)
    throw new Error(`import answered ${answer.status}: ${JSON.stringify(report).slice(0, 500)}`)
  return seconds
}
