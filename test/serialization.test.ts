import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { Consultation, ConsultationVersion } from '../src/modules/consultations/index.ts'
import { HistoryOf } from '../src/modules/history/index.ts'
import { Patient } from '../src/modules/patients/index.ts'
import { registerSerialization } from '../src/platform/http/serialization.ts'
import { page } from '../src/shared/schemas.ts'
import { size } from './size.ts'

type Schema = {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  format?: string
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
}

const formats: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  date: fc.constantFrom('2026-07-01', '1899-12-31'),
  'date-time': fc.constantFrom('2026-07-01T09:30:00.000Z', '2026-07-01T09:30:00Z'),
}

/** Values that an answer of this schema may have, texts that need escapes among them. */
function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valuesOf))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  switch (schema.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: 0, max: 1_000 })
    case 'number':
      return fc.double({ min: 0, max: 1_000, noNaN: true, noDefaultInfinity: true }).map(Math.abs)
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), { maxLength: 3 })
    case 'object': {
      const members = Object.entries(schema.properties ?? {}).map(([name, one]) => [name, valuesOf(one)] as const)
      return fc.record(Object.fromEntries(members), { requiredKeys: schema.required ?? [] })
    }
    default:
      return formats[schema.format ?? ''] ?? fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => `a${text}`)
  }
}

const schemas: Record<string, TSchema> = {
  consultations: page(Consultation),
  patients: page(Patient),
  history: HistoryOf(ConsultationVersion),
}

test('an answer is the same text as JSON.stringify makes of what its schema names, and nothing else leaves', async () => {
  let shown: unknown
  const ask = async (app: FastifyInstance, name: string): Promise<unknown> => (await app.inject(`/${name}`)).json()
  const app = Fastify()
  await registerSerialization(app)
  for (const [name, schema] of Object.entries(schemas))
    app.get(`/${name}`, { schema: { response: { 200: schema } } }, async () => shown)
  for (const [name, schema] of Object.entries(schemas))
    await fc.assert(
      fc.asyncProperty(valuesOf(schema as Schema), async (value) => {
        shown = { ...(value as object), secret: 'never declared' }
        assert.deepEqual(await ask(app, name), JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: size(60, 2_000) },
    )
  shown = { items: [], nextCursor: 5 }
  assert.deepEqual(await ask(app, 'patients'), { items: [], nextCursor: '5' })
  shown = { items: [{}], nextCursor: null }
  assert.equal(((await ask(app, 'patients')) as { statusCode: number }).statusCode, 500, 'a record without its id')
  await app.close()
})
