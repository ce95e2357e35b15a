import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suppress, wholeMonths } from './rules.ts'

const month = (consultations: number, newCases: number) => ({ consultations, newCases })

test('cells under five are hidden, zero too', () => {
  assert.deepEqual(suppress(4, [month(4, 4)]), { patients: null, consultations: null, newCases: null, hidden: true })
  assert.deepEqual(suppress(0, []), { patients: null, consultations: null, newCases: null, hidden: true })
  assert.deepEqual(suppress(30, [month(20, 12)]), { patients: 30, consultations: 20, newCases: 12, hidden: false })
  assert.deepEqual(suppress(5, [month(5, 5)]), { patients: 5, consultations: 5, newCases: 5, hidden: false })
})

test('a small month cannot be had by subtracting two periods', () => {
  const january = suppress(30, [month(20, 12)])
  const both = suppress(30, [month(20, 12), month(3, 2)])
  assert.equal(both.consultations, january.consultations)
  assert.equal(both.newCases, january.newCases)
  assert.ok(both.hidden && !january.hidden)
})

test('few follow-ups cannot be had by subtracting new cases', () => {
  assert.equal(suppress(30, [month(20, 18)]).newCases, null)
  assert.equal(suppress(30, [month(20, 20)]).newCases, 20)
  // The second month stays out of the sum, in every period: its difference between two periods is nothing.
  const both = suppress(30, [month(20, 12), month(20, 18)])
  assert.deepEqual([both.consultations, both.newCases, both.hidden], [40, 12, true])
})

test('periods are whole months', () => {
  assert.deepEqual(wholeMonths('2024-02-17', '2024-02-17'), { from: '2024-02-01', to: '2024-02-29' })
  assert.deepEqual(wholeMonths(undefined, '2025-12-01'), { from: null, to: '2025-12-31' })
})
