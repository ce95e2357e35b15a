import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify'
import { Type } from 'typebox'
import { problem } from '../../shared/errors.ts'
import { Limit, Line, nullable, object, responses, Uuid } from '../../shared/schemas.ts'
import { openIn, unboundedIn, type Schema } from './bounds.ts'
import { allResponses, registerDeclared } from './declared.ts'
import { compileAll } from './lazily.ts'
import { registerProblems } from './problems.ts'
import { registerRequest } from './request.ts'
import { registerSerialization } from './serialization.ts'
import { registerValidation } from './validation.ts'

const Thing = object({ name: Line(20) })
const whole = {
  summary: 'A thing',
  description: 'One thing',
  operationId: 'getThing',
  tags: ['things'],
  params: object({ id: Uuid }),
  response: responses({ 200: Thing }, 'not_found') as Record<string, unknown>,
}
type Change = { schema?: Record<string, unknown>; route?: Partial<RouteOptions> }

const bare = (): FastifyInstance => {
  const app = Fastify()
  registerDeclared(app)
  registerRequest(app)
  registerValidation(app)
  registerProblems(app)
  return app
}

/** What the start says of a whole route with this changed; empty when it accepts it. */
function refusal({ schema, route }: Change): string {
  try {
    bare().route({
      method: 'GET',
      url: '/api/v1/things/:id',
      handler: async () => ({ name: 'x' }),
      schema: { ...whole, ...schema },
      ...route,
    })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

const without = (status: number) => Object.fromEntries(Object.entries(whole.response).filter(([of]) => +of !== status))

test('a route that does not say all that it takes and answers stops the start', () => {
  assert.equal(refusal({}), '')
  const cases: [Change, RegExp][] = [
    [{ route: { schema: {} } }, /summary is missing[^]*no success is declared[^]*params\.id has no schema/],
    [{ schema: { response: undefined } }, /no success is declared/],
    [{ schema: { response: without(200) } }, /no success is declared/],
    ...[400, 404, 429, 500, 503, 504].map((status): [Change, RegExp] => [
      { schema: { response: without(status) } },
      new RegExp(`${status} is not declared`),
    ]),
    [{ schema: { response: { ...whole.response, 201: {} } } }, /201: any value/],
    [{ schema: { response: { ...whole.response, 200: { type: 'object' } } } }, /200: undeclared fields/],
    [
      { schema: { response: { ...whole.response, 409: Type.Object({}, { additionalProperties: true }) } } },
      /409: undeclared fields/,
    ],
    [{ schema: { params: undefined } }, /params\.id has no schema/],
    [{ schema: { querystring: object({ q: Type.String() }) } }, /querystring\.q: text without maxLength/],
    [{ schema: { querystring: Type.Object({ limit: Limit }) } }, /querystring\.\*: any value/],
    [{ schema: { headers: Type.Object({ 'x-note': Type.String() }) } }, /headers\.x-note: text/],
    [{ schema: { hide: true } }, /a route of the API is documented/],
    [{ schema: { summary: '' } }, /summary is missing/],
  ]
  for (const [change, expected] of cases) assert.match(refusal(change), expected)
})

test('the refusals that follow from a right, a body, a version and a key are declared with the route’s own', () => {
  const headers = Type.Object({ 'if-match': Line(40), 'idempotency-key': Line(255) })
  const route: RouteOptions = {
    method: 'PATCH',
    url: '/api/v1/things/:id',
    handler: async () => {},
    schema: { ...whole, headers },
  }
  const described = Object.entries(allResponses({ ...route, config: { right: 'patients:read' } }))
  const codes = Object.fromEntries(described.map(([status, { description }]) => [status, description]))
  assert.match(codes['400'] ?? '', /invalid_input.*invalid_json.*invalid_if_match.*invalid_idempotency_key/)
  assert.match(codes['401'] ?? '', /token_missing.*token_stale.*session_closed/)
  assert.match(codes['403'] ?? '', /right_missing/)
  assert.match(codes['503'] ?? '', /database_unavailable.*directory_stale.*outcome_unknown/)
  for (const status of [412, 413, 415, 422, 428]) assert.ok(codes[status], String(status))
  const reading = allResponses({ ...route, method: 'GET', schema: whole, config: { public: true } })
  assert.deepEqual(Object.keys(reading).map(Number), [200, 304, 400, 404, 429, 500, 503, 504])
})

test('every kind of unbounded value and of open answer is found, and none where there is none', () => {
  const lines = (schema: object): string[] => unboundedIn(schema, 'body')
  const bounded = object({
    text: Line(10),
    choice: Type.Enum(['a', 'b']),
    list: Type.Array(nullable(Uuid), { maxItems: 3 }),
    part: object({ count: Limit, yes: Type.Boolean(), none: Type.Null(), fixed: Type.Literal(3) }),
    record: Type.Object({}, { additionalProperties: Line(5), maxProperties: 3 }),
  })
  assert.deepEqual(lines(bounded), [])
  for (const [schema, expected] of [
    [object({ text: Type.String() }), 'body.text: text without maxLength'],
    [object({ list: Type.Array(Limit) }), 'body.list: list without maxItems'],
    [object({ list: Type.Array(Type.String(), { maxItems: 2 }) }), 'body.list[]: text without maxLength'],
    [object({ n: Type.Integer({ minimum: 0 }) }), 'body.n: number without minimum and maximum'],
    [object({ n: nullable(Type.Number({ maximum: 1 })) }), 'body.n: number without minimum and maximum'],
    [object({ deep: object({ text: Type.String() }) }), 'body.deep.text: text without maxLength'],
    [object({ any: Type.Unknown() }), 'body.any: any value'],
    [Type.Object({}, { additionalProperties: Line(5) }), 'body: any number of fields'],
    [Type.Object({}, { additionalProperties: Type.String(), maxProperties: 2 }), 'body.*: text without maxLength'],
    [Type.Unsafe({ type: ['string', 'null'] }), 'body: text without maxLength'],
  ] as const)
    assert.deepEqual(lines(schema), [expected])
  assert.deepEqual(openIn(bounded.properties.part as Schema, '200'), [])
  assert.deepEqual(openIn(object({ list: Type.Array(Type.Unknown()) }) as Schema, '200'), ['200.list[]: any value'])
})

test('what no schema has looked at is not read, and what none declares does not leave', async () => {
  const app = bare()
  let read: unknown = 'nothing yet'
  const { params: _, ...open } = whole
  const schema = { ...open, response: responses({ 204: Type.Null() }) as Record<string, unknown> }
  app.post('/api/v1/read', { schema: { ...schema, operationId: 'read' } }, async (request, reply) => {
    read = request.body
    return reply.code(204).send(null)
  })
  const leak = { name: 'x', secret: 'canary' }
  app.get('/api/v1/leak', { schema: { ...schema, operationId: 'leak' } }, async (_, reply) =>
    reply.code(201).send(leak),
  )
  app.get('/api/v1/refuse', { schema: { ...schema, operationId: 'refuse' } }, async () => {
    throw problem('not_found')
  })
  app.get('/api/v1/other', { schema: { ...schema, operationId: 'other' } }, async () => {
    throw problem('version_stale')
  })
  await app.inject({ method: 'POST', url: '/api/v1/read', payload: { anything: 1 } })
  assert.equal(read, undefined)
  const leaked = await app.inject('/api/v1/leak')
  assert.equal(leaked.statusCode, 500)
  assert.equal(leaked.json<{ code: string }>().code, 'internal')
  assert.doesNotMatch(leaked.body, /canary/)
  assert.equal((await app.inject('/api/v1/read?x=1')).statusCode, 404)
  assert.equal((await app.inject('/api/v1/refuse?x=1')).statusCode, 400)
  assert.equal((await app.inject('/api/v1/refuse')).statusCode, 404)
  // A refusal holds nothing but the catalogue's words: it leaves, and the log tells that its status is not declared.
  assert.equal((await app.inject('/api/v1/other')).statusCode, 412)
  await app.close()
})

test('a schema that cannot be compiled is found by compiling all of them', async () => {
  for (const broken of [{ body: { type: 'nonsense' } }, { response: { 200: { type: 'nonsense' } } }]) {
    const app = Fastify()
    registerValidation(app)
    await registerSerialization(app)
    app.post('/', { schema: broken }, async () => ({}))
    await app.ready()
    assert.throws(() => compileAll(app), /schema is invalid/)
    await app.close()
  }
})
