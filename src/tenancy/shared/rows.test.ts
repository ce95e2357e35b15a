import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { rowMaker, type Bytes } from './rows.ts'

const [int4, text, instant, numeric, uuid] = [23, 25, 1184, 1700, 2950]

/** A DataRow of these texts, between bytes of other messages. */
function rowOf(cells: (string | null)[]): [bytes: Bytes, at: number, end: number] {
  const parts = cells.map((cell) => {
    const length = Buffer.alloc(4)
    if (cell === null) {
      length.writeInt32BE(-1)
      return length
    }
    const bytes = Buffer.from(cell)
    length.writeInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  })
  const row = Buffer.concat(parts)
  return [Buffer.concat([Buffer.from('before é'), row, Buffer.from('é behind')]) as Bytes, 9, 9 + row.length]
}

test('texts of any script come out of a row as they were put in', () => {
  const make = rowMaker([
    { name: 'a', type: text },
    { name: 'b', type: text },
    { name: 'c', type: uuid },
  ])
  const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('', 'é', 'ߒߞߏ', '"\\\n', '😀'))
  fc.assert(
    fc.property(anyText, fc.option(anyText), fc.uuid(), (a, b, c) => {
      assert.deepEqual(make(...rowOf([a, b, c])), { a, b, c })
    }),
  )
})

test('instants, numbers and nothing', () => {
  const make = rowMaker([
    { name: 'at', type: instant },
    { name: 'count', type: int4 },
    { name: 'measure', type: numeric },
    { name: 'name', type: text },
  ])
  const read = (...cells: (string | null)[]) => Object.values(make(...rowOf(cells)))
  assert.deepEqual(read('2026-07-01 09:30:00+00', '-12', '38.0', 'é'), ['2026-07-01T09:30:00.000Z', -12, 38, 'é'])
  assert.deepEqual(read('2026-07-01 09:30:00.1+00', '0', '0.25', ''), ['2026-07-01T09:30:00.100Z', 0, 0.25, ''])
  assert.deepEqual(read('2026-07-01 09:30:00.12+00', null, null, null), ['2026-07-01T09:30:00.120Z', null, null, null])
  assert.deepEqual(read('2026-07-01 09:30:00.123+00', null, null, 'a')[0], '2026-07-01T09:30:00.123Z')
})

test('a column that says to be longer than its row is refused', () => {
  const make = rowMaker([{ name: 'a', type: text }])
  const [bytes, at, end] = rowOf(['awa'])
  bytes.writeInt32BE(0x7fffffff, at)
  assert.throws(() => make(bytes, at, end), /longer than its row/)
})
