import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { workerEnvironment } from '../config.ts'
import { codeOf, Failure } from './failure.ts'
import type { Gathering, Member } from './metrics/gathering.ts'
import { drainMs, type FromWorker, type ToWorker, type WorkerSettings } from './messages.ts'

export type Workers = {
  /** Resolves when the first process serves; the others follow. @throws Failure when one says that it never will */
  ready: Promise<void>
  /** Resolves when every process has served. */
  complete: Promise<void>
  /** Rejects when a process that once served says that it never will again. */
  failed: Promise<never>
  /** Lets requests finish (10 s at most), then ends the processes. */
  drain(): Promise<void>
  kill(): void
}

type Options = {
  count: number
  /** The program of an HTTP process. */
  program: string
  /** Known once the tables are there; the processes load their code meanwhile. */
  settings: Promise<WorkerSettings>
  /** Base64. Known when all is prepared that comes before any request; they open the database meanwhile. */
  masterKey: Promise<string>
  tell: (line: string) => void
  /** One of them serves, and may be handed connections. */
  onServing?: (worker: Worker) => void
  /** Somebody wished for something through one of them. */
  onWished?: () => void
  /** Collects their numbers. */
  gathering?: Gathering
}

// Young objects in 16 MB: in 32 they cost 60 MB more; in 8 there are a fifth more collections of them for 12 MB less. Old ones grow by
// 40 %, the room that 30 % gave when the program's text took 8 MB more of them: with 30 % what stays is now collected 2.6 times in
// 1,000 requests, with 50 % 1.8 times, as before, for up to 8 MB more. V8's own growth took 12 to 40 MB more, and less processor.
const heap = ['--max-semi-space-size=16', '--heap-growing-percent=40']

// glibc gives each thread of V8 and libuv a heap of its own, which keeps the most that it ever held: 22 MB of an HTTP process under
// load. One for all took no more processor or page faults for one consultation by id. Nothing elsewhere than on glibc.
const allocator = { MALLOC_ARENA_MAX: '1' }

const [shortestWait, longestWait] = [200, 2_000]
// While none has ever served, one that dies this often will not serve at the next attempt either.
const attemptsAtFirst = 5

/** Starts the HTTP processes, the first one first, and starts each again when it dies, sooner or later (0.2 s to 2 s). */
export function startWorkers({
  count,
  program,
  settings,
  masterKey,
  tell,
  onServing,
  onWished,
  gathering,
}: Options): Workers {
  cluster.setupPrimary({ exec: program, execArgv: [...process.execArgv, ...heap] })
  const failure = deferred<never>()
  // Whoever waits for `ready` or `failed` sees it; nobody waits while we drain.
  failure.promise.catch(() => {})
  // Those that listen to us: the others still load their code and have no request.
  const listening = new Set<Worker>()
  let stopping = false
  // By one of them: what keeps another from it goes away (a database that restarts), and the one goes on meanwhile.
  let served = false

  const runOnce = async (place: number, onReady: () => void): Promise<string> => {
    const worker = cluster.fork({ ...workerEnvironment(), ...allocator })
    const member: Member = { place, ask: (round) => send(worker, { type: 'measure', round }) }
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'here') {
        listening.add(worker)
        gathering?.join(member)
        void settings.then(async (known) => {
          send(worker, { type: 'open', settings: known })
          send(worker, { type: 'start', masterKey: await masterKey })
        })
      } else if (message.type === 'ready') {
        onServing?.(worker)
        onReady()
      } else if (message.type === 'wished') onWished?.()
      else if (message.type === 'measured') gathering?.hear(member, message.round, message.families)
      else if (message.type === 'leaving') send(worker, { type: 'drain' })
      else if (message.type === 'failed') failure.reject(new Failure(message.lines))
    })
    const end = await endOf(worker)
    listening.delete(worker)
    gathering?.leave(member)
    return end
  }

  const keepOne = async (place: number, onReady: () => void): Promise<void> => {
    let wait = shortestWait
    for (let attempt = 1; !stopping; attempt++) {
      const since = Date.now()
      const end = await runOnce(place, () => ((served = true), onReady()))
      if (stopping) return
      if (!served && attempt >= attemptsAtFirst) {
        failure.reject(new Failure(`Les processus HTTP ne démarrent pas (${end}, raison ci-dessus).`))
        return
      }
      if (Date.now() - since > 30_000) wait = shortestWait
      tell(`Un processus HTTP s’est arrêté (${end}) ; il est redémarré.`)
      await sleep(wait)
      wait = Math.min(wait * 2, longestWait)
    }
  }

  const start = (place: number): Promise<void> => {
    const ready = deferred<void>()
    if (!stopping) void keepOne(place, ready.resolve)
    return ready.promise
  }
  // Loading the program is a third of a start's work: all at once, on two cores that also set up the database, each would hold
  // up the first answer.
  const first = start(1)
  const others = first.then(() => Promise.all(Array.from({ length: count - 1 }, (_, index) => start(index + 2))))
  const all = () => Object.values(cluster.workers ?? {}).flatMap((worker) => worker ?? [])
  const kill = (workers: Worker[]) => workers.forEach((worker) => worker.process.kill('SIGKILL'))

  return {
    ready: Promise.race([first, failure.promise]),
    complete: others.then(() => {}),
    failed: failure.promise,
    async drain() {
      stopping = true
      kill(all().filter((worker) => !listening.has(worker)))
      const exits = [...listening].map((worker) => {
        send(worker, { type: 'drain' })
        return endOf(worker)
      })
      // A process frees itself after its own bound; one that cannot is ended a little later.
      await Promise.race([Promise.all(exits), sleep(drainMs + 1_000, undefined, { ref: false })])
      kill(all())
    },
    kill() {
      stopping = true
      kill(all())
    },
  }
}

/**
 * How a process ended. Not events.once, which rejects at 'error': a connection handed to a process that was just killed
 * is such an error (EPIPE), and must not take the supervisor along. A process that could not be started has no other event.
 */
function endOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.once('exit', () => resolve(worker.process.signalCode ?? `code ${worker.process.exitCode}`))
    worker.on('error', (error) => {
      if (worker.process.pid === undefined) resolve(codeOf(error) ?? error.message)
    })
  })
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {})
}

// Promise.withResolvers is not in Node 20.
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]))
  return { promise, resolve, reject }
}
