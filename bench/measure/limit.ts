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

/** What the database alone does of a transaction, without HTTP. @throws Error when a transaction failed */
export async function limit(options: LimitOptions): Promise<Round> {
  const { pgbench, seconds, clients, url, postgresPid, scripts, variables = {} } = options
  const before = { database: processorTime(postgresPid), client: endedChildrenTime() }
  const output = await runProgram(pgbench, [
    '-n',
    '--protocol=simple',
    '--jobs=1',
    `--client=${clients}`,
    `--time=${seconds}`,
    ...Object.entries(variables).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
    ...scripts.flatMap((script) => ['-f', script]),
    url,
  ])
  const after = { database: processorTime(postgresPid), client: endedChildrenTime() }
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
  const requests = Number(/^number of transactions actually processed: (\d+)/m.exec(output)?.[1])
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(output)?.[1] ?? 0)
  if (!(perSecond > 0) || !(requests > 0) || failed > 0) throw new Error(`pgbench:\n${output}`)
  const each = (name: 'database' | 'client'): number => (after[name] - before[name]) / requests
  return { perSecond, requests, processor: { server: 0, database: each('database'), client: each('client') } }
}
