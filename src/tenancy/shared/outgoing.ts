const slabSize = 65_536
/** The protocol counts them in 16 bits. */
export const mostValues = 65_535

/**
 * Messages to PostgreSQL, gathered until they leave in one write. What was handed out is never written again: the socket may
 * still be sending it.
 */
export class Outgoing {
  #slab = Buffer.allocUnsafe(slabSize)
  #start = 0
  #end = 0

  get isEmpty(): boolean {
    return this.#start === this.#end
  }

  /** What was gathered since the last time. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#start, this.#end)
    this.#start = this.#end
    return taken
  }

  /** A message that was made before. */
  bytes(message: Buffer): void {
    this.#reserve(message.length)
    message.copy(this.#slab, this.#end)
    this.#end += message.length
  }

  /** Parse: `text` becomes the statement `name`; its parameters' types are PostgreSQL's to find. */
  parse(name: string, text: string): void {
    const from = this.#begin(0x50, 8 + name.length + Buffer.byteLength(text))
    this.#cstring(name)
    this.#end += this.#slab.write(text, this.#end)
    this.#slab[this.#end++] = 0
    this.#int16(0)
    this.#finish(from)
  }

  /** Describe the statement `name`. */
  describe(name: string): void {
    this.#ofStatement(0x44, name)
  }

  /** Close the statement `name`. */
  close(name: string): void {
    this.#ofStatement(0x43, name)
  }

  /** Bind the statement `name` with values as text (null: none), and execute it to its end. */
  bindAndExecute(name: string, values: readonly (string | null)[]): void {
    // Before anything is written: half a message would be completed by the next one.
    if (values.length > mostValues) throw new RangeError(`more than ${mostValues} values`)
    let most = 26 + name.length
    for (const value of values) most += 4 + (value === null ? 0 : value.length * 3)
    const from = this.#begin(0x42, most)
    this.#slab[this.#end++] = 0
    this.#cstring(name)
    this.#int16(0)
    this.#end = this.#slab.writeUInt16BE(values.length, this.#end)
    for (const value of values) {
      if (value === null) {
        this.#int32(-1)
        continue
      }
      const length = this.#slab.write(value, this.#end + 4)
      this.#int32(length)
      this.#end += length
    }
    this.#int16(0)
    this.#finish(from)
    this.bytes(execute)
  }

  /** One statement by the simple protocol: ours, without values; it needs no Sync. */
  query(text: string): void {
    const from = this.#begin(0x51, 1 + Buffer.byteLength(text))
    this.#end += this.#slab.write(text, this.#end)
    this.#slab[this.#end++] = 0
    this.#finish(from)
  }

  sync(): void {
    this.bytes(sync)
  }

  #ofStatement(code: number, name: string): void {
    const from = this.#begin(code, 2 + name.length)
    this.#slab[this.#end++] = 0x53
    this.#cstring(name)
    this.#finish(from)
  }

  #begin(code: number, most: number): number {
    this.#reserve(most + 5)
    this.#slab[this.#end++] = code
    const from = this.#end
    this.#end += 4
    return from
  }

  #finish(from: number): void {
    this.#slab.writeInt32BE(this.#end - from, from)
  }

  /** Names are ours, and ASCII. */
  #cstring(name: string): void {
    this.#end += this.#slab.write(name, this.#end, 'latin1')
    this.#slab[this.#end++] = 0
  }

  #int16(value: number): void {
    this.#end = this.#slab.writeInt16BE(value, this.#end)
  }

  #int32(value: number): void {
    this.#end = this.#slab.writeInt32BE(value, this.#end)
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#slab.length) return
    const waiting = this.#slab.subarray(this.#start, this.#end)
    this.#slab = Buffer.allocUnsafe(Math.max(slabSize, waiting.length + length))
    waiting.copy(this.#slab)
    this.#start = 0
    this.#end = waiting.length
  }
}

const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
const sync = Buffer.from([0x53, 0, 0, 0, 4])
