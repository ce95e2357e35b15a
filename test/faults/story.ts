import type { TestContext } from 'node:test'
import type { Random } from '../../src/demo/random.ts'
import { check, type Findings } from './check.ts'
import type { Nemesis } from './nemesis.ts'
import type { Rig } from './rig.ts'
import { runWorkload, told, type Habit, type Workload } from './workload.ts'

export type How = { name: string; faults: Nemesis[]; habit?: Habit; count: number; earlier?: Workload[] }
export type Story = { workload: Workload; findings: Findings; struck: string[] }

/** A workload during which each nemesis strikes once, in an order and at moments that the seed chooses. */
export async function suffer(rig: Rig, choose: Random, how: How): Promise<Story> {
  const { name, faults, habit = 'keyed', count, earlier } = how
  const order = [...faults].sort(() => choose.next() - 0.5)
  const struck: string[] = []
  let striking = Promise.resolve()
  let failure: unknown
  const every = Math.floor(count / (order.length + 1))
  const workload = await runWorkload({
    url: rig.url,
    random: choose,
    name,
    count,
    habit,
    onProgress(done) {
      const next = done % every === 0 ? order.shift() : undefined
      if (!next) return
      struck.push(next.name)
      striking = striking.then(() => next.strike(rig, choose)).catch((error: unknown) => (failure ??= error) as void)
    },
  })
  await striking
  if (failure) throw failure
  await rig.program.status('/health/ready', 200)
  return { workload, findings: await check(rig, workload, earlier), struck }
}

export function tell(t: TestContext, { workload, findings, struck }: Story): void {
  const { writes, retries } = workload
  const number = (outcome: string): number => writes.filter((write) => write.outcome === outcome).length
  t.diagnostic(
    `${writes.length} writes: ${number('stored')} stored, ${number('refused')} refused, ${number('unknown')} never answered; ` +
      `${retries} repeated; ${struck.length} faults; ${findings.lost.length} lost, ${findings.doubled.length} doubled`,
  )
  t.diagnostic(`faults: ${struck.join(', ')}`)
  t.diagnostic(`answers: ${told(workload)}`)
}

/** What a run should leave. */
export const clean: Findings = { lost: [], doubled: [], refusedYetStored: [], neverSent: [], disagreeing: [] }
