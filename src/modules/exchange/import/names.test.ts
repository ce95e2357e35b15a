import assert from 'node:assert/strict'
import test from 'node:test'
import { NearNames } from './names.ts'

// Three letters each, all beginning alike: every pair is near enough to be compared.
const similar = (n: number): string => `diarra${Array.from({ length: 3 }, (_, i) => String.fromCharCode(97 + (Math.floor(n / 26 ** i) % 26))).join('')}` // prettier-ignore

test('spellings of one name are near, other names are not, whichever is asked first', () => {
  const names = new NearNames()
  names.add('traore')
  assert.deepEqual([...names.of('traorre')], ['traore'])
  for (const name of ['coulibaly', 'traorre', 'traorhe', 'traore']) names.add(name)
  assert.deepEqual([...names.of('traorre')], ['traore', 'traorre', 'traorhe'])
  assert.deepEqual([...names.of('coulibaly')], ['coulibaly'])
  assert.deepEqual([...names.of('diakite')], [])
})

test('of many different names alike, each is compared with a bounded number, and still found itself', () => {
  const names = new NearNames()
  const count = 1_500
  for (let n = 0; n < count; n++) {
    names.of(similar(n))
    names.add(similar(n))
  }
  // Without the bounds each would be compared with all before it: 1.1 million pairs.
  assert.ok(names.compared > 250 * count, String(names.compared))
  assert.ok(names.compared <= 400 * count, String(names.compared))
  assert.ok(names.of(similar(0)).length <= 100 && names.of(similar(0)).includes(similar(0)))
  for (let n = 0; n < count; n += 100) assert.ok(names.of(similar(n)).includes(similar(n)), similar(n))
})

test('of many names unlike one another, one is sifted among a bounded number', () => {
  const names = new NearNames()
  for (let n = 0; n < 6_000; n++) names.add(`${n.toString(36)}${(n * 7919).toString(36)}`)
  names.of('traore')
  names.of('traore')
  assert.equal(names.sifted, 4_000)
})
