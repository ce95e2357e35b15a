import { Agent, request } from 'node:http'
import { Caller } from './client.ts'

/** What became of many connections that each ask again as soon as they are answered. */
export type Crowd = {
  /** Whole answers. */
  answers: number
  /** Connections whose last answer said that it was the last. */
  told: number
  /** What then became of a new connection: answered while the others end, refused after. */
  again: Map<string, number>
  /** Requests that were sent on an open connection and not answered to their end, by error. */
  cut: string[]
}

type People = { inFlight(): number; end(): Promise<Crowd> }

/** Opens connections and lets each ask until it is told to close; resolves when all have been answered once. */
export async function crowd(url: string, connections: number): Promise<People> {
  const crowd: Crowd = { answers: 0, told: 0, again: new Map(), cut: [] }
  const headers = (await new Caller(url, 'csref_djenne.agent').signIn()).headers
  let waiting = 0

  const ask = (agent: Agent, body: string | undefined): Promise<{ last: boolean } | { error: string }> =>
    new Promise((resolve) => {
      const fail = (error: Error): void => resolve({ error: (error as { code?: string }).code ?? error.message })
      waiting++
      const outgoing = request(`${url}/api/v1/patients${body ? '' : '?limit=5'}`, {
        method: body ? 'POST' : 'GET',
        agent,
        headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      })
      outgoing.on('error', fail).on('response', (incoming) => {
        incoming.resume()
        incoming.on('error', fail).on('end', () => {
          if (!incoming.complete) return fail(new Error('cut short'))
          crowd.answers++
          resolve({ last: incoming.headers.connection === 'close' })
        })
      })
      outgoing.end(body)
    }).finally(() => waiting--) as Promise<{ last: boolean } | { error: string }>

  let first = 0
  let started: () => void
  const all = new Promise<void>((resolve) => (started = resolve))
  const person = async (index: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const isWriter = index % 4 === 0
    for (let turn = 0; ; turn++) {
      const answer = await ask(agent, isWriter ? newPatient(index, turn) : undefined)
      if (turn === 0 && ++first === connections) started()
      if ('error' in answer) {
        crowd.cut.push(answer.error)
        break
      }
      if (!answer.last) continue
      crowd.told++
      const again = await ask(agent, undefined)
      const word = 'error' in again ? again.error : 'answered'
      crowd.again.set(word, (crowd.again.get(word) ?? 0) + 1)
      break
    }
    agent.destroy()
  }
  const people = Promise.all(Array.from({ length: connections }, (_, index) => person(index)))
  await all
  return { inFlight: () => waiting, end: () => people.then(() => crowd) }
}

const newPatient = (person: number, turn: number): string =>
  JSON.stringify({
    familyName: 'Coulibaly',
    givenName: 'Awa',
    sex: 'F',
    birth: { precision: 'year', date: '1990' },
    motherName: `${person} ${turn}`,
    confirmDuplicate: true,
  })
