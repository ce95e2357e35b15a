import assert from 'node:assert/strict'
import test from 'node:test'
import { harness } from '../../../test/harness.ts'
import { exampleRegister, importFile, line, register } from './register.fixture.ts'

// Counted again without any of the program's own reading: the example has no quoted cell.
const rows = exampleRegister
  .toString('utf8')
  .replace('\ufeff', '')
  .split('\r\n')
  .map((row, i) => ({ line: i + 1, text: row, cells: row.split(';') }))
  .slice(1)
  .filter(({ text }) => text !== '')

// What stands beside the register as its expected outcome.
const expectedRefusals: Record<string, [column: string, why: RegExp]> = {
  18: ['Date', /n'existe pas/],
  42: ['Date', /futur/],
  67: ['Nom', /Nom absent/],
  103: ['Sexe', /Sexe inconnu/],
  151: ['Âge', /négatif/],
  189: ['Âge', /illisible/],
  302: ['Date', /Date absente/],
  357: ['Âge', /impossible/],
  400: ['Diagnostic', /Diagnostic absent/],
}
const kept = rows.filter(
  ({ cells }, i) => !expectedRefusals[cells[0] ?? ''] && rows.findIndex(({ text }) => text === rows[i]!.text) === i,
)
const digits = (phone: string) => (phone.startsWith('+33') ? '' : phone.replace(/\D/g, '').slice(-8))
const personOf = (cells: string[], fold = (name: string) => name) =>
  [fold(cells[2]!), fold(cells[3]!), cells[4], cells[8], digits(cells[9]!)].join('|')
const unaccented = (name: string) => name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
const persons = new Set(kept.map(({ cells }) => personOf(cells)))
const personsByEar = new Set(kept.map(({ cells }) => personOf(cells, unaccented)))

test('a dry run of the example register tells exactly the expected outcome and stores nothing', async () => {
  const { csref, database } = await harness()
  const { body } = await importFile(csref.agent, exampleRegister, { dryRun: true, expect: 201 })
  assert.equal(body.dryRun, true)
  assert.equal(body.lines, 431)
  assert.equal(body.lines, rows.length)
  const refused = Object.fromEntries(
    body.refused.map((one: { line: number }) => [rows.find(({ line }) => line === one.line)?.cells[0], one]),
  )
  assert.deepEqual(Object.keys(refused), Object.keys(expectedRefusals))
  for (const [number, [column, why]] of Object.entries(expectedRefusals)) {
    assert.equal(refused[number].column, column)
    assert.match(refused[number].message, why)
  }
  const numberOf = ({ line }: { line: number }) => rows.find((row) => row.line === line)?.cells[0]
  assert.deepEqual(
    body.warnings.map((one: { line: number; column: string }) => [numberOf(one), one.column]),
    [
      ['231', 'Téléphone'],
      ['278', 'CIM-10'],
    ],
  )
  assert.match(body.warnings[0].message, /hors Mali/)
  assert.match(body.warnings[1].message, /inconnu/)
  assert.equal(body.duplicates, 1)
  assert.deepEqual(body.duplicateLines.map(numberOf), ['121'])
  assert.deepEqual(body.stored, { patients: persons.size, consultations: kept.length })
  assert.equal(body.stored.consultations, 431 - 9 - 1)
  assert.equal(body.matchedPatients, kept.length - persons.size)
  const { schema } = csref.establishment
  for (const table of ['patient', 'consultation', 'service', 'import_line'])
    assert.deepEqual(await database.asSuperuser(`select count(*)::int as n from ${schema}.${table}`), [{ n: 0 }], table)
})

test('who is written with other accents or capitals is proposed, and keeps a file of their own', async () => {
  const { csref, database } = await harness()
  const { body } = await importFile(csref.agent, exampleRegister, { expect: 201 })
  assert.equal(body.dryRun, false)
  assert.deepEqual(body.stored, { patients: persons.size, consultations: kept.length })
  assert.equal(body.proposedMatches, body.proposals.length)
  assert.equal(body.proposedMatches, persons.size - personsByEar.size)
  assert.equal(body.proposedMatches, 12)
  for (const { line, candidateLine, patientId, candidateId } of body.proposals) {
    const [a, b] = [line, candidateLine].map((at: number) => rows.find((row) => row.line === at)!.cells)
    assert.equal(personOf(a!, unaccented), personOf(b!, unaccented))
    assert.notEqual(personOf(a!), personOf(b!))
    assert.notEqual(patientId, candidateId)
    assert.equal((await csref.agent.get(`/api/v1/patients/${candidateId}`, 200)).body.id, candidateId)
  }
  const { schema } = csref.establishment
  const count = async (sql: string) =>
    (await database.asSuperuser<{ n: number }>(`select count(*)::int as n from ${schema}.${sql}`))[0]?.n
  assert.equal(await count('patient'), persons.size)
  assert.equal(await count('consultation'), kept.length)
  assert.equal(
    await count("record_version where action = 'import' and resource in ('patient', 'consultation')"),
    persons.size + kept.length,
  )
  assert.equal(await count("patient where birth_date like '%-01-01'"), 0)
  const [numbers] = await database.asSuperuser(
    `select min(file_number) as first, max(file_number) as last from ${schema}.patient`,
  )
  assert.deepEqual(numbers, { first: 1, last: persons.size })
})

test('births are stored as they are known, ages with the day on which they were told', async () => {
  const { csref } = await harness()
  const find = async (q: string) =>
    (await csref.agent.get(`/api/v1/patients?q=${encodeURIComponent(q)}`, 200)).body.items[0]
  const born = async (q: string) => (await find(q)).birth
  assert.deepEqual(await born('75415549'), { precision: 'year', date: '1977' })
  assert.deepEqual(await born('98597207'), { precision: 'day', date: '2015-06-30' })
  assert.deepEqual(await born('79557496'), {
    precision: 'estimate',
    estimate: { value: 39, unit: 'years', on: '2026-07-02' },
  })
  assert.deepEqual(await born('67684868'), {
    precision: 'estimate',
    estimate: { value: 10, unit: 'months', on: '2026-07-01' },
  })
  assert.deepEqual(await born('92938357'), {
    precision: 'estimate',
    estimate: { value: 4, unit: 'days', on: '2026-07-13' },
  })
  const { body } = await csref.agent.get('/api/v1/consultations?q=morsure de serpent&to=2026-07-02', 200)
  const [{ date, codes, caseType, practitionerName, service, specialty }] = body.items
  assert.deepEqual([date, codes[0].code, caseType, practitionerName, service.name, specialty.name],
    ['2026-07-02', 'T63.0', 'new', 'Inf. Coulibaly', 'Médecine Générale', 'Médecine Générale']) // prettier-ignore
})

test('the same file again stores nothing and answers the report of the first time', async () => {
  const { csref } = await harness()
  const first = await importFile(csref.agent, exampleRegister, { expect: 200 })
  const second = await importFile(csref.agent, exampleRegister, { expect: 200 })
  assert.equal(second.body.alreadyImported, true)
  assert.equal(second.body.id, first.body.id)
  const { body: report } = await csref.agent.get(`/api/v1/imports/${first.body.id}`, 200)
  const { alreadyImported: _, ...same } = second.body
  assert.deepEqual(same, report)
  const { body: again } = await importFile(csref.agent, exampleRegister, { dryRun: true, expect: 201 })
  assert.deepEqual([again.stored, again.duplicates], [{ patients: 0, consultations: 0 }, 431 - 9])
})

test('the same lines in another order, with other delimiters and columns turned round, store nothing twice', async () => {
  const { csref } = await harness()
  const head = exampleRegister.toString('utf8').replace('\ufeff', '').split('\r\n')[0]!.split(';')
  const other = [head, ...rows.map(({ cells }) => cells).reverse()]
    .map((cells) => [...cells].reverse().join('\t'))
    .join('\n')
  const { body } = await importFile(csref.agent, other, { expect: 201 })
  assert.deepEqual([body.stored, body.duplicates, body.refusedLines], [{ patients: 0, consultations: 0 }, 431 - 9, 9])
})

test('the refused lines come back with the reason, and are imported once corrected', async () => {
  const { csref } = await harness()
  const { body: report } = await importFile(csref.agent, exampleRegister, { expect: 200 })
  const { text, headers } = await csref.agent.get(`/api/v1/imports/${report.id}/refused.csv`, 200)
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
  assert.ok(text.startsWith('\ufeffN°;Date;'))
  const refused = text.trim().split('\r\n')
  assert.equal(refused.length, 1 + 9)
  assert.ok(refused[0]!.endsWith(';Spécialité;Motif du refus'))
  assert.equal(refused[1], `${rows[17]!.text};Date qui n'existe pas.`)
  // A person corrects them in a spreadsheet; one is left as it was.
  const corrections: [string, string][] = [
    ['31/09/2026', '30/09/2026'], ['12/08/2062', '12/08/2026'], ['10/07/2026;;Tenin', '10/07/2026;Diarra;Tenin'], ['Mariam;X', 'Mariam;F'],
    [';-4;ans', ';26;ans'], [';abc;jours', ';12;jours'], ['302;;', '302;20/08/2026;'], [';240;ans', ';24;ans'],
  ] // prettier-ignore
  const corrected = corrections.reduce((file, [wrong, right]) => {
    assert.ok(file.includes(wrong), wrong)
    return file.replace(wrong, right)
  }, text)
  const { body } = await importFile(csref.agent, corrected, { expect: 201 })
  assert.deepEqual([body.lines, body.stored.consultations, body.refusedLines, body.duplicates], [9, 8, 1, 0])
  assert.deepEqual(body.warnings, [])
  // The whole register with the corrections in it: what is stored is not stored again.
  const whole = corrections.reduce(
    (file, [wrong, right]) => file.replace(wrong, right),
    exampleRegister.toString('utf8'),
  )
  const { body: all } = await importFile(csref.agent, whole, { expect: 201 })
  assert.deepEqual([all.stored.consultations, all.duplicates, all.refusedLines], [0, 430, 1])
})

test('a visit that was imported and says something else now is refused, not stored beside the first', async () => {
  const { hospital } = await harness()
  await importFile(hospital.agent, register(line()), { expect: 201 })
  const { body } = await importFile(hospital.agent, register(line({ Diagnostic: 'Plaie', Nom: 'TRAORE' })), {
    expect: 201,
  })
  assert.equal(body.stored.consultations, 0)
  assert.match(body.refused[0].message, /déjà été importée/)
  // The next year's register begins again at 1.
  const next = await importFile(hospital.agent, register(line({ Date: '02/07/2026', Diagnostic: 'Plaie' })), {
    expect: 201,
  })
  assert.deepEqual([next.body.stored, next.body.matchedPatients], [{ patients: 0, consultations: 1 }, 1])
})

test('one number over two contents is told and both are stored; messages follow the reader', async () => {
  const { cscom } = await harness()
  const { body } = await importFile(
    cscom.agent,
    register(line(), line({ Nom: 'Dolo', Date: '31/06/2026' }), line({ Nom: 'Koné' })),
    { expect: 201 },
  )
  assert.deepEqual([body.stored.consultations, body.warnings[0].line], [2, 4])
  const english = await cscom.agent.get(`/api/v1/imports/${body.id}`, 200, { 'accept-language': 'en' })
  assert.equal(english.body.refused[0].message, 'A date that does not exist.')
})

test('reports and refused lines are the establishment’s own, and imports need the right', async () => {
  const { csref, hospital, superadmin, ministere, anonymous } = await harness()
  const { body } = await importFile(csref.agent, exampleRegister, { expect: 200 })
  for (const path of [`/api/v1/imports/${body.id}`, `/api/v1/imports/${body.id}/refused.csv`]) {
    const foreign = await hospital.agent.get(path, 404)
    const nowhere = await hospital.agent.get(path.replace(body.id, '01999999-0000-7000-8000-000000000000'), 404)
    assert.equal(foreign.body.code, 'import_not_found')
    assert.deepEqual({ ...foreign.body, requestId: '' }, { ...nowhere.body, requestId: '' })
  }
  await importFile(csref.admin, exampleRegister, { expect: 403 })
  for (const [client, status] of [
    [superadmin, 403],
    [ministere, 403],
    [anonymous, 401],
  ] as const)
    assert.equal((await importFile(client, exampleRegister)).status, status)
  const own = await importFile(hospital.agent, exampleRegister, { dryRun: true, expect: 201 })
  assert.equal(own.body.stored.consultations, 421)
})
