import { createHmac } from 'node:crypto'
import type { Platform, PlatformDb } from '#tenancy'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import * as rules from './attempt-rules.ts'
import type { Kind, Row } from './attempt-rules.ts'
import { Lanes } from './attempt-lanes.ts'
import { forgetAttempts, lockAttempts, storeAttempts } from './attempt-rows.ts'
import { isKnownDevice, sessionOfMark } from './device-marks.ts'
import type { Asker } from './hash-queue.ts'
import { networkOf } from '../http/network.ts'
import type { RefusedLogins } from './refused-logins.ts'

/** Whose password is guessed, and where from. */
export type Guess =
  | { username: string; device?: string | undefined; ip: string }
  /** The present password of somebody who is signed in. */
  | { accountId: string; ip: string }

type Keys = Partial<Record<Kind, Buffer>>
type Counted = { keys: Keys; kinds: Kind[] }

// A refusal is remembered by the process for as long as this; then the row is asked again. Elsewhere it may have been cleared.
const rememberedMs = 5_000
const mostRemembered = 10_000
// Of ten connections; the lane of those who are known is their own.
const strangersLanes = 4
const longestSaid = 3_600

/**
 * Counts the guesses of all processes together, before the password is compared, so that no two at once count as one. What
 * is refused is refused from memory: of one account and one network, one try in five seconds reaches the database.
 */
export class Attempts {
  readonly #platform: Platform
  readonly #nameKey: Uint8Array
  readonly #deviceKey: Uint8Array
  readonly #refused: RefusedLogins
  readonly #closedUntil = new Map<string, { openAt: number; askAgainAt: number }>()
  readonly #strangers = new Lanes(strangersLanes)
  readonly #known = new Lanes(1)

  constructor(platform: Platform, keys: { name: Uint8Array; device: Uint8Array }, refused: RefusedLogins) {
    this.#platform = platform
    this.#nameKey = keys.name
    this.#deviceKey = keys.device
    this.#refused = refused
  }

  /**
   * Compares a password unless it was guessed too often. A right one clears what this place, or this device, had counted,
   * and makes the place one of the account's own; what others did to the account stays.
   * @throws too_many_attempts; whatever `compare` throws, and then nothing is counted
   */
  async count<T extends { ok: boolean }>(guess: Guess, compare: (asker: Asker) => Promise<T>): Promise<T> {
    const keys = await this.#keysOf(guess)
    const taken = await this.#take(guess, keys)
    const asker = { network: networkOf(guess.ip), known: !taken.kinds.includes('network') }
    let verdict: T
    try {
      verdict = await compare(asker)
    } catch (error) {
      await this.#settle(taken, false).catch(() => {})
      throw error
    }
    if (verdict.ok) await this.#settle(taken, true)
    return verdict
  }

  /** Makes this network one of the account's own: its password was just chosen from there by a one-time link. */
  async welcome(db: PlatformDb, username: string, ip: string): Promise<void> {
    const key = this.#key('place', username, networkOf(ip))
    const at = now().getTime()
    await lockAttempts(db, [key], at)
    await storeAttempts(db, [{ kind: 'place', key, row: own(at) }])
    this.#closedUntil.delete(nameOf(key))
  }

  async #keysOf(guess: Guess): Promise<Keys> {
    const network = networkOf(guess.ip)
    if ('accountId' in guess) return { own: this.#key('own', guess.accountId) }
    const { username } = guess
    const place = this.#key('place', username, network)
    const device = await this.#deviceOf(guess)
    if (device !== undefined) return { place, device: this.#key('device', device) }
    return {
      place,
      network: this.#key('network', network),
      fresh: this.#key('fresh', username),
      worn: this.#key('worn', username),
    }
  }

  /** The session that makes the device known to this account; only a mark that we made is looked for. */
  async #deviceOf({
    username,
    device,
  }: {
    username: string
    device?: string | undefined
  }): Promise<string | undefined> {
    const sessionId = sessionOfMark(this.#deviceKey, device)
    if (sessionId === undefined) return undefined
    const isKnown = await this.#platform.read('accounts', (db) => isKnownDevice(db, { sessionId, username }, now()))
    return isKnown ? sessionId : undefined
  }

  #key(kind: Kind, ...parts: string[]): Buffer {
    const text = JSON.stringify([kind, ...parts])
    return createHmac('sha256', this.#nameKey).update(text).digest().subarray(0, 16)
  }

  async #take(guess: Guess, keys: Keys): Promise<Counted> {
    const first = keys.device ?? keys.own ?? keys.place
    if (!first) throw new Error('a guess has a key')
    const lanes = keys.fresh ? this.#strangers : this.#known
    const name = nameOf(first)
    let openAt = this.#remembered(name)
    if (openAt === undefined) {
      const taken = await lanes.run(keys.fresh ?? first, async () => {
        // Who was in front may have found out.
        openAt = this.#remembered(name)
        return openAt === undefined ? this.#platform.transaction('accounts', (db) => take(db, keys)) : { openAt }
      })
      if ('kinds' in taken) return taken
      openAt = taken.openAt
      this.#remember(name, openAt)
    }
    if ('username' in guess) this.#refused.note(guess.username, guess.ip)
    const seconds = Math.ceil((openAt - now().getTime()) / 1_000)
    throw problem('too_many_attempts', { retryAfter: Math.min(longestSaid, Math.max(1, seconds)) })
  }

  #remembered(name: string): number | undefined {
    const closed = this.#closedUntil.get(name)
    if (closed && now().getTime() < closed.askAgainAt) return closed.openAt
    this.#closedUntil.delete(name)
    return undefined
  }

  #remember(name: string, openAt: number): void {
    const [oldest] = this.#closedUntil.keys()
    if (this.#closedUntil.size >= mostRemembered && oldest !== undefined) this.#closedUntil.delete(oldest)
    const askAgainAt = Math.min(openAt, now().getTime() + rememberedMs)
    this.#closedUntil.set(name, { openAt, askAgainAt })
  }

  async #settle({ keys, kinds }: Counted, isRight: boolean): Promise<void> {
    const { place } = keys
    const all: Kind[] = place && isRight ? [...new Set<Kind>(['place', ...kinds])] : kinds
    await this.#platform.transaction('accounts', async (db) => {
      const rows = await lockKinds(db, keys, all, now().getTime())
      const at = now().getTime()
      await storeAttempts(
        db,
        rows.map(({ kind, key, row }) => ({
          kind,
          key,
          row: settled(kind, row, { isRight, at, device: keys.device !== undefined }),
        })),
      )
    })
    if (place) this.#closedUntil.delete(nameOf(place))
  }
}

type Locked = { kind: Kind; key: Buffer; row: Row }

async function take(db: PlatformDb, keys: Keys): Promise<Counted | { openAt: number }> {
  const known: Kind | undefined = keys.device ? 'device' : keys.own ? 'own' : undefined
  const locked = await lockKinds(db, keys, [known ?? 'place'], now().getTime())
  const [first] = locked
  if (!first) throw new Error('no row')
  const others = known ? [] : rules.kindsOf(first.row, now().getTime()).filter((kind) => kind !== 'place')
  locked.push(...(await lockKinds(db, keys, others, now().getTime())))
  // Read under the locks: who waited for a row behind somebody else’s try came after it.
  const at = now().getTime()
  if (Math.random() < 0.1) await forgetAttempts(db, at)
  const openAt = Math.max(...locked.map(({ row }) => row.openAt))
  if (openAt > at) return { openAt }
  await storeAttempts(
    db,
    locked.map(({ kind, key, row }) => ({ kind, key, row: rules.counted(kind, row, at) })),
  )
  return { keys, kinds: locked.map(({ kind }) => kind) }
}

// The place's row first, then the others in the order of their keys: the same for everybody, so that nobody waits in a ring.
async function lockKinds(db: PlatformDb, keys: Keys, kinds: readonly Kind[], at: number): Promise<Locked[]> {
  const named = kinds.map((kind) => ({ kind, key: keys[kind] ?? Buffer.alloc(0) }))
  const place = named.filter(({ kind }) => kind === 'place')
  const others = named.filter(({ kind }) => kind !== 'place').sort((a, b) => a.key.compare(b.key))
  const rows: Row[] = []
  for (const group of [place, others])
    rows.push(
      ...(await lockAttempts(
        db,
        group.map(({ key }) => key),
        at,
      )),
    )
  return [...place, ...others].map((one, index) => ({ ...one, row: rows[index] ?? rules.blank(at) }))
}

const own = (at: number): Row => ({ ...rules.blank(at), knownUntil: at + rules.knownMs })

function settled(
  kind: Kind,
  row: Row,
  { isRight, at, device }: { isRight: boolean; at: number; device: boolean },
): Row {
  if (!isRight) return rules.givenBack(kind, row, at)
  // A known device has no need of the place, and others may be guessing from there at this moment.
  if (kind === 'place') return device && rules.hasFailed(row, at) ? row : own(at)
  // What a device or a signed-in person got wrong before is cleared; on the shared rows only their own try.
  return kind === 'device' || kind === 'own' ? rules.blank(at) : rules.givenBack(kind, row, at)
}

const nameOf = (key: Buffer): string => key.toString('base64')
