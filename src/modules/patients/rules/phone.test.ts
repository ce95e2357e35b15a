import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { phoneErrors, readPhone } from './phone.ts'

test('every Malian way of writing a number is stored one way', () => {
  for (const written of [
    '76123456',
    '76 12 34 56',
    '76.12.34.56',
    '76-12-34-56',
    '76/12/34/56',
    '7612 3456',
    '+22376123456',
    '+223 76 12 34 56',
    '(+223) 76 12 34 56',
    '00223 76123456',
    '0022376123456',
    '22376123456',
    '223 76 12 34 56',
    ' +223-76-12-34-56 ',
    '76 12 34 56',
  ])
    assert.deepEqual(readPhone(written), { kind: 'malian', phone: '+22376123456' }, written)
})

test('fixed lines and all mobile ranges are Malian', () => {
  for (const written of [
    '20223344',
    '21 42 01 23',
    '44390000',
    '50123456',
    '65123456',
    '83123456',
    '95749134',
    '22312345',
  ])
    assert.equal(readPhone(written).kind, 'malian', written)
})

test('a number of another country is told from an unreadable one', () => {
  for (const written of [
    '+33 6 12 34 56 78',
    '0033612345678',
    '+221 77 123 45 67',
    '+226 70 12 34 56',
    '+1 202 555 0175',
  ])
    assert.equal(readPhone(written).kind, 'foreign', written)
  for (const written of [
    '',
    '12',
    '7612345',
    '761234567',
    '+2237612345',
    '16123456',
    'abc',
    '76 12 34 5x',
    '+++',
    '76123456;ext=1',
    '9'.repeat(100),
  ])
    assert.equal(readPhone(written).kind, 'invalid', written)
})

test('a refusal names the field and says what would be right', () => {
  assert.deepEqual(phoneErrors('76 12 34 56'), [])
  const [foreign] = phoneErrors('+33612345678')
  assert.equal(foreign?.path, 'phone')
  assert.match(foreign.message.fr, /\+223/)
  assert.notDeepEqual(phoneErrors('123')[0]?.message, foreign?.message)
})

test('the marks that come along when a number is copied are no part of it', () => {
  for (const written of ['\u202a+223 76 54 32 10\u202c', '76\u201154\u201132\u201110', '76\u00a054\u202f32 10\u200e'])
    assert.deepEqual(readPhone(written), { kind: 'malian', phone: '+22376543210' })
})

test('any eight digits of the numbering plan come back, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20_000_000, max: 99_999_999 }).filter((n) => !String(n).startsWith('3')),
      fc.constantFrom('', '+223', '00223', '223'),
      fc.constantFrom('', ' ', '.', '-'),
      (number, prefix, separator) => {
        const written = `${prefix}${separator}${String(number).match(/../g)!.join(separator)}`
        assert.deepEqual(readPhone(written), { kind: 'malian', phone: `+223${number}` }, written)
      },
    ),
  )
})

test('what is read without the library is what the library reads', () => {
  const digits = fc.stringMatching(/^[0-9]{8}$/)
  const written = fc.oneof(
    digits,
    digits.map((eight) => `+223${eight}`),
    fc.stringMatching(/^[0-9]{5}$/).map((five) => `223${five}`),
    fc.stringMatching(/^00223[0-9]{3}$/),
  )
  let malian = 0
  fc.assert(
    fc.property(written, (number) => {
      const read = parsePhoneNumberFromString(number, 'ML')
      const expected = read?.isValid() && read.country === 'ML' ? read.number : undefined
      if (expected !== undefined) malian++
      const reading = readPhone(number)
      assert.equal(reading.kind === 'malian' ? reading.phone : undefined, expected, number)
    }),
    { numRuns: 400 },
  )
  assert.ok(malian > 100)
})
