import { Agent, request } from 'node:http'
import { testPassword } from '../fixtures.ts'
import { within } from '../size.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- bodies of answers are looked into field by field
export type Answer = { status: number; body: any; headers: Record<string, string | string[] | undefined> }

/** No whole answer: refused, reset, or silent for too long. Only the first says that nothing was done. */
export type Silence = { status: 0; code: string }

export type Call = { method: string; path: string; body?: unknown; headers?: Record<string, string> }

const patienceMs = within(20_000)

/** A person's program over kept-alive connections. Not fetch, which repeats some requests by itself. */
export class Caller {
  readonly #agent: Agent
  readonly #url: string
  readonly #username: string
  #token = ''

  constructor(url: string, username: string, connections = 12) {
    this.#url = url
    this.#username = username
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  async signIn(): Promise<this> {
    const answer = await this.send({
      method: 'POST',
      path: '/api/v1/auth/login',
      body: { username: this.#username, password: testPassword },
    })
    if (answer.status !== 200) throw new Error(`${this.#username} could not sign in: ${JSON.stringify(answer)}`)
    this.#token = answer.body.access_token
    return this
  }

  get headers(): Record<string, string> {
    return this.#token ? { authorization: `Bearer ${this.#token}` } : {}
  }

  send({ method, path, body, headers }: Call): Promise<Answer | Silence> {
    const content = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve) => {
      const outgoing = request(this.#url + path, {
        method,
        agent: this.#agent,
        timeout: patienceMs,
        headers: {
          ...this.headers,
          ...(content !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      })
      const fail = (error: Error): void => resolve({ status: 0, code: (error as { code?: string }).code ?? 'unknown' })
      outgoing
        .on('error', fail)
        .on('timeout', () => outgoing.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
      outgoing.on('response', (incoming) => {
        let text = ''
        incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        incoming.on('error', fail).on('end', () => {
          const isJson = String(incoming.headers['content-type']).includes('json')
          resolve({
            status: incoming.statusCode ?? 0,
            body: isJson ? JSON.parse(text) : undefined,
            headers: incoming.headers,
          })
        })
      })
      outgoing.end(content)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
