import type { Tenancy } from '#tenancy'
import { now } from '../../../shared/clock.ts'
import { Problem } from '../../../shared/errors.ts'
import type { Outlet, Told } from './outlet.ts'
import { notificationsSince, PAGE } from './since.ts'

/** An establishment in which somebody listens. */
type Feed = {
  readonly establishmentId: string
  /** The newest that was read for it. */
  cursor: string
  readonly outlets: Set<Outlet>
}

export type FeedsOptions = {
  tenancy: Pick<Tenancy, 'tenant' | 'directory'>
  /** Why an outlet must end now; undefined: it goes on. */
  endOf: (outlet: Outlet) => string | undefined
  /** Called in each round for an establishment in which somebody listens; not waited for: it must not silence the streams. */
  look?: (establishmentId: string) => void
}

const everyMs = 1_000
/** Establishments asked at the same time. */
const atOnce = 4
/** Between two rounds while the database is away (ms). */
const [firstPause, longestPause] = [500, 4_000]

/**
 * The process's one poller: reads what is new once for each establishment in which somebody listens, however many they are,
 * and hands it on. What it read last it knows by identifier, which become visible in their order: a failure, a restart or a
 * pause only makes it later. Asks for nothing while nobody listens.
 */
export class Feeds {
  readonly #options: FeedsOptions
  readonly #feeds = new Map<string, Feed>()
  readonly #beat: NodeJS.Timeout
  #round: NodeJS.Timeout | undefined
  #isPolling = false
  #failures = 0
  #closed = false

  constructor(options: FeedsOptions) {
    this.#options = options
    this.#beat = setInterval(() => this.#look(), everyMs).unref()
  }

  /** How many streams are open. */
  get size(): number {
    let size = 0
    for (const { outlets } of this.#feeds.values()) size += outlets.size
    return size
  }

  /**
   * Gives an outlet what it missed, then what comes. Resolves when it has caught up.
   * @throws what the database refuses; the outlet is then in no feed
   */
  async join(establishmentId: string, outlet: Outlet): Promise<void> {
    if (this.#closed) return outlet.end('restarting')
    const feed = this.#enter(establishmentId, outlet)
    try {
      // Without an await between the comparison and the end: whatever the poller reads later it offers to this one too.
      while (outlet.cursor < feed.cursor && !outlet.isOver) {
        const { cursor } = feed
        const rows = await this.#read(establishmentId, outlet.cursor)
        for (const row of rows) outlet.offer(row)
        // All of it, of which the newest may have been removed since.
        if (rows.length < PAGE && outlet.cursor < cursor) outlet.cursor = cursor
        else await outlet.drained()
      }
    } catch (error) {
      this.leave(establishmentId, outlet)
      throw error
    }
    outlet.isCatchingUp = false
    this.#next(everyMs)
  }

  /**
   * Gives an outlet what it missed, all that is there now, and no more; it ends earlier with its rights or the process.
   * @throws what the database refuses
   */
  async giveMissed(establishmentId: string, outlet: Outlet): Promise<void> {
    if (this.#closed) return outlet.end('restarting')
    this.#enter(establishmentId, outlet)
    try {
      for (let full = true; full && !outlet.isOver;) {
        const rows = await this.#read(establishmentId, outlet.cursor)
        for (const row of rows) outlet.offer(row)
        full = rows.length === PAGE
        await outlet.drained()
      }
    } finally {
      this.leave(establishmentId, outlet)
    }
  }

  #enter(establishmentId: string, outlet: Outlet): Feed {
    let feed = this.#feeds.get(establishmentId)
    if (!feed) {
      feed = { establishmentId, cursor: outlet.cursor, outlets: new Set() }
      this.#feeds.set(establishmentId, feed)
    }
    feed.outlets.add(outlet)
    return feed
  }

  leave(establishmentId: string, outlet: Outlet): void {
    const feed = this.#feeds.get(establishmentId)
    feed?.outlets.delete(outlet)
    if (feed?.outlets.size === 0) this.#feeds.delete(establishmentId)
  }

  /** Ends every stream; its clients come back after a while, not all at once. */
  close(): void {
    this.#closed = true
    clearInterval(this.#beat)
    clearTimeout(this.#round)
    for (const { outlets } of this.#feeds.values())
      for (const outlet of outlets) outlet.end('restarting', Math.round(500 + Math.random() * 3_000))
    this.#feeds.clear()
  }

  /** Rights first, whether or not the database answers. */
  #look(): void {
    const at = performance.now()
    for (const { establishmentId, outlets } of this.#feeds.values())
      for (const outlet of outlets) {
        const reason = this.#options.endOf(outlet)
        // Its client went away before anybody followed it: no event says so again.
        if (outlet.isOver) this.leave(establishmentId, outlet)
        else if (reason === undefined) outlet.beat(at)
        else {
          outlet.end(reason)
          this.leave(establishmentId, outlet)
        }
      }
  }

  #next(ms: number): void {
    if (this.#closed || this.#isPolling || this.#round || this.#feeds.size === 0) return
    this.#round = setTimeout(() => {
      this.#round = undefined
      void this.#poll()
    }, ms).unref()
  }

  async #poll(): Promise<void> {
    this.#isPolling = true
    const since = performance.now()
    const isAway = await this.#pollAll()
    this.#isPolling = false
    this.#failures = isAway ? this.#failures + 1 : 0
    const took = performance.now() - since
    // With many establishments at most half of the time is spent asking.
    this.#next(isAway ? pauseAfter(this.#failures) : Math.max(everyMs - took, took))
  }

  /** @returns whether the database is away */
  async #pollAll(): Promise<boolean> {
    // Who may no longer know it must not be told while that cannot be verified (design, invariant 5).
    if (!this.#options.tenancy.directory.isFresh()) return true
    const waiting = this.#feeds.values()
    let isAway = false
    const work = async (): Promise<void> => {
      for (const feed of waiting) {
        if (isAway) return
        isAway ||= await this.#pollOne(feed)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return isAway
  }

  /** @returns whether the database is away */
  async #pollOne(feed: Feed): Promise<boolean> {
    try {
      this.#options.look?.(feed.establishmentId)
      for (let full = true; full && feed.outlets.size > 0;) {
        const rows = await this.#read(feed.establishmentId, feed.cursor)
        for (const row of rows) {
          feed.cursor = row.id
          for (const outlet of feed.outlets) if (!outlet.isCatchingUp) outlet.offer(row)
        }
        full = rows.length === PAGE
      }
      return false
    } catch (error) {
      // One establishment that is being closed, or for which too much is asked now, is asked again in the next round.
      return !(error instanceof Problem) || error.code === 'database_unavailable'
    }
  }

  async #read(establishmentId: string, after: string): Promise<Told[]> {
    const establishment = this.#options.tenancy.directory.findById(establishmentId)
    if (!establishment) return []
    return this.#options.tenancy.tenant(establishment).once(notificationsSince, { after, at: now().toISOString() })
  }
}

const pauseAfter = (failures: number): number =>
  Math.min(firstPause * 2 ** (failures - 1), longestPause) * (0.75 + Math.random() / 2)
