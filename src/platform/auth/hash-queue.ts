import { availableParallelism } from 'node:os'
import { problem } from '../../shared/errors.ts'

/** Who waits for a hash. */
export type Asker = {
  /** Counted together. */
  network: string
  /** A known device, a network of the account's own, a signed-in person: does not queue behind strangers. */
  known: boolean
}

export type Room = {
  /** Hashes at the same time. */
  parallel: number
  /** Strangers that wait, and those of one network. */
  strangers: number
  perNetwork: number
  /** Beside them. */
  known: number
}

// A password that somebody chooses after a one-time link or the present password; a command of the operator.
const insider: Asker = { network: '', known: true }

/**
 * Runs password hashes, a few at a time. A hash costs 19 MiB and about 10 ms of a core: unbounded, a burst of logins would
 * take the machine from everyone else. Who is known goes first and has room of their own; strangers go in turns, one of each
 * network, so that nobody waits behind all the others of one network.
 */
export class HashQueue {
  readonly #room: Room
  readonly #known: (() => void)[] = []
  /** In the order of their turns. */
  readonly #strangers = new Map<string, (() => void)[]>()
  #waiting = 0
  #running = 0

  constructor(room: Room) {
    this.#room = room
  }

  /** @throws busy when there is no room to wait in */
  async run<T>(hash: () => Promise<T>, asker: Asker = insider): Promise<T> {
    if (this.#running >= this.#room.parallel) await this.#wait(asker)
    else this.#running += 1
    try {
      return await hash()
    } finally {
      // The one that ends hands its place over: `running` stays as it is.
      const next = this.#next()
      if (next) next()
      else this.#running -= 1
    }
  }

  /** How many wait. */
  get waiting(): number {
    return this.#known.length + this.#waiting
  }

  #wait({ network, known }: Asker): Promise<void> {
    const { strangers, perNetwork, known: reserved } = this.#room
    const line = known ? this.#known : (this.#strangers.get(network) ?? [])
    const isFull = known ? line.length >= reserved : this.#waiting >= strangers || line.length >= perNetwork
    if (isFull) throw problem('busy', { retryAfter: 2 })
    if (!known) {
      this.#strangers.set(network, line)
      this.#waiting += 1
    }
    return new Promise((resolve) => line.push(resolve))
  }

  #next(): (() => void) | undefined {
    const known = this.#known.shift()
    if (known) return known
    const [turn] = this.#strangers
    if (!turn) return undefined
    const [network, line] = turn
    const next = line.shift()
    this.#waiting -= 1
    this.#strangers.delete(network)
    // To the end: the other networks come first now.
    if (line.length > 0) this.#strangers.set(network, line)
    return next
  }
}

const parallel = Math.max(1, availableParallelism() - 1)

/**
 * The one of this process: all cores but one. Memory is 19 MiB for each that runs (400 asked at once on two cores: 97 let in, 20 MiB
 * more at the peak).
 */
export const hashQueue = new HashQueue({ parallel, strangers: 64, perNetwork: 16, known: 32 })
