import { performance } from 'node:perf_hooks'

/** What a login was answered. */
export type Answered = { status: number; code: string; retryAfter: number | undefined; device: string | undefined }
export type Login = (body: { username: string; password: string; device?: string }, from: string) => Promise<Answered>

export type Attack = {
  login: Login
  username: string
  tries: number
  addresses: number
  /** Requests at the same time. */
  parallel: number
  /** Awaited once, when half of the tries are made and the others go on. */
  midway?: () => Promise<void>
}

export type Outcome = { /** Passwords that were compared. */ compared: number; refused: number; others: Answered[] }

/** Wrong passwords for one account from many addresses, as fast as the server answers. */
export async function attack({ login, username, tries, addresses, parallel, midway }: Attack): Promise<Outcome> {
  const outcome: Outcome = { compared: 0, refused: 0, others: [] }
  let made = 0
  let half: Promise<void> | undefined
  const one = async (): Promise<void> => {
    while (made < tries) {
      const number = made++
      if (number === Math.floor(tries / 2)) half = midway?.()
      const answer = await login({ username, password: `pas le bon ${number}` }, addressOf(number % addresses))
      if (answer.status === 401 && answer.code === 'invalid_credentials') outcome.compared += 1
      else if (answer.status === 429 && answer.code === 'too_many_attempts' && (answer.retryAfter ?? 0) > 0)
        outcome.refused += 1
      else outcome.others.push(answer)
    }
  }
  await Promise.all(Array.from({ length: parallel }, one))
  await half
  return outcome
}

/** An address in a network of its own. */
export const addressOf = (number: number): string => `203.0.${113 + Math.floor(number / 250)}.${1 + (number % 250)}`

/** How long something took, in ms. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now()
  const value = await work()
  return { ms: performance.now() - start, value }
}

/**
 * The probability that one of `a` took longer than one of `b` (Mann-Whitney U / |a||b|; ties count half): 0.5 when nobody can
 * tell them apart, 0 or 1 when everybody can.
 */
export function auc(a: readonly number[], b: readonly number[]): number {
  let greater = 0
  for (const x of a) for (const y of b) greater += x > y ? 1 : x === y ? 0.5 : 0
  return greater / (a.length * b.length)
}
