import assert from 'node:assert/strict'
import test from 'node:test'
import { tidyCode } from './rules.ts'

test('codes are brought to their usual form', () => {
  for (const written of ['B50.8', 'b50.8', ' B508 ', 'B50-8', 'b50 8']) assert.equal(tidyCode(written), 'B50.8')
  assert.equal(tidyCode('i10'), 'I10')
  assert.equal(tidyCode('zz99'), 'ZZ99')
})
