import type { Worker } from 'node:cluster'
import { createServer, type Server, type Socket } from 'node:net'
import type { Log } from '#tenancy'
import { newId } from '../shared/ids.ts'
import { problem, problemText } from '../shared/errors.ts'
import { Tally } from '../shared/seldom.ts'
import { preferredLanguage } from '../shared/text.ts'
import { listenOnAll } from './address.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { roomFor } from './open-files.ts'

export type Door = {
  /** Lets people in. @throws Failure when the address cannot be had */
  open(host: string, port: number): Promise<void>
  /** An HTTP process that serves, until it ends. */
  join(worker: Worker): void
  /** How many wait for a process, and how many were refused since the start, with or without a word. */
  state(): { waiting: number; refused: number }
  /** Lets nobody in any more; who still waits is refused. */
  close(): void
}

type Options = {
  log: Pick<Log, 'warn'>
  /** Whose pages may read a refusal (SIS_CORS_ORIGINS). */
  origins: readonly string[]
  /** How long a connection may wait for its turn (ms). */
  patience?: number
  /** The same while there is no process at all. */
  absence?: number
}

// A process takes one connection each time round its event loop: two took 283 a second together while 6,000 requests a second
// came. With no bound to the wait, those of the first burst had their first answer after 20 s, or none.
const patienceMs = 1_000
// A process that died is there again after two seconds or three.
const absenceMs = 10_000
const lookMs = 100
// About 20 kB each: half of them who wait, half who are being refused.
const mostConnections = 8_000
// How long the refused may take to send a request and to read the refusal, and how much they may send.
const partingMs = 1_000
const mostUnread = 1024 ** 2

/**
 * Takes all connections and hands each to the HTTP process that is free to take one; whom none takes in a second is refused
 * (503).
 * Not Node's cluster, whose queue has no bound, nor a port that the processes share, where each takes one at a time as well
 * (docs/decisions/0023).
 */
export function createDoor({ log, origins, patience = patienceMs, absence = absenceMs }: Options): Door {
  // Who came first stands first.
  const waiting: { socket: Socket; since: number }[] = []
  const serving = new Set<Worker>()
  // In turn: who was free first is the next.
  const free = new Set<Worker>()
  // What is on its way to them. We keep it open until it has arrived: of what a process does not take because it dies, Node
  // closes nothing (20 to 24), and its client would wait for ever; after a reset he calls again.
  const onTheWay = new Map<Worker, Socket>()
  const mostWaiting = Math.floor(roomFor(mostConnections) / 2)
  let servers: Server[] = []
  let [refused, parting] = [0, 0]
  const untold = new Tally()

  const handOver = (): void => {
    for (const worker of free) {
      const next = waiting.shift()
      if (!next) return
      free.delete(worker)
      onTheWay.set(worker, next.socket)
      worker.send({ type: 'connection' } satisfies ToWorker, next.socket, { keepOpen: true }, (error) => {
        if (error) arrived(worker)
        // Not at once: what failed now would fail again.
        if (error && serving.has(worker)) free.add(worker)
      })
    }
  }
  const arrived = (worker: Worker): void => {
    onTheWay.get(worker)?.destroy()
    onTheWay.delete(worker)
  }
  const leave = (worker: Worker): void => {
    serving.delete(worker)
    free.delete(worker)
  }
  const enter = (socket: Socket): void => {
    socket.on('error', () => {})
    if (waiting.length >= mostWaiting) return refuse(socket)
    waiting.push({ socket, since: performance.now() })
    handOver()
  }
  const refuse = (socket: Socket): void => {
    refused++
    untold.add((count) => log.warn({ refused: count }, 'overloaded: connections refused'))
    if (parting >= mostWaiting) return void socket.destroy()
    parting++
    const end = setTimeout(() => socket.destroy(), partingMs)
    socket.once('close', () => (clearTimeout(end), parting--))
    // Not before it has asked: a browser takes what it did not ask for as an error of the network. What follows is read and
    // dropped for a second, since a connection that is closed with something unread is reset, and the refusal lost.
    socket.once('data', (request: Buffer) => socket.end(refusalOf(request.toString('latin1'), origins)))
    socket.on('data', () => socket.bytesRead > mostUnread && socket.destroy()).resume()
  }
  const refuseLate = (): void => {
    const late = performance.now() - (serving.size > 0 ? patience : absence)
    while (waiting[0] && waiting[0].since < late) refuse(waiting.shift()!.socket)
    handOver()
  }
  // After what has arrived is read: when we were held up ourselves, a process may be free since long.
  const look = setInterval(() => setImmediate(refuseLate), lookMs).unref()

  return {
    async open(host, port) {
      const make = () => createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, enter)
      servers = await listenOnAll(host, port, make)
    },
    join(worker) {
      const isFree = (): void => {
        free.add(worker)
        handOver()
      }
      // What a process has sent may be read when its end is known already.
      if (worker.isDead()) return
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'leaving') leave(worker)
        if (message.type !== 'taken') return
        arrived(worker)
        if (message.next && serving.has(worker)) isFree()
      })
      worker.process.once('exit', () => {
        leave(worker)
        arrived(worker)
      })
      // Who waited because nobody was there waits for his turn from now on.
      if (serving.size === 0) for (const one of waiting) one.since = performance.now()
      serving.add(worker)
      isFree()
    },
    state: () => ({ waiting: waiting.length, refused }),
    close() {
      clearInterval(look)
      for (const server of servers) server.close()
      for (const { socket } of waiting.splice(0)) refuse(socket)
    },
  }
}

/** @param request its first bytes; usually all of it */
function refusalOf(request: string, origins: readonly string[]): string {
  const language = preferredLanguage(/^accept-language: *(.*)$/im.exec(request)?.[1])
  const origin = /^origin: *(.*)$/im.exec(request)?.[1] ?? ''
  const id = newId()
  const body = problemText(problem('busy'), language, id)
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    // For different seconds, so that not all come back at once.
    `retry-after: ${1 + Math.floor(Math.random() * 3)}`,
    `x-request-id: ${id}`,
    'cache-control: no-store',
    'connection: close',
    ...(origins.includes(origin)
      ? [`access-control-allow-origin: ${origin}`, 'access-control-expose-headers: retry-after, x-request-id']
      : []),
  ]
  return `${head.join('\r\n')}\r\n\r\n${request.startsWith('HEAD ') ? '' : body}`
}
