import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairShare } from './fair-share.ts'
import { Problem } from './errors.ts'
import { random, seed, size } from '../../test/size.ts'

const refusal = (error: unknown): string => (error instanceof Problem ? `${error.status} ${error.code}` : String(error))

/** Takes a place and keeps it until told. */
function hold(share: FairShare, party: string): { in: () => boolean; leave: () => void; end: Promise<string> } {
  let entered = false
  let leave = (): void => {}
  const held = new Promise<void>((resolve) => (leave = resolve))
  const end = share.run(party, async () => ((entered = true), await held, 'done')).catch(refusal)
  return { in: () => entered, leave: () => leave(), end }
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('one party never takes more than half, and a newcomer always finds a place', async () => {
  const share = new FairShare({ size: 10, waiting: 100, patienceMs: 5_000 })
  const noisy = Array.from({ length: 40 }, () => hold(share, 'noisy'))
  await settled()
  assert.equal(noisy.filter((one) => one.in()).length, 5)
  const second = Array.from({ length: 40 }, () => hold(share, 'second'))
  await settled()
  assert.equal(second.filter((one) => one.in()).length, 3)
  const newcomer = hold(share, 'newcomer')
  await settled()
  assert.ok(newcomer.in())
  for (const one of [newcomer, ...second, ...noisy]) one.leave()
  await Promise.all([...noisy, ...second, newcomer].map((one) => one.end))
  assert.equal(share.free, 10)
})

test('a line that is full is refused at once, a wait that is too long after its time', async () => {
  const share = new FairShare({ size: 1, waiting: 2, patienceMs: 20 })
  const first = hold(share, 'a')
  const waiting = [hold(share, 'a'), hold(share, 'a')]
  assert.equal(await hold(share, 'a').end, '429 too_many_requests')
  assert.deepEqual(await Promise.all(waiting.map((one) => one.end)), ['503 busy', '503 busy'])
  first.leave()
  assert.equal(await first.end, 'done')
  assert.equal(await share.run('a', async () => 'again'), 'again')
})

test('a line that stands takes no more than so many, one that moves does', async () => {
  const standing = { ms: 500, most: 2 }
  const share = new FairShare({ size: 1, waiting: 100, patienceMs: 60_000, standing })
  const holders = Array.from({ length: 6 }, () => hold(share, 'a'))
  await new Promise((resolve) => setTimeout(resolve, 2 * standing.ms))
  assert.equal(await hold(share, 'a').end, '503 busy')
  const neighbour = hold(share, 'b')
  for (const one of [...holders, neighbour]) one.leave()
  const ends = await Promise.all([...holders, neighbour].map((one) => one.end))
  assert.deepEqual(ends, Array<string>(7).fill('done'))
})

test('no place is lost however the work ends, and every party is served', async (t) => {
  t.diagnostic(`seed ${seed}`)
  const choose = random('fair share')
  const share = new FairShare({ size: 5, waiting: 20, patienceMs: 30 })
  const ends = new Map<string, number>()
  const work = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, choose.int(0, 4)))
    if (choose.int(0, 2) === 0) throw new Error('failed')
  }
  const runs = Array.from({ length: size(2_000, 20_000) }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, i / 4))
    const party = `${choose.int(0, 3) * choose.int(0, 3)}`
    const end = await share.run(party, work).then(() => 'done', refusal)
    ends.set(end, (ends.get(end) ?? 0) + 1)
  })
  await Promise.all(runs)
  t.diagnostic(JSON.stringify(Object.fromEntries(ends)))
  assert.deepEqual([...ends.keys()].sort(), ['429 too_many_requests', '503 busy', 'Error: failed', 'done'])
  assert.equal(share.free, 5)
})
