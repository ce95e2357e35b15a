import type pg from 'pg'
import { FairShare } from '../../shared/fair-share.ts'
import type { MemoryBudget } from './memory.ts'
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
  memory?: MemoryBudget
  impatient: boolean
}

/** Reads that may be on their way on one connection: PostgreSQL never waits for the next, and nobody stands far behind. */
const mostFlying = 16
/** A read that is seen first in its line twice, at this distance (ms), keeps the others no longer. */
const lookEveryMs = 40
/**
 * A look that comes this late (ms) says only that this process had no time to read its answers: on a machine that is too busy
 * each read would be asked twice. After so many of them it counts nevertheless.
 */
const [lateMs, mostLate] = [100, 3]
/**
 * Whose read was held asks elsewhere for so many times as long as it lasted, at most that long (ms). Where locks follow each
 * other, each would keep the neighbours waiting for two looks again: their p99 was 42 ms instead of 9.
 */
const [timesHeld, mostElsewhereMs] = [10, 10_000]
/** When no answer is awaited any longer (ms); longer than the server's own statement_timeout (15 s), which answers. */
const answerWithinMs = 20_000
/** Between two attempts to open a connection that failed (ms). */
const reopenAfterMs = 250

/** Of one connection; with jitter, so that not all are renewed at the same time. */
const lifetimeMs = 1_500_000
/** An establishment whose role is refused for long must not have its neighbours' connection renewed for each of its reads. */
const suspectAfterMs = 5_000
const mostUses = 5_000_000

type Lane = {
  readonly connection: SharedConnection
  readonly since: number
  readonly until: number
  /** The one that was first at the last look. */
  seen: OneRead | undefined
  isHeld: boolean
}
type Slot = { lane: Lane | undefined; opening: boolean; failedAt: number }

/**
 * One-shot reads of all establishments on few connections. An establishment has its connection (hash → slot): there its
 * tables and its statements are known.
 */
export class SharedReads {
  readonly #options: SharedReadsOptions
  readonly #slots: Slot[]
  readonly #share: FairShare
  /** Establishments a read of which has kept a connection from the others, and until when they ask elsewhere (ms). */
  readonly #slow = new Map<Entrance, number>()
  /** Connections that only wait for their last answers. */
  readonly #leaving = new Set<Lane>()
  /** Since the start. */
  readonly counts = { own: 0, other: 0, elsewhere: 0, opened: 0, retired: 0 }
  #watch: NodeJS.Timeout | undefined
  #lookedAt = 0
  #late = 0
  #closed = false

  constructor(options: SharedReadsOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.connections }, () => ({
      lane: undefined,
      opening: false,
      failedAt: -Infinity,
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
        const connection = this.#connectionFor(entrance)
        if (connection === undefined) {
          this.counts.elsewhere++
          reject(new AskElsewhere('no connection is free'))
          return
        }
        connection.send(entrance, statement, values, (rows, error) => {
          if (rows) resolve(rows)
          else reject(error)
        })
        if (this.#watch === undefined) this.#lookedAt = performance.now()
        this.#watch ??= setInterval(this.#look, lookEveryMs).unref()
      })
    } finally {
      this.#share.leave(party)
    }
  }

  /** How things are now. */
  get numbers(): { open: number; used: number; flying: number; named: number; established: number[] } {
    const open = this.#slots.flatMap(({ lane }) => (lane ? [lane.connection] : []))
    const flying = open.map(({ wire }) => wire.flying.length)
    return {
      open: open.length,
      used: flying.filter((count) => count > 0).length,
      flying: flying.reduce((sum, count) => sum + count, 0),
      named: open.reduce((sum, { statements }) => sum + statements, 0),
      established: open.map(({ establishments }) => establishments),
    }
  }

  /** The establishment's own, or another one when that has enough to do. */
  #connectionFor(entrance: Entrance): SharedConnection | undefined {
    if (this.#slow.size > 0 && (this.#slow.get(entrance) ?? 0) > performance.now()) return undefined
    const { length } = this.#slots
    for (let i = 0; i < length; i++) {
      const slot = this.#slots[(entrance.slot + i) % length]!
      const { lane } = slot
      if (lane === undefined) this.#open(slot)
      else if (!lane.isHeld && lane.connection.wire.flying.length < mostFlying) {
        if (i === 0) this.counts.own++
        else this.counts.other++
        return lane.connection
      }
    }
    return undefined
  }

  /** Opens a connection for this slot; the one that it has, if any, serves until then, and ends after its last answer. */
  #open(slot: Slot): void {
    if (slot.opening || this.#closed || performance.now() - slot.failedAt < reopenAfterMs) return
    slot.opening = true
    this.#options.connect().then(
      (client) => {
        slot.opening = false
        const lane: Lane = {
          connection: new SharedConnection(client, this.#options.limits, () => {
            if (slot.lane === lane) slot.lane = undefined
            this.#leaving.delete(lane)
            this.#options.memory?.remove(lane.connection)
          }),
          since: performance.now(),
          until: performance.now() + lifetimeMs * (1 + Math.random() * 0.4),
          seen: undefined,
          isHeld: false,
        }
        if (this.#closed) {
          void lane.connection.wire.end()
          return
        }
        this.counts.opened++
        this.#options.memory?.add(lane.connection)
        const former = slot.lane
        slot.lane = lane
        if (former === undefined) return
        this.counts.retired++
        this.#leaving.add(former)
        void former.connection.wire.end()
      },
      // Transactions meet the same database, and say what it has.
      () => {
        slot.opening = false
        slot.failedAt = performance.now()
      },
    )
  }

  /** Whoever stands behind a read that takes long asks elsewhere: reads may be asked twice. */
  readonly #look = (): void => {
    const now = performance.now()
    const isLate = now - this.#lookedAt > lateMs
    this.#lookedAt = now
    this.#late = isLate ? this.#late + 1 : 0
    if (isLate && this.#late <= mostLate) return
    for (const [entrance, until] of this.#slow) if (until <= now) this.#slow.delete(entrance)
    let flying = 0
    for (const slot of this.#slots) {
      const { lane } = slot
      if (lane === undefined) continue
      flying += this.#lookAt(lane, now)
      const { connection } = lane
      if (
        (connection.isSuspect && now - lane.since > suspectAfterMs) ||
        now > lane.until ||
        connection.uses > mostUses ||
        this.#options.memory?.isTooMuch(connection)
      )
        this.#open(slot)
    }
    for (const lane of this.#leaving) flying += this.#lookAt(lane, now)
    if (flying === 0) {
      clearInterval(this.#watch)
      this.#watch = undefined
    }
  }

  #lookAt(lane: Lane, now: number): number {
    const { wire } = lane.connection
    const head = wire.flying[0] as OneRead | undefined
    lane.isHeld = head !== undefined && lane.seen === head
    lane.seen = head
    if (!lane.isHeld || head === undefined) return wire.flying.length
    this.#slow.set(head.entrance, now + Math.min(mostElsewhereMs, timesHeld * (now - wire.headSince)))
    for (const behind of wire.flying.slice(1)) (behind as OneRead).abandon()
    // One behind another that was kept as long: all that is left here is asked elsewhere already.
    if (head.isAbandoned || now - wire.headSince > answerWithinMs)
      lane.connection.breakOff(new Error('no answer within the time'))
    return wire.flying.length
  }

  async close(): Promise<void> {
    this.#closed = true
    // Reads that are on their way are watched until the end: one that is never answered would keep the process.
    const lanes = [...this.#slots.map(({ lane }) => lane), ...this.#leaving]
    await Promise.all(lanes.map(async (lane) => lane?.connection.wire.end()))
    clearInterval(this.#watch)
  }
}
