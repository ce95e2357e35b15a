import type { Platform, PlatformDb } from '#tenancy'
import { recordEvent } from '../audit/index.ts'
import { networkOf } from '../http/network.ts'
import { findCredentials, isUsername } from './accounts.ts'
import { recordForPerson } from './record.ts'

type Sum = { count: number; networks: Set<string>; ip: string; writtenAt: number }

// The first refusal of a burst is written at once, then its sum this often: an attack must not fill the record.
const everyMs = 5 * 60_000
const mostNames = 10_000
const mostNetworks = 1_000
// Names that nobody has, together: a name typed may be a password, and each would be a line.
const nobody = ''

/** The logins that were refused without a comparison, for the record of the establishments where the person works. */
export class RefusedLogins {
  readonly #platform: Platform
  readonly #sums = new Map<string, Sum>()
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** Never waits and never fails: who is refused must not learn from the time whether somebody has that name. */
  note(username: string, ip: string): void {
    const isName = isUsername(username) && (this.#sums.has(username) || this.#sums.size < mostNames)
    const sum = this.#sumOf(isName ? username : nobody)
    sum.count += 1
    sum.ip = ip
    if (sum.networks.size < mostNetworks) sum.networks.add(networkOf(ip))
    if (sum.writtenAt === 0) void this.#write(false)
  }

  /** Writes what was not written yet. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    await this.#writing
    await this.#write(true)
    // Names that turned out to be nobody's.
    await this.#write(true)
  }

  #sumOf(name: string): Sum {
    const sum = this.#sums.get(name) ?? { count: 0, networks: new Set(), ip: '', writtenAt: 0 }
    this.#sums.set(name, sum)
    this.#timer ??= setInterval(() => void this.#write(false), everyMs / 10).unref()
    return sum
  }

  #write(all: boolean): Promise<void> {
    // Left for the next time when the database is away: what is not written stays counted.
    this.#writing ??= this.#writeDue(all)
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined
      })
    return this.#writing
  }

  async #writeDue(all: boolean): Promise<void> {
    // Those of one moment together, and after the answer that they belong to.
    await new Promise((resolve) => setTimeout(resolve, all ? 0 : 50).unref())
    const due = Date.now() - everyMs
    for (const [name, sum] of this.#sums) {
      if (!all && sum.writtenAt > due) continue
      if (sum.count === 0) this.#sums.delete(name)
      else await this.#record(name, sum)
    }
  }

  async #record(name: string, sum: Sum): Promise<void> {
    const { count, ip } = sum
    const networks = [...sum.networks]
    const isSomebody = await this.#platform.transaction('accounts', async (db) => {
      const account = name === nobody ? undefined : await findCredentials(db, name)
      if (!account && name !== nobody) return false
      await record(db, account, { count, networks: networks.length, ip: networks.length === 1 ? ip : null })
      return true
    })
    if (!isSomebody) {
      this.#sums.delete(name)
      const others = this.#sumOf(nobody)
      others.count += sum.count
      others.ip = ip
      for (const network of networks) if (others.networks.size < mostNetworks) others.networks.add(network)
      return
    }
    // Others may have been refused meanwhile.
    sum.count -= count
    sum.networks = new Set()
    sum.writtenAt = Date.now()
  }
}

async function record(
  db: PlatformDb,
  account: { id: string; username: string } | undefined,
  { ip, ...detail }: { count: number; networks: number; ip: string | null },
): Promise<void> {
  const actor = { id: account?.id ?? null, name: account?.username ?? '?', role: null, ip }
  const event = { action: 'login', outcome: 'refused', reason: 'too_many_attempts', detail } as const
  return account ? recordForPerson(db, actor, account.id, event) : recordEvent(db, actor, event)
}
