import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

/** A statement as it was sent, with its values as text (null: NULL). */
export type Sent = { text: string; values: (string | null)[] }

/** What one connection sent, in its order. */
class Recorder {
  readonly sent: Sent[] = []
  readonly #named = new Map<string, string>()
  #pending = Buffer.alloc(0)
  #greeted = false

  /** Reads the messages of a client (PostgreSQL, "Message Formats"): the first has no type, the others one byte of it. */
  take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk])
    for (;;) {
      const head = this.#greeted ? 1 : 0
      if (this.#pending.length < head + 4) return
      const end = head + this.#pending.readInt32BE(head)
      if (this.#pending.length < end) return
      if (this.#greeted) this.#read(String.fromCharCode(this.#pending[0]!), this.#pending.subarray(5, end))
      this.#greeted = true
      this.#pending = this.#pending.subarray(end)
    }
  }

  #read(type: string, body: Buffer): void {
    const strings = (from: number): [string, number] => {
      const end = body.indexOf(0, from)
      return [body.toString('utf8', from, end), end + 1]
    }
    if (type === 'Q') this.sent.push({ text: strings(0)[0], values: [] })
    if (type === 'P') {
      const [name, from] = strings(0)
      this.#named.set(name, strings(from)[0])
    }
    if (type === 'B') {
      const [, from] = strings(0)
      const [name, formats] = strings(from)
      let at = formats + 2 + 2 * body.readInt16BE(formats)
      const values: (string | null)[] = []
      const count = body.readInt16BE(at)
      at += 2
      for (let n = 0; n < count; n++) {
        const length = body.readInt32BE(at)
        at += 4
        values.push(length < 0 ? null : body.toString('utf8', at, at + length))
        at += Math.max(0, length)
      }
      this.sent.push({ text: this.#named.get(name) ?? '', values })
    }
  }
}

export type Wire = {
  port: number
  /** Everything that was sent, a list for each connection. */
  sent(): Sent[][]
  close(): Promise<void>
}

/** Stands between a program and PostgreSQL on this machine and writes down what the program says. */
export async function openWire(postgresPort: number): Promise<Wire> {
  const recorders: Recorder[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const recorder = new Recorder()
    recorders.push(recorder)
    const database = createConnection({ host: '127.0.0.1', port: postgresPort })
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.on('data', (chunk: Buffer) => recorder.take(chunk)).pipe(database)
    database.pipe(client)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    sent: () => recorders.map((recorder) => recorder.sent),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
