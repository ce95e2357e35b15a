import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Owner } from '#tenancy'
import { packageRoot, type Config } from '../../config.ts'
import { labelled, Meters, type Sample } from '../../shared/meters.ts'
import { measureProcess } from '../../shared/process-meters.ts'
import type { Database } from '../database.ts'
import type { Door } from '../door.ts'
import type { Sealing } from '../sealing.ts'
import { Gathering } from './gathering.ts'
import { merged } from './merge.ts'
import { serveMetrics } from './server.ts'

/** What the supervisor knows once the database is open. */
export type Known = {
  sealing: Pick<Sealing, 'state'>
  database: Pick<Database, 'restarts' | 'owner'>
  door: Pick<Door, 'state'>
}

export type Metrics = {
  /** Collects the numbers of the HTTP processes. */
  gathering?: Gathering
  know(known: Known): void
  close(): void
}

/**
 * The numbers of all processes together, on SIS_METRICS_PORT of the loopback; nothing without it.
 * @throws Failure when the port cannot be had
 */
export async function openMetrics(config: Config, tell: (line: string) => void): Promise<Metrics> {
  const { metricsPort, workers } = config
  if (metricsPort === undefined) return { know() {}, close() {} }
  const gathering = new Gathering()
  const [own, whole] = [new Meters(), new Meters()]
  let known: Known | undefined
  measureProcess(own, 'supervisor')
  const backups = measureInstallation(whole, () => known)
  measureWorkers(whole, gathering, workers)
  const server = await serveMetrics(metricsPort, async () => {
    const [told] = await Promise.all([gathering.gather(), backups()])
    return merged([{ families: whole.read() }, { families: own.read(), process: 'supervisor' }, ...told])
  })
  tell(`Mesures : ${server.url}`)
  return { gathering, know: (more) => (known = more), close: server.close }
}

function measureWorkers(meters: Meters, gathering: Gathering, wanted: number): void {
  meters.gauge(
    'sis_http_processes',
    'HTTP processes: those wanted, those running, those whose numbers are missing.',
    () => {
      const { running, silent } = gathering.processes
      return Object.entries({ wanted, running, silent }).map(([state, count]): Sample => [labelled({ state }), count])
    },
  )
  meters.total(
    'sis_http_process_restarts_total',
    'HTTP processes that ended by themselves and were started again.',
    () => Math.max(0, gathering.processes.started - wanted),
  )
}

// A backup takes place once a day.
const backupsEveryMs = 30_000
const patienceMs = 1_000

/** @returns what reads anew when the last backup was, at most every half minute, for a second at most */
function measureInstallation(meters: Meters, known: () => Known | undefined): () => Promise<void> {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
  const build = labelled({ version, node: process.version })
  meters.gauge('sis_build_info', 'The version of SIS and of Node.', () => [[build, 1]])
  meters.gauge(
    'sis_http_connections_waiting',
    'Connections that wait for an HTTP process to take them.',
    () => known()?.door.state().waiting,
  )
  meters.total(
    'sis_http_connections_refused_total',
    'Connections that no HTTP process took in time.',
    () => known()?.door.state().refused,
  )
  meters.total('sis_database_restarts_total', 'How often the embedded database ended by itself and came back.', () =>
    known()?.database.restarts(),
  )
  meters.gauge('sis_audit_last_seal_timestamp_seconds', 'When all of the audit record was last sealed.', () => {
    const sealedAt = known()?.sealing.state().sealedAt
    return sealedAt === undefined ? undefined : sealedAt / 1_000
  })
  meters.total('sis_audit_seal_failures_total', 'Rounds of seals that failed.', () => known()?.sealing.state().failures)

  let runs: Awaited<ReturnType<Owner['whole']['newest']>> = []
  let [readAt, reading]: [number, Promise<void> | undefined] = [-Infinity, undefined]
  const kinds = (value: (run: (typeof runs)[number]) => number | null): Sample[] =>
    runs.flatMap((run): Sample[] => {
      const known = run.kind === 'restore' ? null : value(run)
      return known === null ? [] : [[labelled({ kind: run.kind }), known]]
    })
  meters.gauge(
    'sis_backup_last_success_timestamp_seconds',
    'The instant that the last good backup, or drill, shows.',
    () => kinds(({ succeededAt }) => succeededAt),
  )
  meters.gauge('sis_backup_last_result', 'Whether the last backup, or drill, succeeded.', () =>
    kinds(({ outcome }) => (outcome === 'success' ? 1 : 0)),
  )
  return async () => {
    const owner = known()?.database.owner
    if (!owner || performance.now() - readAt < backupsEveryMs) return
    reading ??= owner.whole
      .newest()
      .then((newest) => void ([runs, readAt] = [newest, performance.now()]))
      // The database is away: what was known stays.
      .catch(() => {})
      .finally(() => (reading = undefined))
    await Promise.race([reading, sleep(patienceMs, undefined, { ref: false })])
  }
}
