import assert from 'node:assert/strict'
import test from 'node:test'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Present } from './present.ts'

test('those who are present are told in the order in which they came', () => {
  const present = new Present<string>()
  const [awa, binta, coumba] = ['Awa', 'Binta', 'Coumba'].map((name) => present.enter(name))
  binta!()
  binta!()
  assert.deepEqual([present.all(), present.size], [['Awa', 'Coumba'], 2])
  present.enter('Djénéba')
  coumba!()
  assert.deepEqual(
    present.take((name) => name !== 'Awa'),
    ['Djénéba'],
  )
  awa!()
  assert.deepEqual([present.all(), present.size], [[], 0])
  present.enter('Fanta')
  assert.deepEqual(present.all(), ['Fanta'])
})

test('nothing that has left is kept by what the collector left in the old generation', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how?: { type: 'minor' }) => void
  const present = new Present<object>()
  const here: (() => void)[] = []
  // As many at once as come to a process, 4 kB each.
  const come = (n: number): void => {
    here.push(present.enter(Array.from({ length: 500 }, (_, i) => n + i)))
    if (here.length > 20) here.shift()!()
  }
  for (let n = 0; n < 30; n++) come(n)
  // Whoever is there now is of the old generation from now on.
  collect()
  const before = getHeapStatistics().used_heap_size
  for (let n = 0; n < 5_000; n++) {
    come(n)
    if (n % 200 === 0) collect({ type: 'minor' })
  }
  const kept = getHeapStatistics().used_heap_size - before
  assert.ok(kept < 5_000_000, `${kept} bytes are kept of 21 who are there and 20 MB who left`)
})
