import assert from 'node:assert/strict'
import test from 'node:test'
import { remembered } from './remembered.ts'

test('what was used last is kept, no more than was said', () => {
  const made: string[] = []
  const get = remembered<object>(2)
  const ask = (key: string): object => get(key, () => (made.push(key), { key }))
  const a = ask('a')
  ask('b')
  assert.equal(ask('a'), a)
  ask('c')
  assert.equal(ask('a'), a)
  ask('b')
  assert.deepEqual(made, ['a', 'b', 'c', 'b'])
})
