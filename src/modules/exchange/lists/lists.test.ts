import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { harness, type Body, type Client, type Site } from '../../../../test/harness.ts'
import { until } from '../../../../test/sis-process.ts'
import { form, line as visit, register } from '../register.fixture.ts'

const fileOf = (name: string): Buffer =>
  readFileSync(new URL(`../../../../test/registers/liste-${name}-csref-djenne.csv`, import.meta.url))
const today = new Date().toISOString().slice(0, 10)

const send = async (client: Client, bytes: Uint8Array | string, query = 'dryRun=false', expect = 201): Promise<Body> =>
  (await client.send('POST', `/api/v1/imports?${query}`, { ...form(bytes), expect })).body
const refusals = (report: Body) =>
  report.refused.map(({ line, column }: { line: number; column: string }) => [line, column])
const items = async (client: Client, path: string): Promise<Body[]> =>
  (await client.get(`/api/v1/${path}?limit=100`, 200)).body.items
const csv = async (client: Client, path: string): Promise<string> =>
  (await client.get(`/api/v1/${path}/export`, 200)).text

test('each list brings what its sample says, after a try that leaves nothing behind', async () => {
  const { csref } = await harness()
  const { admin, agent } = csref
  const before = await items(admin, 'services')

  const tried = await send(admin, fileOf('services'), 'dryRun=true')
  assert.deepEqual([tried.register, tried.lines, tried.stored.services, tried.changed], ['services', 5, 3, 0])
  assert.deepEqual(refusals(tried), [[5, 'Capacité'], [6, null]]) // prettier-ignore
  assert.match(tried.refused[1].message, /^La ligne 2 dit déjà autre chose/)
  assert.deepEqual(await items(admin, 'services'), before)
  const services = await send(admin, fileOf('services'))
  assert.deepEqual({ ...services, id: '', dryRun: true, createdAt: '' }, { ...tried, id: '', createdAt: '' })
  const pediatrics = (await items(agent, 'services')).find(({ name }) => name === 'Pédiatrie')!
  assert.deepEqual([pediatrics.head, pediatrics.unit, pediatrics.capacity], ['Dr Coulibaly', 'Pôle mère-enfant', 8])

  const triedBeds = await send(admin, fileOf('lits'), 'dryRun=true')
  const beds = await send(admin, fileOf('lits'))
  assert.deepEqual({ ...beds, id: '', dryRun: true, createdAt: '' }, { ...triedBeds, id: '', createdAt: '' })
  assert.deepEqual([beds.register, beds.lines, beds.stored.beds, beds.duplicates], ['beds', 15, 5, 1])
  assert.deepEqual(refusals(beds), [
    [7, 'Ouvert le'],
    [8, 'Code du lit'],
    [9, 'Service'],
    [10, 'État'],
    [11, 'Fermé le'],
    [12, 'Fermé le'],
    [14, null],
    [15, 'Service'],
    [16, 'Ouvert le'],
  ])
  const why = beds.refused.map(({ message }: { message: string }) => message)
  for (const [i, sentence] of [
    /n'existe pas/,
    /MED-04/,
    /absent/,
    /Libre, Occupé/,
    /dit ouvert/,
    /précède/,
    /ligne 3/,
    /fermé/,
    /futur/,
  ].entries())
    // prettier-ignore
    assert.match(why[i], sentence)
  assert.deepEqual(beds.duplicateLines, [{ line: 13, sameAs: 2 }])
  assert.deepEqual(
    beds.warnings.map(({ line, column }: Body) => [line, column]),
    [[1, 'Remarque'], [6, 'État']], // prettier-ignore
  )
  assert.deepEqual(
    (await items(agent, 'beds')).map(({ code, service, state, active, openedOn, closedOn }) => [code, service.name, state, active, openedOn, closedOn]),
    [
      ['MED-01', 'Médecine', 'free', true, '2024-03-01', null],
      ['MED-02', 'Médecine', 'cleaning', true, '2024-03-01', null],
      ['MED-03', 'Médecine', 'outOfOrder', true, '2024-03-01', null],
      ['MED-04', 'Médecine', 'free', false, '2024-03-01', '2026-06-15'],
      ['PED-01', 'Pédiatrie', 'free', true, '2025-01-05', null],
    ],
  ) // prettier-ignore
  const bed = (await items(agent, 'beds'))[0]!
  const [first] = (await agent.get(`/api/v1/beds/${bed.id}/history`, 200)).body.items
  assert.deepEqual([first.action, first.reason], ['import', 'import'])
  assert.match(first.by.name, /csref_djenne.admin/)

  const equipment = await send(admin, fileOf('equipements'))
  assert.deepEqual([equipment.lines, equipment.stored.equipment], [8, 5])
  assert.deepEqual(refusals(equipment), [
    [6, 'Désignation'],
    [8, 'État'],
    [9, 'Depuis le'],
  ])
  assert.deepEqual(equipment.created.services, ['Bloc opératoire'])
  assert.deepEqual(
    (await items(agent, 'equipment')).map(({ code, service, state, overdue }) => [code, service?.name, state, overdue]),
    [
      ['AUTO-1', 'Bloc opératoire', 'outOfOrder', false],
      ['CONC-1', 'Pédiatrie', 'maintenance', today > '2026-12-01'],
      ['ECHO-1', 'Médecine', 'working', false],
      ['FRIGO-1', undefined, 'working', true],
      ['RX-1', 'Ancien pavillon', 'closed', false],
    ],
  )
  // Of a whole list come at once only its import is told.
  const told = (await items(admin, 'notifications')).map(({ message }) => message)
  assert.ok(told.some((one) => one.includes('5 lignes')) && !told.some((one) => one.includes('AUTO-1')), told.join())

  // The refused lines come back to be corrected.
  const file = (await admin.get(`/api/v1/imports/${equipment.id}/refused.csv`, 200)).text
  const corrected = file.replace('BAL-1;;', 'BAL-1;Balance;').replace('En route', 'En marche').replace('24/12/2199', '')
  assert.deepEqual([(await send(admin, corrected)).stored.equipment], [3])
})

test('what another establishment exported comes in as it is, and again changes nothing', async () => {
  const { csref, hospital } = await harness()
  for (const path of ['services', 'beds', 'equipment']) {
    const exported = await csv(csref.agent, path)
    const report = await send(hospital.admin, exported)
    assert.deepEqual(report.refused, [], path)
    assert.ok(report.stored[path] >= 4, path)
    assert.equal(await csv(hospital.agent, path), exported, path)
    // Not the same file, but the same content.
    const again = await send(hospital.admin, `${exported}\r\n`)
    assert.deepEqual([again.stored[path], again.changed, again.duplicates], [0, 0, report.lines], path)
    assert.equal((await send(hospital.admin, exported, 'dryRun=false', 200)).alreadyImported, true, path)
    const workbook = await hospital.admin.get(`/api/v1/${path}/export?format=xlsx`, 200)
    assert.match(workbook.headers['content-disposition'] ?? '', new RegExp(`${path}-sih_mopti-.*xlsx`))
  }
  const told = (await items(hospital.admin, 'notifications')).map(({ message }) => message)
  assert.ok(
    told.some((one) => one.endsWith(' : 0 ligne.')),
    told.join(),
  )
})

test('a changed line changes the entry with its history, an empty cell nothing, and a bed in use stays', async () => {
  const { csref } = await harness()
  const { admin, agent } = csref
  const bedOf = async (code: string) => (await items(agent, 'beds')).find((one) => one.code === code)!
  const patient = { familyName: 'Maïga', givenName: 'Oumou', sex: 'F', birth: { precision: 'year', date: '1990' } }
  const [one, two, closed] = [await bedOf('MED-01'), await bedOf('MED-02'), await bedOf('MED-04')]
  const { body } = await agent.post('/api/v1/patients', patient, 201)
  const stay = { patientId: body.id, admittedAt: '2026-11-20T08:00:00Z', serviceId: one.serviceId, bedId: one.id }
  await agent.post('/api/v1/stays', { ...stay, reason: 'Fièvre', diagnosis: 'Paludisme grave' }, 201)

  const head = 'Lit;Service;État;Ouvert;Ouvert le;Fermé le'
  const lines = [
    'MED-01;Pédiatrie;;;;',
    'MED-01 ;;hors service;;;',
    'med 02;PEDIATRIE;Libre;;05/05/2020;',
    'MED-04;;;Oui;;',
    'PED-01;;;;;01/02/2026',
    'MED-99;Urgences;;;;',
    'MED-98;Accueil;;;;01/13/2026',
    'MED-03;;;;02/03/2024;',
  ]
  const report = await send(admin, [head, ...lines].join('\n'), 'dryRun=false&register=beds')
  assert.deepEqual(refusals(report), [[2, null], [3, null], [8, 'Fermé le']]) // prettier-ignore
  assert.match(report.refused[0].message, /Un patient est dans ce lit/)
  assert.deepEqual([report.stored.beds, report.changed, report.created.services], [5, 4, ['Urgences']])
  assert.deepEqual(
    report.warnings.map(({ line, column }: Body) => [line, column]),
    [[4, 'Ouvert le'], [6, 'Fermé le']], // prettier-ignore
  )
  const moved = await bedOf('MED-02')
  assert.deepEqual([moved.code, moved.service.name, moved.state], ['MED-02', 'Pédiatrie', 'free'])
  const versions = (await agent.get(`/api/v1/beds/${two.id}/history`, 200)).body.items
  assert.deepEqual(
    versions.map(({ action, reason, data }: Body) => [action, reason, data.state]),
    [['update', 'import', 'free'], ['update', 'import', 'cleaning'], ['import', 'import', 'cleaning']], // prettier-ignore
  )
  assert.equal((await bedOf('MED-03')).openedOn, '2024-03-02')
  const [reopened, shut] = [await bedOf('MED-04'), await bedOf('PED-01')]
  assert.deepEqual([reopened.id, reopened.active, reopened.openedOn], [closed.id, true, today])
  assert.deepEqual([shut.active, shut.closedOn], [false, today])

  // Somebody lies in it: its line of before says nothing new.
  assert.equal((await bedOf('MED-01')).state, 'occupied')
  const same = await send(admin, `${head}\nMED-01;Médecine;Libre;Oui;01/03/2024;`, 'dryRun=false&register=beds')
  assert.deepEqual([same.stored.beds, same.duplicates, same.refused], [0, 1, []])

  // Closed on its first day it had none: opened again, it may have begun then.
  for (const line of ['MED-50;Médecine;;;;05/10/2026', 'MED-50;;;Oui;;', 'MED-50;;;;05/10/2026;'])
    assert.equal((await send(admin, `${head}\n${line}`, 'dryRun=false&register=beds')).stored.beds, 1, line)
  assert.equal((await bedOf('MED-50')).openedOn, '2026-10-05')

  const list =
    'Code équipement;Désignation;État;Depuis le;Capacité\nAUTO-1;;Fonctionnel;01/01/2020;\nECHO-1;Échographe;HS;;\nFRIGO-1;;;;\nCONC-1;;;11/11/2026;'
  const changed = await send(admin, list)
  assert.deepEqual([refusals(changed), changed.stored.equipment, changed.duplicates], [[[2, 'Depuis le']], 1, 2])
  assert.deepEqual(changed.warnings.map(({ line, column }: Body) => [line, column]), [[1, 'Capacité'], [5, 'Depuis le']]) // prettier-ignore
  const echo = (await items(agent, 'equipment')).find(({ code }) => code === 'ECHO-1')!
  assert.deepEqual([echo.name, echo.state, echo.stateSince, echo.nextMaintenanceOn], ['Échographe', 'outOfOrder', today, '2099-01-15']) // prettier-ignore

  const ward = await send(admin, 'Nom du service;Ouvert\nMédecine;Non\nUrgences;Non\nPédiatrie;')
  assert.deepEqual([refusals(ward), ward.stored.services, ward.duplicates], [[[2, null]], 1, 1])
})

test('the administrator imports the lists, agents the registers, and each reads their own reports', async () => {
  const { cscom, ministere } = await harness()
  const { admin, agent } = cscom
  const [bytes, book] = [fileOf('services'), register(visit())]
  for (const name of ['services', 'beds', 'equipment']) {
    assert.equal((await send(agent, bytes, `register=${name}`, 403)).code, 'right_missing')
    await ministere.get(`/api/v1/${name}/export`, 403)
  }
  for (const name of ['consultations', 'stays'])
    assert.equal((await send(admin, book, `register=${name}`, 403)).code, 'right_missing')
  // Unnamed, a file is what its headings say.
  assert.equal((await send(agent, bytes, 'dryRun=true', 403)).code, 'right_missing')
  assert.equal((await send(admin, book, 'dryRun=true', 403)).code, 'right_missing')
  assert.equal((await send(admin, 'Rien;Du tout\n1;2', 'dryRun=true', 400)).code, 'import_columns_missing')
  const [list, visits] = [await send(admin, bytes, 'dryRun=true'), await send(agent, book, 'dryRun=true')]
  for (const [reader, other, { id }] of [
    [admin, agent, list],
    [agent, admin, visits],
  ] as const)
    // prettier-ignore
    for (const path of [`/api/v1/imports/${id}`, `/api/v1/imports/${id}/refused.csv`]) {
      await reader.get(path, 200)
      assert.equal((await other.get(path, 404)).body.code, 'import_not_found')
    }
})

/** What `act` answers that waits for a transaction of our own, which adds a bed and a piece of equipment meanwhile. */
async function behind<T>(site: Site, ids: string[], serviceId: string, act: () => Promise<T>): Promise<T> {
  const { database } = await harness()
  const { schema } = site.establishment
  const other = new pg.Client({ connectionString: database.superuserUrl })
  await other.connect()
  try {
    await other.query(`begin; set local search_path = ${schema}`)
    const insert = async (table: string, row: Record<string, unknown>) => {
      const names = Object.keys(row)
      const places = names.map((_, i) => `$${i + 1}`)
      await other.query(`insert into ${table} (${names.join()}) values (${places.join()})`, Object.values(row))
    }
    const since = '2026-01-01'
    const [bed = '', device = ''] = ids
    const version = { version: 1, by_name: 'Essai', action: 'create' }
    await insert('bed', { id: bed, code: 'RACE 1', code_key: 'race 1', service_id: serviceId })
    await insert('bed_opening', { bed_id: bed, service_id: serviceId, opened_on: since })
    const saidOfBed = { id: bed, version: 1, code: 'RACE 1', serviceId, state: 'free', active: true, openedOn: since, closedOn: null } // prettier-ignore
    await insert('record_version', { resource: 'bed', resource_id: bed, ...version, data: saidOfBed })
    const kept = { code: 'RACE 2', name: 'Four' }
    await insert('equipment', { id: device, ...kept, code_key: 'race 2', search_key: '', state: 'working', state_since: since }) // prettier-ignore
    await insert('equipment_state', { equipment_id: device, state: 'working', since })
    const saidOfDevice = { id: device, version: 1, ...kept, serviceId: null, state: 'working', stateSince: since, nextMaintenanceOn: null, states: [{ state: 'working', since }] } // prettier-ignore
    await insert('record_version', { resource: 'equipment', resource_id: device, ...version, data: saidOfDevice })
    const { rows } = await other.query<{ pid: number }>('select pg_backend_pid() as pid')
    const started = act()
    await until(async () => {
      const sql = 'select pid from pg_stat_activity where $1::integer = any(pg_blocking_pids(pid))'
      return (await database.asSuperuser(sql, [rows[0]!.pid])).length > 0 || undefined
    })
    await other.query('commit')
    return await started
  } finally {
    await other.end()
  }
}

test('what is added while it waits is the same act, and a list goes on with it', async () => {
  const { csref, hospital, cscom } = await harness()
  const opening = { openedOn: '2026-01-01' }
  const make = async ({ admin }: Site) => (await admin.post('/api/v1/services', { name: 'Course' }, 201)).body.id
  const ids = [uuidv7(), uuidv7()]
  const [one, two, three] = [await make(csref), await make(hospital), await make(cscom)]
  const bed = { id: ids[0], code: 'RACE 1', serviceId: one, ...opening }
  const again = await behind(csref, ids, one, () => csref.admin.post('/api/v1/beds', bed))
  assert.deepEqual([again.status, again.body.id, again.body.version], [200, ids[0], 1])
  const device = { id: ids[1], code: 'RACE 2', name: 'Four', stateSince: '2026-01-01' }
  const sent = await behind(hospital, ids, two, () => hospital.admin.post('/api/v1/equipment', device))
  assert.deepEqual([sent.status, sent.body.id, sent.body.version], [200, ids[1], 1])
  const list = 'Code lit;Service;État\nRACE 2;Course;Libre\nRACE 1;Course;Hors service'
  const report = await behind(cscom, ids, three, () => send(cscom.admin, list))
  assert.deepEqual([report.stored.beds, report.changed, report.refused], [2, 1, []])
})

test('a list is bounded, and beds come in only where beds are kept', async () => {
  const { cabinet, csref, database } = await harness()
  const many = Array.from({ length: 5_001 }, (_, i) => `S ${i}`)
  assert.equal((await send(csref.admin, ['Nom du service', ...many].join('\n'), 'dryRun=true', 413)).code, 'import_too_many_lines') // prettier-ignore
  assert.equal((await send(cabinet.admin, fileOf('lits'), 'dryRun=true', 404)).code, 'module_disabled')
  // A hundred new services at the most: a column was taken for another.
  const beds = Array.from({ length: 101 }, (_, i) => `X-${i};Service inventé ${i}`)
  const report = await send(csref.admin, ['Code lit;Service', ...beds].join('\n'), 'dryRun=true')
  assert.deepEqual([report.stored.beds, refusals(report)], [100, [[102, 'Service']]])
  const entries = await database.asSuperuser(
    `select action from sis_audit.entry where tenant = $1 and action in ('bed.create', 'bed.update', 'bed.state', 'bed.export', 'import.store', 'import.try') group by 1`,
    [csref.establishment.schema],
  )
  assert.equal(entries.length, 6)
})
