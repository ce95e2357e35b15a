import assert from 'node:assert/strict'
import test from 'node:test'
import { invalidInput, Problem } from '../../../shared/errors.ts'
import { tidyFields, withDefaults } from './fields.ts'
import { searchKey } from './names.ts'
import { readSearch, spellingsOf } from './search.ts'

test('one search box for names, phones and file numbers', () => {
  assert.deepEqual(readSearch('koulibali'), { names: ['koulibali', 'kulibali'] })
  assert.deepEqual(readSearch('2026-000123'), { fileNumber: { year: 2026, number: 123 } })
  assert.deepEqual(readSearch(' 2026/7 '), { fileNumber: { year: 2026, number: 7 } })
  assert.deepEqual(readSearch('76 12 34 56'), { digits: '76123456' })
  assert.deepEqual(readSearch('+223 76 12 34 56'), { digits: '76123456' })
  assert.deepEqual(readSearch('0022376123456'), { digits: '76123456' })
  assert.deepEqual(readSearch('Awa 3456'), { names: ['awa', 'aua'], digits: '3456' })
  assert.deepEqual(readSearch('!%_'), {})
  assert.deepEqual(readSearch('H'), { names: ['h', 'h'] })
  const card = { names: ['k', 'k'], digits: '21986102013045', card: '21986102013045K' }
  assert.deepEqual(readSearch('2 1986 1020 13045 k'), card)
})

test('a name is looked for as it is written and as it sounds', () => {
  assert.equal(searchKey('Fatoumata', 'Diarra'), 'fatoumata diarra fatumata jara')
  assert.equal(searchKey('Moriba', 'Kone'), 'moriba kone')
})

test('fields are stored tidy, and only those given', () => {
  assert.deepEqual(
    tidyFields(
      {
        familyName: ' COULIBALY ',
        phone: '0022376123456',
        village: '  ',
        nina: '2 1986 102013045 k',
        allergies: ['Pénicilline', ' Pénicilline '],
      },
      '2026-11-22',
    ),
    {
      familyName: 'COULIBALY',
      phone: '+22376123456',
      village: null,
      nina: '21986102013045K',
      allergies: ['Pénicilline'],
    },
  )
  assert.deepEqual(tidyFields({ phone: null }, '2026-11-22'), { phone: null })
})

test('every wrong field is told at once', () => {
  const wrong = {
    familyName: '...',
    givenName: '12',
    phone: '12',
    birth: { precision: 'day' as const, date: '2030-01-01' },
  }
  assert.throws(
    () => tidyFields(wrong, '2026-11-22'),
    (error) =>
      error instanceof Problem &&
      error.code === invalidInput().code &&
      paths(error) === 'familyName givenName birth.date phone',
  )
})

test('what a creation leaves out is empty', () => {
  const birth = { precision: 'year' as const, date: '1990' }
  const { allergies, sensitive, phone } = withDefaults({ familyName: 'A', givenName: 'B', sex: 'F', birth })
  assert.deepEqual([allergies, sensitive, phone], [[], false, null])
})

const paths = (error: Problem) => error.options.errors?.map(({ path }) => path).join(' ')

test('of several words whose sound says nearly the same, the sound alone is looked for', () => {
  const cases: [typed: string, looked: string[]][] = [
    ['Fatoumata Ngodabo', ['fatumata ngodabo']],
    ['Moussa Sitafa', ['musa sitafa']],
    ['Modibo Samaké', ['modibo samake']],
    ['Moussa Koulibali', ['moussa koulibali', 'musa kulibali']],
    ['Dirra Awa', ['dirra awa', 'dira aua']],
    ['Fatoumata', ['fatoumata', 'fatumata']],
  ]
  for (const [typed, looked] of cases) assert.deepEqual(spellingsOf(readSearch(typed).names!), looked, typed)
})
