import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Random } from '../../src/demo/random.ts'
import { isFull, random, seed, size } from '../size.ts'
import { cuts, killAfterCommit, killPostmaster, nemeses, type Nemesis } from './nemesis.ts'
import { embeddedRig, externalRig, type External, type Rig } from './rig.ts'
import { clean, suffer, tell } from './story.ts'
import type { Workload } from './workload.ts'

// What was acknowledged is stored, and nothing is stored twice, whatever is killed or cut (research: 72 of 4,800 writes
// were doubled by retries without a key). Each run is judged by check(), and so are the controls, which must fail.

const runs = size(1, 3)
// On each of the two databases.
const count = size(75, 1_000)

const skip = !isFull && 'only in npm run test:faults: the sample has the one behind cuts'

/** All in a full run, one in the sample. */
const some = (choose: Random, faults: Nemesis[]): Nemesis[] => (isFull ? faults : [choose.pick(faults)])

test('no acknowledged write is lost, none is doubled', async (t) => {
  t.diagnostic(`seed ${seed}`)
  for (let run = 1; run <= runs; run++) {
    await t.test(`run ${run}, the embedded database`, { skip }, async (t) => {
      const choose = random(`embedded ${run}`)
      const story = await suffer(await embeddedRig(t), choose, {
        name: `e${run}`,
        count,
        faults: some(choose, nemeses),
      })
      tell(t, story)
      assert.deepEqual(story.findings, clean)
    })
    await t.test(`run ${run}, a database behind a network that is cut`, async (t) => {
      const choose = random(`external ${run}`)
      const rig = await externalRig(t)
      const faults = [...cuts, ...some(choose, nemeses), ...some(choose, cuts)]
      const story = await suffer(rig, choose, { name: `x${run}`, count, faults })
      tell(t, story)
      assert.deepEqual(story.findings, clean)
      if (run === runs) await controls(t, rig, story.workload)
    })
  }
})

/** Two broken variants on the same database, which the same check must see. */
async function controls(t: TestContext, rig: Rig & { external: External }, before: Workload): Promise<void> {
  const count = size(60, 300)
  const earlier = [before]
  await t.test('control: without a key, what a dying process has stored is stored again', async (t) => {
    const choose = random('control without key')
    const faults = Array.from({ length: size(2, 5) }, () => killAfterCommit)
    const story = await suffer(rig, choose, { name: 'blind', faults, habit: 'blind', count, earlier })
    tell(t, story)
    assert.notDeepEqual(story.findings.doubled, [])
    assert.deepEqual({ ...story.findings, doubled: [] }, clean)
    earlier.push(story.workload)
  })
  await t.test('control: with synchronous_commit = off, acknowledged writes are lost', async (t) => {
    const choose = random('control asynchronous')
    // What is not yet on disk is in the memory of processes that die with the postmaster.
    await rig.external.stop('fast')
    await rig.external.start({ synchronous_commit: 'off', wal_writer_delay: '10s', wal_writer_flush_after: '1GB' })
    const faults = Array.from({ length: size(2, 5) }, () => killPostmaster)
    const story = await suffer(rig, choose, { name: 'async', faults, count, earlier })
    tell(t, story)
    assert.notDeepEqual(story.findings.lost, [])
  })
}
