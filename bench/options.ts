import { parseArgs } from 'node:util'

export const rowNames = ['list', 'get', 'create', 'search', 'tenants', 'memory', 'creation', 'migration', 'start', 'rss', 'import', 'dashboard'] as const // prettier-ignore
export type RowName = (typeof rowNames)[number]

export type Options = {
  rows: RowName[]
  /** Of one round. */
  seconds: number
  rounds: number
  warmUp: number
  connections: number
  /** Establishments of the small installation, and of the large one. */
  few: number
  tenants: number
  /** Patients of the searched establishments. */
  patients: readonly [number, number]
  /** Of the dashboard. */
  hospital: { patients: number; consultations: number; stays: number; beds: number }
  /** How long memory is watched (seconds). */
  churn: number
  /** Answers whose every body is looked through, before and after the rounds. */
  verified: number
  keep: string | undefined
  record: boolean
  quick: boolean
}

export const usage = `npm run bench -- [--rows ${rowNames.join(',')}] [--seconds 5] [--rounds 5] [--tenants 5000] [--churn seconds] [--keep folder] [--quick] [--record]`

/** Wrong arguments, with what is expected. */
export class UsageError extends Error {}

/** What the command line asks for. @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args)
  const quick = values.quick === true
  const whole = (name: 'seconds' | 'rounds' | 'tenants' | 'churn', usual: number, most: number): number => {
    const text = values[name]
    if (text === undefined) return usual
    const value = /^\d{1,7}$/.test(text) ? Number(text) : 0
    if (value < 1 || value > most) throw new UsageError(`--${name} ${text}: a whole number from 1 to ${most}\n${usage}`)
    return value
  }
  const rows = values.rows?.split(',') ?? [...rowNames]
  for (const row of rows)
    if (!(rowNames as readonly string[]).includes(row))
      throw new UsageError(`--rows ${row}: one of ${rowNames.join(', ')}\n${usage}`)
  return {
    rows: rowNames.filter((name) => rows.includes(name)),
    seconds: whole('seconds', quick ? 2 : 5, 600),
    rounds: whole('rounds', quick ? 1 : 5, 100),
    // V8 compiles for some 10,000 requests; a server has had them long ago.
    warmUp: quick ? 3 : 20,
    connections: 32,
    few: 50,
    tenants: whole('tenants', quick ? 200 : 5_000, 100_000),
    patients: quick ? [20_000, 50_000] : [200_000, 1_000_000],
    hospital: quick
      ? { patients: 8_000, consultations: 20_000, stays: 2_000, beds: 60 }
      : { patients: 80_000, consultations: 200_000, stays: 20_000, beds: 180 },
    churn: whole('churn', quick ? 20 : 300, 86_400),
    verified: quick ? 300 : 2_000,
    keep: values.keep,
    record: values.record === true,
    quick,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rows: { type: 'string' },
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        tenants: { type: 'string' },
        churn: { type: 'string' },
        keep: { type: 'string' },
        record: { type: 'boolean' },
        quick: { type: 'boolean' },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`)
  }
}
