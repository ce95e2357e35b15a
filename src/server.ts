import { createServer, type Server } from 'node:net'
import process from 'node:process'
import type { Logger } from 'pino'
import { createTenancy, IsolationBroken, Meter } from '#tenancy'
import { buildApp } from './app.ts'
import { unboundedInFlight } from './config.ts'
import { openAccess } from './platform/auth/index.ts'
import { Meters } from './shared/meters.ts'
import { measureProcess } from './shared/process-meters.ts'
import { sayable, traceOf } from './shared/traces.ts'
import { followConnections } from './supervisor/drain.ts'
import { codeOf } from './supervisor/failure.ts'
import { onCrash } from './supervisor/last-resort.ts'
import { createLog } from './supervisor/log.ts'
import { measureTenancy } from './supervisor/metrics/tenancy-meters.ts'
import { drainMs, type FromWorker, type ToWorker, type WorkerSettings } from './supervisor/messages.ts'

// One HTTP process: build, listen, drain. The supervisor starts it and tells it everything over their channel.

type Running = { drain(): Promise<void> }

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
onCrash((trace) => {
  const journal = log ?? createLog('fatal')
  journal.fatal(trace, 'crash')
  void drain(1)
})

process.on('message', (message: ToWorker) => {
  if (message.type === 'start') {
    masterKey = message.masterKey
    begin()
  } else if (message.type === 'open') {
    running = start(message.settings)
    running.then(
      () => void tell({ type: 'ready' }),
      (error: unknown) => fail(error, message.settings),
    )
  } else if (message.type === 'measure') void tell({ type: 'measured', round: message.round, families: meters.read() })
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
  const drainConnections = followConnections(app.server)
  const host = config.host === 'localhost' ? '127.0.0.1' : config.host
  await app.listen({ host, port: config.port })
  const second = config.host === 'localhost' ? await listenToo(app.server, '::1', config.port) : undefined
  return {
    async drain() {
      await drainConnections(async () => {
        second?.close()
        await app.close()
      })
      access.close()
      await tenancy.close()
    },
  }
}

/** The same server on a second address: its connections are handed over. Undefined where the machine has no such address. */
function listenToo(server: Server, host: string, port: number): Promise<Server | undefined> {
  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket))
  return new Promise((resolve, reject) => {
    second.once('error', (error) => {
      if (['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'].includes(codeOf(error) ?? '')) resolve(undefined)
      else reject(error)
    })
    second.listen({ host, port }, () => resolve(second))
  })
}

/** What will not go away by itself stops everything; a database that is away for a moment only ends this process. */
function fail(error: unknown, { config }: WorkerSettings): void {
  const text = sayable(error)
  if (codeOf(error) === 'EADDRINUSE')
    void tell({ type: 'failed', lines: [`Le port ${config.port} vient d’être pris par un autre programme.`] })
  else if (error instanceof IsolationBroken)
    void tell({ type: 'failed', lines: [`Le cloisonnement n’est pas assuré, rien n’est servi : ${text}`] })
  else process.stderr.write(`${text}\n${JSON.stringify(traceOf(error))}\n`)
  setTimeout(() => process.exit(1), 100)
}

async function drain(code = 0): Promise<void> {
  setTimeout(() => process.exit(1), drainMs).unref()
  // Before, it has no request, and may wait for long.
  if (masterKey !== undefined) await running?.then((server) => server.drain()).catch(() => {})
  // The last of what it counted; exit() would not wait for it.
  await tell({ type: 'measured', round: 0, families: meters.read() })
  process.exit(code)
}

function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve())
    else resolve()
  })
}
