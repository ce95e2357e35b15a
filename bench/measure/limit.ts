import { processorTime, endedChildrenTime } from './processes.ts'
import { runProgram, type Round } from './load.ts'

export type LimitOptions = {
  pgbench: string
  seconds: number
  /** Connections of pgbench. */
  clients: number
  url: string
  postgresPid: number
  /** Each a file of one transaction in one message, chosen at random. */
  scripts: readonly string[]
  variables?: Record<string, string | number>
}

// Each of its connections must first meet every establishment: seconds that no server's round has, whose connections live on.
const warmUp = 4

/** What the database alone does of a transaction, without HTTP. @throws Error when a transaction failed */
export async function limit(options: LimitOptions): Promise<Round> {
  const { pgbench, seconds, clients, url, postgresPid, scripts, variables = {} } = options
  let before = 0
  const warm = setTimeout(() => (before = processorTime(postgresPid)), warmUp * 1_000)
  const load = endedChildrenTime()
  const output = await runProgram(pgbench, [
    '-n',
    '--protocol=simple',
    '--jobs=1',
    '--progress=1',
    `--client=${clients}`,
    `--time=${warmUp + seconds}`,
    ...Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
    ...scripts.flatMap((script) => ['-f', script]),
    url,
  ]).finally(() => clearTimeout(warm))
  const used = processorTime(postgresPid) - before
  const all = Number(/^number of transactions actually processed: (\d+)/m.exec(output)?.[1])
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1] ?? 0)
  const perSecond = rateAfter(output, warmUp)
  if (!(perSecond > 0) || !(all > 0) || failed > 0) throw new Error(`pgbench:\n${output}`)
  const requests = Math.round(perSecond * seconds)
  return {
    perSecond,
    requests,
    processor: { server: 0, database: used / requests, client: (endedChildrenTime() - load) / all },
  }
}

/** The mean rate that pgbench told of the seconds after the first ones. @throws Error when it told none */
export function rateAfter(output: string, first: number): number {
  const rates = [...output.matchAll(/^progress: ([\d.]+) s, ([\d.]+) tps/gm)].flatMap(([, at, rate]) =>
    Number(at) > first + 0.5 ? [Number(rate)] : [],
  )
  if (rates.length === 0) throw new Error(`pgbench told no progress:\n${output}`)
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length
}
