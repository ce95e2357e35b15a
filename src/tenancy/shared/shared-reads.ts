import type pg from 'pg'
import { FairShare } from '../../shared/fair-share.ts'
import type { Log } from '../types.ts'
import {
  AskElsewhere,
  SharedConnection,
  type Entrance,
  type Known,
  type Limits,
  type OneRead,
} from './shared-connection.ts'

export type SharedReadsOptions = {
  /** Opens one connection. @throws whatever keeps it from opening */
  connect: () => Promise<pg.Client>
  /** How many connections serve at the same time. */
  connections: number
  limits: Limits
  log: Log
  impatient: boolean
}

/** Reads that may be on their way on one connection: PostgreSQL never waits for the next, and nobody stands far behind. */
const mostFlying = 16
/** A read that is seen first in its line twice, at this distance (ms), keeps the others no longer. */
const lookEveryMs = 40
/** When no answer is awaited any longer (ms); longer than the server's own statement_timeout (15 s), which answers. */
const answerWithinMs = 20_000
/** Between two attempts to open a connection that failed (ms). */
const reopenAfterMs = 250

type Slot = {
  connection: SharedConnection | undefined
  opening: boolean
  failedAt: number
  /** The one that was first at the last look. */
  seen: unknown
  isHeld: boolean
}

/**
 * One-shot reads of all establishments on few connections. An establishment has its connection (hash → slot): there its
 * tables and its statements are known.
 */
export class SharedReads {
  readonly #options: SharedReadsOptions
  readonly #slots: Slot[]
  readonly #share: FairShare
  /** Establishments a read of which keeps a connection from the others now: they ask elsewhere meanwhile. */
  readonly #slow = new Map<Entrance, number>()
  #watch: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: SharedReadsOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.connections }, () => ({
      connection: undefined,
      opening: false,
      failedAt: -Infinity,
      seen: undefined,
      isHeld: false,
    }))
    this.#share = new FairShare({
      size: options.connections * mostFlying,
      waiting: options.impatient ? 1_000 : 100_000,
      patienceMs: options.impatient ? 5_000 : 60_000,
      ...(options.impatient && { standing: { ms: 250, most: 16 } }),
    })
  }

  /**
   * @param party the establishment's id
   * @throws AskElsewhere, EntranceRefused, StatementFailed; busy, too_many_requests
   */
  async read(
    party: string,
    entrance: Entrance,
    statement: Known,
    values: readonly (string | null)[],
  ): Promise<object[]> {
    const waiting = this.#share.enter(party)
    if (waiting) await waiting
    try {
      return await new Promise<object[]>((resolve, reject) => {
        const slot = this.#slotFor(entrance)
        if (slot?.connection === undefined) reject(new AskElsewhere('no connection is free'))
        else {
          slot.connection.send(entrance, statement, values, (rows, error) => {
            if (rows) resolve(rows)
            else reject(error)
          })
          this.#watch ??= setInterval(this.#look, lookEveryMs).unref()
        }
      })
    } finally {
      this.#share.leave(party)
    }
  }

  /** Connections, reads on their way, and the statements that the connections remember. */
  get numbers(): { open: number; used: number; flying: number; named: number } {
    const all = this.#slots.flatMap(({ connection }) => connection ?? [])
    const sum = (of: (one: SharedConnection) => number): number => all.reduce((total, one) => total + of(one), 0)
    const flying = ({ wire }: SharedConnection): number => wire.flying.length
    const used = all.filter((one) => flying(one) > 0).length
    return { open: all.length, used, flying: sum(flying), named: sum(({ named }) => named) }
  }

  /** The establishment's own, or another one when that has enough to do. */
  #slotFor(entrance: Entrance): Slot | undefined {
    if (this.#slow.size > 0 && this.#slow.has(entrance)) return undefined
    const { length } = this.#slots
    for (let i = 0; i < length; i++) {
      const slot = this.#slots[(entrance.slot + i) % length]!
      if (slot.connection === undefined) this.#open(slot)
      else if (!slot.isHeld && slot.connection.wire.flying.length < mostFlying) return slot
    }
    return undefined
  }

  #open(slot: Slot): void {
    if (slot.opening || this.#closed || performance.now() - slot.failedAt < reopenAfterMs) return
    slot.opening = true
    this.#options.connect().then(
      (client) => {
        slot.opening = false
        const connection = new SharedConnection(client, this.#options.limits, () => {
          if (slot.connection === connection) slot.connection = undefined
        })
        if (this.#closed) void connection.wire.end()
        else slot.connection = connection
      },
      () => {
        slot.opening = false
        slot.failedAt = performance.now()
      },
    )
  }

  /** Whoever stands behind a read that takes long asks elsewhere: reads may be asked twice. */
  readonly #look = (): void => {
    const now = performance.now()
    let flying = 0
    for (const slot of this.#slots) {
      const { connection } = slot
      const head = connection?.wire.flying[0] as OneRead | undefined
      if (connection === undefined || head === undefined) {
        slot.seen = undefined
        slot.isHeld = false
        continue
      }
      flying++
      if (slot.seen === head) {
        slot.isHeld = true
        for (const behind of connection.wire.flying.slice(1)) (behind as OneRead).abandon()
        if (now - connection.wire.headSince > answerWithinMs)
          connection.breakOff(new Error('no answer within the time'))
      } else slot.isHeld = false
      slot.seen = head
    }
    this.#slow.clear()
    for (const slot of this.#slots) if (slot.isHeld) this.#slow.set((slot.seen as OneRead).entrance, 1)
    if (flying === 0) {
      clearInterval(this.#watch)
      this.#watch = undefined
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#watch)
    await Promise.all(this.#slots.map(async ({ connection }) => connection?.wire.end()))
  }
}
