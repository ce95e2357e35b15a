import assert from 'node:assert/strict'
import test from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { harness } from '../../../test/harness.ts'
import { findOrInsertService } from './index.ts'

for (const [path, code] of [
  ['services', 'service'],
  ['specialties', 'specialty'],
] as const) {
  const url = `/api/v1/${path}`
  const own = path === 'services' ? { head: null, unit: null, capacity: null } : {}

  test(`${path}: the administrator keeps the list, agents read it`, async () => {
    const { csref, ministere, superadmin } = await harness()
    const created = await csref.admin.post(url, { name: '  Médecine   générale ' }, 201)
    assert.deepEqual(
      { ...created.body, id: '' },
      { id: '', version: 1, name: 'Médecine générale', active: true, ...own },
    )
    assert.equal(created.headers['etag'], '"1"')
    const read = await csref.agent.get(created.headers['location'] ?? '', 200)
    assert.deepEqual(read.body, created.body)
    assert.deepEqual((await csref.agent.get(`${url}?q=generale`, 200)).body, {
      items: [created.body],
      nextCursor: null,
    })
    await csref.agent.post(url, { name: 'Pédiatrie' }, 403)
    await csref.agent.patch(`${url}/${created.body.id}`, { active: false }, 1, 403)
    for (const client of [ministere, superadmin]) await client.get(url, 403)
  })

  test(`${path}: a name that nobody sees is no name`, async () => {
    const { csref } = await harness()
    const { body } = await csref.admin.post(url, { name: '\u200b\u2060' }, 400)
    assert.equal(body.errors[0].path, 'name')
    const created = await csref.admin.post(url, { name: 'Dermato\u200blogie' }, 201)
    assert.equal(created.body.name, 'Dermatologie')
    await csref.admin.patch(`${url}/${created.body.id}`, { name: '\u200b' }, 1, 400)
  })

  test(`${path}: two names that differ by accents or capitals are one`, async () => {
    const { cscom } = await harness()
    const first = (await cscom.admin.post(url, { name: 'Santé maternelle' }, 201)).body as { id: string }
    const second = (await cscom.admin.post(url, { name: 'Nutrition' }, 201)).body as { id: string }
    assert.equal((await cscom.admin.post(url, { name: 'SANTE MATERNELLE' }, 409)).body.code, `${code}_name_taken`)
    assert.equal(
      (await cscom.admin.patch(`${url}/${second.id}`, { name: 'santé maternelle' }, 1, 409)).body.code,
      `${code}_name_taken`,
    )
    const renamed = await cscom.admin.patch(`${url}/${first.id}`, { name: 'SANTÉ MATERNELLE' }, 1, 200)
    assert.deepEqual(renamed.body, { id: first.id, version: 2, name: 'SANTÉ MATERNELLE', active: true, ...own })
  })

  test(`${path}: changes need the version; unknown and foreign ids are alike`, async () => {
    const { cabinet, hospital } = await harness()
    const { id } = (await cabinet.admin.post(url, { name: 'Laboratoire' }, 201)).body as { id: string }
    assert.equal(
      (await cabinet.admin.patch(`${url}/${id}`, { active: false }, undefined, 428)).body.code,
      'version_required',
    )
    await cabinet.admin.patch(`${url}/${id}`, { active: false }, 1, 200)
    const same = await cabinet.admin.patch(`${url}/${id}`, { name: ' Laboratoire', active: false }, 2, 200)
    assert.equal(same.body.version, 2)
    assert.equal((await cabinet.admin.patch(`${url}/${id}`, { active: true }, 1, 412)).body.code, 'version_stale')
    await cabinet.admin.patch(`${url}/${id}`, {}, 2, 400)
    assert.deepEqual((await cabinet.agent.get(`${url}?active=true`, 200)).body.items, [])
    const foreign = await hospital.agent.get(`${url}/${id}`, 404)
    const unknown = await hospital.agent.get(`${url}/${uuidv7()}`, 404)
    assert.deepEqual({ ...foreign.body, requestId: '' }, { ...unknown.body, requestId: '' })
    assert.equal(foreign.body.code, `${code}_not_found`)
    await hospital.admin.patch(`${url}/${id}`, { active: true }, 2, 404)
  })

  test(`${path}: an id chosen by the client may be sent twice`, async () => {
    const { hospital } = await harness()
    const body = { id: uuidv7(), name: 'Radiologie' }
    const first = await hospital.admin.post(url, body, 201)
    assert.deepEqual((await hospital.admin.post(url, body, 200)).body, first.body)
    assert.equal((await hospital.admin.post(url, { ...body, name: 'Imagerie' }, 409)).body.code, 'id_already_used')
  })

  test(`${path}: pages by name`, async () => {
    const { hospital } = await harness()
    for (const name of ['Zoo', 'Éveil', 'accueil', 'Bloc']) await hospital.admin.post(url, { name }, 201)
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page = (await hospital.agent.get(`${url}?limit=2${cursor && `&cursor=${cursor}`}`, 200)).body as {
        items: { name: string }[]
        nextCursor: string | null
      }
      seen.push(...page.items.map(({ name }) => name))
      cursor = page.nextCursor
    }
    assert.deepEqual(seen, ['accueil', 'Bloc', 'Éveil', 'Radiologie', 'Zoo'])
  })
}

test('an import finds a service by its name and adds it once', async () => {
  const { csref, tenancy } = await harness()
  const tenant = tenancy.tenant(csref.establishment)
  const actor = { id: null, name: 'Essai', role: 'SIS_CSREF' }
  const ids = await tenant.transaction(async (db) => [
    (await findOrInsertService(db, actor, 'Soins primaires')).id,
    (await findOrInsertService(db, actor, 'SOINS  PRIMAIRES')).id,
  ])
  assert.equal(ids[0], ids[1])
})

test('a service says who heads it, keeps its former names, and goes only while nothing refers to it', async () => {
  const { hospital } = await harness()
  const { admin, agent } = hospital
  const url = '/api/v1/services'
  const asked = { name: 'Gastrologie', head: '  Dr   Traoré ', unit: 'Médecine', capacity: 12 }
  const { body: made } = await admin.post(url, asked, 201)
  assert.deepEqual([made.head, made.unit, made.capacity], ['Dr Traoré', 'Médecine', 12])
  await admin.post(url, { name: 'Autre', capacity: -1 }, 400)
  const at = `${url}/${made.id}`
  const renamed = (await admin.patch(at, { name: 'Gastro-entérologie', head: null, changeReason: 'Nom exact' }, 1, 200))
    .body
  assert.deepEqual([renamed.head, renamed.unit, renamed.version], [null, 'Médecine', 2])
  assert.equal((await admin.patch(at, { capacity: 12 }, 2, 200)).body.version, 2)
  const { items } = (await agent.get(`${at}/history`, 200)).body
  assert.deepEqual(
    items.map(({ data, reason }: { data: { name: string; head: string | null }; reason: string | null }) => [
      data.name,
      data.head,
      reason,
    ]),
    [
      ['Gastro-entérologie', null, 'Nom exact'],
      ['Gastrologie', 'Dr Traoré', null],
    ],
  )
  const why = { reason: 'Saisi par erreur' }
  const bed = (await admin.post('/api/v1/beds', { code: 'G-1', serviceId: made.id }, 201)).body
  assert.equal((await admin.delete(at, why, 2, 409)).body.code, 'service_in_use')
  await admin.delete(`/api/v1/beds/${bed.id}`, why, 1, 204)
  await admin.delete(at, why, 2, 204)
  await agent.get(at, 404)
  assert.equal((await agent.get(`${at}/history`, 200)).body.items[0].reason, why.reason)
  // Specialties have none of it.
  assert.equal(
    (await admin.post('/api/v1/specialties', { name: 'Gastro', head: 'Dr Traoré' }, 400)).body.errors[0].path,
    'head',
  )
})
