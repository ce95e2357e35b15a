import { request, type ClientRequest, type IncomingMessage } from 'node:http'

export type Heard = { id?: string; event?: string; data?: string; retry?: string }

/** A client of the stream as the documentation describes it: it comes back with the last `id`, unless told not to. */
export class Listener {
  readonly #url: string
  readonly #token: () => string
  readonly #comesBack: boolean
  readonly #headers: Record<string, string>
  /** Everything but comments, in order. */
  readonly heard: Heard[] = []
  comments = 0
  connections = 0
  status = 0
  headers: IncomingMessage['headers'] = {}
  /** Of a refusal. */
  refusal = ''
  lastId: string | undefined
  isOpen = false
  #stopped = false
  #request: ClientRequest | undefined
  readonly #changed = new Set<() => void>()

  constructor(
    url: string,
    token: string | (() => string),
    {
      comesBack = false,
      lastId,
      headers = {},
    }: { comesBack?: boolean; lastId?: string; headers?: Record<string, string> } = {},
  ) {
    this.#url = `${url}/api/v1/notifications/stream`
    this.#token = typeof token === 'string' ? () => token : token
    this.#comesBack = comesBack
    this.#headers = headers
    this.lastId = lastId
    this.#connect()
  }

  /** The identifiers of the notifications that came, in order; one that came again is left out. */
  readonly ids: string[] = []
  readonly #known = new Set<string>()

  get messages(): string[] {
    return this.heard
      .filter(({ event }) => event === 'notification')
      .map(({ data }) => (JSON.parse(data!) as { message: string }).message)
  }

  of(event: string): Heard[] {
    return this.heard.filter((one) => one.event === event)
  }

  /** Waits until it is so. @throws after 3 min */
  until(isSo: (listener: Listener) => boolean, ms = 180_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!isSo(this)) return
        clearTimeout(timer)
        this.#changed.delete(look)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#changed.delete(look)
        reject(
          new Error(
            `waited in vain: ${this.status} ${this.refusal} ${this.ids.length} ${JSON.stringify(this.heard.at(-1)).slice(0, 300)}`,
          ),
        )
      }, ms)
      this.#changed.add(look)
      look()
    })
  }

  /** Stops taking what comes, without closing. */
  pause(): void {
    this.#request?.socket?.pause()
  }

  resume(): void {
    this.#request?.socket?.resume()
  }

  stop(): void {
    this.#stopped = true
    this.#request?.destroy()
  }

  #connect(): void {
    const headers = {
      authorization: `Bearer ${this.#token()}`,
      ...(this.lastId !== undefined && { 'last-event-id': this.lastId }),
      ...this.#headers,
    }
    this.connections += 1
    this.#request = request(this.#url, { headers, agent: false }, (answer) => this.#take(answer))
    this.#request.on('error', () => this.#ended()).end()
  }

  #take(answer: IncomingMessage): void {
    this.status = answer.statusCode ?? 0
    this.headers = answer.headers
    this.isOpen = true
    let rest = ''
    answer.setEncoding('utf8')
    answer.on('data', (text: string) => {
      if (this.status !== 200) {
        this.refusal += text
        return
      }
      const events = (rest + text).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) this.#hear(event)
      this.#tell()
    })
    answer.on('error', () => {})
    answer.on('close', () => this.#ended())
    this.#tell()
  }

  #hear(event: string): void {
    if (event.startsWith(':')) {
      this.comments += 1
      return
    }
    const heard = Object.fromEntries(event.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2))) as Heard
    if (heard.id !== undefined) this.lastId = heard.id
    this.heard.push(heard)
    if (heard.event !== 'notification' || this.#known.has(heard.id!)) return
    this.#known.add(heard.id!)
    this.ids.push(heard.id!)
  }

  #ended(): void {
    if (this.#stopped) return
    this.isOpen = false
    this.#tell()
    if (this.#comesBack) setTimeout(() => !this.#stopped && this.#connect(), 100 + Math.random() * 200)
    else this.#stopped = true
  }

  #tell(): void {
    for (const look of this.#changed) look()
  }
}
