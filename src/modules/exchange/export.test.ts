import ExcelJS from 'exceljs'
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { harness } from '../../../test/harness.ts'
import { guarded } from '../../shared/csv-guard.ts'
import { exampleRegister, importFile, line, register } from './register.fixture.ts'

const cellsOf = (text: string) => text.replace('\ufeff', '').trim().split('\r\n').map((row) => row.split(';')) // prettier-ignore

test('cells that a spreadsheet would run are defused, numbers are left alone', () => {
  for (const cell of ['=1+1', '+223 76', '-A', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x")'])
    assert.equal(guarded(cell), `'${cell}`)
  for (const cell of ['-4', '+3', '-4,5', '+223', 'Traoré', "'x", '']) assert.equal(guarded(cell), cell)
})

test('consultations leave as a French register, which another establishment imports as it is', async () => {
  const { csref, cscom } = await harness()
  await importFile(csref.agent, exampleRegister, { expect: 201 })
  const { text, headers } = await csref.agent.get('/api/v1/consultations/export?format=csv', 200)
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8')
  assert.match(
    headers['content-disposition'] ?? '',
    /^attachment; filename="consultations-csref_djenne-\d{4}-\d\d-\d\d\.csv"$/,
  )
  const [head = [], ...rows] = cellsOf(text)
  assert.ok(text.startsWith('\ufeffDate;N° dossier;Nom;Prénom;Sexe;Âge;Unité;Naissance;'))
  assert.equal(rows.length, 421)
  const at = (heading: string) => head.indexOf(heading)
  assert.ok(rows.every((row) => row.length === head.length && /^\d\d\/\d\d\/2026$/.test(row[0]!)))
  // Newest first, as the list.
  const days = rows.map(([day = '']) => day.split('/').reverse().join('-'))
  assert.deepEqual(days, [...days].sort().reverse())
  const serpent = rows.filter((row) => row[at('Diagnostic')] === 'Morsure de serpent' && row[0] === '02/07/2026')
  assert.deepEqual(['Nom', 'Âge', 'Unité', 'Naissance', 'Téléphone', 'CIM-10', 'NC/AC', 'Service'].map((heading) => serpent[0]![at(heading)]),
    ['Kouyaté', '10', 'mois', '', '67 68 48 68', 'T63.0', 'NC', 'Médecine Générale']) // prettier-ignore
  assert.ok(rows.some((row) => row[at('Naissance')] === 'vers 1987'))
  const { body } = await importFile(cscom.agent, text, { expect: 201 })
  assert.deepEqual([body.stored.consultations, body.refused, body.warnings], [421, [], []])
  const { body: own } = await importFile(csref.agent, text, { expect: 201 })
  assert.deepEqual([own.stored, own.duplicates], [{ patients: 0, consultations: 0 }, 421])
  const again = cellsOf((await cscom.agent.get('/api/v1/consultations/export', 200)).text)
  const content = (row: string[]) => ['Date', 'Nom', 'Prénom', 'Sexe', 'Village/Quartier', 'Téléphone', 'Diagnostic', 'CIM-10', 'NC/AC', 'Prescripteur', 'Service', 'Spécialité'].map((heading) => row[at(heading)]).join(';') // prettier-ignore
  assert.deepEqual(again.map(content).sort(), cellsOf(text).map(content).sort())
})

test('an export has the filters of its list, and a formula in a name leaves defused', async () => {
  const { csref, hospital } = await harness()
  await importFile(
    hospital.agent,
    register(line({ Nom: '=HYPERLINK("x")', Diagnostic: '"Plaie; ""profonde""\nau bras"', Village: '' })),
    { expect: 201 },
  )
  const { text } = await hospital.agent.get('/api/v1/patients/export', 200)
  assert.match(text, /;"'=HYPERLINK\(""x""\)";Awa;F;/)
  const consultations = (await hospital.agent.get('/api/v1/consultations/export', 200)).text
  assert.match(consultations, /;"Plaie; ""profonde""\nau bras";/)
  const filters = ['caseType=followUp', 'code=B50', 'from=2026-07-10&to=2026-07-12', 'q=palu', 'practitioner=kéita']
  for (const filter of filters) {
    const exported = cellsOf((await csref.agent.get(`/api/v1/consultations/export?${filter}`, 200)).text).slice(1)
    const { body } = await csref.agent.get(`/api/v1/consultations?limit=100&${filter}`, 200)
    assert.ok(
      exported.length > 0 && (body.nextCursor ? exported.length > 100 : exported.length === body.items.length),
      filter,
    )
    assert.deepEqual(
      exported.slice(0, 100).map((row) => row.at(-1)),
      body.items.map(({ id }: { id: string }) => id),
    )
  }
  const patients = cellsOf((await csref.agent.get('/api/v1/patients/export?q=koulibali&sex=F', 200)).text).slice(1)
  assert.ok(patients.length > 5 && patients.every((row) => row[3] === 'F'))
  assert.equal((await csref.agent.get('/api/v1/patients/export?q=zzzz', 200)).text.trim().split('\r\n').length, 1)
  await csref.agent.get('/api/v1/patients/export?couleur=bleu', 400)
  await csref.agent.get('/api/v1/patients/export?format=pdf', 400)
})

test('a workbook has typed days and figures under a frozen French header', async () => {
  const { csref, app } = await harness()
  const authorization = `Bearer ${await csref.agent.token()}`
  const answer = await app.inject({
    url: '/api/v1/consultations/export?format=xlsx&to=2026-07-02',
    headers: { authorization },
  })
  assert.equal(answer.headers['content-type'], 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  const workbook = new ExcelJS.Workbook()
  await workbook.xlsx.load(answer.rawPayload as never)
  const sheet = workbook.getWorksheet('Consultations')!
  assert.equal(sheet.rowCount, 1 + 14)
  assert.deepEqual(sheet.views[0], { ...sheet.views[0], state: 'frozen', ySplit: 1 })
  const row = sheet.getRow(2)
  assert.deepEqual(row.getCell(1).value, new Date('2026-07-02T00:00:00Z'))
  assert.equal(row.getCell(1).numFmt, 'dd/mm/yyyy')
  assert.equal(typeof row.getCell(6).value, 'number')
})

/** Begins an export of 30,000 patients, lets something happen while the receiver holds its breath, and takes the rest. */
async function exportWhile(happening: (schema: string) => Promise<unknown>): Promise<{ lines: number; cut: boolean }> {
  const { csref, app } = await harness()
  const { port } = app.server.address() as AddressInfo
  const authorization = `Bearer ${await csref.agent.token()}`
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/api/v1/patients/export', headers: { authorization } }
    httpRequest(options, (response) => {
      let lines = 0
      let happened = false
      response.on('data', (chunk: Buffer) => {
        lines += chunk.filter((byte) => byte === 0x0a).length
        if (happened) return
        happened = true
        response.pause()
        happening(csref.establishment.schema).then(() => response.resume(), reject)
      })
      response.on('end', () => resolve({ lines, cut: false }))
      response.on('error', () => resolve({ lines, cut: true }))
    })
      .on('error', reject)
      .end()
  })
}

test('an export outlives a lost connection, and one that fails half way never looks like a whole file', async () => {
  const { csref, app, database } = await harness()
  const { schema } = csref.establishment
  await database.asSuperuser(`insert into ${schema}.patient (id, file_year, file_number, family_name, given_name, sex, birth_precision, birth_date, born_from, born_to, village, created_by_name, search_key)
    select gen_random_uuid(), 2020, n, 'Essai', 'Awa', 'F', 'year', '1990', '1990-01-01', '1990-12-31', repeat('x', 200), 'essai', 'awa essai' from generate_series(1, 30000) n`)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [{ n } = { n: 0 }] = await database.asSuperuser<{ n: number }>(
    `select count(*)::int as n from ${schema}.patient`,
  )

  const outlived = await exportWhile(() =>
    database.asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where usename like 'sis_%_api'`),
  )
  assert.deepEqual(outlived, { lines: n + 1, cut: false })

  const failed = await exportWhile((role) => database.asSuperuser(`revoke select on ${schema}.patient from ${role}`))
  await database.asSuperuser(`grant select on ${schema}.patient to ${schema}`)
  assert.equal(failed.cut, true)
  assert.ok(failed.lines > 0 && failed.lines < n)
  // The slot is free again.
  assert.equal((await csref.agent.get('/api/v1/patients/export?q=traore', 200)).status, 200)
})

test('a receiver who goes away frees the connection', async () => {
  const { csref, app, database } = await harness()
  const { port } = app.server.address() as AddressInfo
  const authorization = `Bearer ${await csref.agent.token()}`
  for (let i = 0; i < 12; i++) {
    await new Promise<void>((resolve, reject) => {
      const format = i % 2 ? 'xlsx' : 'csv'
      const sent = httpRequest(
        { port, host: '127.0.0.1', path: `/api/v1/patients/export?format=${format}`, headers: { authorization } },
        (response) => {
          response.once('data', () => {
            response.destroy()
            resolve()
          })
        },
      )
      sent.on('error', reject).end()
    })
  }
  // The poll of the directory has a connection of its own and is always about.
  const busy = async () =>
    database.asSuperuser(
      `select pid from pg_stat_activity
       where usename like 'sis_%_api' and application_name not like '%-directory' and xact_start is not null`,
    )
  let last = await busy()
  for (let i = 0; i < 200 && last.length > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 25))
    last = await busy()
  }
  assert.deepEqual(last, [])
})

test('exports need the right and stay within the establishment', async () => {
  const { csref, cabinet, ministere, anonymous } = await harness()
  for (const path of ['/api/v1/patients/export', '/api/v1/consultations/export']) {
    await csref.admin.get(path, 403)
    await ministere.get(path, 403)
    await anonymous.get(path, 401)
    assert.equal((await cabinet.agent.get(path, 200)).text.trim().split('\r\n').length, 1)
  }
})
