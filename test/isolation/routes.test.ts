import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Client } from '../harness.ts'
import { all, expected, username, type Role } from '../rights-table.ts'
import { isFull, random, seed } from '../size.ts'
import { leakPlans, leaks, leaksPrefix } from './leaks.ts'
import {
  clientOf,
  namesNothing,
  operationsOf,
  recorded,
  send,
  tryEveryPlace,
  tryEveryToken,
  type Operation,
} from './matrix.ts'
import { plans } from './plans.ts'
import { openWorld, patientOf, type Place, type World } from './world.ts'

// Every route of the OpenAPI document × everything of another establishment that fits into a request: its identifiers in
// path, query and body, its cursors, versions and operation keys, its tokens. "Exists elsewhere" must look like "is nowhere":
// in status, body and headers, on everybody's record and in the log.

let world: World
let theirs: Place
let ours: Place

before(async () => {
  world = await openWorld(leaks)
  theirs = await world.place('csref_djenne')
  ours = await world.place('cscom_sangha')
})
after(() => world?.close())

// Of the process and of nobody; the nomenclature, which is printed in books.
const unrecorded = ({ name, path }: Operation): boolean =>
  /^\/(health|\.well-known)\//.test(path) || name === 'GET /api/v1/icd10'

const isLeak = ({ path }: Operation): boolean => path.startsWith(leaksPrefix)
const operations = (): Operation[] => operationsOf(world).filter((operation) => !isLeak(operation))

const ruleOf = ({ method, path }: Operation) => expected[`${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`]

/** One client for each role, and one without a token. */
const tokens = (): Record<string, (rights: 'one' | 'fresh') => Client> => {
  const one = (name: string) => (use: 'one' | 'fresh') =>
    use === 'fresh' ? new Client(world.app, name) : world.as(name)
  const roles = all.filter((role) => role !== 'SIS_CSCOM').map((role) => [role, one(username[role])] as const)
  return { anonymous: () => world.anonymous, ...Object.fromEntries(roles) }
}

describe('the route matrix', () => {
  test('has a plan for every operation of the OpenAPI document, and no other', () => {
    const names = (of: Operation[]) => of.map(({ name }) => name).sort()
    assert.deepEqual(Object.keys(plans).sort(), names(operations()))
    assert.notDeepEqual(Object.keys(plans).sort(), names(operationsOf(world)), 'the control: a route without a plan')
    for (const operation of operations()) {
      assert.ok(ruleOf(operation), operation.name)
      const { because, who } = plans[operation.name]!
      if (because && who !== 'superadmin') assert.ok(namesNothing(operation), `${operation.name}: ${because}`)
    }
  })

  test('another token, or none, gets nothing of ours', async (t) => {
    t.diagnostic(`seed ${seed}`)
    const choose = random('tokens')
    const everybody = Object.entries(tokens())
    for (const operation of operations()) {
      const rule = ruleOf(operation)!
      const some = isFull ? everybody : [everybody[0]!, everybody[2]!, choose.pick(everybody.slice(3))]
      const may = (who: string): boolean | 'public' => (rule === 'public' ? 'public' : rule.includes(who as Role))
      const wrong = await tryEveryToken(
        { world, theirs, ours },
        operation,
        plans[operation.name]!,
        Object.fromEntries(some),
        may,
      )
      assert.deepEqual(wrong, [])
    }
  })

  test('nothing of theirs in any place of a request differs from what is nowhere', async (t) => {
    const tried: string[] = []
    const wrong: string[] = []
    const attackers = isFull ? [ours, await world.place('sih_mopti'), await world.place('cabinet_etoile')] : [ours]
    for (const attacker of attackers)
      for (const operation of operations()) {
        const found = await tryEveryPlace({ world, theirs, ours: attacker }, operation, plans[operation.name]!)
        tried.push(...found.tried)
        wrong.push(...found.wrong)
      }
    t.diagnostic(`${tried.length} places:\n${tried.join('\n')}`)
    assert.deepEqual(wrong, [])
    assert.ok(tried.length >= 80, `${tried.length}`)
  })

  test('each planned request succeeds in its own establishment: the refusals are about the other one (control)', async () => {
    for (const operation of operations()) {
      const plan = plans[operation.name]!
      const answer = await send(clientOf({ world, theirs, ours }, plan, ours), operation, await plan.make(ours))
      assert.equal(answer.status, plan.status, `${operation.name}: ${answer.text}`)
      if (plan.status >= 400) continue
      const stands = (await recorded(world, answer)).entries.length > 0
      assert.equal(stands, !unrecorded(operation), `${operation.name}: ${stands ? '' : 'not '}on record`)
    }
  })

  test('finds out a route that tells what exists elsewhere (control)', async () => {
    const expectedFindings: Record<string, RegExp> = {
      row: /status.*CANARICSREFDJENNE came back/s,
      status: /status: elsewhere 403, nowhere 404/,
      header: /headers: elsewhere .*x-hint/,
      record: /entries: elsewhere .*patient\.elsewhere/,
      log: /log: elsewhere .*elsewhere/,
      key: /idempotency-key.*body: elsewhere .*CANARICSREFDJENNE.*, nowhere .*CANARICSCOMSANGHA/,
    }
    const clients = { world, theirs, ours }
    for (const operation of operationsOf(world).filter(isLeak)) {
      const way = operation.path.split('/')[4]!
      const found = tryEveryPlace(clients, operation, leakPlans[operation.name]!)
      if (way === 'unknown') await assert.rejects(found, /whose identifier is otherId/)
      else assert.match((await found).wrong.join('\n'), expectedFindings[way]!, way)
    }
    // A token of another establishment that gets what is ours.
    const operation = operationsOf(world).find(({ path }) => path === `${leaksPrefix}/row/{id}`)!
    const other = { SIS_CSREF: () => theirs.agent }
    const wrong = await tryEveryToken(clients, operation, leakPlans[operation.name]!, other, () => true)
    assert.match(wrong.join('\n'), /as SIS_CSREF: 200/)
    assert.match(wrong.join('\n'), /CANARICSCOMSANGHA came back/)
  })
})

describe('what is written and searched', () => {
  test('is found in its own establishment and in no list, search or export of another', async () => {
    const asked = [
      ...['patients', 'consultations'].flatMap((kind) => [`${kind}?q=`, `${kind}/export?q=`]),
      'patients?village=',
      'consultations?practitioner=',
      'services?q=',
      'specialties?q=',
    ]
    for (const path of asked) {
      const [found, none] = [theirs, ours].map((place) => place.agent.get(`/api/v1/${path}${theirs.mark}`, 200))
      assert.ok((await found)?.text.includes(theirs.mark), `${path}: the control`)
      assert.ok(!(await none)?.text.includes(theirs.mark), path)
    }
  })

  test('follows the token and no header of the request', async () => {
    for (const header of [
      'x-tenant',
      'x-establishment',
      'x-forwarded-host',
      'host',
      'x-schema',
      'establishment',
      'prefer',
    ]) {
      const { text } = await ours.agent.get('/api/v1/patients?limit=100', 200, { [header]: theirs.establishment.slug })
      assert.ok(!text.includes(theirs.mark) && text.includes(ours.mark), header)
    }
  })

  test('under an identifier that theirs has already is ours, and theirs stays as it was', async () => {
    const earlier = await theirs.agent.get(`/api/v1/patients/${theirs.records.patients.id}`, 200)
    const body = { ...patientOf(ours.mark), id: theirs.records.patients.id }
    await ours.agent.post('/api/v1/patients', body, 201)
    assert.ok((await ours.agent.get(`/api/v1/patients/${body.id}`, 200)).text.includes(ours.mark))
    const later = await theirs.agent.get(`/api/v1/patients/${theirs.records.patients.id}`, 200)
    assert.deepEqual(later.body, earlier.body)
  })
})
