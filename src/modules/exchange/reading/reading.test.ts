import assert from 'node:assert/strict'
import test from 'node:test'
import type { Problem } from '../../../shared/errors.ts'
import { bornBefore, contradicts, readAge, readBirth } from './births.ts'
import { consultationRegister } from '../../consultations/index.ts'
import { readCase, readMeasure, readPressure } from '../../consultations/register/cells.ts'
import { readCodes, readSex } from './cells.ts'
import { findHeader as headerOf, headsOf } from './header.ts'
import { LineReader } from './line.ts'
import { readDay, readVisitDay, readWhole } from './days.ts'
import { decode } from './decode.ts'
import { isBlank, readRows, type Row } from './rows.ts'

const refused = (code: string) => (error: unknown) => (error as Problem).code === code

const findHeader = async (source: string) => headerOf(await headsOf(source), [consultationRegister])

async function rowsOf(source: string): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of readRows(source, ';')) rows.push(row)
  return rows
}

test('whole numbers as spreadsheets write them; none is guessed', () => {
  for (const [written, value] of [
    ['12', 12],
    ['12,0', 12],
    ['12.00', 12],
    ['1 200', 1200],
    ['0', 0],
  ] as const)
    // prettier-ignore
    assert.equal(readWhole(written, 10_000).value, value, written)
  for (const written of ['1.000', '1,000', '12,5', '-1', '1e3', '10001', '12 lits', '²'])
    assert.ok(readWhole(written, 10_000).fault, written)
})

test('the encodings of spreadsheets give the same text', () => {
  const text = 'Prénom;Âge\nAïssata;49'
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
  const files: [Uint8Array, string, boolean][] = [
    [Buffer.from(text), 'utf-8', false],
    [Buffer.from(`\ufeff${text}`.replace(/\n/g, '\r\n')), 'utf-8', false],
    [Buffer.from(text.replace(/\n/g, '\r'), 'latin1'), 'windows-1252', true],
    [utf16, 'utf-16le', false],
    [Buffer.from(utf16).swap16(), 'utf-16be', false],
  ]
  for (const [bytes, encoding, guessed] of files) assert.deepEqual(decode(bytes), { text, encoding, guessed })
  assert.equal(decode(Buffer.from([0x4f, 0x92, 0x20, 0x9c])).text, 'O’ œ')
  assert.throws(() => decode(Buffer.from('a\0b')), refused('import_not_text'))
})

test('the line of a row is the one it begins on, whatever its cells hold', async () => {
  const rows = await rowsOf('N°;Nom\n1;"a\nb"\n\n3;Dr "Bob"\n4;"dit ""Vieux"""\n')
  assert.deepEqual(
    rows.map(({ line }) => line),
    [1, 2, 4, 5, 6],
  )
  assert.deepEqual(
    rows.map(({ cells }) => cells[1]),
    ['Nom', 'a\nb', undefined, 'Dr "Bob"', 'dit "Vieux"'],
  )
  assert.deepEqual(
    rows.map(({ cells }) => isBlank(cells)),
    [false, false, true, false, false],
  )
  // Longer than one piece of the reader, and cut in the middle of a letter's bytes for sure.
  const long = Array.from({ length: 20_000 }, (_, i) => `${i};é;"ligne\n${i}"`).join('\n')
  assert.equal((await rowsOf(long)).at(-1)?.line, 39_999)
})

test('headings are recognised whatever their accents, capitals and order; a title above is passed over', async () => {
  const header = await findHeader(
    'Registre 2026\t\n\nPRENOMS\tNom\tné(e) le\tSEXE\tdiagnostic \tDATE DE CONSULTATION\tpoids (KG)\t\t\nx',
  )
  assert.deepEqual([header.delimiter, header.line, header.headings.length], ['\t', 3, 7])
  assert.deepEqual(header.places, { givenName: 0, familyName: 1, birth: 2, sex: 3, diagnosis: 4, date: 5, weight: 6 })
  const quoted = await findHeader(
    `Date;Nom;Prénom;Sexe;"Âge\n(ans)";Diagnostic\n${'1;2;3;4;5;"a\n'.repeat(1)}${'b\n'.repeat(30)}"`,
  )
  assert.deepEqual([quoted.ageInYears, quoted.line], [true, 1])
  await assert.rejects(findHeader('Nom;Âge'), refused('import_columns_missing'))
})

test('days are read as they are written in French; nothing is guessed', () => {
  for (const written of [
    '01/07/2026',
    '1/7/2026',
    '01-07-2026',
    '01.07.2026',
    '2026-07-01',
    ' 01/07/2026 00:00 ',
    '2026-07-01T00:00:00',
  ])
    assert.equal(readDay(written).value, '2026-07-01', written)
  assert.equal(readDay('29/02/2024').value, '2024-02-29')
  for (const [written, why] of [
    ['31/09/2026', /n'existe pas/],
    ['29/02/2026', /n'existe pas/],
    ['13/25/2026', /n'existe pas/],
    ['01/07/26', /deux chiffres/],
    ['46204', /illisible/],
    ['1er juillet', /illisible/],
    ['01/07-2026', /illisible/],
    ['0/0/0000', /n'existe pas/],
  ] as const)
    // prettier-ignore
    assert.match(readDay(written).fault?.fr ?? '', why, written)
  assert.match(readVisitDay('02/07/2026', '2026-07-01').fault?.fr ?? '', /futur/)
  assert.equal(readVisitDay('01/07/2026', '2026-07-01').value, '2026-07-01')
})

test('births keep the precision they have', () => {
  const on = '2026-07-01'
  assert.deepEqual(readBirth('20/06/2013', on).value, { precision: 'day', date: '2013-06-20' })
  for (const written of ['06/2013', '6/2013', '2013-06'])
    assert.deepEqual(readBirth(written, on).value, { precision: 'month', date: '2013-06' })
  assert.deepEqual(readBirth('1978', on).value, { precision: 'year', date: '1978' })
  for (const written of ['vers 1978', 'Vers 1978', 'env. 1978', '~1978', 'née vers 1978', 'né(e) vers 1978'])
    assert.deepEqual(
      readBirth(written, on).value,
      { precision: 'estimate', estimate: { value: 48, unit: 'years', on } },
      written,
    )
  for (const [written, why] of [
    ['02/07/2026', /après la consultation/],
    ['2027', /après/],
    ['vers 2030', /après/],
    ['1890', /125 ans/],
    ['78', /illisible/],
    ['20/06/13', /deux chiffres/],
  ] as const)
    // prettier-ignore
    assert.match(readBirth(written, on).fault?.fr ?? '', why, written)
})

test('ages are read with their unit and bounded', () => {
  assert.deepEqual(readAge('10', 'mois').value, { value: 10, unit: 'months' })
  assert.deepEqual(readAge('10 mois', '').value, { value: 10, unit: 'months' })
  assert.deepEqual(readAge('0', 'jours').value, { value: 0, unit: 'days' })
  assert.deepEqual(readAge('1,5', 'ans').value, { value: 18, unit: 'months' })
  assert.deepEqual(readAge('30', '', 'years').value, { value: 30, unit: 'years' })
  for (const [age, unit, why] of [
    ['-4', 'ans', /négatif/],
    ['−4', 'ans', /négatif/],
    ['abc', 'jours', /illisible/],
    ['240', 'ans', /impossible/],
    ['126', 'ans', /impossible/],
    ['1501', 'mois', /impossible/],
    ['10', '', /absente/],
    ['10', 'lunes', /inconnue/],
    ['1e3', 'ans', /illisible/],
    ['2,5', 'mois', /illisible/],
  ] as const)
    // prettier-ignore
    assert.match(readAge(age, unit).fault?.fr ?? '', why, `${age} ${unit}`)
  assert.deepEqual(readAge('125', 'ans').value, { value: 125, unit: 'years' })
  const years = (value: number) => ({ value, unit: 'years' }) as const
  assert.equal(contradicts(years(49), { precision: 'year', date: '1977' }, '2026-07-01'), false)
  assert.equal(contradicts(years(59), { precision: 'year', date: '1977' }, '2026-07-01'), false)
  assert.equal(contradicts(years(70), { precision: 'year', date: '1977' }, '2026-07-01'), true)
  assert.equal(contradicts(years(3), bornBefore({ value: 3, unit: 'months' }, '2026-07-01'), '2026-07-01'), true)
})

test('sex, case, codes and measures are read in their usual writings', () => {
  assert.deepEqual(['f', 'F', 'Féminin', 'femme', 'M', 'Homme', 'masculin', 'h'].map((cell) => readSex(cell).value), ['F', 'F', 'F', 'F', 'M', 'M', 'M', 'M']) // prettier-ignore
  for (const cell of ['X', 'FM', '1', '']) assert.ok(readSex(cell).fault, cell)
  assert.deepEqual(
    ['NC', 'nc', 'Nouveau cas', 'AC', 'ancien'].map((cell) => readCase(cell).value),
    ['new', 'new', 'new', 'followUp', 'followUp'],
  )
  assert.deepEqual(readCodes('B54 ; J06.9/E44.0'), ['B54', 'J06.9', 'E44.0'])
  assert.deepEqual(['38,5', '38.5 °C', '62 kg', '98%', 'abc', '12/8'].map(readMeasure), [
    38.5,
    38.5,
    62,
    98,
    undefined,
    undefined,
  ])
  assert.deepEqual(readPressure('12/8'), { systolic: 120, diastolic: 80 })
  assert.deepEqual(readPressure('135/85 mmHg'), { systolic: 135, diastolic: 85 })
})

test('a line tells all its faults at once, and warns where it can be kept', async () => {
  const header = await findHeader(
    'Date;Nom;Prénom;Sexe;Âge;Unité;Diagnostic;Téléphone;NINA;Température;TA;NC/AC;Issue\n',
  )
  const read = (cells: string) => {
    const reader = new LineReader({ line: 2, cells: cells.split(';') }, header)
    return { visit: consultationRegister.read(reader, '2026-07-02'), ...reader }
  }
  const bad = read('30/02/2026;;12;?;;;-;;;;;X;')
  assert.deepEqual(
    bad.faults.map(({ column }) => column),
    ['Date', 'Nom', 'Prénom', 'Sexe', 'Âge', 'Diagnostic', 'NC/AC'],
  )
  const kept = read("01/07/2026;'=Cissé;Awa;F;30;ans;Plaie;76 12 34 56 / 66 12 34 56;123;52;12/13;;ailleurs")
  assert.deepEqual(kept.visit?.person.phone, '+22376123456')
  assert.equal(kept.visit?.person.familyName, '=Cissé')
  assert.deepEqual(kept.visit?.content.vitals, { systolic: 120 })
  assert.deepEqual(new Set(kept.warnings.map(({ column }) => column)), new Set(['Issue', 'NC/AC', 'TA', 'Température']))
  // What its NINA lacks is told when the line is kept: import.test.ts.
})
