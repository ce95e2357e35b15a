import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Listener } from './listener.fixture.ts'
import { establishments, testPassword } from '../../../../test/fixtures.ts'
import { askAt, type Reply } from '../../../../test/served.ts'
import { until } from '../../../../test/sis-process.ts'
import { size } from '../../../../test/size.ts'
import { embeddedRig, type Rig } from '../../../../test/faults/rig.ts'

// Streams that are open while the database is killed and comes back: whoever listens is told everything, once, in order.

const streams = size(60, 300)
const acts = size(8, 60)
const ofPerson = 5
const roles = { hospital: 'SIH', csref: 'SIS_CSREF', cscom: 'SIS_CSCOM', cabinet: 'SIS_CABINET' } as const

/** Asks until it is answered, as a careful client does: with one key, so that it is done once. */
async function surely(url: string, method: string, token: string, body: object, version?: number): Promise<Reply> {
  const headers = {
    'idempotency-key': `s-${Math.random()}`,
    ...(version !== undefined && { 'if-match': `"${version}"` }),
  }
  for (let tries = 0; ; tries++) {
    const answer = await askAt(url, method, { token, body, headers }).catch(() => undefined)
    if (answer && answer.status < 500 && answer.status !== 429) return answer
    if (tries > 300) throw new Error(`never answered: ${answer?.status} ${answer?.text}`)
    await sleep(100)
  }
}

async function logIn({ url }: Rig, username: string): Promise<string> {
  const answer = await askAt(`${url}/api/v1/auth/login`, 'POST', { body: { username, password: testPassword } })
  assert.equal(answer.status, 200, answer.text)
  return (answer.body as { access_token: string }).access_token
}

/** Further agents, with the password of the fixtures. */
const hire = (rig: Rig, slug: string, role: string, n: number): Promise<unknown> =>
  rig.asSuperuser(
    `with person as (
       insert into sis_platform.account (id, username, display_name, password_hash, status, demo)
       select gen_random_uuid(), $1 || '.listener' || n, 'Essai', a.password_hash, 'active', true
       from sis_platform.account a, generate_series(1, $3::int) n where a.username = $1 || '.agent' returning id)
     insert into sis_platform.membership (id, account_id, establishment_id, role, status)
     select gen_random_uuid(), person.id, e.id, $2, 'active' from person, sis_platform.establishment e where e.slug = $1`,
    [slug, role, n],
  )

test(`${streams} streams on one process lose nothing while the database is killed and restarted`, async (t) => {
  const rig = await embeddedRig(t, undefined, { SIS_WORKERS: '1' })
  const [worker] = rig.httpProcesses()
  const people = streams / establishments.length / ofPerson
  const listeners = new Map<string, Listener[]>()
  const admins = new Map<string, string>()
  t.after(() => [...listeners.values()].flat().forEach((listener) => listener.stop()))
  for (const { slug, type } of establishments) {
    await hire(rig, slug, roles[type], people)
    admins.set(slug, await logIn(rig, `${slug}.admin`))
    const tokens = await Promise.all(Array.from({ length: people }, (_, n) => logIn(rig, `${slug}.listener${n + 1}`)))
    const own: Listener[] = []
    listeners.set(slug, own)
    // Person by person: all at once would be refused while the process is busy, and come back.
    for (const token of tokens) {
      own.push(...Array.from({ length: ofPerson }, () => new Listener(rig.url, token, { comesBack: true })))
      await Promise.all(own.map((listener) => listener.until(({ heard }) => heard.length > 0)))
    }
  }
  const memory = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))?.[1]) / 1024
  const spent = (): number => {
    const fields = readFileSync(`/proc/${worker}/stat`, 'utf8').split(') ').at(-1)!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  }
  const [before, at] = [spent(), performance.now()]
  await sleep(size(1_000, 10_000))
  t.diagnostic(
    `${streams} silent streams: ${((100 * (spent() - before)) / (performance.now() - at)).toFixed(1)} % of one processor, ` +
      `${memory().toFixed(0)} MB`,
  )

  const opened = [...listeners.values()].flat().map(({ connections }) => connections)

  // Two machines in each establishment break down and are repaired, one beside the other.
  const done = { acts: 0 }
  const machines = establishments.flatMap(({ slug }) => [`${slug} A`, `${slug} B`])
  const working = machines.map(async (code) => {
    const token = admins.get(code.split(' ')[0]!)!
    const url = `${rig.url}/api/v1/equipment`
    const made = await surely(url, 'POST', token, { code, name: code })
    assert.ok([200, 201].includes(made.status), made.text)
    let { id, version } = made.body as { id: string; version: number }
    for (let i = 0; i < acts; i++) {
      const state = i % 2 === 0 ? 'outOfOrder' : 'working'
      const answer = await surely(`${url}/${id}`, 'PATCH', token, { state }, version)
      assert.equal(answer.status, 200, answer.text)
      ;({ id, version } = answer.body as { id: string; version: number })
      done.acts += 1
      await sleep(100)
    }
  })
  await until(() => done.acts >= machines.length * 2 || undefined)
  const postmaster = rig.postmaster()
  process.kill(postmaster, 'SIGKILL')
  const atKill = done.acts
  await Promise.all(working)
  assert.notEqual(rig.postmaster(), postmaster)
  assert.ok(atKill < machines.length * acts, 'everything was done before the database went')

  for (const [slug, own] of listeners) {
    const [{ schema_name: schema }] = (await rig.asSuperuser<{ schema_name: string }>(
      'select schema_name from sis_platform.establishment where slug = $1',
      [slug],
    )) as [{ schema_name: string }]
    const stored = (await rig.asSuperuser<{ id: string }>(`select id from ${schema}.notification order by id`)).map(
      ({ id }) => id,
    )
    // What was answered was stored, once.
    assert.equal(stored.length, 2 * acts, slug)
    for (const listener of own) {
      await listener.until(({ ids }) => ids.length >= stored.length)
      assert.deepEqual(listener.ids, stored)
    }
    // Nobody was cut off, and nothing came twice.
    for (const listener of own) assert.equal(listener.messages.length, stored.length)
  }
  const everybody = [...listeners.values()].flat()
  const ends = everybody.flatMap((listener) => listener.of('end').map(({ data }) => data))
  assert.deepEqual(everybody.map(({ connections }) => connections), opened, ends.join()) // prettier-ignore
  assert.deepEqual(rig.httpProcesses(), [worker])

  await t.test(
    'the HTTP process is killed: who comes back with the last id is told the rest; without it, not (control)',
    async () => {
      const slug = establishments[0].slug
      const own = listeners.get(slug)!
      const token = admins.get(slug)!
      process.kill(worker!, 'SIGKILL')
      await own[0]!.until(({ isOpen }) => !isOpen)
      const url = `${rig.url}/api/v1/equipment`
      const made = await surely(url, 'POST', token, { code: 'C', name: 'C', state: 'outOfOrder' })
      assert.equal(made.status, 201, made.text)
      await Promise.all(
        own.map((listener) => listener.until(({ messages }) => messages.at(-1) === 'Hors service : C (C).')),
      )
      for (const listener of own) assert.equal(listener.ids.length, 2 * acts + 1)
      const forgetful = new Listener(rig.url, token)
      await forgetful.until(({ heard }) => heard.length > 0)
      const repaired = await surely(
        `${url}/${(made.body as { id: string }).id}`,
        'PATCH',
        token,
        { state: 'working' },
        1,
      )
      assert.equal(repaired.status, 200, repaired.text)
      await forgetful.until(({ messages }) => messages.length > 0)
      forgetful.stop()
      assert.deepEqual(forgetful.messages, ['De nouveau en service : C (C).'])
    },
  )
})
