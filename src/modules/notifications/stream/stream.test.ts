import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, before, test, type TestContext } from 'node:test'
import { harness, type Client, type Harness, type Site } from '../../../../test/harness.ts'
import { isFull, size } from '../../../../test/size.ts'
import type { Auth } from '../../../platform/http/index.ts'
import { newcomer } from '../../../platform/users/people.fixture.ts'
import { text } from '../../../shared/text.ts'
import { notice, notify, type Notified } from '../index.ts'
import { Feeds } from './feeds.ts'
import { Listener } from './listener.fixture.ts'
import { Outlet } from './outlet.ts'
import { mostOfPerson } from './places.ts'

const streamed = notice('test.streamed', {
  kind: 'system',
  severity: 'info',
  text: ({ what }: { what: string }) => text(what, `${what} in English`),
})

let all: Harness
let url: string
let open: Listener[] = []

before(async () => {
  all = await harness()
  await all.app.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(all.app.server.address() as AddressInfo).port}`
})
afterEach(() => {
  for (const listener of open) listener.stop()
  open = []
})

const tell = (site: Site, what: string, more: object = { roles: ['ADMIN_LOCAL'] }): Promise<void> =>
  all.tenancy.tenant(site.establishment).transaction((db) =>
    notify(db, streamed, { resource: 'trial', resourceId: null, params: { what }, ...more } as Notified<{
      what: string
    }>),
  )

async function listen(client: Client, options: ConstructorParameters<typeof Listener>[2] = {}): Promise<Listener> {
  const listener = new Listener(url, (await client.token())!, options)
  open.push(listener)
  await listener.until(({ status, heard }) => heard.length > 0 || (status !== 0 && status !== 200))
  return listener
}

test('it brings what is for this person here, in their language, as Server-Sent Events', async () => {
  const { csref, hospital } = all
  const admin = await listen(csref.admin, { headers: { 'accept-encoding': 'gzip, br', 'accept-language': 'en' } })
  const [agent, elsewhere] = [await listen(csref.agent), await listen(hospital.admin)]
  assert.equal(admin.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.equal(admin.headers['content-encoding'], undefined)
  assert.deepEqual(
    [admin.headers['cache-control'], admin.headers['x-accel-buffering']],
    ['no-store, no-transform', 'no'],
  )
  assert.deepEqual(admin.heard, [{ retry: '3000', id: admin.lastId, event: 'ready', data: '{"unread":0}' }])
  const me = (await csref.agent.get('/api/v1/auth/me', 200)).body.id as string
  await tell(csref, 'for the administrator')
  await tell(csref, 'for the person', { accountId: me })
  // Of a file that this agent does not see, then of one that he does.
  const { client: marker } = await newcomer(csref, 'l.marker', ['SIS_CSREF'])
  for (const [who, familyName] of [
    [marker, 'Sagara'],
    [csref.agent, 'Guindo'],
  ] as const) {
    const person = {
      familyName,
      givenName: 'Yasama',
      sex: 'F',
      birth: { precision: 'year', date: '1979' },
      sensitive: true,
    }
    const { id } = (await who.post('/api/v1/patients', person, 201)).body
    await tell(csref, `of a file of ${familyName}`, { roles: ['SIS_CSREF'], patientId: id })
  }
  await tell(csref, 'for the agents', { roles: ['SIS_CSREF'] })
  await tell(hospital, 'for the other establishment')
  await Promise.all([
    admin.until(({ ids }) => ids.length === 1),
    agent.until(({ messages }) => messages.at(-1) === 'for the agents'),
    elsewhere.until(({ ids }) => ids.length === 1),
  ])
  assert.deepEqual(admin.messages, ['for the administrator in English'])
  assert.deepEqual(agent.messages, ['for the person', 'of a file of Guindo', 'for the agents'])
  assert.deepEqual(elsewhere.messages, ['for the other establishment'])
  const [listed] = (await csref.agent.get('/api/v1/notifications', 200)).body.items
  assert.deepEqual(JSON.parse(agent.heard.at(-1)!.data!), listed)
  assert.ok(agent.ids[0]! < agent.ids[1]!)
  // Once, when it was opened.
  const [{ count }] = (await all.database.asSuperuser<{ count: string }>(
    `select count(*) from sis_audit.entry where action = 'notification.stream' and actor_id = $1`,
    [me],
  )) as [{ count: string }]
  assert.equal(count, '1')
})

test('who comes back is given what came meanwhile, in order; what cannot be continued begins anew', async () => {
  const { cscom, csref } = all
  const first = await listen(cscom.admin)
  for (let i = 0; i < 3; i++) await tell(cscom, `kept ${i}`)
  await first.until(({ ids }) => ids.length === 3)
  first.stop()
  // More than are read at once, and beside somebody who has heard them.
  const beside = await listen(cscom.admin)
  for (let i = 0; i < 230; i++) await tell(cscom, `missed ${i}`)
  await beside.until(({ ids }) => ids.length === 230)
  const back = await listen(cscom.admin, { lastId: first.ids[1]! })
  await tell(cscom, 'live')
  await back.until(({ messages }) => messages.at(-1) === 'live')
  assert.deepEqual(back.messages, ['kept 2', ...Array.from({ length: 230 }, (_, i) => `missed ${i}`), 'live'])
  assert.equal(back.heard[0]?.event, 'ready')
  // Alone, so that the poller begins where this one left off; and without following.
  for (const listener of open) listener.stop()
  const alone = await listen(cscom.admin, { lastId: back.ids[230]! })
  await alone.until(({ messages }) => messages.length === 1)
  assert.deepEqual(alone.messages, ['live'])
  const { text: given } = await cscom.admin.get('/api/v1/notifications/stream?follow=false', 200, {
    'last-event-id': back.ids[230]!,
  })
  assert.match(given, /event: ready[^]*"message":"live"[^]*event: end\ndata: \{"reason":"given"\}\n\n$/)
  // Another establishment's, one that was never given, nonsense.
  const theirs = await listen(csref.admin)
  const beyond = `${back.lastId!.slice(0, 24)}ffffffffffff`
  for (const lastId of [theirs.lastId!, beyond, 'nonsense', '00000000-0000-8000-8000-000000000000']) {
    const reset = await listen(cscom.admin, { lastId })
    assert.deepEqual([reset.heard[0]?.event, reset.heard[0]?.id], ['reset', back.lastId], lastId)
    reset.stop()
  }
})

test('it ends when its person, session, membership, establishment, module or token does', async () => {
  const { cabinet, superadmin, csref } = all
  const ends = async (
    name: string,
    act: (person: { id: string; client: Client }) => Promise<unknown>,
  ): Promise<string> => {
    const person = await newcomer(cabinet, name, ['SIS_CABINET'])
    const listener = await listen(person.client)
    await act(person)
    await listener.until(({ isOpen }) => !isOpen)
    return (JSON.parse(listener.of('end')[0]!.data!) as { reason: string }).reason
  }
  assert.equal(await ends('e.session', ({ client }) => client.post('/api/v1/auth/logout', {}, 204)), 'session_closed')
  const disable = async ({ id }: { id: string }): Promise<unknown> => {
    const { body } = await superadmin.get(`/api/v1/users/${id}`, 200)
    return superadmin.patch(`/api/v1/users/${id}`, { status: 'disabled', reason: 'Essai' }, body.version, 200)
  }
  assert.match(await ends('e.disabled', disable), /session_closed|token_stale/)
  const expel = async ({ id }: { id: string }): Promise<unknown> => {
    const { body } = await cabinet.admin.get(`/api/v1/users/${id}`, 200)
    return cabinet.admin.patch(`/api/v1/users/${id}`, { roles: [] }, body.version, 200)
  }
  assert.match(await ends('e.member', expel), /token_stale|session_closed/)
  const slug = cabinet.establishment.slug
  const modules = `/api/v1/establishments/${slug}/modules`
  const switched = async (enabled: boolean): Promise<unknown> => {
    const { headers } = await superadmin.get(modules, 200)
    return superadmin.send('PUT', modules, {
      body: { modules: [{ name: 'notifications', enabled }] },
      headers: { 'if-match': headers['etag'] ?? '' },
      expect: 200,
    })
  }
  assert.equal(await ends('e.module', () => switched(false)), 'module_disabled')
  await switched(true)
  // The clock of the process goes on, its token does not.
  const real = Date.now
  const listener = await listen(csref.agent)
  try {
    Date.now = () => real() + 605_000
    await listener.until(({ isOpen }) => !isOpen)
  } finally {
    Date.now = real
  }
  assert.equal(listener.of('end')[0]?.data, '{"reason":"token_expired"}')
  const suspend = async (): Promise<unknown> => {
    const at = `/api/v1/establishments/${slug}`
    const { body } = await superadmin.get(at, 200)
    return superadmin.patch(at, { status: 'suspended', reason: 'Essai' }, body.version, 200)
  }
  assert.equal(await ends('e.place', suspend), 'establishment_suspended')
})

test('a person’s streams are bounded, HEAD is refused, nobody else’s token opens one', async () => {
  const { hospital, anonymous, superadmin } = all
  await hospital.agent.token()
  const many = await Promise.all(Array.from({ length: mostOfPerson }, () => listen(hospital.agent)))
  const refused = await listen(hospital.agent)
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '10'])
  assert.match(refused.refusal, /too_many_requests/)
  many[0]!.stop()
  await many[1]!.until(() => true)
  // Its place is free as soon as the server sees that it is gone.
  for (let tries = 0; (await listen(hospital.agent)).status !== 200; tries++) assert.ok(tries < 50)
  const headers = { authorization: `Bearer ${await hospital.agent.token()}` }
  assert.equal((await fetch(`${url}/api/v1/notifications/stream`, { method: 'HEAD', headers })).status, 404)
  await anonymous.get('/api/v1/notifications/stream', 401)
  await superadmin.get('/api/v1/notifications/stream', 403)
})

test('who does not read is let go, and loses nothing', async (t) => {
  const { hospital } = all
  const slow = await listen(hospital.admin)
  slow.pause()
  const quick = await listen(hospital.admin)
  const long = 'x'.repeat(1_500)
  // Whole: more than both ends of a connection hold (4 and 6 MB), and 256 kB.
  const number = size(500, 8_000)
  const { schema } = hospital.establishment
  await all.database.asSuperuser(
    `with feed as (update ${schema}.notification_feed set last = last + $1 returning mark, last)
     insert into ${schema}.notification (id, kind, event, severity, roles, resource, params)
     select (mark || lpad(to_hex(last - $1 + n), 12, '0'))::uuid, 'system', 'test.streamed', 'info', array['ADMIN_LOCAL'], 'trial',
       jsonb_build_object('what', $2::text || n)
     from feed, generate_series(1, $1) n`,
    [number, long],
  )
  await quick.until(({ ids }) => ids.length === number)
  assert.deepEqual(
    quick.messages.map((one) => Number(one.slice(long.length))),
    Array.from({ length: number }, (_, i) => i + 1),
  )
  slow.resume()
  if (isFull) {
    // The server has cut it off; what was on its way is read, and the end is no proper one.
    await slow.until(({ isOpen }) => !isOpen)
    assert.equal(slow.of('end').length, 0)
  } else await slow.until(({ ids }) => ids.length === number)
  t.diagnostic(`${slow.ids.length} of ${number} were on their way`)
  const back = await listen(hospital.admin, { lastId: quick.ids.at(-400)! })
  await back.until(({ ids }) => ids.length === 399)
  assert.deepEqual(back.ids, quick.ids.slice(-399))
})

/** The real outlet on a real connection, whose other end reads nothing. */
async function unread(t: TestContext) {
  let made: { outlet: Outlet; answer: ServerResponse } | undefined
  const server = createServer((_, answer) => {
    const outlet = new Outlet({ account: { id: '' }, roles: ['SIH'] } as unknown as Auth, 'fr', answer, '')
    outlet.open('ready', 0)
    outlet.stream.pipe(answer)
    made = { outlet, answer }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const listener = new Listener(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'none')
  open.push(listener)
  await listener.until(({ heard }) => heard.length === 1)
  listener.pause()
  const { outlet, answer } = made!
  const row = { at: '', kind: 'system', event: 'test.streamed', severity: 'info', resource: '', resource_id: null }
  const to = { roles: ['SIH'], account_id: null, viewers: null }
  let sent = 0
  /** Sends until it is so. @returns how many, at most 40,000 */
  const sendUntil = async (isSo: () => boolean): Promise<number> => {
    for (; !isSo() && sent < 40_000; sent++) {
      const id = `00000000-0000-8000-8000-${String(sent).padStart(12, '0')}`
      outlet.offer({ ...row, ...to, id, params: { what: 'x'.repeat(1_500) } })
      if (sent % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return sent
  }
  return { outlet, answer, sendUntil }
}

test('what a reader leaves unread is bounded', async (t) => {
  const { outlet, sendUntil } = await unread(t)
  const sent = await sendUntil(() => outlet.isOver)
  t.diagnostic(`let go after ${sent}`)
  assert.ok(sent < 40_000)
})

test('a stream ends with its rights, whether or not it is read', async (t) => {
  for (const way of ['join', 'giveMissed'] as const) {
    const { outlet, answer, sendUntil } = await unread(t)
    assert.ok((await sendUntil(() => outlet.stream.readableLength > 128 * 1024)) < 40_000)
    const feeds = new Feeds({ tenancy: all.tenancy, endOf: () => 'session_closed' })
    t.after(() => feeds.close())
    const closed = once(answer, 'close', { signal: AbortSignal.timeout(180_000) })
    await feeds[way](all.hospital.establishment.id, outlet)
    await closed
    assert.equal(feeds.size, 0)
  }
})

test('when the process stops, everybody is told to come back', async () => {
  const { csref } = all
  const listener = await listen(csref.agent)
  await all.app.close()
  await listener.until(({ isOpen }) => !isOpen)
  const [end] = listener.of('end')
  assert.equal(end?.data, '{"reason":"restarting"}')
  assert.ok(Number(end?.retry) >= 500)
})
