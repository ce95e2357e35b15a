import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import pg from 'pg'
import { harness, type Answer, type Body } from '../../../test/harness.ts'

const modules = '/api/v1/establishments/csref_djenne/modules'
const ago = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString()

async function ward() {
  const { csref, superadmin, database } = await harness()
  const { schema } = csref.establishment
  const admit = async (familyName: string): Promise<() => Promise<Answer>> => {
    const birth = { precision: 'year', date: '1980' }
    const person = { familyName, givenName: 'Sali', sex: 'F', birth, confirmDuplicate: true }
    const patientId = (await csref.agent.post('/api/v1/patients', person, 201)).body.id
    const { items } = (await csref.agent.get('/api/v1/services', 200)).body
    const stay = { patientId, serviceId: items[0].id, admittedAt: ago(1), reason: 'Fièvre' }
    return () => csref.agent.post('/api/v1/stays', stay)
  }
  const discharge = ({ id, version }: Body) =>
    csref.agent.send('POST', `/api/v1/stays/${id}/discharge`, {
      body: { at: ago(0.1), mode: 'home' },
      headers: { 'if-match': `"${version}"` },
      expect: 200,
    })
  const put = (version: number, enabled: boolean | undefined, key: string): Promise<Answer> => {
    const body = { modules: enabled === undefined ? [] : [{ name: 'stays', enabled }] }
    return superadmin.send('PUT', modules, { body, headers: { 'if-match': `"${version}"`, 'idempotency-key': key } })
  }
  const versionNow = async (): Promise<number> => (await superadmin.get(modules, 200)).body.version
  const choose = async (enabled?: boolean): Promise<Answer> => put(await versionNow(), enabled, randomUUID())
  const isOn = async (): Promise<boolean> =>
    (await superadmin.get(modules, 200)).body.modules.find(({ name }: Body) => name === 'stays').enabled
  const open = async (): Promise<Body[]> =>
    database.asSuperuser(`select id, version from ${schema}.stay where discharged_at is null and hidden_at is null`)
  await csref.admin.post('/api/v1/services', { name: 'Médecine' })
  return { csref, database, schema, admit, discharge, put, versionNow, choose, isOn, open }
}

test('a module is not switched off while patients lie there: it is said how many, and who is discharged hinders no more', async () => {
  const { csref, admit, discharge, choose, isOn, open } = await ward()
  const stays = [(await (await admit('Maïga'))()).body, (await (await admit('Cissé'))()).body]
  const refused = await choose(false)
  assert.deepEqual([refused.status, refused.body.code], [409, 'module_in_use'])
  assert.match(refused.body.detail, /^2 séjours sont en cours/)
  assert.equal(await isOn(), true)
  for (const stay of stays) await discharge(stay)
  assert.equal((await choose(false)).status, 200)
  assert.equal((await csref.agent.get('/api/v1/stays', 404)).body.code, 'module_disabled')
  assert.equal((await choose()).status, 200)
  assert.deepEqual(await open(), [])
})

// Each is stopped where the other could slip past: the switch before it is stored, the admission before its stay is.
for (const first of ['the switch', 'the admission'] as const)
  test(`of an admission and a switch at once the second is refused: ${first} first`, async (t) => {
    const { database, schema, admit, discharge, put, versionNow, choose, isOn, open } = await ward()
    const holder = new pg.Client(database.superuserUrl)
    t.after(() => holder.end())
    await holder.connect()
    const waiting = async (count: number, ended: () => boolean): Promise<void> => {
      for (;;) {
        const [row] = await database.asSuperuser<{ n: number }>(
          `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and application_name not like 'psql%'`,
        )
        if (row!.n >= count || ended()) return
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    const held = {
      'the switch': `select 1 from sis_platform.establishment where slug = 'csref_djenne' for update`,
      'the admission': `select 1 from ${schema}.patient for update`,
    }
    const expected = {
      'the switch': [200, undefined, 404, 'module_disabled', false],
      'the admission': [409, 'module_in_use', 201, undefined, true],
    }
    for (let round = 0; round < 50; round++) {
      const stay = await admit(`Tour ${round}`)
      const version = await versionNow()
      let ended = 0
      const done = (): void => void ended++
      const acts = {
        'the switch': () => put(version, false, randomUUID()).finally(done),
        'the admission': () => stay().finally(done),
      }
      await holder.query('begin')
      await holder.query(held[first])
      const other = first === 'the switch' ? 'the admission' : 'the switch'
      const begun = { [first]: acts[first]() } as Record<keyof typeof acts, Promise<Answer>>
      await waiting(1, () => ended > 0)
      begun[other] = acts[other]()
      await waiting(2, () => ended > 0)
      await holder.query('commit')
      const [off, on] = await Promise.all([begun['the switch'], begun['the admission']])
      const left = await open()
      // PostgreSQL ends a wait of four seconds: on a slow machine it begins again.
      const isLate = [off, on].some(({ status }) => status >= 500)
      assert.ok((await isOn()) || left.length === 0, 'a patient is left behind')
      if (!isLate) assert.deepEqual([off.status, off.body.code, on.status, on.body.code, await isOn()], expected[first])
      for (const one of left) await discharge(one)
      if (!(await isOn())) assert.equal((await choose()).status, 200)
      if (!isLate) return
    }
    assert.fail('never in time')
  })
