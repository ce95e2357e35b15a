import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import test from 'node:test'
import { holdLock } from '../../../test/faults/held-lock.ts'
import { harness, type Site } from '../../../test/harness.ts'
import { until } from '../../../test/sis-process.ts'
import { exampleRegister, form, importFile, line, register } from './register.fixture.ts'

const counts = async ({ establishment: { schema } }: Site) => {
  const { database } = await harness()
  const [row] = await database.asSuperuser<{ patients: number; consultations: number; runs: number; services: number }>(
    `select (select count(*)::int from ${schema}.patient) as patients, (select count(*)::int from ${schema}.consultation) as consultations,
      (select count(*)::int from ${schema}.import_run where not dry_run) as runs, (select count(*)::int from ${schema}.service) as services`,
  )
  return row!
}
const nothing = { patients: 0, consultations: 0, runs: 0, services: 0 }

test('what is no register is refused as a whole, and says what to do', async () => {
  const { hospital } = await harness()
  const refusals: [name: string, file: string | Uint8Array, status: number, code: string][] = [
    ['nothing', '', 400, 'import_file_empty'],
    ['blank lines', '\r\n \r\n', 400, 'import_file_empty'],
    ['headings alone', register(), 400, 'import_file_empty'],
    ['a workbook', Buffer.from('PK\x03\x04\x14\0\x06\0', 'latin1'), 415, 'import_spreadsheet'],
    ['an old workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), 415, 'import_spreadsheet'],
    ['an image', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'), 400, 'import_not_text'],
    ['UTF-16 without a mark', Buffer.from(register(line()), 'utf16le'), 400, 'import_not_text'],
    ['a quote left open', register(line({ Diagnostic: '"Plaie' }), line()), 400, 'import_quote_open'],
  ]
  for (const [name, file, status, code] of refusals) {
    const { body, status: answered } = await importFile(hospital.agent, file)
    assert.deepEqual([answered, body.code], [status, code], name)
    assert.ok(body.detail.length > 20, name)
  }
  assert.deepEqual(await counts(hospital), nothing)
})

test('a list that is said to be another one is refused, unless its headings do not tell', async () => {
  const { hospital } = await harness()
  const send = (file: string, name: string) =>
    hospital.admin.send('POST', `/api/v1/imports?register=${name}`, form(file))
  const beds = 'Code du lit;Service;Ouvert\nMED-01;Médecine;Non'
  const { status, body } = await send(beds, 'services')
  assert.deepEqual([status, body.code, body.errors[0].path], [400, 'invalid_input', 'register'])
  assert.match(body.errors[0].message, /registre des lits : envoyez-le comme « beds »/)
  for (const [file, name] of [
    [beds, 'beds'],
    ['Service;Lits;Ouvert\nMédecine;4;Non', 'services'],
    ['Code;Service;Ouvert\nM;Médecine;Oui', 'services'],
    ['Code;Nom;Service\nECG;Électrocardiographe;Médecine', 'equipment'],
  ] as const)
    assert.equal((await send(file, name)).status, 201, file)
})

test('a list whose module was switched off while it was sent is not stored', async () => {
  const { cscom, superadmin } = await harness()
  const modules = '/api/v1/establishments/cscom_sangha/modules'
  const choose = async (wished: object[]): Promise<void> => {
    const { version } = (await superadmin.get(modules, 200)).body
    const headers = { 'if-match': `"${version}"` }
    await superadmin.send('PUT', modules, { body: { modules: wished }, headers, expect: 200 })
  }
  const { body: bytes, headers } = form('Code équipement;Désignation\nECG;Électrocardiographe')
  async function* slowly() {
    await choose([{ name: 'equipment', enabled: false }])
    yield bytes
  }
  const sent = { body: Readable.from(slowly()), headers }
  const { status, body } = await cscom.admin.send('POST', '/api/v1/imports?dryRun=false', sent)
  assert.deepEqual([status, body.code], [404, 'module_disabled'])
  await choose([])
  assert.deepEqual((await cscom.admin.get('/api/v1/equipment', 200)).body.items, [])
})

test('missing columns are named, all of them', async () => {
  const { hospital } = await harness()
  const { body } = await importFile(hospital.agent, 'N°;Date;Nom;Village\r\n1;01/07/2026;Traoré;Kewa\r\n', {
    expect: 400,
  })
  assert.equal(body.code, 'import_columns_missing')
  assert.deepEqual(
    body.errors.map(({ path }: { path: string }) => path),
    ['Prénom', 'Sexe', 'Naissance', 'Diagnostic'],
  )
  assert.match(body.errors[2].message, /Naissance » ou « Âge/)
})

test('a form without the file, with another field or with something else is refused', async () => {
  const { hospital } = await harness()
  const send = (options: { body?: unknown; headers?: Record<string, string> }) =>
    hospital.agent.send('POST', '/api/v1/imports', options)
  assert.equal((await send(form(register(line()), 'autre'))).body.code, 'import_file_missing')
  assert.equal((await send({ body: { file: 'x' } })).body.code, 'import_file_missing')
  assert.equal((await send({})).body.code, 'import_file_missing')
  assert.equal((await send({ body: 'x', headers: { 'content-type': 'application/pdf' } })).status, 415)
  assert.equal(
    (await hospital.agent.send('POST', '/api/v1/imports?dryRun=peut-etre', form('x'))).body.code,
    'invalid_input',
  )
  const noEnd = form(register(line()))
  assert.equal((await send({ ...noEnd, body: noEnd.body.subarray(0, 300) })).status, 400)
})

test('a file of more than 20 MB is refused', async () => {
  const { hospital } = await harness()
  const { status, body } = await importFile(hospital.agent, Buffer.alloc(20 * 1024 * 1024 + 1, 0x61))
  assert.deepEqual([status, body.code], [413, 'payload_too_large'])
})

test('without dryRun nothing is stored: that is the default', async () => {
  const { hospital } = await harness()
  const { body } = await hospital.agent.send('POST', '/api/v1/imports', { ...form(register(line())), expect: 201 })
  assert.deepEqual([body.dryRun, body.stored.consultations], [true, 1])
  assert.deepEqual(await counts(hospital), nothing)
})

test('rows that do not fit the header are refused with why, blank ones are passed over', async () => {
  const { hospital } = await harness()
  const file = register(line(), '', ';;;;;;;;;;;;;;;', `${line({ 'N°': '2' })};;;`, '3;04/07/2026;Dolo', `${line({ 'N°': '4' })}trop;de cellules`, line({ 'N°': '5', Diagnostic: '"Plaie ;\nprofonde"' }), line({ 'N°': '6', Sexe: '?' })) // prettier-ignore
  const { body } = await importFile(hospital.agent, file, { dryRun: true, expect: 201 })
  assert.deepEqual([body.lines, body.stored.consultations], [6, 3])
  assert.deepEqual(
    body.refused.map((one: { line: number; column: string | null }) => [one.line, one.column]),
    [
      [6, null],
      [7, null],
      [10, 'Sexe'],
    ],
  )
  assert.match(body.refused[0].message, /3 cellules au lieu de 16/)
  assert.match(body.refused[1].message, /17 cellules au lieu de 16/)
})

test('unknown columns, a guessed encoding and a column that stands twice are told', async () => {
  const { hospital } = await harness()
  const file =
    'Registre du CSRéf\nDate,Nom,Prénom,Sexe,Âge (ans),Diagnostic,Groupe sanguin,Nom\n1/7/2026,Traoré,Awa,féminin,30,Plaie,O+,x\n'
  const { body } = await importFile(hospital.agent, Buffer.from(file, 'latin1'), { dryRun: true, expect: 201 })
  assert.equal(body.stored.consultations, 1)
  assert.deepEqual(
    body.warnings.map((one: { line: number; column: string | null }) => [one.line, one.column]),
    [
      [2, null],
      [2, 'Groupe sanguin'],
      [2, 'Nom'],
    ],
  )
  assert.match(body.warnings[0].message, /Windows-1252/)
})

test('the same file sent twice at once is stored once', async () => {
  const { cabinet } = await harness()
  const answers = await Promise.all([1, 2].map(() => importFile(cabinet.agent, exampleRegister)))
  assert.deepEqual(answers.map(({ status }) => status).filter((status) => status === 201).length, 1)
  for (const { status, body } of answers) assert.ok(status < 300 || body.code === 'import_running', String(status))
  const { consultations, runs } = await counts(cabinet)
  assert.deepEqual([consultations, runs], [421, 1])
})

test('an import that fails at its very end leaves nothing, and can be sent again', async () => {
  const { cscom, database } = await harness()
  const { schema } = cscom.establishment
  await database.asSuperuser(`alter table ${schema}.import_line add constraint broken check (line < 300) not valid`)
  const { status } = await importFile(cscom.agent, exampleRegister)
  assert.ok(status >= 400)
  assert.deepEqual(await counts(cscom), nothing)
  await database.asSuperuser(`alter table ${schema}.import_line drop constraint broken`)
  const { body } = await importFile(cscom.agent, exampleRegister, { expect: 201 })
  assert.equal(body.stored.consultations, 421)
})

test('a connection lost half way: the import is done again as a whole and stored once', async () => {
  const { csref, database } = await harness()
  const { schema } = csref.establishment
  // Holds the import when its consultations are written and its refused lines are not.
  const lock = await holdLock(database.superuserUrl, schema, 'import_refused_line', 'share')
  const importing = importFile(csref.agent, exampleRegister)
  const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%import_refused_line%' and query like 'insert%'`
  const held = await until(async () => (await database.asSuperuser<{ pid: number }>(waiting))[0])
  assert.deepEqual(await counts(csref), nothing)
  await database.asSuperuser('select pg_terminate_backend($1)', [held.pid])
  await lock.release()
  const { status } = await importing
  assert.equal(status, 201)
  const { consultations, runs } = await counts(csref)
  assert.deepEqual([consultations, runs], [421, 1])
})

test('reports of dry runs are forgotten after a week, those of imports never', async () => {
  const { csref, database } = await harness()
  const { schema } = csref.establishment
  const { body: trial } = await importFile(csref.agent, exampleRegister, { dryRun: true, expect: 201 })
  await database.asSuperuser(`update ${schema}.import_run set created_at = now() - interval '8 days'`)
  await importFile(csref.agent, register(line({ Sexe: '' })), { dryRun: true, expect: 201 })
  await csref.agent.get(`/api/v1/imports/${trial.id}`, 404)
  const { body } = await importFile(csref.agent, exampleRegister, { expect: 200 })
  await csref.agent.get(`/api/v1/imports/${body.id}`, 200)
})
