import assert from 'node:assert/strict'
import test from 'node:test'
import { identityWarnings, tidyNumber } from './identity.ts'

test('numbers of the expected shape give no warning', () => {
  assert.deepEqual(identityWarnings({}), [])
  assert.deepEqual(identityWarnings({ nina: null, amoNumber: null }), [])
  assert.deepEqual(identityWarnings({ nina: '11986102013045K', amoNumber: '1234567890' }), [])
})

test('another shape is told, by field', () => {
  for (const nina of ['1198610201304K', '119861020130455', '11986102013045', '11986102013045k', 'x'])
    assert.deepEqual(
      identityWarnings({ nina }).map(({ path }) => path),
      ['nina'],
      nina,
    )
  for (const amoNumber of ['12345', '12345678901234', 'ABCDEF', '123*456'])
    assert.deepEqual(
      identityWarnings({ amoNumber }).map(({ path }) => path),
      ['amoNumber'],
      amoNumber,
    )
})

test('a number is stored without the separators of its printing', () => {
  assert.equal(tidyNumber(' 1 1986-102.013045 k '), '11986102013045K')
})
