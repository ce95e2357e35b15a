import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Seldom, Tally } from './seldom.ts'

test('a journal line is let through so many times in ten seconds, and says how many were left out', () => {
  const seldom = new Seldom(2)
  const taken = [0, 1, 2, 9_999, 10_000, 10_001, 10_002, 20_000].map((at) => seldom.take(at))
  assert.deepEqual(taken, [0, 0, undefined, undefined, 2, 0, undefined, 1])
})

test('what comes by the thousand is told ten seconds after the first, and counted anew from then on', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const told: number[] = []
  const tally = new Tally()
  const come = (times: number): void => {
    for (let i = 0; i < times; i++) tally.add((count) => told.push(count))
  }
  come(3)
  t.mock.timers.tick(9_999)
  come(1)
  assert.deepEqual(told, [])
  t.mock.timers.tick(1)
  assert.deepEqual(told, [4])
  t.mock.timers.tick(60_000)
  come(2)
  t.mock.timers.tick(10_000)
  assert.deepEqual(told, [4, 2])
})
