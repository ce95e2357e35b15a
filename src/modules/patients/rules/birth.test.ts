import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { ageOn, birthErrors, birthRange, bornAround, type Age, type Birth } from './birth.ts'
import { addDays, addMonths, isDay } from './calendar.ts'

const today = '2026-11-22'
const day = (date: string): Birth => ({ precision: 'day', date })
const month = (date: string): Birth => ({ precision: 'month', date })
const year = (date: string): Birth => ({ precision: 'year', date })
const estimate = (value: number, unit: Age['unit'], on: string): Birth => ({
  precision: 'estimate',
  estimate: { value, unit, on },
})

test('the age counts days below one month, months below 24 months, then years', () => {
  const cases: [string, string][] = [
    ['2026-11-22', '0 days'],
    ['2026-11-18', '4 days'],
    ['2026-10-23', '30 days'],
    ['2026-10-22', '1 months'],
    ['2025-11-23', '11 months'],
    ['2025-11-22', '12 months'],
    ['2024-11-23', '23 months'],
    ['2024-11-22', '2 years'],
    ['1986-11-22', '40 years'],
    ['1986-11-23', '39 years'],
    ['2004-02-29', '22 years'],
  ]
  for (const [date, expected] of cases) assert.equal(show(ageOn(day(date), today)), expected, date)
})

test('an age is never finer than what is known of the birth', () => {
  assert.equal(show(ageOn(year('1978'), today)), '48 years')
  assert.equal(show(ageOn(year('2026'), today)), '0 years')
  assert.equal(show(ageOn(month('2026-11'), today)), '0 months')
  assert.equal(show(ageOn(month('2026-09'), today)), '2 months')
  assert.equal(show(ageOn(month('2024-11'), today)), '2 years')
  assert.equal(show(ageOn(estimate(1, 'years', today), today)), '1 years')
})

test('an estimated age grows with time', () => {
  assert.equal(show(ageOn(estimate(48, 'years', '2026-07-01'), '2026-07-01')), '48 years')
  assert.equal(show(ageOn(estimate(48, 'years', '2024-07-01'), today)), '50 years')
  assert.equal(show(ageOn(estimate(10, 'months', '2026-07-01'), '2026-07-01')), '10 months')
  assert.equal(show(ageOn(estimate(10, 'months', '2026-07-01'), today)), '14 months')
  // Never finer than what was told.
  assert.equal(show(ageOn(estimate(0, 'months', '2026-07-01'), '2026-07-05')), '0 months')
  assert.equal(show(ageOn(estimate(3, 'months', '2026-07-01'), '2026-04-10')), '0 months')
  assert.equal(show(ageOn(estimate(4, 'days', '2026-11-10'), today)), '16 days')
  assert.equal(show(ageOn(estimate(1, 'months', '2026-03-31'), '2026-03-31')), '1 months')
  assert.equal(show(ageOn(bornAround(1978, '2026-07-01'), '2026-07-01')), '48 years')
})

test('a day before the birth gives age 0', () => {
  assert.equal(show(ageOn(day('2026-07-01'), '2026-06-30')), '0 days')
  assert.equal(show(ageOn(year('2026'), '2025-12-31')), '0 years')
})

test('the possible days of birth', () => {
  assert.deepEqual(birthRange(day('1986-03-21')), ['1986-03-21', '1986-03-21'])
  assert.deepEqual(birthRange(month('2024-02')), ['2024-02-01', '2024-02-29'])
  assert.deepEqual(birthRange(year('1978')), ['1978-01-01', '1978-12-31'])
  assert.deepEqual(birthRange(estimate(49, 'years', '2026-07-01')), ['1976-07-02', '1977-07-01'])
  assert.deepEqual(birthRange(estimate(10, 'months', '2026-07-15')), ['2025-08-16', '2025-09-15'])
  assert.deepEqual(birthRange(estimate(4, 'days', '2026-07-01')), ['2026-06-27', '2026-06-27'])
})

test('what is wrong is named by field', () => {
  const cases: [Birth, string | undefined][] = [
    [day('1986-03-21'), undefined],
    [day(today), undefined],
    [month('2026-11'), undefined],
    [year('2026'), undefined],
    [year('1901'), undefined],
    [estimate(0, 'days', today), undefined],
    [estimate(125, 'years', today), undefined],
    [day('2026-11-23'), 'birth.date'],
    [day('2026-02-30'), 'birth.date'],
    [day('1986-03'), 'birth.date'],
    [day('1986'), 'birth.date'],
    [month('2026-13'), 'birth.date'],
    [month('2026-12'), 'birth.date'],
    [month('1986-03-21'), 'birth.date'],
    [year('2027'), 'birth.date'],
    [year('1900'), 'birth.date'],
    [year('86'), 'birth.date'],
    [day('infinity'), 'birth.date'],
    [{ precision: 'day' }, 'birth.date'],
    [{ precision: 'estimate' }, 'birth.estimate'],
    [{ precision: 'estimate', date: '1978' }, 'birth.date'],
    [{ ...estimate(48, 'years', today), date: '1978' }, 'birth.date'],
    [{ ...estimate(48, 'years', today), precision: 'year', date: '1978' }, 'birth.estimate'],
    [estimate(126, 'years', today), 'birth.estimate.value'],
    [estimate(240, 'years', today), 'birth.estimate.value'],
    [estimate(1e9, 'days', today), 'birth.estimate.value'],
    [estimate(-4, 'years', today), 'birth.estimate.value'],
    [estimate(1.5, 'years', today), 'birth.estimate.value'],
    [estimate(4, 'years', '2026-11-23'), 'birth.estimate.on'],
    [estimate(4, 'years', '2026-02-30'), 'birth.estimate.on'],
  ]
  for (const [birth, path] of cases) {
    const [error] = birthErrors(birth, today)
    assert.equal(error?.path, path, JSON.stringify(birth))
    if (error) assert.ok(error.message.fr && error.message.en)
  }
})

const anyDay = fc.integer({ min: 0, max: 45_000 }).map((days) => addDays('1902-01-01', days))
const anyBirth = fc.oneof(
  anyDay.map(day),
  anyDay.map((date) => month(date.slice(0, 7))),
  anyDay.map((date) => year(date.slice(0, 4))),
  fc
    .tuple(fc.nat(100), fc.constantFrom('years', 'months', 'days' as const), anyDay)
    .map(([value, unit, on]) => estimate(value, unit, on)),
)

test('an age never decreases from one day to a later one', () => {
  fc.assert(
    fc.property(anyBirth, anyDay, fc.nat(4000), (birth, from, later) => {
      const [before, after] = [ageOn(birth, from), ageOn(birth, addDays(from, later))]
      assert.ok(inDays(after) >= inDays(before), `${show(before)} then ${show(after)}`)
    }),
    { numRuns: 1000 },
  )
})

test('an estimate told today is shown as it was told, up to the change of unit', () => {
  fc.assert(
    fc.property(anyDay, fc.nat(120), (on, value) => {
      assert.equal(show(ageOn(estimate(value, 'years', on), on)), `${value} years`)
      if (value >= 1 && value < 24) assert.equal(show(ageOn(estimate(value, 'months', on), on)), `${value} months`)
      if (value < 28) assert.equal(show(ageOn(estimate(value, 'days', on), on)), `${value} days`)
    }),
  )
})

test('every possible day of birth of a range gives the age that was told', () => {
  fc.assert(
    fc.property(anyDay, fc.integer({ min: 2, max: 100 }), (on, value) => {
      const [from, to] = birthRange(estimate(value, 'years', on))
      for (const born of [from, to]) assert.equal(show(ageOn(day(born), on)), `${value} years`, born)
    }),
  )
})

test('calendar: what does not exist, and months of unequal length', () => {
  for (const bad of ['2026-02-29', '2026-13-01', '2026-00-10', '0000-00-00', '26-01-01', '2026-1-1', 'today'])
    assert.equal(isDay(bad), false, bad)
  assert.equal(isDay('2024-02-29'), true)
  assert.equal(addMonths('2026-03-31', -1), '2026-02-28')
  assert.equal(addMonths('2024-02-29', -12), '2023-02-28')
  assert.equal(addMonths('2026-12-31', 2), '2027-02-28')
})

test('a day exists when the calendar has it', () => {
  const two = (n: number): string => String(n).padStart(2, '0')
  for (const year of ['0000', '1900', '2023', '2024', '2100', '2400'])
    for (let month = 0; month <= 13; month++)
      for (let date = 0; date <= 32; date++) {
        const written = `${year}-${two(month)}-${two(date)}`
        const there = new Date(`${written}T00:00:00Z`)
        const exists = !Number.isNaN(there.getTime()) && there.toISOString().startsWith(written)
        assert.equal(isDay(written), exists, written)
      }
})

const show = ({ value, unit }: Age): string => `${value} ${unit}`
const inDays = ({ value, unit }: Age): number => value * { years: 372, months: 31, days: 1 }[unit]

test('months are added as the calendar of the machine adds them', () => {
  const byDate = (day: string, months: number): string => {
    const date = new Date(`${day.slice(0, 7)}-01T00:00:00Z`)
    date.setUTCMonth(date.getUTCMonth() + months)
    const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
    date.setUTCDate(Math.min(Number(day.slice(8)), last))
    return date.toISOString().slice(0, 10)
  }
  const days = fc.date({ min: new Date('1850-01-01'), max: new Date('2200-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(days, fc.integer({ min: -1_600, max: 1_600 }), (date, months) => {
      const on = date.toISOString().slice(0, 10)
      assert.equal(addMonths(on, months), byDate(on, months))
    }),
    {
      numRuns: 2_000,
      examples: [
        [new Date('2024-02-29'), -12],
        [new Date('2026-03-31'), -1],
      ],
    },
  )
})
