// pg-pool names what is its own with an underscore.
/* oxlint-disable no-underscore-dangle */
import pg from 'pg'
import type { MemoryBudget } from './memory.ts'
import type { WiredClient } from './wired-client.ts'

/** What pg-pool 3 keeps of a connection that nobody has. */
type Idle = { client: WiredClient & pg.PoolClient; idleListener: (error: Error) => void; timeoutId?: NodeJS.Timeout }
type Inside = {
  readonly _clients: (WiredClient & pg.PoolClient)[]
  readonly _idle: Idle[]
  readonly _pendingQueue: unknown[]
  _acquireClient(
    client: pg.PoolClient,
    pending: { callback: Lent },
    idleListener: Idle['idleListener'],
    isNew: false,
  ): void
}
type Lent = (error: Error | undefined, client: pg.PoolClient) => void

export type AffinePoolOptions = pg.PoolConfig & {
  /** Past it a connection that comes back is closed: PostgreSQL never gives back what it keeps of an establishment. */
  memory?: MemoryBudget
}

/**
 * Whoever no free connection knows waits so long for its own, counted from when that was lent (ms): three times what a
 * transaction usually takes, within these. Meeting an establishment for the first time costs a connection some milliseconds of
 * processor and half a megabyte for good. One that is kept longer, by a lock or a long work, is waited for by nobody.
 */
const [leastPatience, mostPatience] = [25, 150]

/** Opening a connection (ms): below the 15 s that a request may take. */
export const openWithin = 10_000
const usual = pg.Pool.prototype as unknown as { newClient(waiting: unknown): void }

/** The same connection for a party as long as it is open, another one for each party, and no other when one more is opened. */
function shareOf(party: string, number: number): number {
  let value = 0x811c9dc5 ^ Math.imul(number, 0x9e3779b1)
  for (let i = 0; i < party.length; i++) value = Math.imul(value ^ party.charCodeAt(i), 0x01000193)
  return Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) >>> 0
}

/** Lends the connection that has served the same establishment before, when it is free: its tables and statements are known there. */
export class AffinePool extends pg.Pool {
  readonly #memory: MemoryBudget | undefined
  /** How long one is usually kept (ms): the middle, which those of an establishment that waits for locks do not move. */
  #usual = 5
  /** Since when each is lent (ms), and who waits for it. */
  readonly #lent = new Map<pg.PoolClient, { since: number; waiting: (() => void)[] }>()
  /** Since the start. */
  readonly counts = { lent: 0, known: 0, opened: 0, retired: 0 }

  constructor({ memory, ...options }: AffinePoolOptions) {
    super(options)
    this.#memory = memory
    this.on('connect', (client) => {
      this.counts.opened++
      memory?.add(client as unknown as WiredClient)
    })
    this.on('remove', (client) => memory?.remove(client as unknown as WiredClient))
  }

  // pg-pool has one limit for the wait in line and for opening a connection. A processor that others have too needs longer for
  // the second, and whoever gives up in the middle begins anew, and makes it busier.
  newClient(waiting: unknown): void {
    const { options } = this
    const inLine = options.connectionTimeoutMillis
    options.connectionTimeoutMillis = openWithin
    usual.newClient.call(this, waiting)
    options.connectionTimeoutMillis = inLine
  }

  /** @param party the role of whoever borrows; without it any connection does */
  async lend(party?: string): Promise<pg.PoolClient> {
    const client = (await this.#lendIdle(party)) ?? (await this.connect())
    this.#lent.set(client, { since: performance.now(), waiting: [] })
    this.counts.lent++
    if (party === undefined) return client
    const { touched } = client as unknown as WiredClient
    if (touched.has(party)) this.counts.known++
    else touched.add(party)
    return client
  }

  /** A borrowed connection comes back: it ends when it has had too many, and another one is opened when one is needed. */
  giveBack(client: pg.PoolClient, broken: boolean): void {
    const isFull = this.#memory?.isTooMuch(client as unknown as WiredClient) ?? false
    if (isFull) this.counts.retired++
    const { since, waiting } = this.#lent.get(client) ?? { since: performance.now(), waiting: [] }
    this.#lent.delete(client)
    this.#usual = Math.max(1, this.#usual * (performance.now() - since > this.#usual ? 1.05 : 1 / 1.05))
    client.release(broken || isFull)
    // It is free again, or gone: the first takes it, the others look for themselves.
    for (const look of waiting) look()
  }

  /** Establishments that its idle connections have had, each for itself; statements that they remember. */
  get idleNumbers(): { touched: number[]; named: number } {
    const clients = (this as unknown as Inside)._idle.map(({ client }) => client)
    return {
      touched: clients.map(({ touched }) => touched.size),
      named: clients.reduce((sum, { statements }) => sum + statements, 0),
    }
  }

  // pg-pool gives the connection that came back last, whoever had it, and has no other way to choose one. Whoever waits
  // there already comes first.
  async #lendIdle(party: string | undefined): Promise<pg.PoolClient | undefined> {
    if (party === undefined) return undefined
    for (let until = Infinity; ;) {
      const { _clients: open, _idle: idle, _pendingQueue: pending } = this as unknown as Inside
      if (idle.length === 0 || pending.length > 0) return undefined
      const known = idle.findIndex(({ client }) => client.touched.has(party))
      if (known >= 0) return this.#take(known)
      const own = open.reduce((a, b) => (shareOf(party, b.number) > shareOf(party, a.number) ? b : a))
      const found = idle.findIndex(({ client }) => client === own)
      if (found >= 0) return this.#take(found)
      const lent = this.#lent.get(own)
      const now = performance.now()
      until = Math.min(until, (lent?.since ?? now) + this.#patience)
      if (lent === undefined || now >= until)
        return this.#take(idle.indexOf(idle.reduce((a, b) => (b.client.touched.size < a.client.touched.size ? b : a))))
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, until - now)
        lent.waiting.push(() => (clearTimeout(late), resolve()))
      })
    }
  }

  get #patience(): number {
    return Math.min(mostPatience, Math.max(leastPatience, 3 * this.#usual))
  }

  #take(place: number): Promise<pg.PoolClient> | undefined {
    const inside = this as unknown as Inside
    const [item] = inside._idle.splice(place, 1)
    if (item === undefined) return undefined
    clearTimeout(item.timeoutId)
    return new Promise((resolve, reject) => {
      const callback: Lent = (error, client) => (error ? reject(error) : resolve(client))
      inside._acquireClient(item.client, { callback }, item.idleListener, false)
    })
  }
}
