import { calmly, theft } from './calm.ts'
import { NothingAnswered, type Round } from './load.ts'
import { median } from './statistics.ts'

/** Somebody whose rounds alternate with those of the others. */
export type Contestant = {
  name: string
  round(seconds: number): Promise<Round>
  /** Looks through every body of some answers. @returns how many */
  verify?(): Promise<number>
}

/** @param stolen share of the processors that others on the host took meanwhile */
export type PlayedRound = Round & { stolen: number }

export type Contest = { rounds: Record<string, PlayedRound[]>; verified: Record<string, number> }

/**
 * Everybody warms up, then plays round after round in turn, each round begun by another one: what else the machine does
 * falls on all of them. A round that lost too much of the machine is played again (calm.ts).
 */
export async function contest(
  contestants: readonly Contestant[],
  { rounds, seconds, warmUp, say }: { rounds: number; seconds: number; warmUp: number; say: (line: string) => void },
): Promise<Contest> {
  const result: Contest = { rounds: {}, verified: {} }
  for (const { name, round, verify } of contestants) {
    await calmly(() => warm(round, warmUp), 2)
    result.rounds[name] = []
    if (verify) result.verified[name] = await verify()
  }
  for (let n = 0; n < rounds; n++) {
    for (let i = 0; i < contestants.length; i++) {
      const { name, round } = contestants[(n + i) % contestants.length]!
      const { done: one, stolen } = await calmly(() => round(seconds))
      result.rounds[name]!.push({ ...one, stolen })
      const { server, database, client } = one.processor
      say(`  ${name}: ${one.perSecond.toFixed(0)}/s${one.times ? `, p50 ${one.times.p50.toFixed(1)} ms, p99 ${one.times.p99.toFixed(1)} ms` : ''}${one.answer === undefined ? '' : `, ${(one.answer / 1_000).toFixed(1)} kB each`}; processor ms each: server ${server.toFixed(2)}, database ${database.toFixed(2)}, load ${client.toFixed(2)}${theft(stolen)}`) // prettier-ignore
    }
  }
  for (const { name, verify } of contestants)
    if (verify) result.verified[name] = (result.verified[name] ?? 0) + (await verify())
  return result
}

/** A second and a third attempt for whoever only begins to answer. */
async function warm(round: Contestant['round'], seconds: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await round(seconds)
      return
    } catch (error) {
      if (!(error instanceof NothingAnswered) || attempt === 3) throw error
    }
  }
}

export const rateOf = (rounds: readonly Round[] = []): number => median(rounds.map(({ perSecond }) => perSecond))

/** Of the rounds that were played one after the other, the middle of their ratios. */
export const ratioOf = (ours: readonly Round[] = [], theirs: readonly Round[] = []): number =>
  median(ours.map(({ perSecond }, n) => perSecond / theirs[n]!.perSecond))

/** Processor time of a request (ms): of everything that answers it, without the load. */
export const costOf = (rounds: readonly Round[] = []): number =>
  median(rounds.map(({ processor }) => processor.server + processor.database))
