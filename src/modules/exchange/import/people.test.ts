import assert from 'node:assert/strict'
import test from 'node:test'
import { bornAround, type Birth, type Person } from '../../patients/index.ts'
import { People } from './people.ts'

const on = '2026-07-20'
const told = (value: number, unit: 'years' | 'months' | 'days', day = '2026-07-01'): Birth => ({
  precision: 'estimate',
  estimate: { value, unit, on: day },
})
const awa: Person = {
  familyName: 'Traoré',
  givenName: 'Awa',
  sex: 'F',
  birth: { precision: 'year', date: '1990' },
  phone: '+22376123456',
  village: 'Kewa',
}

/** What becomes of a second record beside the first one. */
function outcome(first: Person, second: Person, day = on): 'same' | 'proposed' | 'other' {
  const people = new People()
  people.add({ id: 'first', person: first })
  const { isNew, proposal } = people.recognise(second, day, 2, () => 'second')
  return isNew ? (proposal ? 'proposed' : 'other') : 'same'
}

test('the same person: written alike, with phone, village or card agreeing and nothing against it', () => {
  const alike: Partial<Person>[] = [
    {},
    { village: 'KEWA' },
    { phone: null },
    { village: null },
    { birth: { precision: 'month', date: '1990-03' } },
    { birth: told(36, 'years') },
    { birth: bornAround(1989, on) },
    { motherName: 'Fanta' },
    { phone: null, village: null, nina: '21986102013045K' },
  ]
  for (const change of alike) {
    const first = change.nina ? { ...awa, nina: change.nina } : awa
    assert.equal(outcome(first, { ...awa, ...change }), 'same', JSON.stringify(change))
  }
  assert.equal(
    outcome({ ...awa, birth: told(10, 'days') }, { ...awa, birth: told(10, 'days', '2026-08-09') }, '2026-08-09'),
    'same',
  )
})

test('perhaps the same person: proposed, never merged', () => {
  const perhaps: Partial<Person>[] = [
    { familyName: 'TRAORÉ' },
    { familyName: 'Traore' },
    { familyName: 'Traorre' },
    { familyName: 'Awa', givenName: 'Traoré' },
    { phone: '+22366000000' },
    { village: 'Sofara' },
    { phone: null, village: null },
    { birth: { precision: 'year', date: '1991' } },
    { birth: told(40, 'years') },
  ]
  for (const change of perhaps) assert.equal(outcome(awa, { ...awa, ...change }), 'proposed', JSON.stringify(change))
  const fatoumata = { ...awa, givenName: 'Fatoumata' }
  assert.equal(outcome(fatoumata, { ...fatoumata, givenName: 'Fanta' }), 'proposed')
  assert.equal(
    outcome({ ...awa, nina: '21986102013045K' }, { ...awa, familyName: 'Dolo', nina: '21986102013045K' }),
    'proposed',
  )
})

test('another person: nothing but the names agrees, or something is too far away', () => {
  const others: Partial<Person>[] = [
    { phone: '+22366000000', village: 'Sofara' },
    { givenName: 'Hawa', village: 'Sofara', phone: null },
    { birth: { precision: 'year', date: '2015' } },
    { sex: 'M' },
    { familyName: 'Coulibaly' },
    { givenName: 'Moussa' },
  ]
  for (const change of others) assert.equal(outcome(awa, { ...awa, ...change }), 'other', JSON.stringify(change))
})

test('nobody is seen before being born: an earlier visit is not of the younger namesake', () => {
  const baby = { ...awa, birth: told(2, 'days', '2026-07-10') }
  assert.notEqual(outcome(baby, { ...awa, birth: told(2, 'days', '2026-06-20') }, '2026-06-20'), 'same')
})

test('of several who would do, the one with more in common is taken', () => {
  const people = new People()
  people.add({ id: 'village', person: { ...awa, phone: null } })
  people.add({ id: 'both', person: awa })
  assert.equal(people.recognise(awa, on, 2, () => 'new').known.id, 'both')
})

test('where everybody has the same names, each line looks at a bounded number of others', () => {
  const people = new People()
  const lines = 1_000
  for (let i = 0; i < lines; i++) {
    const born = new Date(Date.UTC(1990, 0, 1 + (i % 365))).toISOString().slice(0, 10)
    const phone = `+2237${String(6_000_000 + i)}`
    const person: Person = { ...awa, phone, birth: { precision: 'day', date: born } }
    people.add(people.recognise(person, on, i + 2, () => `new ${i}`).known)
  }
  // All are of one village. Without the bounds each line would look at all before it: half a million, and as many to compare.
  assert.ok(people.lookedAt > 300 * lines, String(people.lookedAt))
  assert.ok(people.lookedAt < 550 * lines, String(people.lookedAt))
})

test('among thousands of the same names, the one with the same phone or card is found', () => {
  const people = new People()
  for (let i = 0; i < 3_000; i++)
    people.add({ id: `old ${i}`, person: { ...awa, phone: `+2237${String(6_000_000 + i)}`, nina: `${i}` } })
  assert.equal(people.recognise({ ...awa, phone: '+22376000007' }, on, 2, () => 'new').known.id, 'old 7')
  const card = people.recognise({ ...awa, givenName: 'Hawa', phone: null, nina: '9' }, on, 3, () => 'new')
  assert.deepEqual([card.isNew, card.proposal?.known.id], [true, 'old 9'])
})
