import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Requests that keep coming whether or not they are answered (`perSecond`), or clients that wait for each answer. */
export type Plan = {
  port: number
  /** Whole requests as they are sent, taken in turn. */
  requests: string[]
  seconds: number
  perSecond?: number
  clients?: number
  /** The times of the first seconds are not kept: those who come first have no connection yet. */
  ramp?: number
}

export type Outcome = {
  sent: number
  /** How often each status came; 0: the connection broke or nothing came within 30 s. */
  statuses: Record<string, number>
  /** 429 and 503 without Retry-After. */
  unexplained: number
  /** Milliseconds from the moment a request was due until its whole answer, of those answered 2xx; in order. */
  accepted: number[]
}

export const percentile = (ordered: readonly number[], share: number): number =>
  ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN

const patienceMs = 30_000

type Answer = { status: number; retryAfter: boolean }

/**
 * One connection of HTTP/1.1 that is asked again and again. Node's own client costs several times more, which on two
 * cores would be taken from the server that is measured.
 */
class Line {
  readonly #socket: Socket
  #answered: ((answer: Answer) => void) | undefined
  #head = ''
  #missing = -1
  #answer: Answer = { status: 0, retryAfter: false }
  #closing = false
  isOpen = true
  isFresh = true

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setTimeout(patienceMs, () => this.#socket.destroy())
    this.#socket.on('error', () => {})
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('close', () => {
      this.isOpen = false
      this.#end({ status: 0, retryAfter: false })
    })
  }

  ask(request: string): Promise<Answer> {
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#head = ''
      this.#missing = -1
      if (this.isOpen) this.#socket.write(request)
      else this.#end({ status: 0, retryAfter: false })
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#missing < 0) {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#head.slice(0, end).toLowerCase()
      this.#answer = { status: Number(head.slice(9, 12)), retryAfter: head.includes('\r\nretry-after: ') }
      this.#closing = head.includes('\r\nconnection: close')
      const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0)
      this.#missing = length - (this.#head.length - end - 4)
    } else this.#missing -= chunk.length
    if (this.#missing > 0) return
    this.isFresh = false
    if (this.#closing) this.isOpen = false
    this.#end(this.#answer)
    if (this.#closing) this.#socket.destroy()
  }

  #end(answer: Answer): void {
    const answered = this.#answered
    this.#answered = undefined
    answered?.(answer)
  }
}

/** Sends what the plan says and waits for the last answer. */
export async function drive({ port, requests, seconds, perSecond, clients, ramp = 0 }: Plan): Promise<Outcome> {
  const outcome: Outcome = { sent: 0, statuses: {}, unexplained: 0, accepted: [] }
  const idle: Line[] = []
  const lines = new Set<Line>()
  const take = (): Line => {
    for (let line = idle.pop(); line; line = idle.pop()) if (line.isOpen) return line
    const line = new Line(port)
    lines.add(line)
    return line
  }
  const start = performance.now()
  const ask = async (due: number): Promise<void> => {
    const request = requests[outcome.sent++ % requests.length] ?? ''
    let line = take()
    let wasFresh = line.isFresh
    let answer = await line.ask(request)
    // A server may end an idle connection just when it is used again: any client then repeats on another one.
    while (answer.status === 0 && !wasFresh) {
      lines.delete(line)
      line = take()
      wasFresh = line.isFresh
      answer = await line.ask(request)
    }
    if (line.isOpen) idle.push(line)
    else lines.delete(line)
    outcome.statuses[answer.status] = (outcome.statuses[answer.status] ?? 0) + 1
    if ((answer.status === 429 || answer.status === 503) && !answer.retryAfter) outcome.unexplained++
    if (answer.status >= 200 && answer.status < 300 && due >= start + ramp * 1_000)
      outcome.accepted.push(performance.now() - due)
  }

  const end = start + seconds * 1_000
  if (perSecond === undefined) {
    const client = async (): Promise<void> => {
      while (performance.now() < end) await ask(performance.now())
    }
    await Promise.all(Array.from({ length: clients ?? 1 }, client))
  } else {
    const asked: Promise<void>[] = []
    for (let now = start; now < end; now = performance.now()) {
      while (asked.length < ((now - start) / 1_000) * perSecond)
        asked.push(ask(start + (asked.length / perSecond) * 1_000))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await Promise.all(asked)
  }
  for (const line of lines) line.close()
  outcome.accepted.sort((a, b) => a - b)
  return outcome
}

/** The same in a process of its own, so that two loads do not measure each other. */
export async function driveElsewhere(plan: Plan): Promise<Outcome> {
  const child = fork(fileURLToPath(new URL(`./load-process${extname(import.meta.url)}`, import.meta.url)))
  child.send(plan)
  const [outcome] = (await once(child, 'message')) as [Outcome]
  return outcome
}
