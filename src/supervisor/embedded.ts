import { existsSync, readdirSync, renameSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { prepareBinaries } from './binaries.ts'
import { initCluster, isCluster, refuseOtherVersion } from './cluster.ts'
import { Failure, onDisk } from './failure.ts'
import { freePort, startPostgres, urlOf, type Postgres } from './postgres.ts'
import { runningPostmaster, stopOrphan } from './postmaster.ts'
import { readSecret, secretIn } from './secrets.ts'
import { canHoldSocket, clearSockets, throughSocket } from './socket.ts'
import { refuseUnfinished, settleSwitch } from './switch.ts'

/** The database of a data folder, kept running until it is stopped. */
export type Embedded = {
  /** The superuser's address: for the supervisor and the command line only. */
  url: string
  /** Whether the cluster was made by this start. */
  created: boolean
  /** How often it ended by itself and was started again. */
  restarts(): number
  stop(how?: 'fast' | 'immediate'): Promise<void>
}

const clusterIn = (dataDir: string): string => join(dataDir, 'postgres')
const passwordIn = (dataDir: string): string => join(dataDir, 'postgres-password')
export const hasCluster = (dataDir: string): boolean => isCluster(clusterIn(dataDir))
export const logIn = (dataDir: string): string => join(dataDir, 'postgres.log')

// Ready again within 5 s is the promise, also when the disk was full and has just been emptied.
const [shortestWait, longestWait] = [200, 2_000]

// A new cluster takes 40 MB, its first log segments as much again.
const leastFreeBytes = 200 * 1024 * 1024

/**
 * Starts the embedded database of a data folder whose lock we hold; what a killed supervisor left is stopped first.
 * When the server dies it is started again on the same port, sooner or later (0.2 s to 2 s), until stop().
 * @param tell receives one French sentence when the server died and when it is back
 */
export async function startEmbedded(dataDir: string, tell: (line: string) => void): Promise<Embedded> {
  const binaries = prepareBinaries()
  const cluster = clusterIn(dataDir)
  if (settleSwitch(dataDir)) tell('La base de données restaurée a été mise en place.')
  const created = !isCluster(cluster)
  if (created) create(dataDir)
  else refuseOtherVersion(binaries, cluster)
  if (await stopOrphan(cluster))
    tell('La base de données d’un démarrage précédent, restée seule, a été arrêtée proprement.')
  rotateLog(logIn(dataDir))

  const password = readSecret(passwordIn(dataDir))
  if (!password)
    throw new Failure(`Le mot de passe de la base de données manque : ${passwordIn(dataDir)} (restaurez ce fichier).`)
  const [port, socket] = [await freePort(), await canHoldSocket(cluster)]
  const start = () => {
    clearSockets(cluster)
    return startPostgres(binaries, cluster, { port, socket, logFile: logIn(dataDir) })
  }

  let running: Postgres = await retryBriefly(start)
  let [stopping, restarts] = [false, 0]
  let waiting = new AbortController()

  const watch = async () => {
    for (let wait = shortestWait; !stopping;) {
      const since = Date.now()
      await running.exited
      if (stopping) return
      if (Date.now() - since > 60_000) wait = shortestWait
      let told = 'La base de données s’est arrêtée ; elle est redémarrée.'
      tell(told)
      for (let back = false; !back && !stopping; wait = Math.min(wait * 2, longestWait)) {
        waiting = new AbortController()
        await sleep(wait, undefined, { signal: waiting.signal }).catch(() => {})
        if (stopping) return
        try {
          running = await start()
          back = true
          restarts++
          tell('La base de données répond de nouveau.')
        } catch (error) {
          // Every two seconds for as long as the disk is full: the same reason once is enough.
          const { message } = error as Error
          if (message !== told) tell((told = message))
        }
      }
    }
  }
  const watching = watch()

  return {
    url: throughSocket(urlOf(port, password), cluster, port),
    created,
    restarts: () => restarts,
    async stop(how) {
      stopping = true
      waiting.abort()
      await running.stop(how)
      await watching
      await running.stop(how)
    },
  }
}

/** The address of the database that another process runs on this data folder, or undefined. */
export function findRunning(dataDir: string): string | undefined {
  const cluster = clusterIn(dataDir)
  const postmaster = runningPostmaster(cluster)
  const password = postmaster?.ready ? readSecret(passwordIn(dataDir)) : undefined
  return postmaster && password ? throughSocket(urlOf(postmaster.port, password), cluster, postmaster.port) : undefined
}

function create(dataDir: string): void {
  const cluster = clusterIn(dataDir)
  refuseUnfinished(dataDir)
  if (existsSync(cluster) && readdirSync(cluster).length > 0) {
    throw new Failure(
      `${cluster} contient autre chose qu’une base de données : videz ce dossier ou choisissez un autre SIS_DATA_DIR.`,
    )
  }
  const { bavail, bsize } = onDisk(dataDir, () => statfsSync(dataDir))
  if (bavail * bsize < leastFreeBytes) {
    throw new Failure(`Le disque est plein : il faut au moins 200 Mo libres dans ${dataDir}.`)
  }
  const password = secretIn(passwordIn(dataDir))
  initCluster(prepareBinaries(), cluster, { password })
}

// Backends of a killed server may need a moment to notice; until then the shared memory refuses a new one.
async function retryBriefly(start: () => Promise<Postgres>): Promise<Postgres> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt >= 5 || !/shared memory block|lock file/.test((error as Error).message)) throw error
      await sleep(200 * attempt)
    }
  }
}

/** One older log is kept; the server writes little (its own events only). */
function rotateLog(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > 5 * 1024 * 1024) onDisk(path, () => renameSync(path, `${path}.1`))
}
