import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import type { Static } from 'typebox'
import { Value } from 'typebox/value'
import { describeStored } from '#tenancy'
import { insertConsultations } from '../../src/modules/consultations/index.ts'
import { importFile, line, register } from '../../src/modules/exchange/register.fixture.ts'
import { recordOpposition } from '../../src/modules/oppositions/queries.ts'
import { Delivery, type Made } from '../../src/modules/patient-file/delivery.ts'
import { patientFileSchema } from '../../src/modules/patient-file/schemas.ts'
import { sectionsOf } from '../../src/modules/patient-file/section.ts'
import { modules } from '../../src/app.ts'
import {
  registerOf,
  staleIn,
  tablesOf,
  writeRegister,
  type Settings,
} from '../../src/modules/processing-register/index.ts'
import { text } from '../../src/shared/text.ts'
import { figure, longDay, longInstant } from '../../src/shared/french.ts'
import { Pdf } from '../../src/shared/pdf/index.ts'
import { printable } from '../../src/shared/pdf/text.ts'
import { harness, type Client } from '../harness.ts'
import { pdfPages } from '../pdf-text.ts'
import { until } from '../sis-process.ts'
import { size } from '../size.ts'

// A patient's rights (loi 2013-015 of 21 May 2013): to have what is kept, to have it corrected, to oppose its sharing.

const estimate = { precision: 'estimate', estimate: { value: 40, unit: 'years', on: '2026-07-01' } }
const someone = (more: object = {}) => ({
  familyName: `Coulibaly ${uuidv7().slice(-6)}`,
  givenName: 'Ɲɛnɛ Ŋɔlɔ Ɓuuɗi',
  sex: 'F',
  birth: estimate,
  phone: '76 12 34 56',
  motherName: 'Awa Diarra',
  allergies: ['Pénicilline', 'Arachide'],
  confirmDuplicate: true,
  ...more,
})
const visit = (patientId: string, more: object = {}) => ({
  patientId,
  date: '2026-07-01',
  practitionerName: 'Dr Diarra',
  reason: 'Fièvre depuis 3 jours',
  diagnosis: 'Paludisme simple',
  codes: [{ code: 'B54' }],
  vitals: { temperature: 38.9, systolic: 120, diastolic: 80, weight: 14.2 },
  outcome: 'home',
  ...more,
})

type Found = { id: string; version: number } & Record<string, unknown>
const create = async (client: Client, path: string, body: object): Promise<Found> =>
  (await client.post(`/api/v1/${path}`, body, 201)).body as Found

/** The answer with its bytes. */
async function download(client: Client, id: string, format: 'json' | 'pdf', expect = 200) {
  const { app } = await harness()
  const answer = await app.inject({
    url: `/api/v1/patients/${id}/file?format=${format}`,
    headers: { authorization: `Bearer ${await client.token()}` },
  })
  assert.equal(answer.statusCode, expect, answer.statusCode === 200 ? 'a file' : answer.body)
  return { bytes: answer.rawPayload, headers: answer.headers }
}

const entriesOf = async (id: string, action: string) =>
  (await harness()).database.asSuperuser<{ actor_name: string; patients: string[]; detail: Record<string, unknown> }>(
    'select actor_name, patients, detail from sis_audit.entry where resource_id = $1 and action = $2 order by seq',
    [id, action],
  )

const PatientFile = patientFileSchema(sectionsOf(modules))
type PatientFile = Static<typeof PatientFile>

describe('the file of a patient', () => {
  test('holds the stays with their places, observations and corrections, for a machine and on paper', async () => {
    const { csref } = await harness()
    const { agent, admin } = csref
    const { id: serviceId } = await create(admin, 'services', { name: 'Médecine' })
    const { id: patientId } = await create(agent, 'patients', someone())
    const asked = { patientId, serviceId, admittedAt: '2026-10-02T08:00:00.000Z', diagnosis: 'Paludisme grave' }
    const { id } = await create(agent, 'stays', asked)
    await agent.post(
      `/api/v1/stays/${id}/observations`,
      { at: '2026-10-02T20:00:00.000Z', notes: 'Fièvre tombée' },
      201,
    )
    const { bytes } = await download(agent, patientId, 'json')
    const file = JSON.parse(String(bytes))
    assert.deepEqual(Value.Errors(PatientFile, file), [])
    assert.deepEqual([file.stays.length, file.stays[0].id, file.stays[0].history.length], [1, id, 1])
    assert.equal(file.stays[0].observations[0].notes, 'Fièvre tombée')
    const text = pdfPages((await download(agent, patientId, 'pdf')).bytes).join(' ')
    for (const told of ['Séjour du', 'en cours', 'Paludisme grave', 'Fièvre tombée'])
      assert.ok(text.includes(told), told)
  })

  test('holds, as JSON, all that is kept of the patient, and its hash is on record', async () => {
    const { cscom } = await harness()
    const { agent } = cscom
    const patient = await create(agent, 'patients', someone())
    await agent.patch(
      `/api/v1/patients/${patient.id}`,
      { village: 'Sangha', changeReason: 'Le patient a déménagé' },
      1,
      200,
    )
    const kept = await create(agent, 'consultations', visit(patient.id))
    await agent.patch(`/api/v1/consultations/${kept.id}`, { notes: 'À revoir', changeReason: 'Oubli' }, 1, 200)
    const hidden = await create(agent, 'consultations', visit(patient.id, { date: '2026-07-02' }))
    await agent.delete(`/api/v1/consultations/${hidden.id}`, { reason: 'Saisie deux fois' }, 1, 204)
    await create(agent, `patients/${patient.id}/oppositions`, { scope: 'research', reason: 'Par discrétion' })
    await create(agent, 'consultations', visit((await create(agent, 'patients', someone())).id))

    const { bytes, headers } = await download(agent, patient.id, 'json')
    const file = JSON.parse(String(bytes)) as Record<string, unknown> & { consultations: Record<string, unknown>[] }
    assert.deepEqual(Value.Errors(PatientFile, file), [])
    const read = async (path: string) => (await agent.get(`/api/v1/${path}`, 200)).body as Record<string, unknown>
    assert.deepEqual(file['patient'], await read(`patients/${patient.id}`))
    assert.deepEqual(file['history'], (await read(`patients/${patient.id}/history`))['items'])
    assert.deepEqual(file['oppositions'], (await read(`patients/${patient.id}/oppositions`))['items'])
    assert.equal((file['history'] as Found[])[0]!['reason'], 'Le patient a déménagé')
    assert.deepEqual([file.consultations.length, file['visits']], [2, 2])
    const [first, second] = file.consultations as Found[]
    assert.deepEqual([first!.id, first!['hidden'], second!.id], [hidden.id, true, kept.id])
    const { patient: who, ...seen } = await read(`consultations/${kept.id}`)
    const history = (await read(`consultations/${kept.id}/history`))['items'] as { reason: string | null }[]
    assert.deepEqual(second, { ...seen, age: (who as Found)['age'], import: null, history })
    assert.deepEqual(
      history.map(({ reason }) => reason),
      ['Oubli', null],
    )

    assert.match(String(headers['content-disposition']), /^attachment; filename="dossier-\d{4}-\d{6}-[\d-]+\.json"$/)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal((await entriesOf(patient.id, 'patient.export')).length, 1)
    const [entry] = await entriesOf(patient.id, 'patient.exported')
    assert.deepEqual(entry?.patients, [patient.id])
    assert.deepEqual(entry?.detail, {
      format: 'json',
      visits: 2,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
  })

  test('tells from which register it was taken over', async () => {
    const { csref } = await harness()
    const { body: report } = await importFile(csref.agent, register(line({ Nom: 'Koné', Prénom: 'Fanta' })), {
      expect: 201,
    })
    const { body } = await csref.agent.get('/api/v1/patients?q=fanta%20kone', 200)
    const { bytes } = await download(csref.agent, body.items[0].id as string, 'json')
    const { imports, consultations, history } = JSON.parse(String(bytes))
    assert.deepEqual([imports.length, imports[0].id, imports[0].fileName], [1, report.id, 'registre.csv'])
    assert.deepEqual(consultations[0].import, { id: report.id, line: 2 })
    assert.equal(history[0].action, 'import')
    const pages = pdfPages((await download(csref.agent, body.items[0].id as string, 'pdf')).bytes)
    assert.match(pages.join('\n'), /registre\.csv[^]*repris d’un registre/)

    const book = [
      'N° dossier;Date d’entrée;Service;Diagnostic;Date de sortie;Mode de sortie',
      `${body.items[0].fileNumber};01/10/2026;Médecine;Plaie;03/10/2026;Guérie`,
    ]
    const { body: ofWard } = await importFile(csref.agent, book.join('\n'), { expect: 201 })
    const file = JSON.parse(String((await download(csref.agent, body.items[0].id as string, 'json')).bytes))
    assert.deepEqual(Value.Errors(PatientFile, file), [])
    assert.deepEqual(
      file.imports.map(({ id }: Found) => id),
      [ofWard.id, report.id],
    )
    assert.deepEqual(file.stays[0].import, { id: ofWard.id, line: 2 })
    const printed = pdfPages((await download(csref.agent, body.items[0].id as string, 'pdf')).bytes).join(' ')
    assert.match(printed, /Séjour du[^]*Repris du registre[^]*ligne 2/)
  })

  test('can be read on paper, in French, whatever was written into it', async () => {
    const { cscom } = await harness()
    const { agent } = cscom
    const services = await create(cscom.admin, 'services', { name: `Médecine ${uuidv7().slice(-6)}` })
    const patient = await create(agent, 'patients', someone({ village: 'Ɓandiagara', nina: '21986102013045K' }))
    const long = Array.from({ length: 700 }, (_, i) => `mot${i}`).join(' ')
    // A text as text: nothing of it is an instruction, moves what stands beside it, or makes a page of its own.
    const strange =
      `) Tj ET (x\\) endobj <</JS>> \u202egnahc \u0000‮ ${'é'.repeat(900)} \u0645\u0631\u062d\u0628\u0627 ߒߞߏ 😀`.replace(
        '\u0000',
        '',
      )
    const seen = await create(
      agent,
      'consultations',
      visit(patient.id, { serviceId: services.id, treatment: long, notes: strange }),
    )
    await agent.patch(
      `/api/v1/consultations/${seen.id}`,
      { diagnosis: 'Grippe', serviceId: null, changeReason: 'TDR négatif' },
      1,
      200,
    )
    await create(agent, `patients/${patient.id}/oppositions`, { scope: 'statistics', since: '2026-07-01' })
    const { bytes, headers } = await download(agent, patient.id, 'pdf')
    assert.equal(headers['content-type'], 'application/pdf')
    assert.equal(String(bytes.subarray(0, 8)), '%PDF-1.7')
    const pages = pdfPages(bytes)
    assert.ok(pages.length >= 2, `${pages.length} pages`)
    for (const [index, page] of pages.entries()) {
      assert.ok(page.startsWith(`CSCOM de Sangha\nDossier n° ${patient['fileNumber'] as string}\n`), page.slice(0, 80))
      assert.match(page, new RegExp(`Page ${index + 1} / \n${pages.length}\n`))
    }
    // Lines end where the paper does.
    const text = pages.join('\n').replace(/\s+/g, ' ')
    for (const wanted of [
      'Ɲɛnɛ Ŋɔlɔ Ɓuuɗi',
      'Ɓandiagara',
      'Féminin',
      'non connue ; âge estimé à 40 ans le 1er juillet 2026',
      '40 ans (âge estimé)',
      '+223 76 12 34 56',
      'Pénicilline, Arachide',
      '21986102013045K',
      'Statistiques nationales depuis le 1er juillet 2026',
      'Consultation du 1er juillet 2026',
      'B54 Paludisme',
      'Température 38,9 °C ; Tension systolique 120 mmHg',
      'Poids 14,2 kg',
      'retour à domicile',
      'mot0 mot1 mot2',
      'mot698 mot699',
      ') Tj ET (x\\) endobj <</JS>>',
      'gnahc',
      'motif : TDR négatif',
      'Diagnostic : « Paludisme simple » devient « Grippe »',
      'Service : « Médecine',
      'loi n° 2013-015 du 21 mai 2013',
      'Fin du dossier : 1 consultation.',
    ])
      assert.ok(text.includes(wanted), `${wanted} in ${text}`)
    assert.ok(!/undefined|null|\[object|Numéro AMO|\u202e/.test(text), text)
    const [printed] = await entriesOf(patient.id, 'patient.printed')
    const { pages: counted, visits, sha256 } = printed?.detail ?? {}
    assert.deepEqual([counted, visits], [pages.length, 1])
    assert.equal(sha256, createHash('sha256').update(bytes).digest('hex'))
  })

  test('of a hidden patient can still be had; of another establishment’s or nobody’s there is none', async () => {
    const { cscom, csref } = await harness()
    const { id } = await create(cscom.agent, 'patients', someone())
    await cscom.agent.delete(`/api/v1/patients/${id}`, { reason: 'Saisi deux fois' }, 1, 204)
    assert.equal(JSON.parse(String((await download(cscom.agent, id, 'json')).bytes)).patient.hidden, true)
    assert.match(pdfPages((await download(cscom.agent, id, 'pdf')).bytes).join('\n'), /Ce dossier est masqué/)
    for (const nobody of [id, uuidv7()]) await download(csref.agent, nobody, 'pdf', 404)
  })

  test('that is sensitive is for the caring team only', async () => {
    const { cscom, database, as } = await harness()
    await database.asSuperuser(
      `with made as (insert into sis_platform.account (id, username, display_name, password_hash, status, demo)
         select gen_random_uuid(), 'cscom_sangha.autre', 'Autre', password_hash, status, true from sis_platform.account where username = 'cscom_sangha.agent' returning id)
       insert into sis_platform.membership (id, account_id, establishment_id, role, status)
       select gen_random_uuid(), made.id, m.establishment_id, m.role, 'active' from made, sis_platform.membership m
       join sis_platform.account a on a.id = m.account_id where a.username = 'cscom_sangha.agent'`,
    )
    const other = as('cscom_sangha.autre')
    const { id } = await create(cscom.agent, 'patients', someone({ sensitive: true }))
    await download(cscom.agent, id, 'pdf')
    await download(other, id, 'json', 403)
    await other.get(`/api/v1/patients/${id}/oppositions`, 403)
    await other.post(`/api/v1/patients/${id}/oppositions`, { scope: 'research' }, 403)
    assert.deepEqual(await entriesOf(id, 'patient.exported'), [])
    await other.post(`/api/v1/patients/${id}/break-glass`, { reason: 'Urgence, patient inconscient' }, 201)
    const file = JSON.parse(String((await download(other, id, 'json')).bytes)) as PatientFile
    assert.deepEqual(Value.Errors(PatientFile, file), [])
    assert.deepEqual(file.careTeam, (await other.get(`/api/v1/patients/${id}/care-team`, 200)).body.items)
    const { items } = (await cscom.admin.get('/api/v1/break-glass', 200)).body
    assert.deepEqual(file.breakGlasses, items)
    const print = async () =>
      pdfPages((await download(other, id, 'pdf')).bytes)
        .join(' ')
        .replace(/\s+/g, ' ')
    const text = await print()
    for (const wanted of [
      'Équipe soignante de ce dossier sensible Essai cscom_sangha.agent depuis le',
      'a marqué le dossier comme sensible',
      'Accès d’urgence à ce dossier sensible Autre Agent de CSCOM, du',
      'Motif : Urgence, patient inconscient Pas encore contrôlé',
    ])
      assert.ok(text.includes(wanted), `${wanted} in ${text}`)
    await cscom.admin.patch(`/api/v1/break-glass/${items[0].id}`, { remark: 'Vu avec le garde', admit: true }, 1, 200)
    const reviewed = await print()
    for (const wanted of ['– remarque : Vu avec le garde', 'admis à la suite d’un accès d’urgence par'])
      assert.ok(reviewed.includes(wanted), `${wanted} in ${reviewed}`)
  })

  test('of many visits is written while it is read', { timeout: 600_000 }, async (t) => {
    const { hospital, tenancy } = await harness()
    const { id } = await create(hospital.agent, 'patients', someone({ birth: { precision: 'year', date: '1980' } }))
    const visits = size(60, 2_000)
    const notes = Array.from({ length: 250 }, (_, i) => `constat${i % 40}`).join(' ')
    const actor = { id: null, name: 'Essai', role: 'SIH' }
    for (let done = 0; done < visits; done += 100)
      await tenancy.tenant(hospital.establishment).transaction((db) =>
        insertConsultations(
          db,
          actor,
          Array.from({ length: Math.min(100, visits - done) }, (_, i) => {
            const day = new Date(Date.UTC(2020, 0, 1 + done + i)).toISOString().slice(0, 10)
            return { ...visit(id), date: day, notes, treatment: `Soin ${done + i} fin` } as never
          }),
        ),
      )
    for (const format of ['json', 'pdf'] as const) {
      globalThis.gc?.()
      const before = process.memoryUsage().rss
      let most = before
      const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 5)
      const begun = performance.now()
      const { bytes } = await download(hospital.agent, id, format)
      clearInterval(watch)
      const [seconds, megabytes] = [(performance.now() - begun) / 1000, (most - before) / 2 ** 20]
      const text = format === 'json' ? String(bytes) : pdfPages(bytes).join('\n')
      const found = new Set(Array.from(text.matchAll(/Soin (\d+) fin/g), ([, number]) => number))
      assert.equal(found.size, visits)
      // Reading it back held up everything else.
      await tenancy.directory.refresh()
      t.diagnostic(
        `${format}: ${visits} visits, ${(bytes.length / 2 ** 20).toFixed(1)} MB in ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB more in memory`,
      )
    }
  })
})

test('a file whose hash could not be put on record has no end', async () => {
  const out = new PassThrough()
  const delivery = new Delivery(out, () => {})
  for (const piece of ['one ', 'two ', 'end']) delivery.write(piece)
  const noted: Made[] = []
  await assert.rejects(
    delivery.finish(async () => Promise.reject(new Error('no record'))),
    /no record/,
  )
  assert.equal(String(out.read()), 'one two ')
  const whole = new Delivery(out, () => {})
  for (const piece of ['one ', 'two ', 'end']) whole.write(piece)
  await whole.finish(async (made) => void noted.push(made))
  assert.equal(String(out.read()), 'one two end')
  assert.deepEqual(noted, [{ bytes: 11, sha256: createHash('sha256').update('one two end').digest('hex') }])
})

describe('an opposition to sharing', () => {
  test('is recorded once for its scope, withdrawn with a reason, and never gone', async () => {
    const { cscom, database } = await harness()
    const { agent } = cscom
    const { id } = await create(agent, 'patients', someone())
    const path = `/api/v1/patients/${id}/oppositions`
    assert.deepEqual((await agent.get(path, 200)).body, { items: [] })
    const { body: made } = await agent.post(
      path,
      { scope: 'establishments', since: '2026-06-30', reason: 'Vie privée' },
      201,
    )
    assert.deepEqual(
      [made.scope, made.since, made.reason, made.withdrawn],
      ['establishments', '2026-06-30', 'Vie privée', null],
    )
    assert.equal((await agent.post(path, { scope: 'establishments' }, 409)).body.code, 'opposition_exists')
    await agent.post(path, { scope: 'research' }, 201)
    for (const since of ['2999-01-01', '1899-12-31'])
      assert.equal((await agent.post(path, { scope: 'research', since }, 400)).body.errors[0].path, 'since')
    await agent.post(path, { scope: 'everything' }, 400)

    const one = `${path}/${made.id as string}`
    await agent.delete(one, undefined, undefined, 400)
    await agent.delete(one, { reason: 'Le patient change d’avis' }, undefined, 204)
    assert.equal(
      (await agent.delete(one, { reason: 'Encore une fois' }, undefined, 409)).body.code,
      'opposition_withdrawn',
    )
    assert.equal(
      (await agent.delete(`${path}/${uuidv7()}`, { reason: 'Inconnue' }, undefined, 404)).body.code,
      'opposition_not_found',
    )
    await agent.post(path, { scope: 'establishments' }, 201)
    const { items } = (await agent.get(path, 200)).body
    assert.deepEqual(
      items.map((each: { scope: string; withdrawn: { reason: string } | null }) => [
        each.scope,
        each.withdrawn?.reason,
      ]),
      [
        ['establishments', undefined],
        ['research', undefined],
        ['establishments', 'Le patient change d’avis'],
      ],
    )
    assert.equal((await entriesOf(made.id as string, 'opposition.withdraw')).length, 1)

    // The establishment's own role cannot take back what was written either.
    const schema = cscom.establishment.schema
    const may = await database.asSuperuser<{ may: boolean }>(
      `select bool_or(has_table_privilege($1::text, format('%I.%I', $1::text, name), privilege)) as may
       from unnest(array['patient_opposition', 'opposition_withdrawal']) name, unnest(array['update', 'delete', 'truncate']) privilege`,
      [schema],
    )
    assert.deepEqual(may, [{ may: false }])
  })

  test('waits for another that is being recorded, and is then refused', async () => {
    const { cscom, tenancy, database } = await harness()
    const { id } = await create(cscom.agent, 'patients', someone())
    const tenant = tenancy.tenant(cscom.establishment)
    const record = (then: () => Promise<void>) =>
      tenant.transaction(async (db) => {
        await recordOpposition(db, { id: null, name: 'Essai', role: 'SIS_CSCOM' }, id, { scope: 'research' })
        await then()
      })
    let end = (): void => {}
    let wrote = (): void => {}
    const over = new Promise<void>((resolve) => (end = resolve))
    const written = new Promise<void>((resolve) => (wrote = resolve))
    const first = record(async () => {
      wrote()
      await over
    })
    await written
    let settled = false
    const second = record(async () => {}).then(
      () => 'recorded',
      (error: { code: string }) => error.code,
    )
    void second.then(() => (settled = true))
    await until(async () => {
      const [row] = await database.asSuperuser<{ waits: boolean }>(
        `select exists (select from pg_stat_activity where wait_event_type = 'Lock') as waits`,
      )
      return row?.waits === true || settled || undefined
    })
    end()
    await first
    assert.equal(await second, 'opposition_exists')
  })

  test('of another establishment’s patient is nobody’s', async () => {
    const { cscom, csref } = await harness()
    const { id } = await create(cscom.agent, 'patients', someone())
    const own = await create(csref.agent, 'patients', someone())
    const made = await create(cscom.agent, `patients/${id}/oppositions`, { scope: 'research' })
    await csref.agent.get(`/api/v1/patients/${id}/oppositions`, 404)
    await csref.agent.post(`/api/v1/patients/${id}/oppositions`, { scope: 'research' }, 404)
    await csref.agent.delete(`/api/v1/patients/${own.id}/oppositions/${made.id}`, { reason: 'Essai' }, undefined, 404)
  })
})

describe('the register of processing', () => {
  test('describes every table and column of the live database, and nothing else', async () => {
    const { database } = await harness()
    const stored = await describeStored(database.superuserUrl, 'csref_djenne')
    assert.ok(stored && stored.tables.length > 25)
    assert.deepEqual(staleIn(tablesOf(modules), stored.tables), [])
    const about = { at: '2026-11-22T09:30:00.000Z', version: '0.1.0', slug: 'csref_djenne', modules }
    assert.deepEqual(registerOf(stored, [], settings, about).undescribed, [])
    // The control: what is added by hand is told.
    await database.asSuperuser(
      'create table sis_platform.unheard (id uuid); alter table sis_platform.account add column eyes text',
    )
    const changed = await describeStored(database.superuserUrl)
    await database.asSuperuser('drop table sis_platform.unheard; alter table sis_platform.account drop column eyes')
    assert.deepEqual(registerOf(changed!, [], settings, about).undescribed.sort(), ['account.eyes', 'unheard'])
    assert.equal(await describeStored(database.superuserUrl, 'nulle_part'), undefined)
  })

  test('is a document to be signed, made of what the installation says of itself', async () => {
    const { cscom, database } = await harness()
    await create(cscom.agent, 'consultations', visit((await create(cscom.agent, 'patients', someone())).id))
    const slug = cscom.establishment.slug
    const stored = await describeStored(database.superuserUrl, slug)
    const [counted] = await database.asSuperuser<{ patients: number }>(
      `select count(*)::int as patients from ${cscom.establishment.schema}.patient`,
    )
    assert.equal(stored!.records!.patients, counted!.patients)
    const bad = {
      id: 'tls',
      level: 'critical',
      found: text('La connexion n’est pas chiffrée.', ''),
      remedy: text('Activez ssl.', ''),
    } as const
    const at = '2026-11-22T09:30:00.000Z'
    const register = registerOf(stored!, [bad], settings, { at, version: '0.1.0', slug, modules })
    const agents = register.recipients.find(({ role }) => role === 'Agent de CSCOM')
    assert.ok(agents && agents.people >= 1 && agents.rights.includes('lire les dossiers des patients'))
    assert.ok(
      !register.recipients
        .find(({ role }) => role === 'Administrateur de la plateforme')!
        .rights.some((right) => /dossier|consultation/.test(right)),
    )
    const chunks: Uint8Array[] = []
    const count = await writeRegister(register, (chunk) => void chunks.push(chunk))
    const pages = pdfPages(Buffer.concat(chunks))
    assert.equal(pages.length, count)
    const whole = pages.join('\n').replace(/\s+/g, ' ')
    for (const wanted of [
      'Loi n° 2013-015 du 21 mai 2013',
      'CSCOM de Sangha (CSCOM)',
      `${figure(counted!.patients)} patients`,
      'numéro d’identification nationale (NINA)',
      'allergies',
      'lire les dossiers des patients',
      'durée légale à préciser par le responsable',
      '48 heures',
      'NON CONFORME',
      'La connexion n’est pas chiffrée. → Activez ssl.',
      'Aucune sauvegarde réussie n’est connue.',
      'Signature du responsable'.toLowerCase(),
    ])
      assert.ok(whole.toLowerCase().includes(wanted.toLowerCase()), `${wanted} in ${whole}`)
    assert.ok(!/undefined|null|\[object|postgres:\/\//.test(whole), whole)
  })
})
const settings: Settings = { embedded: true, local: true, behindProxy: false, anchor: 'none' }

test('the same content and instant make the same document, and a long one keeps its head, foot and words', async () => {
  const rows = size(300, 2_000)
  const write = async (): Promise<Buffer> => {
    const chunks: Uint8Array[] = []
    const at = new Date('2026-11-22T09:30:00.000Z')
    const pdf = await Pdf.open({
      title: 'Essai',
      head: ['Gauche', 'Droite'],
      foot: 'Pied',
      at,
      write: (c) => void chunks.push(c),
    })
    pdf.heading('Titre')
    pdf.table(
      [
        { heading: 'N°', width: 1 },
        { heading: 'Texte', width: 4 },
      ],
      Array.from({ length: rows }, (_, i) => [String(i), `ligne ${i} fin`]),
    )
    pdf.end()
    return Buffer.concat(chunks)
  }
  const [one, other] = [await write(), await write()]
  assert.ok(one.equals(other))
  const pages = pdfPages(one)
  assert.ok(pages.length > rows / 50, `${pages.length} pages`)
  for (const page of pages) assert.match(page, /^Gauche\nDroite\nPied\nPage \d+ \/ \n\d+\n[^]*N°\nTexte\n/)
  for (let i = 0; i < rows; i += 1) assert.ok(pages.join('\n').includes(`\nligne ${i} fin`), `row ${i}`)
})

test('days, instants and figures are written as in French', () => {
  assert.deepEqual(
    [longDay('2026-07-01'), longDay('2026-08-22'), longDay('1986-03'), longDay('1986')],
    ['1er juillet 2026', '22 août 2026', 'mars 1986', '1986'],
  )
  assert.equal(longInstant('2026-07-01T09:05:59.000Z'), '1er juillet 2026 à 9 h 05')
  assert.deepEqual([figure(38.5), figure(2.125), figure(12_345)], ['38,5', '2,125', '12\u202f345'])
})

test('on paper a line does not break where French forbids it, and can always break somewhere', () => {
  assert.equal(
    printable('Motif : « fièvre » ; vu à 9 h 05 ?'),
    'Motif\u00a0: «\u00a0fièvre\u00a0»\u00a0; vu à 9\u00a0h\u00a005\u00a0?',
  )
  for (const hostile of [' : ', ' « a', 'à 1 h 11 ', 'a :', ' »', '« ', '1 ! '])
    for (const piece of printable(hostile.repeat(2_000)).split(/[ \u200b]/))
      assert.ok(piece.length <= 61, `${hostile}: ${piece.length}`)
})
