import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { addDays } from './calendar.ts'
import {
  birthLikeness,
  birthWindow,
  CERTAIN,
  duplicateScore,
  POSSIBLE,
  sameWrittenName,
  type Person,
} from './duplicates.ts'
import { birthRange, type Birth } from './birth.ts'

const born: Birth = { precision: 'year', date: '1990' }
const fatoumata: Person = { familyName: 'Coulibaly', givenName: 'Fatoumata', sex: 'F', birth: born }
const full: Person = { ...fatoumata, phone: '+22376123456', village: 'Sangha', motherName: 'Awa Diarra' }
const score = (a: Person, b: Partial<Person>) => duplicateScore(a, { ...a, ...b })
const about = (value: number, on = '2026-07-01'): Birth => ({
  precision: 'estimate',
  estimate: { value, unit: 'years', on },
})

test('all that is known agrees', () => {
  assert.equal(score(full, {}), 1)
  assert.equal(score(fatoumata, {}), 1)
  assert.equal(score(full, { familyName: 'KOULIBALI', givenName: 'fatoumata', village: 'SANGHA' }), 1)
})

test('likely one person: creation asks', () => {
  const others: Partial<Person>[] = [
    { givenName: 'Fatimata' },
    { givenName: 'Fanta' },
    { familyName: 'Fatoumata', givenName: 'Coulibaly' },
    { birth: about(36) },
    { birth: about(38) },
    { birth: { precision: 'year', date: '1991' } },
    { birth: { precision: 'day', date: '1990-05-12' } },
    { village: 'Bandiagara' },
    { phone: '+22366112233' },
    { village: 'Bandiagara', phone: '+22366112233' },
    { phone: null, village: null, motherName: null },
    { sex: 'M' },
    { motherName: 'Hawa Jarra' },
  ]
  for (const other of others)
    assert.ok(score(full, other) >= POSSIBLE, `${JSON.stringify(other)} ${score(full, other)}`)
})

test('another person', () => {
  const others: Partial<Person>[] = [
    { givenName: 'Aminata' },
    { givenName: 'Mariam' },
    { familyName: 'Traoré' },
    { givenName: 'Moussa', sex: 'M' },
    { birth: { precision: 'year', date: '2015' }, motherName: null, phone: null },
    { birth: about(10), phone: null },
    { birth: about(50), motherName: 'Kadiatou Sangaré' },
  ]
  for (const other of others) assert.ok(score(full, other) < POSSIBLE, `${JSON.stringify(other)} ${score(full, other)}`)
  assert.ok(duplicateScore(full, { familyName: 'Dolo', givenName: 'Sékou', sex: 'M', birth: about(3) }) < 0.2)
})

test('twins share all but the given name', () => {
  const twin: Person = { ...full, givenName: 'Hawa', birth: { precision: 'day', date: '2026-01-05' } }
  assert.ok(score(twin, { givenName: 'Adama' }) < POSSIBLE)
})

test('a card decides', () => {
  const card = { ...full, nina: '11986102013045K' }
  assert.ok(score(card, { familyName: 'Traoré', birth: about(50) }) >= CERTAIN)
  assert.ok(score({ ...full, amoNumber: '1234567' }, { familyName: 'Traoré', birth: about(50) }) >= CERTAIN)
  assert.ok(score(card, { nina: '21990102013045A' }) < POSSIBLE)
})

test('the order of the two records changes nothing', () => {
  const others: Partial<Person>[] = [
    { givenName: 'Fatim' },
    { birth: about(38) },
    { familyName: 'Fatoumata', givenName: 'Coulibaly' },
    { sex: 'M' },
  ]
  for (const other of others)
    assert.equal(duplicateScore(full, { ...full, ...other }), duplicateScore({ ...full, ...other }, full))
})

test('births: overlap, tolerance of an estimate, a slip of the pen, another birth', () => {
  const day = (date: string): Birth => ({ precision: 'day', date })
  assert.equal(birthLikeness(day('1990-05-12'), born), 1)
  assert.equal(birthLikeness(about(36), born), 1)
  assert.equal(birthLikeness(day('1990-05-12'), day('1990-12-05')), 0.5)
  assert.equal(birthLikeness(day('1990-05-12'), day('1991-05-12')), 0.5)
  assert.equal(birthLikeness(day('1990-05-12'), day('1990-08-21')), 0)
  assert.equal(birthLikeness(day('1990-05-12'), day('1980-05-12')), 0)
  // 60 years: 20 % is 12 years; 5 years: at least 2.
  const years = (value: number, other: number) => birthLikeness(about(value), about(other))
  assert.ok(years(60, 70) > 0.5 && years(60, 70) < 1)
  assert.equal(years(60, 80), 0)
  assert.ok(years(5, 7) > 0.5)
  assert.equal(years(5, 9), 0)
})

test('whoever may have a like birth is within the window that a search for candidates asks', () => {
  const today = '2026-11-22'
  const anyDay = fc.integer({ min: 0, max: 40_000 }).map((days) => addDays(today, -days))
  const anyBirth: fc.Arbitrary<Birth> = fc.oneof(
    anyDay.map((date) => ({ precision: 'day' as const, date })),
    anyDay.map((date) => ({ precision: 'year' as const, date: date.slice(0, 4) })),
    fc.tuple(fc.nat(100), fc.constantFrom('years' as const, 'months' as const)).map(([value, unit]) => ({
      precision: 'estimate' as const,
      estimate: { value, unit, on: today },
    })),
  )
  const estimated = (value: number): Birth => ({ precision: 'estimate', estimate: { value, unit: 'years', on: today } })
  let alike = 0
  fc.assert(
    fc.property(anyBirth, anyBirth, (a, b) => {
      if (birthLikeness(a, b) === 0) return
      alike++
      const [from, to] = birthWindow(a, today)
      const [otherFrom, otherTo] = birthRange(b)
      assert.ok(otherTo >= from && otherFrom <= to, `${from} ${to} ${otherFrom} ${otherTo}`)
    }),
    { numRuns: 5000, examples: [[estimated(51), estimated(65)]] },
  )
  assert.ok(alike > 100)
})

test('the same written name, but for accents and capitals', () => {
  assert.ok(sameWrittenName(fatoumata, { ...fatoumata, familyName: 'COULIBALY', givenName: 'fatoumatà' }))
  assert.ok(!sameWrittenName(fatoumata, { ...fatoumata, familyName: 'Koulibaly' }))
})
