import type { KeyObject } from 'node:crypto'
import type { Platform, PlatformDb, Tenancy } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { recordEvent, type EventActor } from '../audit/index.ts'
import { isOurs, newKey, openKeyring, type Keyring, type KeyStatus, type PublicJwk, type StoredKey } from './keyring.ts'

// A previous key verifies until no token that it signed can live: 10 min, the tolerance, and a process that polled late.
const verifiesFor = 15 * 60_000
// An unknown kid makes a process re-read the keys: made-up ones must not make it read all day.
const rereadEveryMs = 200

/**
 * Makes the signing keys of a new installation; with keys there already, checks that the master key opens them.
 * @throws Error with one sentence for the operator when it does not
 */
export async function ensureKeys(platform: Platform, masterKey: Uint8Array): Promise<void> {
  await platform.transaction('accounts', async (db) => {
    await lockKeys(db)
    const stored = await listKeys(db)
    if (stored.length > 0) return void openKeyring(stored, masterKey)
    await insertKeys(db, [newKey(masterKey, 'current'), newKey(masterKey, 'next')])
  })
}

/**
 * The next key signs from now on, a new next one is published, the one before verifies for a quarter of an hour more.
 * Running processes notice within two seconds, or at the first token under a key they do not know.
 * @param options.compromised refuses every token signed so far at once; people refresh their sessions
 */
export async function rotateKeys(
  platform: Platform,
  masterKey: Uint8Array,
  options: { compromised?: boolean } = {},
): Promise<void> {
  await platform.transaction('accounts', async (db) => {
    await lockKeys(db)
    const stored = await listKeys(db)
    openKeyring(stored, masterKey)
    await recordEvent(db, operator, {
      action: 'keys.rotate',
      outcome: 'success',
      detail: { compromised: options.compromised === true },
    })
    if (options.compromised) {
      await changeKeys(db, ['next', 'current', 'previous'], 'retired')
      return insertKeys(db, [newKey(masterKey, 'current'), newKey(masterKey, 'next')])
    }
    await retirePrevious(db)
    await changeKeys(db, ['current'], 'previous')
    await changeKeys(db, ['next'], 'current')
    await insertKeys(db, [newKey(masterKey, 'next')])
  })
}

const operator: EventActor = { id: null, name: 'Ligne de commande', role: null }

/** The keys of one process, re-read when the directory says that something changed. */
export class Keys {
  readonly #tenancy: Tenancy
  readonly #masterKey: Uint8Array
  readonly #stop: () => void
  #ring: Keyring
  #reading: Promise<void> | undefined
  #readAt = 0
  /** Ids of ours that were looked for in vain: an id is stored before anybody sees it, so it will not come. */
  readonly #retired = new Set<string>()

  private constructor(tenancy: Tenancy, masterKey: Uint8Array, ring: Keyring) {
    this.#tenancy = tenancy
    this.#masterKey = masterKey
    this.#ring = ring
    // A failure leaves the keys as they were; the directory's own age then refuses all requests.
    this.#stop = tenancy.directory.onChange(() => void this.#reread().catch(() => {}))
  }

  static async open(tenancy: Tenancy, masterKey: Uint8Array): Promise<Keys> {
    return new Keys(tenancy, masterKey, openKeyring(await readKeys(tenancy.platform), masterKey))
  }

  get ring(): Keyring {
    return this.#ring
  }

  /** The public key of this id; an unknown one is looked for once in the database. */
  async find(kid: string): Promise<KeyObject | undefined> {
    // A read that was under way may have begun before the key was made: only one begun now is an answer.
    for (let isLast = false; !isLast && !this.#ring.find(kid);) {
      isLast = this.#reading === undefined
      await this.#reread()
    }
    return this.#ring.find(kid)
  }

  /**
   * The public key that a token names. Unlike find(), never waits for an id that is not ours, nor twice for one that is
   * retired: each wait holds a place among the requests at the same time, and anybody can write a token.
   */
  async findNamed(kid: string): Promise<KeyObject | undefined> {
    const known = this.#ring.find(kid)
    if (known || this.#retired.has(kid) || !isOurs(this.#masterKey, kid)) return known
    const found = await this.find(kid)
    if (!found) this.#retired.add(kid)
    return found
  }

  close(): void {
    this.#stop()
  }

  #reread(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    const wait = this.#readAt + rereadEveryMs - Date.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    this.#readAt = Date.now()
    this.#ring = openKeyring(await readKeys(this.#tenancy.platform), this.#masterKey)
  }
}

const readKeys = (platform: Platform): Promise<StoredKey[]> => platform.read('directory', listKeys)

// The directory's one row serves as the lock: whatever changes a key moves it anyway.
async function lockKeys(db: PlatformDb): Promise<void> {
  await db.selectFrom('directory_version').select('version').forUpdate().executeTakeFirstOrThrow()
}

async function listKeys(db: PlatformDb): Promise<StoredKey[]> {
  const rows = await db
    .selectFrom('signing_key')
    .select(['kid', 'public_jwk', 'private_key', 'status'])
    .where('status', '!=', 'retired')
    .orderBy('created_at')
    .execute()
  return rows.map((row) => ({
    ...row,
    public_jwk: row.public_jwk as PublicJwk,
    status: row.status as KeyStatus,
  }))
}

async function insertKeys(db: PlatformDb, keys: StoredKey[]): Promise<void> {
  const rows = keys.map((key) => ({
    ...key,
    public_jwk: JSON.stringify(key.public_jwk),
    private_key: Buffer.from(key.private_key),
  }))
  await db.insertInto('signing_key').values(rows).execute()
}

async function changeKeys(db: PlatformDb, from: KeyStatus[], to: KeyStatus): Promise<void> {
  // The private half of a key that signs no more is of no use but to a thief.
  const signsNoMore = to === 'previous' || to === 'retired'
  await db
    .updateTable('signing_key')
    .set({ status: to, rotated_at: now().toISOString(), ...(signsNoMore && { private_key: Buffer.alloc(0) }) })
    .where('status', 'in', from)
    .execute()
}

async function retirePrevious(db: PlatformDb): Promise<void> {
  const before = new Date(now().getTime() - verifiesFor).toISOString()
  await db
    .updateTable('signing_key')
    .set({ status: 'retired' })
    .where('status', '=', 'previous')
    .where('rotated_at', '<', before)
    .execute()
}
