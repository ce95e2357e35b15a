import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { harness, type Answer, type Client } from '../../../test/harness.ts'
import { modules } from '../../app.ts'
import { text } from '../../shared/text.ts'
import { coreRoutes, defineModule, isEnabled, refuseHomeless } from './index.ts'

type Choice = { name: string; enabled: boolean; mode?: string }

const urlOf = (slug: string): string => `/api/v1/establishments/${slug}/modules`

/** Chooses as the platform's administrator does, after reading. */
async function choose(slug: string, choices: Choice[], expect = 200): Promise<Answer> {
  const { superadmin } = await harness()
  const { version } = (await superadmin.get(urlOf(slug), 200)).body
  return superadmin.send('PUT', urlOf(slug), { body: { modules: choices }, headers: { 'if-match': `"${version}"` }, expect }) // prettier-ignore
}

type Told = { name: string; title: string; enabled: boolean; mode?: string; rights: string[] }
const toldTo = async (client: Client, headers = {}): Promise<Record<string, Told>> => {
  const { items } = (await client.get('/api/v1/modules', 200, headers)).body as { items: Told[] }
  return Object.fromEntries(items.map((one) => [one.name, one]))
}

test('what an establishment has follows from its type until somebody chooses', async () => {
  const { hospital, csref, cscom, cabinet } = await harness()
  for (const { agent, establishment } of [hospital, csref, cscom, cabinet]) {
    const told = await toldTo(agent)
    assert.deepEqual(Object.keys(told), modules.map(({ name }) => name).sort())
    for (const { name, defaults } of modules) {
      const byType = defaults?.[establishment.type] ?? 'on'
      const { enabled, mode } = told[name]!
      assert.equal(enabled, byType !== 'off', `${establishment.slug} ${name}`)
      if (!['on', 'off'].includes(byType)) assert.equal(mode, byType)
    }
  }
  const [agent, admin, english] = [await toldTo(csref.agent), await toldTo(csref.admin), await toldTo(csref.agent, { 'accept-language': 'en' })] // prettier-ignore
  assert.deepEqual([agent['stays']?.title, english['stays']?.title], ['Séjours', 'Stays'])
  // Of the role: who runs the establishment keeps the beds and reads no record.
  assert.ok(agent['stays']?.rights.includes('stays:write') && !admin['stays']?.rights.includes('stays:read'))
  assert.deepEqual((await toldTo(cabinet.agent))['stays'], { name: 'stays', title: 'Séjours', enabled: false, mode: 'full', rights: [] }) // prettier-ignore
})

test('every route of a module that is off says so, after the token and the right, and everything is there again', async () => {
  const { app, csref, cabinet, ministere, anonymous, superadmin } = await harness()
  const created = await csref.admin.post('/api/v1/equipment', { code: 'ECG-1', name: 'Électrocardiographe' }, 201)
  const url = `/api/v1/equipment/${created.body.id}`
  await choose('csref_djenne', [{ name: 'equipment', enabled: false }])
  const refused = await csref.admin.get(url, 404)
  assert.equal(refused.body.code, 'module_disabled')
  assert.match(refused.body.detail, /« .+ » n’est pas activé/)
  assert.match((await csref.admin.get(url, 404, { 'accept-language': 'en' })).body.detail, /is not switched on/)

  type Operation = { 'x-module'?: string; responses: Record<string, { description: string }> }
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, Operation>> }
  let asked = 0
  for (const [path, methods] of Object.entries(paths))
    for (const [verb, operation] of Object.entries(methods)) {
      if (operation['x-module'] !== 'equipment') continue
      assert.match(operation.responses['404']!.description, /module_disabled/, path)
      const [method, where] = [verb.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'nothing')]
      // Neither what the path names nor what the body holds has been looked at.
      const ask = (client: Client) => client.send(method, where, method === 'GET' ? {} : { body: { nonsense: true } })
      assert.equal((await ask(csref.admin)).body.code, 'module_disabled', `${method} ${path}`)
      assert.equal((await ask(cabinet.admin)).body?.code === 'module_disabled', false, 'another establishment')
      assert.equal((await ask(ministere)).body.code, 'right_missing')
      assert.equal((await ask(superadmin)).body.code, 'right_missing')
      assert.equal((await ask(anonymous)).body.code, 'token_missing')
      asked += 1
    }
  assert.ok(asked >= 5, `${asked} routes`)
  // No other method of such an address says more than that there is none.
  for (const method of ['HEAD', 'OPTIONS', 'TRACE'])
    for (const client of [csref.admin, cabinet.admin]) {
      const { status, body } = await client.send(method, url)
      assert.deepEqual([status, body?.code ?? 'not_found'], [404, 'not_found'], method)
    }
  assert.equal((await toldTo(csref.admin))['equipment']?.enabled, false)
  await choose('csref_djenne', [])
  assert.equal((await csref.admin.get(url, 200)).body.code, 'ECG-1')
})

test('what cannot be chosen is refused with what can, and nothing changes', async () => {
  const { superadmin, csref } = await harness()
  const before = (await superadmin.get(urlOf('csref_djenne'), 200)).body
  const put = (body: unknown, headers: Record<string, string> = { 'if-match': `"${before.version}"` }) =>
    superadmin.send('PUT', urlOf('csref_djenne'), { body, headers })
  const on = { enabled: true }
  for (const [choices, path, message] of [
    [[{ name: 'lits', ...on }], 'modules[0].name', /n’existe pas.*beds.*stays/],
    [
      [
        { name: 'stays', ...on },
        { name: 'patients', enabled: false },
      ],
      'modules[1].name',
      /toujours activé.*beds/,
    ],
    [
      [
        { name: 'beds', ...on },
        { name: 'beds', ...on },
      ],
      'modules[1].name',
      /deux fois/,
    ],
    [[{ name: 'stays', ...on, mode: 'half' }], 'modules[0].mode', /full, observation/],
    [[{ name: 'beds', ...on, mode: 'full' }], 'modules[0].mode', /pas de modes/],
    [[{ name: 'beds', ...on, by: 'x' }], 'modules[0].by', /./],
    [[{ name: '__proto__', ...on }], 'modules[0].name', /./],
    [[{ name: 'beds' }], 'modules[0].enabled', /./],
    [Array.from({ length: 101 }, () => ({ name: 'beds', ...on })), 'modules', /./],
  ] as const) {
    const { status, body } = await put({ modules: choices })
    assert.deepEqual([status, body.code, body.errors?.[0]?.path], [400, 'invalid_input', path])
    assert.match(body.errors[0].message, message)
  }
  for (const [choices, named] of [
    [[{ name: 'beds', enabled: false }], /stays.*beds/],
    [
      [
        { name: 'beds', enabled: false },
        { name: 'stays', ...on, mode: 'observation' },
      ],
      /stays.*beds/,
    ],
  ] as const) {
    const { status, body } = await put({ modules: choices })
    assert.deepEqual([status, body.code], [409, 'module_needed'])
    assert.match(body.detail, named)
  }
  assert.equal((await put({ modules: [] }, {})).body.code, 'version_required')
  assert.equal((await put({ modules: [] }, { 'if-match': '"999"' })).body.code, 'version_stale')
  assert.equal((await superadmin.get(urlOf('nulle_part'), 404)).body.code, 'establishment_not_found')
  assert.deepEqual((await superadmin.get(urlOf('csref_djenne'), 200)).body, before)
  const neither = await choose('csref_djenne', [{ name: 'beds', enabled: false }, { name: 'stays', enabled: false }]) // prettier-ignore
  assert.ok(neither.body.modules.every(({ name, enabled }: Choice) => enabled === !['beds', 'stays'].includes(name)))
  assert.equal((await csref.agent.get('/api/v1/stays', 404)).body.code, 'module_disabled')
  await choose('csref_djenne', [])
})

test('of two who choose at once one does; the same operation again answers the same', async () => {
  const { superadmin } = await harness()
  const { version } = (await superadmin.get(urlOf('cscom_sangha'), 200)).body
  const put = (enabled: boolean, key: string) =>
    superadmin.send('PUT', urlOf('cscom_sangha'), {
      body: { modules: [{ name: 'dashboard', enabled }] },
      headers: { 'if-match': `"${version}"`, 'idempotency-key': key },
    })
  const answers = await Promise.all([put(true, 'modules-a'), put(false, 'modules-b')])
  assert.deepEqual(
    answers.map(({ status }) => status).sort((a, b) => a - b),
    [200, 412],
  )
  assert.equal(answers.find(({ status }) => status === 412)?.body.code, 'version_stale')
  const won = answers.findIndex(({ status }) => status === 200)
  const again = await put(won === 0, won === 0 ? 'modules-a' : 'modules-b')
  assert.deepEqual([again.status, again.body], [200, answers[won]?.body])
  await choose('cscom_sangha', [])
})

test('a choice stands on the establishment’s own record, by whom and what', async () => {
  const { hospital, cscom } = await harness()
  await choose('sih_mopti', [
    { name: 'stays', enabled: true, mode: 'observation' },
    { name: 'equipment', enabled: false },
    { name: 'beds', enabled: true },
  ])
  const entriesOf = async (admin: Client) =>
    ((await admin.get('/api/v1/audit?limit=50', 200)).body.items as { action: string; actor: { role: string }; detail: unknown }[]) // prettier-ignore
      .filter(({ action }) => action === 'establishment.modules')
  const [entry] = await entriesOf(hospital.admin)
  assert.equal(entry?.actor.role, 'SUPER_ADMIN')
  // What is as before is no change.
  assert.deepEqual(entry?.detail, [
    { name: 'stays', value: 'observation' },
    { name: 'equipment', value: 'off' },
  ])
  assert.ok((await entriesOf(cscom.admin)).every(({ detail }) => !JSON.stringify(detail).includes('equipment')))
  await choose('sih_mopti', [])
})

test('who asks in the background hears the same, and a module is on only while what it needs is', async () => {
  const type = 'hospital' as const
  assert.equal(isEnabled({ type, modules: {} }, 'stays'), true)
  // As a directory of before has it, or one that was written by hand.
  assert.equal(isEnabled({ type, modules: { beds: { enabled: false } } }, 'stays'), false)
  assert.equal(isEnabled({ type: 'cabinet', modules: { stays: { enabled: true } } }, 'stays'), false)
  assert.equal(isEnabled({ type, modules: { unknown: { enabled: true } } }, 'patients'), true)
  assert.throws(() => isEnabled({ type, modules: {} }, 'satys'), /no module satys/)
})

test('a route that belongs to no module, and a module that is declared twice, prevent the start', async () => {
  const app = Fastify({ exposeHeadRoutes: false })
  refuseHomeless(app)
  await app.register(
    coreRoutes(async (core) => {
      core.get('/of-the-core', () => '')
    }),
  )
  app.get('/of-nobody', () => '')
  const start = async (): Promise<void> => {
    await app.ready()
  }
  await assert.rejects(start, /of no module: GET \/of-nobody$/)
  const title = text('Essai', 'Trial')
  assert.throws(() => defineModule({ name: 'beds', title }), /declared twice/)
  assert.throws(() => defineModule({ name: 'x', title, rights: { 'beds:read': { roles: [], does: '' } } }), /right beds:read/) // prettier-ignore
  const always = { hospital: 'on', csref: 'on', cscom: 'half', cabinet: 'on' } as const
  assert.throws(() => defineModule({ name: 'y', title, defaults: always }), /no mode half/)
})
