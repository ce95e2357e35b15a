import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quiet } from '../../test/cluster.ts'
import { until } from '../../test/sis-process.ts'
import { startReconciling } from './reconciling.ts'

test('a wish that is told is looked at now, also one that is told while another is looked at', async () => {
  let looks = 0
  let go: (() => void) | undefined
  const owner = {
    reconcile: () =>
      new Promise<number>((resolve) => {
        looks++
        go = () => resolve(0)
      }),
  }
  const looked = (times: number) => until(() => (looks === times ? true : undefined))
  // By itself it would look again in an hour.
  const reconciling = startReconciling(owner, quiet, 3_600_000)
  await looked(1)
  reconciling.now()
  go?.()
  await looked(2)
  go?.()
  await new Promise(setImmediate)
  reconciling.now()
  await looked(3)
  const stopped = reconciling.stop()
  go?.()
  await stopped
  assert.equal(looks, 3)
})
