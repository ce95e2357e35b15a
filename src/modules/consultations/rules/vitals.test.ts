import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { rangeOf, vitalErrors, vitalNames, vitalRanges } from './vitals.ts'

const pathsOf = (errors: { path: string }[]) => errors.map(({ path }) => path)

test('both ends of every range are accepted, what lies beyond is refused with range and unit', () => {
  for (const vital of vitalNames) {
    const { min, max, decimals } = vitalRanges[vital]
    const step = 10 ** -decimals
    assert.deepEqual(vitalErrors({ [vital]: min }), [], vital)
    assert.deepEqual(vitalErrors({ [vital]: max }), [], vital)
    for (const beyond of [Number((min - step).toFixed(3)), max + step, Number.NaN, Infinity]) {
      const [error] = vitalErrors({ [vital]: beyond })
      assert.equal(error?.path, `vitals.${vital}`)
      assert.ok(error.message.fr.includes(rangeOf(vital).fr), error.message.fr)
      assert.ok(error.message.en.includes(rangeOf(vital).en), error.message.en)
    }
  }
})

test('the usual slips of the pen are refused', () => {
  assert.deepEqual(pathsOf(vitalErrors({ temperature: 385 })), ['vitals.temperature'])
  assert.deepEqual(pathsOf(vitalErrors({ weight: 3200 })), ['vitals.weight'])
  assert.deepEqual(pathsOf(vitalErrors({ systolic: 12, diastolic: 8 })), ['vitals.systolic', 'vitals.diastolic'])
  assert.deepEqual(pathsOf(vitalErrors({ muac: 11.5 })), ['vitals.muac'])
})

test('a message names the range and the unit', () => {
  assert.equal(vitalErrors({ temperature: 4 })[0]?.message.fr, 'La température va de 25 à 45 °C.')
  assert.equal(vitalErrors({ weight: 0.1 })[0]?.message.fr, 'Le poids va de 0,2 à 400 kg.')
})

test('more digits than are stored are refused, not rounded', () => {
  assert.deepEqual(vitalErrors({ temperature: 38.5, weight: 3.275, height: 51.5 }), [])
  assert.deepEqual(pathsOf(vitalErrors({ temperature: 38.55, weight: 3.2755, pulse: 80.5 })), [
    'vitals.temperature',
    'vitals.pulse',
    'vitals.weight',
  ])
})

test('the diastolic pressure is below the systolic one', () => {
  assert.deepEqual(vitalErrors({ systolic: 120, diastolic: 80 }), [])
  assert.deepEqual(pathsOf(vitalErrors({ systolic: 80, diastolic: 120 })), ['vitals.diastolic'])
  assert.deepEqual(pathsOf(vitalErrors({ systolic: 80, diastolic: 80 })), ['vitals.diastolic'])
  assert.deepEqual(vitalErrors({ systolic: 80, diastolic: null }), [])
})

test('the database checks the same ranges', () => {
  const sql = readFileSync(new URL('../../../../migrations/tenant/0004_consultations.sql', import.meta.url), 'utf8')
  for (const vital of vitalNames) {
    const { min, max } = vitalRanges[vital]
    assert.ok(sql.includes(`check (${vital} between ${min} and ${max})`), vital)
  }
})
