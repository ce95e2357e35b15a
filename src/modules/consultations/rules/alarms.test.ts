import assert from 'node:assert/strict'
import test from 'node:test'
import { alarmsOf } from './alarms.ts'
import type { Vitals } from './vitals.ts'

type Unit = 'years' | 'months' | 'days'
const levels = (vitals: Vitals, value?: number, unit: Unit = 'years') =>
  Object.fromEntries(
    alarmsOf(vitals, value === undefined ? undefined : { value, unit }).map(({ vital, level }) => [vital, level]),
  )

test('an adult within the limits raises no alarm', () => {
  assert.deepEqual(
    levels(
      {
        temperature: 37,
        systolic: 120,
        diastolic: 80,
        pulse: 75,
        respiration: 16,
        spo2: 98,
        weight: 70,
        height: 170,
        muac: 100,
      },
      30,
    ),
    {},
  )
})

test('fast breathing follows the age groups of IMCI', () => {
  const cases: [respiration: number, value: number, unit: Unit, level: string | undefined][] = [
    [59, 20, 'days', undefined],
    [60, 20, 'days', 'danger'],
    [60, 1, 'months', 'danger'],
    [49, 2, 'months', undefined],
    [50, 2, 'months', 'warning'],
    [50, 11, 'months', 'warning'],
    [39, 12, 'months', undefined],
    [40, 12, 'months', 'warning'],
    [40, 4, 'years', 'warning'],
    [29, 5, 'years', undefined],
    [30, 5, 'years', 'warning'],
    [29, 40, 'years', undefined],
    [30, 40, 'years', 'danger'],
    [8, 40, 'years', 'danger'],
  ]
  for (const [respiration, value, unit, level] of cases)
    assert.equal(levels({ respiration }, value, unit).respiration, level, `${respiration}/min at ${value} ${unit}`)
})

test('a young infant with 37.5 °C is in danger, a child is not', () => {
  assert.deepEqual(levels({ temperature: 37.5 }, 12, 'days'), { temperature: 'danger' })
  assert.deepEqual(levels({ temperature: 37.5 }, 2, 'months'), {})
  assert.deepEqual(levels({ temperature: 38.5 }, 3), { temperature: 'warning' })
  assert.deepEqual(levels({ temperature: 38.4 }, 3), {})
  assert.deepEqual(levels({ temperature: 35.4 }, 3), { temperature: 'warning' })
  assert.deepEqual(levels({ temperature: 35.4 }, 1, 'months'), { temperature: 'danger' })
  assert.deepEqual(levels({ temperature: 35 }, 70), { temperature: 'danger' })
})

test('the arm circumference speaks from 6 to 59 months only', () => {
  assert.deepEqual(levels({ muac: 114 }, 5, 'months'), {})
  assert.deepEqual(levels({ muac: 114 }, 6, 'months'), { muac: 'danger' })
  assert.deepEqual(levels({ muac: 115 }, 6, 'months'), { muac: 'warning' })
  assert.deepEqual(levels({ muac: 124 }, 4), { muac: 'warning' })
  assert.deepEqual(levels({ muac: 125 }, 4), {})
  assert.deepEqual(levels({ muac: 114 }, 5), {})
})

test('pressure: hypertension for adults, hypotension by age', () => {
  assert.deepEqual(levels({ systolic: 180, diastolic: 110 }, 50), { systolic: 'danger', diastolic: 'danger' })
  assert.deepEqual(levels({ systolic: 140, diastolic: 90 }, 50), { systolic: 'warning', diastolic: 'warning' })
  assert.deepEqual(levels({ systolic: 180 }, 17), {})
  assert.deepEqual(levels({ systolic: 89 }, 18), { systolic: 'danger' })
  assert.deepEqual(levels({ systolic: 75 }, 2), {})
  assert.deepEqual(levels({ systolic: 73 }, 2), { systolic: 'danger' })
  assert.deepEqual(levels({ systolic: 69 }, 8, 'months'), { systolic: 'danger' })
  assert.deepEqual(levels({ systolic: 65 }, 10, 'days'), {})
})

test('pulse and saturation', () => {
  assert.deepEqual(levels({ pulse: 131 }, 30), { pulse: 'danger' })
  assert.deepEqual(levels({ pulse: 111 }, 30), { pulse: 'warning' })
  assert.deepEqual(levels({ pulse: 131 }, 1), {})
  assert.deepEqual(levels({ pulse: 59 }, 1), { pulse: 'danger' })
  assert.deepEqual(levels({ pulse: 40 }, 30), { pulse: 'danger' })
  assert.deepEqual(levels({ spo2: 89 }, 1), { spo2: 'danger' })
  assert.deepEqual(levels({ spo2: 93 }, 60), { spo2: 'warning' })
  assert.deepEqual(levels({ spo2: 94 }, 60), {})
})

test('a birth known by its year only is neither a newborn nor a one-year-old', () => {
  assert.deepEqual(levels({ respiration: 60, temperature: 37.6 }, 0, 'years'), { respiration: 'warning' })
})

test('without an age only what holds at every age is told', () => {
  assert.deepEqual(levels({ temperature: 38.5, spo2: 85, systolic: 200, respiration: 50, muac: 100 }), {
    temperature: 'warning',
    spo2: 'danger',
  })
})

test('messages are given in both languages', () => {
  const [alarm] = alarmsOf({ muac: 110 }, { value: 2, unit: 'years' })
  assert.match(alarm?.message.fr ?? '', /Malnutrition aiguë sévère/)
  assert.match(alarm?.message.en ?? '', /Severe acute malnutrition/)
})
