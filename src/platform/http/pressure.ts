const beatMs = 50
const beatsPerLook = 5
// A request passes the event loop some six times (read, token, database, answer): with 100 ms each it takes over half a second.
const [tooLateMs, inTimeMs] = [100, 40]
const floorShare = 8

/**
 * How many requests at the same time can be answered soon. The machine says it by how late a timer comes: the bound falls
 * by a quarter each quarter of a second while the event loop runs late, to an eighth at least, and comes back within some
 * five seconds. A fixed bound alone is right for one speed of one machine.
 */
export class Pressure {
  readonly #most: number
  readonly #timer: NodeJS.Timeout
  #bound: number
  #beat = performance.now()
  #beats = 0
  #late = 0

  constructor(most: number) {
    this.#most = most
    this.#bound = most
    this.#timer = setInterval(() => this.#hear(), beatMs).unref()
  }

  get bound(): number {
    return Math.round(this.#bound)
  }

  /** @param lateMs how late the event loop was, on average since the last look */
  adapt(lateMs: number): void {
    if (lateMs > tooLateMs) this.#bound = Math.max(this.#bound * 0.75, this.#most / floorShare, 1)
    else if (lateMs < inTimeMs) this.#bound = Math.min(this.#bound * 1.15, this.#most)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #hear(): void {
    const now = performance.now()
    this.#late += Math.max(0, now - this.#beat - beatMs)
    this.#beat = now
    if (++this.#beats < beatsPerLook) return
    this.adapt(this.#late / this.#beats)
    this.#beats = this.#late = 0
  }
}
