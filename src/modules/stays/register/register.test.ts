import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { harness, type Client, type Site } from '../../../../test/harness.ts'
import { newcomer } from '../../../platform/users/people.fixture.ts'
import { form } from '../../exchange/register.fixture.ts'

/** A ward's book as it is kept, with what a person finds wrong in it (its expected outcome: below). */
const book = readFileSync(
  new URL('../../../../test/registers/registre-hospitalisation-csref-djenne.csv', import.meta.url),
)

// Counted again without any of the program's own reading: no cell is quoted.
const rows = book
  .toString('utf8')
  .replace('\ufeff', '')
  .trim()
  .split('\r\n')
  .map((row, i) => ({ line: i + 1, cells: row.split(';') }))
  .slice(1)

const expectedRefusals: Record<string, [column: string, why: RegExp]> = {
  20: ['Date de sortie', /précède l’entrée \(12\/09\/2026\)/],
  21: ["Date d'entrée", /futur/],
  22: ['Mode de sortie', /inconnu : guéri, amélioré/],
  23: ['Mode de sortie', /« Décédé avant 48 h », mais la sortie est 6 jours après/],
  24: ['Lit', /lit 3 est occupé du 07\/09\/2026 au 15\/09\/2026 \(ligne 12\)/],
  25: ['Mode de sortie', /absent : guéri/],
  26: ['Date de sortie', /sans date de sortie/],
  30: ['Lit', /inconnu dans ce service \(ses lits : MAT-1, MAT-2\)/],
  31: ["Date d'entrée", /déjà un séjour du 20\/09\/2026 au 24\/09\/2026 \(ligne 30\)/],
  36: ["Date d'entrée", /Deux séjours en cours .* ligne 33, depuis le 25\/09\/2026/],
  39: ['Lit', /lit 1 est occupé depuis le 12\/11\/2026 \(ligne 36\)/],
  40: ['Date de sortie', /futur/],
  41: ["Heure d'entrée", /hh:mm/],
  42: ['Service', /absent/],
}
const kept = rows.length - Object.keys(expectedRefusals).length - 1

const send = async (client: Client, bytes: Uint8Array | string, query: string, expect?: number) =>
  (await client.send('POST', `/api/v1/imports?${query}`, { ...form(bytes), ...(expect && { expect }) })).body

async function withMaternity({ admin }: Site): Promise<void> {
  const { body } = await admin.post('/api/v1/services', { name: 'Maternité' }, 201)
  for (const code of ['MAT-1', 'MAT-2'])
    await admin.post('/api/v1/beds', { code, serviceId: body.id, openedOn: '2026-01-01' }, 201)
}

const count = async ({ establishment: { schema } }: Site, from: string): Promise<number> => {
  const { database } = await harness()
  const [row] = await database.asSuperuser<{ n: number }>(`select count(*)::int as n from ${schema}.${from}`)
  return row!.n
}

test('a dry run of the ward’s book tells exactly the expected outcome and stores nothing', async () => {
  const { csref } = await harness()
  await withMaternity(csref)
  const body = await send(csref.agent, book, 'dryRun=true', 201)
  const numberOf = ({ line }: { line: number }) => rows.find((row) => row.line === line)!.cells[0]!
  assert.deepEqual([body.register, body.lines], ['stays', rows.length])
  assert.deepEqual(body.refused.map(numberOf), Object.keys(expectedRefusals))
  for (const one of body.refused) {
    const [column, why] = expectedRefusals[numberOf(one)]!
    assert.equal(one.column, column, one.message)
    assert.match(one.message, why)
  }
  assert.deepEqual(body.duplicateLines, [{ line: 29, sameAs: 17 }])
  assert.deepEqual(
    body.warnings.map((one: { line: number; column: string }) => [numberOf(one), one.column]),
    [
      ['18', 'Téléphone'],
      ['29', 'CIM-10'],
      ['38', 'Diagnostic de sortie'],
    ],
  )
  assert.equal(body.stored.stays, kept)
  // Sacko Lassana came twice; Tangara Awa and TANGARA Awa may be one.
  assert.deepEqual([body.stored.patients, body.matchedPatients, body.proposedMatches], [kept - 1, 1, 1])
  assert.deepEqual(body.created.services, ['Médecine', 'Pédiatrie'])
  // Each ward counts its beds from 1: a code is once in the establishment.
  assert.deepEqual(body.created.beds.toSorted(), ['1', '2', '3', 'Pédiatrie 1', 'Pédiatrie 2', 'Pédiatrie 3'])
  for (const table of ['stay', 'stay_place', 'patient', 'import_line'])
    assert.equal(await count(csref, table), 0, table)
  assert.equal(await count(csref, 'bed'), 2)
})

test('the book is stored once: its stays, places, beds and history; the same file and lines again store nothing', async () => {
  const { csref, database } = await harness()
  const { schema } = csref.establishment
  const first = await send(csref.agent, book, 'dryRun=false&register=stays', 201)
  assert.equal(first.stored.stays, kept)
  for (const from of [
    'stay',
    'stay_place',
    'import_line where stay_id is not null',
    "record_version where resource = 'stay' and action = 'import'",
  ])
    assert.equal(await count(csref, from), kept, from)
  const again = await send(csref.agent, book, 'dryRun=false', 200)
  assert.deepEqual([again.id, again.alreadyImported], [first.id, true])
  const tabs = [book.toString('utf8').split('\r\n')[0]!, ...rows.map(({ cells }) => cells.join(';')).toReversed()]
  const turned = await send(csref.agent, tabs.join('\n').replaceAll(';', '\t'), 'dryRun=false', 201)
  assert.deepEqual([turned.stored, turned.duplicates], [{ patients: 0, stays: 0 }, kept + 1])
  const { body } = await csref.agent.get('/api/v1/stays?limit=100&q=konaté', 200)
  const [snake, malaria] = body.items
  // Without times noon to noon, but that whoever takes the bed at 08:15 found it empty; with times as they were written.
  assert.deepEqual(
    [malaria.admittedAt, malaria.dischargedAt, malaria.dischargeMode],
    ['2026-09-02T12:00:00.000Z', '2026-09-06T08:15:00.000Z', 'home'],
  )
  assert.deepEqual(
    [snake.admittedAt, snake.dischargedAt, snake.dischargeMode],
    ['2026-09-06T08:15:00.000Z', '2026-09-06T22:40:00.000Z', 'deathBefore48h'],
  )
  // Two days later and « avant 48 h »: the exit gives way within its day.
  const [hawa] = (await csref.agent.get('/api/v1/stays?q=hawa', 200)).body.items
  assert.deepEqual([hawa.dischargedAt, hawa.dischargeMode], ['2026-09-09T11:59:00.000Z', 'deathBefore48h'])
  const open = (await csref.agent.get('/api/v1/stays?open=true&limit=100', 200)).body.items
  assert.deepEqual(open.map((one: { bed: { code: string } | null }) => one.bed?.code ?? '').sort(), [
    '',
    '1',
    '2',
    'MAT-1',
  ])
  const beds = await database.asSuperuser<{ code: string; opened_on: string }>(
    `select code, opened_on::text from ${schema}.bed join ${schema}.bed_opening on bed_id = id order by code`,
  )
  assert.deepEqual(
    beds.find(({ code }) => code === 'Pédiatrie 3'),
    { code: 'Pédiatrie 3', opened_on: '2026-09-05' },
  )
  const corrected = (await csref.agent.get(`/api/v1/imports/${first.id}/refused.csv`, 200)).text
    .replace('12/09/2026;;Coulibaly', '08/09/2026;;Coulibaly')
    .replace(';Médecine;4;;Abcès', ';Médecine;;;Abcès')
  const second = await send(csref.agent, corrected, 'dryRun=false', 201)
  assert.deepEqual(
    [second.stored, second.refusedLines],
    [{ patients: 1, stays: 1 }, Object.keys(expectedRefusals).length - 1],
  )
})

test('an export of stays is imported into an empty establishment with the same result', async () => {
  const { csref, hospital } = await harness()
  const open = (await csref.agent.get('/api/v1/stays?open=true&limit=100', 200)).body.items
  const { id, version } = open.find((one: { bed: { code: string } | null }) => one.bed?.code === '2')
  const services = (await csref.agent.get('/api/v1/services?limit=100', 200)).body.items
  const paediatrics = services.find(({ name }: { name: string }) => name === 'Pédiatrie')
  await csref.agent.send('POST', `/api/v1/stays/${id}/transfers`, {
    body: { at: '2026-10-10T10:20:30.000Z', serviceId: paediatrics.id },
    headers: { 'if-match': `"${version}"` },
    expect: 200,
  })
  const exported = (await csref.agent.get('/api/v1/stays/export', 200)).text
  assert.match(exported, /;10\/10\/2026 10:20:30 Pédiatrie;/)
  const body = await send(hospital.agent, exported, 'dryRun=false', 201)
  assert.deepEqual([body.register, body.refused, body.warnings], ['stays', [], []])
  assert.equal(body.stored.stays, kept + 1)
  const again = (await hospital.agent.get('/api/v1/stays/export', 200)).text
  const content = (text: string) => {
    const [head = [], ...lines] = text.replace('\ufeff', '').trim().split('\r\n').map((row) => row.split(';')) // prettier-ignore
    // An age is counted from the line that told it first: in the file it is another one.
    const own = new Set(['Identifiant', 'N° dossier', 'Âge'])
    return lines.map((cells) => cells.filter((_, i) => !own.has(head[i]!)).join(';')).sort()
  }
  assert.deepEqual(content(again), content(exported))
})

test('which register a file is: told by its headings, asked where they may be two, refused where the module is off', async () => {
  const { cscom, cabinet } = await harness()
  const unclear =
    'Date;Nom;Prénom;Sexe;Âge;Diagnostic;Service;Lit\n01/07/2026;Dolo;Awa;F;30 ans;Paludisme;Dispensaire;2'
  const asked = await send(cscom.agent, unclear, 'dryRun=true', 400)
  assert.equal(asked.code, 'import_register_unclear')
  assert.deepEqual(
    asked.errors.map(({ message }: { message: string }) => message),
    ['« consultations » : registre de consultations.', '« stays » : registre d’hospitalisation.'],
  )
  // What no consultation has tells a ward's book, though its day is headed like that of a visit.
  const dated =
    'Date;Nom;Prénom;Sexe;Âge;Service;Diagnostic;Date de sortie;Mode de sortie\n01/07/2026;Dolo;Awa;F;30 ans;Soins;Plaie;02/07/2026;Guérie'
  assert.equal((await send(cscom.agent, dated, 'dryRun=true', 400)).code, 'import_register_unclear')
  assert.equal((await send(cscom.agent, unclear, 'dryRun=true&register=consultations', 201)).stored.consultations, 1)
  const stay = await send(cscom.agent, unclear, 'dryRun=false&register=stays', 201)
  assert.equal(stay.stored.stays, 1)
  const { body } = await cscom.agent.get('/api/v1/stays', 200)
  assert.equal(body.items[0].shortObservation, true)
  const visits = unclear.replace(';Lit', ';NC/AC').replace(/2$/, 'NC')
  const missing = await send(cscom.agent, visits, 'dryRun=true&register=stays', 400)
  assert.deepEqual([missing.code, missing.errors[0].path], ['import_columns_missing', "Date d'entrée"])
  assert.equal((await send(cabinet.agent, unclear, 'dryRun=true&register=stays', 404)).code, 'module_disabled')
  assert.equal((await send(cscom.agent, unclear, 'dryRun=true&register=naissances', 400)).code, 'invalid_input')
})

test('a file’s number alone says who it is; somebody who lies there already is refused, and told in English on request', async () => {
  const { cscom } = await harness()
  const { body: patient } = await cscom.agent.post(
    '/api/v1/patients',
    { familyName: 'Guindo', givenName: 'Yatimé', sex: 'F', birth: { precision: 'year', date: '1990' } },
    201,
  )
  const head = 'N° dossier;Date d’entrée;Service;Diagnostic;Date de sortie;Mode de sortie'
  const lines = [
    `${patient.fileNumber};01/10/2026;Dispensaire;Paludisme;03/10/2026;Guérie`,
    '2019-000404;01/10/2026;Dispensaire;Plaie;;',
    `${patient.fileNumber};02/10/2026;Dispensaire;Plaie;;`,
  ]
  const report = await send(cscom.agent, [head, ...lines].join('\n'), 'dryRun=false', 201)
  assert.deepEqual([report.stored, report.matchedPatients], [{ patients: 0, stays: 1 }, 1])
  assert.deepEqual(
    report.refused.map(({ column }: { column: string }) => column),
    ['N° dossier', 'Date d’entrée'],
  )
  const english = (await cscom.agent.get(`/api/v1/imports/${report.id}`, 200, { 'accept-language': 'en' })).body
  assert.match(english.refused[0].message, /^No file has this number/)
  assert.match(english.refused[1].message, /from 2026-10-01 to 2026-10-03 already \(line 2\)/)
  const accesses = `/api/v1/patients/${patient.id}/accesses`
  const met = async () =>
    (await cscom.agent.get(accesses, 200)).body.items.filter(
      ({ action }: { action: string }) => action === 'import.read',
    ).length
  const before = await met()
  const overlapping = `${patient.fileNumber};02/10/2026;Dispensaire;Brûlure;04/10/2026;Guérie`
  const again = await send(cscom.agent, [head, overlapping].join('\n'), 'dryRun=false', 201)
  assert.match(again.refused[0].message, /déjà un séjour enregistré/)
  // Whoever is told of a stay that is stored has met with that file.
  assert.equal(await met(), before + 1)
})

test('of a protected file a book tells nobody outside its team whether the patient lies there', async () => {
  const { csref } = await harness()
  const { client: outsider } = await newcomer(csref, 'ward.outsider', ['SIS_CSREF'])
  const head = 'N°;Nom;Prénom;Sexe;Âge;Téléphone;Date d’entrée;Service;Diagnostic;Date de sortie;Mode de sortie'
  const names = ['Arama', 'Banou', 'Civré']
  const persons = names.map((name, i) => `${name};Yaïguéré;F;30 ans;7611000${i}`)
  const first = persons.map((person, i) => `${900 + i};${person};01/10/2026;Isolement;Bilan;02/10/2026;Guérie`)
  await send(csref.agent, [head, ...first].join('\n'), 'dryRun=false&register=stays', 201)
  const patients: { id: string; familyName: string }[] = []
  for (const name of names) patients.push((await csref.agent.get(`/api/v1/patients?q=${name}`, 200)).body.items[0])
  for (const { id } of patients)
    await csref.agent.send('PATCH', `/api/v1/patients/${id}`, { body: { sensitive: true }, headers: { 'if-match': '"1"' }, expect: 200 }) // prettier-ignore
  // The first one lies there; the second has left; of the third the outsider repeats what the book has, otherwise.
  const serviceId = (await csref.agent.get('/api/v1/services', 200)).body.items.find(
    ({ name }: { name: string }) => name === 'Isolement',
  ).id
  await csref.agent.post(
    '/api/v1/stays',
    { patientId: patients[0]!.id, serviceId, admittedAt: new Date().toISOString(), reason: 'Bilan' },
    201,
  )
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const guesses = [
    ...persons.slice(0, 2).map((person) => `;${person};${yesterday};Isolement;Fièvre;;`),
    `902;${persons[2]};01/10/2026;Isolement;Fièvre;;`,
    first[2]!,
  ]
  const told = async (client: Client, query: string) => {
    const { stored, refused, duplicates } = await send(client, [head, ...guesses].join('\n'), query, 201)
    return {
      stored,
      duplicates,
      refused: refused.map(({ column, message }: { column: string; message: string }) => [column, message]),
    }
  }
  const tried = await told(outsider, 'dryRun=true&register=stays')
  // Of a try no more than of who has no file: the fourth line only contradicts the third.
  assert.deepEqual([tried.stored.stays, tried.duplicates], [3, 0], JSON.stringify(tried))
  assert.deepEqual(
    tried.refused.map(([, message]: string[]) => /\(ligne 4\)/.test(message!)),
    [true],
  )
  const { stored, duplicates, refused } = await told(outsider, 'dryRun=false&register=stays')
  assert.deepEqual([stored, duplicates], [{ patients: 0, stays: 0 }, 0])
  assert.equal(refused.length, guesses.length)
  assert.deepEqual(new Set(refused.map(String)).size, 1, JSON.stringify(refused))
  assert.match(refused[0][1], /ne vous est pas ouvert/)
  // With a bed that is taken nothing is stored of whoever it is, so that guessing would cost nothing: all are told the same.
  const bedHead = head.replace('Service;', 'Service;Lit;')
  const lies = `;Dembélé;Fanta;F;30 ans;;30/09/2026;Isolement;ISO-9;Bilan;;`
  await send(csref.agent, [bedHead, lies].join('\n'), 'dryRun=false&register=stays', 201)
  const costless = [
    ...[...persons.slice(0, 2), 'Nantoumé;Nadié;F;30 ans;76119999'].map((one) => `;${one};${yesterday}`),
    `902;${persons[2]};01/10/2026`,
  ].map((one) => `${one};Isolement;ISO-9;Fièvre;;`)
  const guessed = await send(outsider, [bedHead, ...costless].join('\n'), 'dryRun=false&register=stays', 201)
  assert.equal(guessed.refusedLines, costless.length)
  const sentences = guessed.refused.map(({ message }: { message: string }) => message)
  assert.deepEqual(new Set(sentences).size, 1, JSON.stringify(sentences))
  assert.match(sentences[0], /ISO-9 est occupé/)
  const [{ id }] = (await outsider.get('/api/v1/stays?q=dembélé', 200)).body.items
  const known = [`902;${persons[2]}`, '903;Nantoumé;Nadié;F;30 ans;'].map(
    (one) => `${one};01/10/2026;Isolement;Fièvre;;;${id}`,
  )
  const same = await send(outsider, [`${head};Identifiant`, ...known].join('\n'), 'dryRun=false&register=stays', 201)
  assert.deepEqual([same.duplicates, same.refusedLines], [known.length, 0])
  const own = await told(csref.agent, 'dryRun=true&register=stays')
  assert.match(JSON.stringify(own.refused), /déjà un séjour enregistré/)
  assert.match(JSON.stringify(own.refused), /déjà été importé avec un autre contenu/)
})

test('whom a book lays into a bed that is being cleaned lies in a clean one; a column of a hundred services is none', async () => {
  const { csref } = await harness()
  const { items } = (await csref.admin.get('/api/v1/beds?q=MAT-1', 200)).body
  const made = { code: 'MAT-9', serviceId: items[0].service.id, openedOn: '2026-01-01' }
  const { body: bed } = await csref.admin.post('/api/v1/beds', made, 201)
  const state = { body: { state: 'cleaning' }, headers: { 'if-match': `"${bed.version}"` }, expect: 200 }
  await csref.agent.send('PUT', `/api/v1/beds/${bed.id}/state`, state)
  const head = 'Nom;Prénom;Sexe;Âge;Date d’entrée;Service;Lit;Diagnostic;Date de sortie;Mode de sortie'
  const line = 'Bengaly;Nana;F;22 ans;20/11/2026;Maternité;MAT-9;Travail;;'
  const { stored } = await send(csref.agent, [head, line].join('\n'), 'dryRun=false&register=stays', 201)
  assert.equal(stored.stays, 1)
  const { items: versions } = (await csref.admin.get(`/api/v1/beds/${bed.id}/history`, 200)).body
  const stay = (await csref.agent.get('/api/v1/stays?q=bengaly', 200)).body.items[0]
  assert.deepEqual([stay.bed.id, versions[0].data.version], [bed.id, bed.version + 2])
  const { database } = await harness()
  const [row] = await database.asSuperuser<{ state: string }>(
    `select state from ${csref.establishment.schema}.bed where id = $1`,
    [bed.id],
  )
  assert.equal(row!.state, 'free')

  const many = Array.from({ length: 101 }, (_, n) => `Bengaly;N${n};F;22 ans;20/11/2026;Salle ${n} bis;;Travail;;`)
  const { refused } = await send(csref.agent, [head, ...many].join('\n'), 'dryRun=true&register=stays', 201)
  assert.deepEqual(refused.map((one: { column: string }) => one.column), ['Service']) // prettier-ignore
  assert.match(refused[0].message, /100 autres y seraient déjà ajoutées/)
})

test('somebody whose first line is refused for its bed is new with the next one', async () => {
  const { cscom } = await harness()
  const head = 'Nom;Prénom;Sexe;Âge;Téléphone;Date d’entrée;Service;Lit;Diagnostic;Date de sortie;Mode de sortie'
  const lines = [
    'Tembely;Yaya;M;40 ans;76000001;01/09/2026;Isolement;ISO-1;Rougeole;05/09/2026;Guéri',
    'Kodio;Sira;F;30 ans;76000002;02/09/2026;Isolement;ISO-1;Rougeole;04/09/2026;Guérie',
    'Kodio;Sira;F;30 ans;76000002;05/09/2026;Isolement;ISO-1;Rougeole;07/09/2026;Guérie',
  ]
  const report = await send(cscom.agent, [head, ...lines].join('\n'), 'dryRun=false&register=stays', 201)
  assert.deepEqual(report.refused.map(({ line }: { line: number }) => line), [3]) // prettier-ignore
  assert.deepEqual([report.stored, report.matchedPatients], [{ patients: 2, stays: 2 }, 0])
})

test('a refused line adds no service and no bed; nobody is put to bed where none can lie', async () => {
  const { cscom } = await harness()
  const { body: service } = await cscom.admin.post('/api/v1/services', { name: 'Accueil' }, 201)
  const { body: bed } = await cscom.admin.post(
    '/api/v1/beds',
    { code: 'ACC-1', serviceId: service.id, openedOn: '2026-01-01' },
    201,
  )
  await cscom.agent.send('PUT', `/api/v1/beds/${bed.id}/state`, {
    body: { state: 'outOfOrder' },
    headers: { 'if-match': `"${bed.version}"` },
    expect: 200,
  })
  const head = 'Nom;Prénom;Sexe;Âge;Date d’entrée;Service;Lit;Diagnostic;Date de sortie;Mode de sortie'
  const lines = [
    'Saye;Ali;M;40 ans;01/09/2026;Chirurgei;7;Plaie;02/09/2026;Décédé après 48 h',
    'Saye;Binta;F;30 ans;01/09/2026;Accueil;ACC-1;Plaie;;',
    'Saye;Coumba;F;30 ans;01/09/2026;Petite chirurgie;8;Plaie;03/09/2026;Guérie',
  ]
  const report = await send(cscom.agent, [head, ...lines].join('\n'), 'dryRun=false', 201)
  assert.deepEqual(
    report.refused.map(({ line, column }: { line: number; column: string }) => [line, column]),
    [
      [2, 'Mode de sortie'],
      [3, 'Lit'],
    ],
  )
  assert.match(report.refused[1].message, /hors service/)
  assert.deepEqual(report.created, { services: ['Petite chirurgie'], specialties: [], beds: ['8'] })
})
