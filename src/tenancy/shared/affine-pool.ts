// pg-pool names what is its own with an underscore.
/* oxlint-disable no-underscore-dangle */
import pg from 'pg'
import type { MemoryBudget } from './memory.ts'
import type { WiredClient } from './wired-client.ts'

/** What pg-pool 3 keeps of a connection that nobody has. */
type Idle = { client: WiredClient & pg.PoolClient; idleListener: (error: Error) => void; timeoutId?: NodeJS.Timeout }
type Inside = {
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

/** Lends the connection that has served the same establishment before, when it is free: its tables and statements are known there. */
export class AffinePool extends pg.Pool {
  readonly #memory: MemoryBudget | undefined
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

  /** @param party the role of whoever borrows; without it any connection does */
  async lend(party?: string): Promise<pg.PoolClient> {
    const client = (await this.#lendIdle(party)) ?? (await this.connect())
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
    client.release(broken || isFull)
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
  #lendIdle(party: string | undefined): Promise<pg.PoolClient> | undefined {
    const inside = this as unknown as Inside
    const { _idle: idle } = inside
    if (party === undefined || idle.length < 2 || inside._pendingQueue.length > 0) return undefined
    let chosen = idle.findIndex(({ client }) => client.touched.has(party))
    if (chosen < 0)
      chosen = idle.indexOf(idle.reduce((a, b) => (b.client.touched.size < a.client.touched.size ? b : a)))
    const [item] = idle.splice(chosen, 1)
    if (item === undefined) return undefined
    clearTimeout(item.timeoutId)
    return new Promise((resolve, reject) => {
      const callback: Lent = (error, client) => (error ? reject(error) : resolve(client))
      inside._acquireClient(item.client, { callback }, item.idleListener, false)
    })
  }
}
