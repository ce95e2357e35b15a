import type { Socket } from 'node:net'
import process from 'node:process'
import type { Logger } from 'pino'
import { createTenancy, IsolationBroken, Meter } from '#tenancy'
import { buildApp } from './app.ts'
import { unboundedInFlight } from './config.ts'
import { openAccess } from './platform/auth/index.ts'
import { Meters } from './shared/meters.ts'
import { measureProcess } from './shared/process-meters.ts'
import { sayable, traceOf } from './shared/traces.ts'
import { takeConnections } from './supervisor/connections.ts'
import { followConnections } from './supervisor/drain.ts'
import { onCrash } from './supervisor/last-resort.ts'
import { createLog } from './supervisor/log.ts'
import { measureTenancy } from './supervisor/metrics/tenancy-meters.ts'
import { drainMs, type FromWorker, type ToWorker, type WorkerSettings } from './supervisor/messages.ts'

// One HTTP process: build, serve, drain. The supervisor starts it and tells it everything over their channel.

type Running = { take(connection: Socket | undefined): void; drain(): Promise<void> }

// Ctrl-C reaches the whole terminal; only the supervisor decides when requests may no longer come.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
// Without a supervisor nobody would stop us or restart the database.
process.on('disconnect', () => process.exit(0))

let running: Promise<Running> | undefined
// What comes before any request is being prepared while this process opens its doors to the database.
let masterKey: string | undefined
let begin: () => void
const begun = new Promise<void>((resolve) => (begin = resolve))
let log: Logger | undefined
const meters = new Meters()
let exitCode = 0
let isDraining = false
onCrash((trace) => {
  const journal = log ?? createLog('fatal')
  journal.fatal(trace, 'crash')
  exitCode = 1
  void tell({ type: 'leaving' })
  // Nobody may be there to answer, or too busy.
  setTimeout(() => void drain(), 1_000)
})

process.on('message', (message: ToWorker, connection: Socket | undefined) => {
  if (message.type === 'start') {
    masterKey = message.masterKey
    begin()
  } else if (message.type === 'open') {
    running = start(message.settings)
    running.then(() => void tell({ type: 'ready' }), fail)
  } else if (message.type === 'connection') void running?.then((server) => server.take(connection))
  else if (message.type === 'measure') void tell({ type: 'measured', round: message.round, families: meters.read() })
  else void drain()
})
void tell({ type: 'here' })

async function start(settings: WorkerSettings): Promise<Running> {
  const { config, apiUrl, installation, poolSize, memoryMb, pooler, metered } = settings
  const { slowMs } = config
  log = createLog(config.logLevel)
  if (metered) measureProcess(meters, 'http')
  const tenancy = await createTenancy({
    url: apiUrl,
    installation,
    poolSize,
    memoryMb,
    pooler,
    log,
    name: 'sis-http',
    impatient: config.rateInFlight < unboundedInFlight,
    meter: new Meter({ meters, log, slowMs }),
  })
  measureTenancy(meters, tenancy)
  await begun
  // What was prepared meanwhile: establishments that are there now, accounts that are closed.
  await tenancy.directory.refresh()
  const access = await openAccess({
    tenancy,
    masterKey: Buffer.from(masterKey ?? '', 'base64'),
    installation,
    onWished: () => void tell({ type: 'wished' }),
  })
  const app = await buildApp({ config, access, log, measuring: { meters, slowMs } })
  const drainConnections = followConnections(app)
  await app.ready()
  return {
    take: takeConnections(app.server, (next) => void tell({ type: 'taken', next })),
    async drain() {
      await drainConnections()
      access.close()
      await tenancy.close()
    },
  }
}

/** What will not go away by itself stops everything; a database that is away for a moment only ends this process. */
function fail(error: unknown): void {
  const text = sayable(error)
  if (error instanceof IsolationBroken)
    void tell({ type: 'failed', lines: [`Le cloisonnement n’est pas assuré, rien n’est servi : ${text}`] })
  else process.stderr.write(`${text}\n${JSON.stringify(traceOf(error))}\n`)
  setTimeout(() => process.exit(1), 100)
}

async function drain(): Promise<void> {
  if (isDraining) return
  isDraining = true
  setTimeout(() => process.exit(1), drainMs).unref()
  // Before, it has no request, and may wait for long.
  if (masterKey !== undefined) await running?.then((server) => server.drain()).catch(() => {})
  // The last of what it counted; exit() would not wait for it.
  await tell({ type: 'measured', round: 0, families: meters.read() })
  process.exit(exitCode)
}

function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve())
    else resolve()
  })
}
