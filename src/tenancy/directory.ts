import { problem } from '../shared/errors.ts'
import { sayable } from '../shared/traces.ts'
import type { Establishment, Log, Platform } from './types.ts'

const pollEveryMs = 1_000
/** Rights that cannot be re-read for this long are not trusted any more (design, invariant 5). */
const staleAfterMs = 10_000
/** Longer than any access token lives: a revocation is remembered until no token can carry it. */
const rememberMs = 15 * 60_000

export type AccountState = { disabled: boolean; notBefore: number | undefined }

type Snapshot = {
  version: number
  bySlug: Map<string, Establishment>
  byId: Map<string, Establishment>
  accounts: Map<string, AccountState>
  revokedSessions: Set<string>
}

/** The establishments, and what was revoked lately, in memory; re-read when the version row has moved. */
export class Directory {
  readonly #platform: Platform
  readonly #log: Log
  readonly #listeners = new Set<() => void>()
  #snapshot: Snapshot = {
    version: -1,
    bySlug: new Map(),
    byId: new Map(),
    accounts: new Map(),
    revokedSessions: new Set(),
  }
  #verifiedAt = 0
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
    return this.#snapshot.bySlug.get(slug)
  }

  findById(id: string): Establishment | undefined {
    return this.#snapshot.byId.get(id)
  }

  list(): Establishment[] {
    return [...this.#snapshot.bySlug.values()]
  }

  /** Disabled accounts, and those whose tokens were cut off within the last quarter of an hour (epoch ms). */
  accountState(accountId: string): AccountState | undefined {
    return this.#snapshot.accounts.get(accountId)
  }

  isSessionRevoked(sessionId: string): boolean {
    return this.#snapshot.revokedSessions.has(sessionId)
  }

  isFresh(): boolean {
    return Date.now() - this.#verifiedAt < staleAfterMs
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
    const startedAt = Date.now()
    const { version } = await this.#platform.read('directory', (db) =>
      db.selectFrom('directory_version').select('version').executeTakeFirstOrThrow(),
    )
    if (version !== this.#snapshot.version) {
      this.#snapshot = await this.#load()
      for (const listener of this.#listeners) {
        try {
          listener()
        } catch (error) {
          this.#log.error({ reason: sayable(error) }, 'directory listener failed')
        }
      }
    }
    this.#verifiedAt = startedAt
  }

  async #load(): Promise<Snapshot> {
    const since = new Date(Date.now() - rememberMs).toISOString()
    const { version, establishments, accounts, sessions } = await this.#platform.read('directory', async (db) => ({
      version: (await db.selectFrom('directory_version').select('version').executeTakeFirstOrThrow()).version,
      establishments: await db
        .selectFrom('establishment')
        .select(['id', 'slug', 'name', 'type', 'region', 'cercle', 'health_district', 'status', 'schema_name'])
        .orderBy('slug')
        .execute(),
      accounts: await db
        .selectFrom('account')
        .select(['id', 'status', 'not_before'])
        .where((eb) => eb.or([eb('status', '=', 'disabled'), eb('not_before', '>', since)]))
        .execute(),
      sessions: await db.selectFrom('session').select('id').where('revoked_at', '>', since).execute(),
    }))
    const list = establishments.map(
      ({ health_district: healthDistrict, schema_name: schema, ...rest }): Establishment =>
        Object.freeze({ ...rest, healthDistrict, schema } as Establishment),
    )
    return {
      version,
      bySlug: new Map(list.map((establishment) => [establishment.slug, establishment])),
      byId: new Map(list.map((establishment) => [establishment.id, establishment])),
      accounts: new Map(
        accounts.map(({ id, status, not_before: at }) => [
          id,
          { disabled: status === 'disabled', notBefore: at ? Date.parse(at) : undefined },
        ]),
      ),
      revokedSessions: new Set(sessions.map(({ id }) => id)),
    }
  }
}
