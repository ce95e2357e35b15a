import { createTenancy, type Log } from '#tenancy'
import { serverProgram, type Config } from '../config.ts'
import { sayable } from '../shared/traces.ts'
import { auditKey } from '../platform/audit/installation-key.ts'
import { reservePort, urlOf } from './address.ts'
import { anchorsOf } from './anchors.ts'
import { openDatabase, type Database } from './database.ts'
import { prepareDemo } from './demonstration.ts'
import { createDoor } from './door.ts'
import { Failure } from './failure.ts'
import { onCrash } from './last-resort.ts'
import { takeLock } from './lock.ts'
import { createLog } from './log.ts'
import { openKeys } from './master-key.ts'
import { drainMs, poolSizeFor, type WorkerSettings } from './messages.ts'
import { openMetrics } from './metrics/metrics.ts'
import { migrate } from './migrate.ts'
import { startReconciling, type Reconciling } from './reconciling.ts'
import { startSealing, type Sealing } from './sealing.ts'
import { privateFolder } from './secrets.ts'
import { listenForSignals } from './signals.ts'
import { deferred, startWorkers } from './workers.ts'

// Who opens one, and the next soon after, finds both made; each is a megabyte on the disk, and 0.1 s of work that can wait until
// the first requests after a start have been answered.
const [keptPrepared, preparedAfter] = [2, 5_000]

const tell = (line: string): void => void process.stdout.write(`${line}\n`)

/**
 * Everything from the configuration to the last signal: lock, database, migrations, HTTP processes; then all of it ends
 * in reverse order. @throws Failure with sentences for the terminal when it cannot start
 */
export async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel)
  const undo: (() => Promise<void> | void)[] = []
  const force: (() => void)[] = []
  const endNow = (): never => {
    for (const end of force.reverse()) end()
    process.exit(1)
  }
  const signals = listenForSignals(() => {
    tell('Arrêt immédiat.')
    endNow()
  })
  const crashed = deferred<never>()
  crashed.promise.catch(() => {})
  onCrash((trace) => {
    log.fatal(trace, 'crash')
    crashed.reject(new Failure(`Erreur inattendue (${trace.type}), consignée dans le journal : SIS s’arrête.`))
    setTimeout(endNow, drainMs + 5_000).unref()
  })
  try {
    privateFolder(config.dataDir)
    const lock = takeLock(config.dataDir, 'serve')
    undo.push(lock.release)
    const port = await reservePort(config.host, config.port)
    const metrics = await openMetrics(config, tell)
    undo.push(metrics.close)
    tell(config.databaseUrl ? 'SIS démarre…' : `SIS démarre, données dans ${config.dataDir}…`)

    let reconciling: Reconciling | undefined
    const door = createDoor({ log, origins: config.corsOrigins })
    const settings = deferred<WorkerSettings>()
    const keyKnown = deferred<string>()
    const workers = startWorkers({
      count: config.workers,
      program: serverProgram,
      settings: settings.promise,
      masterKey: keyKnown.promise,
      tell,
      onServing: door.join,
      onWished: () => reconciling?.now(),
      ...(metrics.gathering && { gathering: metrics.gathering }),
    })
    undo.push(workers.kill)
    force.push(workers.kill)
    const database = await openDatabase(config, { log, tell })
    let sealing: Sealing | undefined
    // Requests end before what they wrote is sealed, and that before the database ends.
    undo.push(database.close, () => sealing?.stop(), workers.drain, door.close)
    force.push(() => void database.close('immediate'))
    await migrate(database.owner, tell)
    settings.resolve(workerSettings(config, database))
    const masterKey = await prepare(config, database, log)
    const key = auditKey(masterKey)
    sealing = startSealing({ owner: database.owner, key, anchors: anchorsOf(config, log), log })
    metrics.know({ sealing, database, door })
    keyKnown.resolve(masterKey.toString('base64'))
    await Promise.race([workers.ready, signals.asked, crashed.promise])
    if (!signals.isAsked()) await door.open(config.host, port)

    const { owner } = database
    reconciling = startReconciling(owner, log)
    undo.push(() => owner.keepPrepared(0), reconciling.stop)
    if (!signals.isAsked()) {
      lock.tell(urlOf(config.host, port))
      tell(`SIS répond : ${urlOf(config.host, port)}/docs (Ctrl-C pour arrêter).`)
      void workers.complete.then(() => {
        if (signals.isAsked()) return
        if (config.workers > 1) tell(`Les ${config.workers} processus HTTP répondent.`)
        const later = setTimeout(() => owner.keepPrepared(keptPrepared), preparedAfter)
        undo.push(() => clearTimeout(later))
      })
    }
    await Promise.race([signals.asked, workers.failed, crashed.promise])
    tell('SIS s’arrête : les requêtes en cours se terminent…')
  } finally {
    // One that fails must not leave the database running, or the folder taken.
    for (const end of undo.reverse())
      await Promise.resolve()
        .then(end)
        .catch((error: Error) => log.error({ reason: sayable(error) }, 'shutdown step failed'))
  }
  tell('SIS est arrêté.')
}

/** What needs the tables and comes before any request: the keys, then the demonstration. */
async function prepare(config: Config, database: Database, log: Log): Promise<Buffer> {
  const tenancy = await createTenancy({
    url: database.apiUrl,
    installation: database.installation,
    poolSize: 2,
    pooler: config.pooler,
    log,
    name: 'sis-start',
  })
  try {
    const masterKey = await openKeys(config, tenancy, tell)
    // At once: a new password that was not shown before the first Ctrl-C would be lost.
    for (const line of await prepareDemo({ config, database, tenancy, tell })) tell(line)
    return masterKey
  } finally {
    await tenancy.close()
  }
}

function workerSettings(config: Config, { apiUrl, installation }: Database): WorkerSettings {
  const { corsOrigins, trustProxy, rateLogin, rateRequests, rateEstablishment, logLevel, slowMs } = config
  const { rateUserInFlight, rateEstablishmentInFlight, rateInFlight } = config
  return {
    config: {
      corsOrigins,
      trustProxy,
      rateLogin,
      rateRequests,
      rateEstablishment,
      rateUserInFlight,
      rateEstablishmentInFlight,
      rateInFlight,
      logLevel,
      slowMs,
    },
    apiUrl,
    installation,
    pooler: config.pooler,
    poolSize: poolSizeFor(config.workers),
    memoryMb: config.dbMemoryMb / config.workers,
    metered: config.metricsPort !== undefined,
  }
}
