import assert from 'node:assert/strict'
import test from 'node:test'
import type { Tenant } from '#tenancy'
import { harness, type Body, type Client, type Site } from '../../../test/harness.ts'
import { importFile, line, register } from '../exchange/register.fixture.ts'
import { newcomer } from '../../platform/users/people.fixture.ts'
import { text } from '../../shared/text.ts'
import { forgetOld } from '../../platform/notices/index.ts'
import { notice, notify, type Notified } from './index.ts'

const url = '/api/v1/notifications'
const tried = notice('test.tried', {
  kind: 'system',
  severity: 'info',
  text: ({ what }: { what: string }) => text(`Essai « ${what} ».`, `Try “${what}”.`),
})
type Tried = Partial<Notified<{ what: string }>>

const tenantOf = async ({ establishment }: Site): Promise<Tenant> => (await harness()).tenancy.tenant(establishment)
const event = (what: string, more: Tried = { roles: ['ADMIN_LOCAL'] }) =>
  ({ resource: 'trial', resourceId: null, params: { what }, ...more }) as Notified<{ what: string }>
const tell = async (site: Site, what: string, more?: Tried): Promise<void> =>
  (await tenantOf(site)).transaction((db) => notify(db, tried, event(what, more)))
const page = async (client: Client, query = ''): Promise<Body> =>
  (await client.get(`${url}?limit=100${query}`, 200)).body
const messages = async (client: Client, query = ''): Promise<string[]> =>
  (await page(client, query)).items.map(({ message }: Body) => message as string)

test('each sees what is addressed to one of their roles or to them, in their language', async () => {
  const { csref, hospital } = await harness()
  const me = (await csref.agent.get('/api/v1/auth/me', 200)).body.id as string
  await tell(csref, 'agents', { roles: ['SIS_CSREF'] })
  await tell(csref, 'admin')
  await tell(csref, 'both', { roles: ['SIS_CSREF', 'ADMIN_LOCAL'] })
  await tell(csref, 'person', { accountId: me })
  const agents = await messages(csref.agent)
  assert.deepEqual(agents, ['Essai « person ».', 'Essai « both ».', 'Essai « agents ».'])
  assert.deepEqual(await messages(csref.admin), ['Essai « both ».', 'Essai « admin ».'])
  assert.deepEqual(await messages(hospital.agent), [])
  const { body } = await csref.admin.get(`${url}?limit=1`, 200, { 'accept-language': 'en' })
  assert.equal(body.items[0].message, 'Try “both”.')
  assert.equal(body.unread, 2)
  const next = (await csref.admin.get(`${url}?limit=1&cursor=${body.nextCursor}`, 200)).body
  assert.equal(next.items[0].message, 'Essai « admin ».')
  assert.equal(next.nextCursor, null)
})

test('one that this version has no words for keeps no other from being read', async () => {
  const { cabinet } = await harness()
  const strange = notice('test.strange', { kind: 'system', severity: 'info', text: ({ of }: { of: { name: string } & string }) => text(of.name.trim(), of) }) // prettier-ignore
  await (await tenantOf(cabinet)).transaction((db) => notify(db, strange, { ...event(''), params: {} } as never))
  await tell(cabinet, 'next')
  const [next, gone] = await messages(cabinet.admin)
  assert.deepEqual([next, gone?.slice(0, 35)], ['Essai « next ».', 'Notification d’une autre version de'])
})

test('read and unread are each person’s own', async () => {
  const { cscom } = await harness()
  const other = (await newcomer(cscom, 'n.other', ['ADMIN_LOCAL'])).client
  for (const what of ['one', 'two', 'three', 'four']) await tell(cscom, what)
  const { items } = await page(cscom.admin)
  const [four, three, two] = items as { id: string; read: boolean }[]
  await cscom.admin.post(`${url}/${four!.id}/read`, undefined, 204)
  await cscom.admin.post(`${url}/${four!.id}/read`, undefined, 204)
  assert.deepEqual(
    await messages(cscom.admin, '&unread=true'),
    ['three', 'two', 'one'].map((one) => `Essai « ${one} ».`),
  )
  await cscom.admin.post(`${url}/read`, { upTo: three!.id }, 204)
  // An older one takes nothing back.
  await cscom.admin.post(`${url}/read`, { upTo: two!.id }, 204)
  assert.deepEqual([(await page(cscom.admin)).unread, (await page(other)).unread], [0, 4])
  assert.equal((await page(cscom.admin, '&unread=false')).items.length, 4)
  await tell(cscom, 'five')
  assert.deepEqual(await messages(cscom.admin, '&unread=true'), ['Essai « five ».'])
  // What is addressed to others is nowhere.
  const { body } = await cscom.agent.post(`${url}/${four!.id}/read`, undefined, 404)
  assert.equal(body.code, 'notification_not_found')
  await cscom.agent.post(`${url}/read`, { upTo: four!.id }, 404)
})

test('identifiers are in the order in which they become visible, whoever commits first', async () => {
  const { hospital, database } = await harness()
  const tenant = await tenantOf(hospital)
  const { schema } = hospital.establishment
  const seen: string[] = []
  let [cursor, naive] = ['00000000-0000-0000-0000-000000000000', '0']
  await database.asSuperuser(`create table ${schema}.loose (n bigint generated always as identity, what text)`)
  await database.asSuperuser(`grant select, insert on ${schema}.loose to ${schema}`)
  const poll = async (): Promise<void> => {
    const rows = await database.asSuperuser<{ id: string; what: string }>(
      `select id, params->>'what' as what from ${schema}.notification where id > $1 and event = 'test.tried' order by id`,
      [cursor],
    )
    for (const { id, what } of rows) [cursor] = [id, seen.push(what)]
    const loose = await database.asSuperuser<{ n: string }>(`select n from ${schema}.loose where n > $1 order by n`, [
      naive,
    ])
    for (const { n } of loose) [naive] = [n, lost.push(Number(n))]
  }
  const lost: number[] = []
  // The first act notifies and takes its time; the second notifies after it and would like to be faster.
  let release = (): void => {}
  let slow: Promise<void> | undefined
  await new Promise<void>((notified) => {
    slow = tenant.transaction(async (db) => {
      await notify(db, tried, event('first'))
      notified()
      await new Promise<void>((resolve) => (release = resolve))
    })
  })
  const fast = tenant.transaction((db) => notify(db, tried, event('second')))
  await poll()
  assert.deepEqual(seen, [])
  release()
  await Promise.all([slow, fast])
  await poll()
  assert.deepEqual(seen, ['first', 'second'])

  // The control: numbers of a sequence, read by a poller that remembers the greatest, lose what commits late.
  const pg = await import('pg')
  const client = new pg.default.Client({ connectionString: database.superuserUrl })
  await client.connect()
  await client.query('begin')
  await client.query(`insert into ${schema}.loose (what) values ('first')`)
  await database.asSuperuser(`insert into ${schema}.loose (what) values ('second')`)
  await poll()
  await client.query('commit')
  await client.end()
  await poll()
  assert.deepEqual(lost, [2])
})

test('what is rolled back or answered again is told never or once', async () => {
  const { cabinet } = await harness()
  const tenant = await tenantOf(cabinet)
  await assert.rejects(
    tenant.transaction(async (db) => {
      await notify(db, tried, event('never'))
      throw new Error('changed my mind')
    }),
  )
  const { client } = await newcomer(cabinet, 'n.glass', ['SIS_CABINET'])
  const person = { familyName: 'Kassogue', givenName: 'Yatanga', sex: 'F', birth: { precision: 'year', date: '1980' } }
  const { body } = await cabinet.agent.post('/api/v1/patients', { ...person, sensitive: true }, 201)
  const asked = { reason: 'Urgence : patiente inconsciente' }
  const key = { 'idempotency-key': 'n-1' }
  const path = `/api/v1/patients/${body.id}/break-glass`
  const [glass] = await Promise.all([1, 2, 3].map(() => client.post(path, asked, 201, key)))
  await client.post(path, asked, 200)
  const told = await messages(cabinet.admin)
  assert.deepEqual(told.filter((one) => one.includes('dossier sensible')).length, 1, told.join())
  assert.ok(!told.includes('Essai « never ».'))
  await cabinet.admin.patch(`/api/v1/break-glass/${glass!.body.id}`, { remark: 'Vu avec la garde' }, 1, 200)
  const [{ event: reviewed, resourceId }] = (await page(client)).items
  assert.deepEqual([reviewed, resourceId], ['breakGlass.reviewed', glass!.body.id])
  assert.deepEqual(await messages(cabinet.agent), [])
  for (const one of [...told, ...(await messages(client))]) assert.doesNotMatch(one, /Kassogue|Yatanga/)
})

test('the administrator is told of a register that was imported, once', async () => {
  const { cabinet } = await harness()
  const file = register(line({ Nom: 'Kodio', Prénom: 'Domo' }), line({ 'N°': '2', Nom: 'Kodio', Prénom: 'Yamba' }))
  await importFile(cabinet.agent, file, { expect: 201 })
  await importFile(cabinet.agent, file, { expect: 200 })
  const told = (await messages(cabinet.admin)).filter((one) => one.includes('registre'))
  assert.deepEqual(told, ['Essai cabinet_etoile.agent a repris un registre : 2 lignes.'])
})

test('of a sensitive file only who sees it is told', async () => {
  const { csref } = await harness()
  const { client: outsider } = await newcomer(csref, 'n.outsider', ['SIS_CSREF'])
  const person = { familyName: 'Ongoiba', givenName: 'Yapeye', sex: 'F', birth: { precision: 'year', date: '1981' } }
  const { id } = (await csref.agent.post('/api/v1/patients', { ...person, sensitive: true }, 201)).body
  await tell(csref, 'secret', { roles: ['SIS_CSREF'], patientId: id })
  const of = async (client: Client) => (await messages(client)).includes('Essai « secret ».')
  assert.deepEqual([await of(csref.agent), await of(outsider)], [true, false])
  const before = (await page(outsider)).unread
  await outsider.post(`/api/v1/patients/${id}/break-glass`, { reason: 'Urgence : appel de la garde' }, 201)
  assert.deepEqual([await of(outsider), (await page(outsider)).unread], [true, before + 1])
})

test('after ninety days it is not shown, and removed in pieces', async () => {
  const { hospital, database } = await harness()
  const { schema } = hospital.establishment
  await tell(hospital, 'old')
  await tell(hospital, 'young')
  const id = (await page(hospital.admin)).items[1].id as string
  await hospital.admin.post(`${url}/${id}/read`, undefined, 204)
  await database.asSuperuser(`update ${schema}.notification set at = now() - interval '91 days' where id <= $1`, [id])
  assert.deepEqual(await messages(hospital.admin), ['Essai « young ».'])
  await (await tenantOf(hospital)).transaction((db) => forgetOld(db))
  const [left] = await database.asSuperuser<{ count: string }>(
    `select (select count(*) from ${schema}.notification) || ' ' || (select count(*) from ${schema}.notification_read) as count`,
  )
  assert.equal(left?.count, '1 0')
})
