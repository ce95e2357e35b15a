import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { problem } from '../../src/shared/errors.ts'
import { Line, object, responses } from '../../src/shared/schemas.ts'
import { text } from '../../src/shared/text.ts'
import type { Random } from '../../src/demo/random.ts'
import { harness } from '../harness.ts'
import { random, seed, size } from '../size.ts'
import { makeCase, type Case } from './cases.ts'
import { checkerOf, operationsOf, type Answer, type Operation } from './checker.ts'
import { changedOnTheWay, differences, someConsultation, somePatient } from './round-trip.ts'
import { endsSession, patiently, told, written } from './send.ts'
import { exchange, oddRequests, type Odd } from './socket.ts'
import { openWorld, type World } from './world.ts'

let world: World
let check: ReturnType<typeof checkerOf>
let operations: Operation[]

before(async () => {
  world = await openWorld(vulnerable)
  const document = world.app.swagger()
  check = checkerOf(document)
  operations = operationsOf(document)
})

after(() => world.app.close())

const isControl = ({ path }: { path: string }): boolean => path.startsWith('/control')

/** What the router says that was asked, not what was meant: a damaged address may be another route's. */
function asked({ operation, method }: Case, { route, status }: Answer): Operation | undefined {
  if (route === undefined) return method === operation.method && status !== 404 ? operation : undefined
  if (route === null) return undefined
  const path = route.replace(/:(\w+)/g, '{$1}')
  return operations.find((one) => one.path === path && one.method === method)
}

// A password is 10 ms of hashing, a file a transaction of its own: less often than the rest.
const costly = /\/auth\/(login|token|password|activate|logout|sessions|establishment)|\/imports$|\/export$/
const weightOf = ({ path }: Operation): number => (costly.test(path) ? 2 : 10)

type Run = { findings: string[]; statuses: Map<number, number>; reached: Set<string>; cases: number }

/** Sends that many cases, eight at a time, and says what was wrong with the answers. */
async function attack(targets: Operation[], count: number, choose: Random): Promise<Run> {
  const run: Run = { findings: [], statuses: new Map(), reached: new Set(), cases: 0 }
  const weighted = targets.map((operation) => [operation, weightOf(operation)] as const)
  const one = async (made: Case): Promise<void> => {
    const answer = await patiently(world, made)
    if (answer === undefined) return
    run.cases++
    run.statuses.set(answer.status, (run.statuses.get(answer.status) ?? 0) + 1)
    const operation = asked(made, answer)
    if (operation && answer.status < 300) run.reached.add(`${operation.method} ${operation.path}`)
    for (const finding of check(operation, answer))
      run.findings.push(`seed ${seed}: ${finding}\n  ${told(made)}\n  → ${answer.status} ${answer.text.slice(0, 500)}`)
  }
  // The first of each kind of record, so that the others find something to change.
  for (const operation of targets.filter(({ method, path }) => method === 'POST' && !path.includes('{')))
    for (let i = 0; i < 3; i++) await one(makeCase(world, operation, choose))
  while (run.cases < count && run.findings.length < 50)
    await Promise.all(Array.from({ length: 8 }, () => one(makeCase(world, choose.weighted(weighted), choose))))
  return run
}

const tally = ({ statuses }: Pick<Run, 'statuses'>): string =>
  [...statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, times]) => `${status}: ${times}`)
    .join(', ')

const report = (t: TestContext, run: Run): void => {
  t.diagnostic(`seed ${seed}, ${run.cases} cases, ${tally(run)}`)
}

test('whatever is sent, the answer is a declared one', async (t) => {
  const own = operations.filter((operation) => !isControl(operation))
  const run = await attack(own, size(1_000, 50_000), random('fuzz'))
  report(t, run)
  const unreached = own.map(({ method, path }) => `${method} ${path}`).filter((one) => !run.reached.has(one))
  t.diagnostic(`never accepted: ${unreached.join(', ') || 'none'}`)
  assert.equal(run.findings.length, 0, run.findings.slice(0, 20).join('\n'))
  // Were everything refused at the door, nothing behind it would have been tried.
  assert.ok(
    run.reached.size >= own.length * size(0.4, 0.85),
    `${run.reached.size} of ${own.length} operations accepted something`,
  )
  assert.ok((run.statuses.get(401) ?? 0) < run.cases / 8, tally(run))
})

test('what no library would send is answered too, and no connection is cut without a word', async (t) => {
  const { port } = new URL(await world.app.listen({ port: 0, host: '127.0.0.1' }))
  const token = await world.token('cscom_sangha.agent')
  const choose = random('socket')
  // All are sent with one session, which must outlive them.
  const lasting = operations.filter((one) => !isControl(one) && !endsSession.test(one.path))
  const generated = Array.from({ length: size(40, 2_000) }, () => {
    const made = makeCase(world, choose.pick(lasting), choose)
    return { name: told(made), pieces: [written(made, token)], isHead: made.method === 'HEAD' }
  })
  const findings: string[] = []
  const statuses = new Map<number, number>()
  const all: Odd[] = [...oddRequests(token), ...generated]
  const one = async ({ name, pieces, pause, isHead = false }: Odd): Promise<void> => {
    const { answers, reset, silent } = await exchange(Number(port), pieces, pause)
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    const found = answers.flatMap((answer) => check(undefined, { ...answer, isHead: isHead && answer.text === '' }))
    if (reset) found.push('reset')
    if (silent) found.push('no end')
    if (answers.length === 0) found.push('no answer')
    findings.push(
      ...found.map((finding) => `seed ${seed}: ${finding}: ${name} → ${JSON.stringify(answers).slice(0, 400)}`),
    )
  }
  while (all.length > 0) await Promise.all(all.splice(0, 16).map(one))
  t.diagnostic(`seed ${seed}, ${tally({ statuses })}`)
  assert.equal(findings.length, 0, findings.join('\n'))
})

test('what is accepted comes back as it was sent: text, figures, days', async (t) => {
  const { cscom } = await harness()
  const choose = random('round trip')
  const first = await cscom.agent.post('/api/v1/patients', somePatient(choose), 201)
  const makers = { patients: () => somePatient(choose), consultations: () => someConsultation(choose, first.body.id) }
  const changed = new Set<string>()
  const wanted = size(8, 1_000)
  for (const [kind, make] of Object.entries(makers)) {
    let [accepted, refused] = [0, 0]
    while (accepted < wanted && refused < 20 * wanted) {
      const found = await changedOnTheWay(cscom.agent, `/api/v1/${kind}`, make())
      if (found === undefined) refused++
      else accepted++
      for (const difference of found ?? []) changed.add(difference)
    }
    t.diagnostic(`seed ${seed}, ${kind}: ${accepted} accepted, ${refused} refused`)
    assert.equal(accepted, wanted, kind)
  }
  assert.deepEqual([...changed], [])
  const rounded = differences({ vitals: { weight: 70.005 } }, { vitals: { weight: 70.01 } }, 'control')
  assert.deepEqual(rounded, ['control vitals weight: sent 70.005, found 70.01'])
})

test('and the application serves as before', async () => {
  const { cscom } = await harness()
  await cscom.agent.get('/health/ready', 200)
  const patient = { familyName: 'Après', givenName: 'Tout', sex: 'F', birth: { precision: 'year', date: '1990' } }
  const { body } = await cscom.agent.post('/api/v1/patients', { ...patient, confirmDuplicate: true }, 201)
  assert.equal((await cscom.agent.get(`/api/v1/patients/${body.id}`, 200)).body.familyName, 'Après')
})

const controls: [path: string, finding: RegExp][] = [
  ['/control/crash', /status 500/],
  ['/control/undeclared', /status 422 is not declared/],
  ['/control/open', /body is not as declared/],
  ['/control/words', /words of the database/],
  ['/control/nameless', /refused input without its fields/],
  ['/control/page', /a refusal \(400\) as text\/html/],
  ['/control/inside', /names of the inside/],
]

test('the same checker catches routes that are wrong on purpose (control)', async (t) => {
  for (const [path, expected] of controls) {
    const run = await attack(
      operations.filter((operation) => operation.path === path),
      200,
      random(path),
    )
    t.diagnostic(`${path}: ${run.findings.length} findings in ${run.cases} cases`)
    assert.ok(
      run.findings.some((finding) => expected.test(finding)),
      `${path}: ${run.findings[0] ?? 'nothing found'}`,
    )
  }
  const slow = check(operations[0], { status: 200, headers: {}, text: '', ms: 100_001 })
  assert.ok(slow.includes('took 100001 ms'))
})

/** Routes with the mistakes that the checker exists for. */
function vulnerable(app: FastifyInstance): void {
  const route = (path: string, handler: (note: string) => unknown): void => {
    app.post(
      path,
      {
        config: { public: true },
        schema: {
          operationId: path.slice(1).replace('/', '_'),
          summary: 'A control',
          description: 'Wrong on purpose',
          tags: ['server'],
          body: object({ note: Line(100) }),
          response: responses({ 200: object({ note: Type.Number() }) }),
        },
      },
      async (request, reply) => {
        const answer = handler((request.body as { note: string }).note)
        if (path === '/control/open') void reply.type('application/json')
        return answer === html
          ? reply
              .code(400 as 200)
              .type('text/html')
              .serializer(String)
              .send(answer)
          : answer
      },
    )
  }
  const html = '<h1>Bad Request</h1>'
  const isOdd = (note: string): boolean => /[^a-zéèïôçɛɔŋ ]/i.test(note)
  route('/control/crash', (note) => {
    if (isOdd(note)) throw new TypeError('boom')
    return { note: 1 }
  })
  route('/control/undeclared', () => {
    throw problem('idempotency_key_reused')
  })
  // Text goes out as it is: no serialiser drops what is not declared.
  route('/control/open', (note) => JSON.stringify({ note }))
  route('/control/words', () => {
    const words = 'relation "patient" does not exist'
    throw problem('invalid_input', { detail: text(words, words) })
  })
  route('/control/nameless', () => {
    throw problem('invalid_input')
  })
  route('/control/page', () => html)
  route('/control/inside', () => {
    const words = 'sis_1a2b_t_csref'
    throw problem('invalid_json', { detail: text(words, words) })
  })
}
