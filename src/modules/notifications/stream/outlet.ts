import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerResponse } from 'node:http'
import type { Auth } from '../../../platform/http/index.ts'
import type { Language } from '../../../shared/text.ts'
import { toNotification, type NotificationRow } from '../queries.ts'

/** A notification as the poller reads it: with whom it is for. */
export type Told = NotificationRow & {
  roles: string[] | null
  account_id: string | null
  /** Everybody who sees the sensitive file that it is of; null: nobody is kept out. */
  viewers: string[] | null
}

/** What a reader may leave unread before it is let go (bytes); it reconnects and is given the rest. */
const MOST_UNREAD = 256 * 1024
/** Proxies end what is silent for a minute. */
const HEARTBEAT_MS = 15_000
/** Within which what was written last is read (ms): with what the process knows of rights, two seconds old, under five. */
const TO_THE_END_MS = 1_500
/** After how long a client comes back (ms). */
export const RETRY_MS = 3_000

/** Whether this person, under the roles of this token, is told. */
export const isFor = ({ account, roles }: Auth, { roles: to, account_id, viewers }: Told): boolean =>
  (account_id === account.id || to?.some((role) => (roles as readonly string[]).includes(role)) === true) &&
  (viewers === null || viewers.includes(account.id))

/** One client's stream of Server-Sent Events (WHATWG HTML, 9.2). */
export class Outlet {
  readonly auth: Auth
  readonly stream: Readable
  /** The newest notification that was told, or passed over: told is only what comes after it. */
  cursor: string
  /** Being given what it missed: what is polled meanwhile is among it. */
  isCatchingUp = true
  readonly #language: Language
  readonly #answer: ServerResponse
  #spokeAt = performance.now()
  #hasEnded = false

  constructor(auth: Auth, language: Language, answer: ServerResponse, cursor: string) {
    this.auth = auth
    this.cursor = cursor
    this.#language = language
    this.#answer = answer
    this.stream = new Readable({ read() {} })
    // Its reader may go away at any time.
    this.stream.on('error', () => {})
  }

  get isOver(): boolean {
    return this.#hasEnded || this.stream.destroyed || this.#answer.destroyed
  }

  /** Where it begins: the identifier lets a client that is cut off before the first notification come back without loss. */
  open(event: 'ready' | 'reset', unread: number): void {
    this.#write(`retry: ${RETRY_MS}\nid: ${this.cursor}\nevent: ${event}\ndata: ${JSON.stringify({ unread })}\n\n`)
  }

  /** Hands on what comes after all that was handed on before, when it is for this person. */
  offer(row: Told): void {
    if (row.id <= this.cursor) return
    this.cursor = row.id
    if (!isFor(this.auth, row)) return
    const shown = toNotification(row, false, this.#language)
    this.#write(`id: ${row.id}\nevent: notification\ndata: ${JSON.stringify(shown)}\n\n`)
  }

  /** A comment now and then, so that nobody takes a silent stream for a dead one. @param now ms, monotonic */
  beat(now: number): void {
    if (now - this.#spokeAt >= HEARTBEAT_MS) this.#write(':\n\n')
  }

  /** Waits until a reader who is given much has taken it. */
  async drained(): Promise<void> {
    while (!this.isOver && this.#unread > MOST_UNREAD / 4) await sleep(50)
  }

  get #unread(): number {
    return this.stream.readableLength + this.#answer.writableLength
  }

  /** Ends it and says why: the client comes back, with a fresh token where the reason is its token. */
  end(reason: string, retryMs?: number): void {
    if (this.isOver) return
    this.finish(reason, retryMs)
    // Who does not read keeps neither a stream that is over nor the process that stops.
    setTimeout(() => this.#answer.destroy(), TO_THE_END_MS).unref()
  }

  /** The same, for who may read it to the end. */
  finish(reason: string, retryMs?: number): void {
    if (this.isOver) return
    const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`
    this.#write(`${retry}event: end\ndata: ${JSON.stringify({ reason })}\n\n`)
    this.stream.push(null)
    this.#hasEnded = true
  }

  #write(text: string): void {
    if (this.isOver) return
    this.#spokeAt = performance.now()
    this.stream.push(text)
    if (this.#unread > MOST_UNREAD) this.#answer.destroy()
  }
}
