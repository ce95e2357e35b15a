import { problem } from '../shared/errors.ts'
import { sayable } from '../shared/traces.ts'
import type { Establishment, Log, Platform } from './types.ts'

const pollEveryMs = 1_000
/** Rights that cannot be re-read for this long are not trusted any more (design, invariant 5). */
const staleAfterMs = 10_000
/** Longer than any access token lives: a revocation is remembered until no token can carry it. */
const rememberMs = 15 * 60_000

export type AccountState = { disabled: boolean; notBefore: number | undefined }

/** What came since a version; without one, all that counts. */
type News = {
  version: number
  isAll: boolean
  establishments: Establishment[]
  accounts: { id: string; status: string; not_before: string | null }[]
  sessions: { id: string; revoked_at: string | null }[]
}

/**
 * The establishments, and what was revoked lately, in memory. When the version row has moved, the rows that carry a later
 * version than the last one seen are read (migrations/platform/0009): after any logout anywhere each process read all of 5,000
 * establishments, now one row.
 */
export class Directory {
  readonly #platform: Platform
  readonly #log: Log
  readonly #listeners = new Set<() => void>()
  readonly #bySlug = new Map<string, Establishment>()
  readonly #byId = new Map<string, Establishment>()
  readonly #accounts = new Map<string, AccountState>()
  /** When (epoch ms), by session. */
  readonly #revokedSessions = new Map<string, number>()
  #version = -1
  /** By the wall clock and by the monotonic one (ms). */
  #verified = { wall: 0, steady: 0 }
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> | undefined
  #following: Promise<void> | undefined

  constructor(platform: Platform, log: Log) {
    this.#platform = platform
    this.#log = log
  }

  /** Reads the directory once, then polls. @throws when the database does not answer */
  async start(): Promise<void> {
    await this.refresh()
    this.#timer = setInterval(() => void this.#poll().catch(() => {}), pollEveryMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  findBySlug(slug: string): Establishment | undefined {
    return this.#bySlug.get(slug)
  }

  findById(id: string): Establishment | undefined {
    return this.#byId.get(id)
  }

  /** By slug. */
  list(): Establishment[] {
    return [...this.#bySlug.values()].sort((a, b) => (a.slug < b.slug ? -1 : 1))
  }

  /** Disabled accounts, and those whose tokens were cut off within the last quarter of an hour (epoch ms). */
  accountState(accountId: string): AccountState | undefined {
    return this.#accounts.get(accountId)
  }

  isSessionRevoked(sessionId: string): boolean {
    return this.#revokedSessions.has(sessionId)
  }

  /**
   * How old what it knows is (ms). By whichever clock says more: the wall clock can be set back, the monotonic one stands still
   * while the machine sleeps.
   */
  get ageMs(): number {
    const { wall, steady } = this.#verified
    return Math.max(Date.now() - wall, performance.now() - steady)
  }

  isFresh(): boolean {
    return this.ageMs < staleAfterMs
  }

  /** @throws directory_stale when revocations could not be verified for 10 s */
  assertFresh(): void {
    if (!this.isFresh()) throw problem('directory_stale', { retryAfter: 2 })
  }

  /** Calls back after each change of establishments, accounts, sessions or signing keys. @returns how to stop */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Sees everything that was committed before this call: a poll under way may have begun earlier and does not count. */
  refresh(): Promise<void> {
    this.#following ??= Promise.allSettled([this.#polling]).then(() => {
      this.#following = undefined
      return this.#poll()
    })
    return this.#following
  }

  #poll(): Promise<void> {
    this.#polling ??= this.#read().finally(() => {
      this.#polling = undefined
    })
    return this.#polling
  }

  async #read(): Promise<void> {
    try {
      await this.#follow()
    } catch (error) {
      // What answers next may be another database (restored, or a standby that took over) whose versions are not these: all
      // of it is read then.
      this.#version = -1
      throw error
    }
  }

  async #follow(): Promise<void> {
    const started = { wall: Date.now(), steady: performance.now() }
    const { version } = await this.#platform.read('directory', (db) =>
      db.selectFrom('directory_version').select('version').executeTakeFirstOrThrow(),
    )
    if (version !== this.#version) {
      this.#take(await this.#load(version > this.#version ? this.#version : -1))
      for (const listener of this.#listeners) {
        try {
          listener()
        } catch (error) {
          this.#log.error({ reason: sayable(error) }, 'directory listener failed')
        }
      }
    }
    this.#verified = started
  }

  /** @param known the version of what is in memory; -1: nothing is */
  #load(known: number): Promise<News> {
    const isAll = known < 0
    const since = new Date(Date.now() - rememberMs).toISOString()
    return this.#platform.read('directory', async (db) => ({
      isAll,
      version: (await db.selectFrom('directory_version').select('version').executeTakeFirstOrThrow()).version,
      establishments: (
        await db
          .selectFrom('establishment')
          .select([
            'id',
            'slug',
            'name',
            'type',
            'region',
            'cercle',
            'health_district',
            'status',
            'schema_name',
            'modules',
          ])
          .$if(!isAll, (query) => query.where('changed', '>', known))
          .execute()
      ).map(({ health_district: healthDistrict, schema_name: schema, ...rest }) =>
        Object.freeze({ ...rest, healthDistrict, schema } as Establishment),
      ),
      accounts: await db
        .selectFrom('account')
        .select(['id', 'status', 'not_before'])
        .where((eb) =>
          isAll ? eb.or([eb('status', '=', 'disabled'), eb('not_before', '>', since)]) : eb('changed', '>', known),
        )
        .execute(),
      sessions: await db
        .selectFrom('session')
        .select(['id', 'revoked_at'])
        .where((eb) => (isAll ? eb('revoked_at', '>', since) : eb('changed', '>', known)))
        .execute(),
    }))
  }

  // Without an await: nobody sees half of it.
  #take({ version, isAll, establishments, accounts, sessions }: News): void {
    if (isAll) for (const known of [this.#bySlug, this.#byId, this.#accounts, this.#revokedSessions]) known.clear()
    for (const establishment of establishments) {
      this.#bySlug.set(establishment.slug, establishment)
      this.#byId.set(establishment.id, establishment)
    }
    for (const { id, status, not_before: at } of accounts)
      this.#accounts.set(id, { disabled: status === 'disabled', notBefore: at ? Date.parse(at) : undefined })
    for (const { id, revoked_at: at } of sessions) if (at) this.#revokedSessions.set(id, Date.parse(at))
    this.#forget(Date.now() - rememberMs)
    this.#version = version
  }

  /** What no token in use can carry any more. */
  #forget(before: number): void {
    for (const [id, at] of this.#revokedSessions) if (at <= before) this.#revokedSessions.delete(id)
    for (const [id, { disabled, notBefore = 0 }] of this.#accounts)
      if (!disabled && notBefore <= before) this.#accounts.delete(id)
  }
}
