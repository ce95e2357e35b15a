import { Agent, request as ask } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Request } from './load.ts'

type Answer = { status: number; text: string }

let created = 0

function answerOf(url: string, agent: Agent, { method, path, token, body }: Request, keyed: boolean): Promise<Answer> {
  const number = `${Date.now()}${created++}`.slice(-9)
  const content = body?.replaceAll('{n}', number)
  return new Promise((resolve, reject) => {
    const outgoing = ask(new URL(path, url), {
      method,
      agent,
      headers: {
        authorization: `Bearer ${token}`,
        ...(content !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
        }),
        ...(keyed && { 'idempotency-key': `verify-${process.pid}-${number}` }),
      },
    })
    outgoing.on('error', reject).on('response', (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('error', reject).on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    outgoing.end(content)
  })
}

/** The names in which the seeds wrote whose record it is: every one of an answer. */
const marksIn = (text: string): string[] =>
  [...text.matchAll(/"(?:familyName|patient_name)":"(t_\d+)[ "]/g)].map(([, mark]) => mark ?? '')

/**
 * The same requests at the same number of connections, each body looked through: every record in it is of the
 * establishment that was asked, and there are as many as there should be.
 * @throws Error at the first answer that is another's, refused, or empty
 */
export async function verify(
  url: string,
  requests: readonly Request[],
  { count, connections, keyed = false }: { count: number; connections: number; keyed?: boolean },
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let left = count
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const one = requests[Math.floor(Math.random() * requests.length)]!
      let { status, text } = await answerOf(url, agent, one, keyed)
      // Asked again, since what is looked at here is whose the records are, and a refused creation is none.
      for (let again = 0; status === 503 && again < 5; again++) {
        await sleep(1_000)
        ;({ status, text } = await answerOf(url, agent, one, keyed))
      }
      if (status !== 200 && status !== 201) throw new Error(`${one.path} answered ${status}: ${text.slice(0, 300)}`)
      const marks = marksIn(text)
      const wanted = /limit=(\d+)/.exec(one.path)?.[1] ?? '1'
      if (marks.length !== Number(wanted) || marks.some((mark) => mark !== one.mark))
        throw new Error(`${one.path}: ${wanted} of ${one.mark} were asked for, the answer holds ${marks.join(' ')}`)
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, worker))
  } finally {
    agent.destroy()
  }
  return count
}
