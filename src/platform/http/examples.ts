import { problem, problemDocument, type ErrorCode } from '../../shared/errors.ts'
import { errorCatalogue } from '../../shared/error-catalogue.ts'
import { ProblemSchema } from '../../shared/schemas.ts'

type Schema = Record<string, unknown> & {
  type?: string
  format?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  examples?: unknown[]
  enum?: unknown[]
}
type Media = { schema?: Schema; example?: unknown; examples?: Record<string, object> }
type Answer = { description?: string; content?: Record<string, Media> }
type Operation = { requestBody?: { content?: Record<string, Media> }; responses?: Record<string, Answer> }
type Document = { paths?: Record<string, Record<string, Operation>>; components?: Record<string, unknown> }

const requestId = '0198c0de-7a1b-7c2d-8e3f-0123456789ab'

/**
 * Completes the document that the routes' schemas make: every body and every answer has an example, composed of the
 * examples that its fields name; the answers of refusals show each problem that the route throws, and share one schema,
 * so that a generated client has one type for them.
 */
export function completeDocument<D extends object>(document: D): D {
  const { paths, components } = document as Document
  for (const operation of Object.values(paths ?? {}).flatMap((methods) => Object.values(methods))) {
    for (const media of Object.values(operation.requestBody?.content ?? {})) addExample(media)
    for (const answer of Object.values(operation.responses ?? {})) {
      const refusal = answer.content?.['application/problem+json']
      if (refusal) Object.assign(refusal, showProblems(answer.description ?? '', refusal.schema))
      else for (const media of Object.values(answer.content ?? {})) addExample(media)
    }
  }
  return {
    ...document,
    components: { ...components, schemas: { Problem: ProblemSchema }, examples: problemExamples(document) },
  }
}

/**
 * @param description the codes, separated by commas, as responses() of shared/schemas.ts writes it
 * @param own the answer's schema; kept where it has members of its own, such as the candidates of a duplicate
 */
function showProblems(description: string, own: Schema = {}): Media {
  const isPlain = Object.keys(own.properties ?? {}).every((name) => name in ProblemSchema.properties)
  const schema = isPlain ? { $ref: '#/components/schemas/Problem' } : own
  const codes = description.split(', ').filter((code): code is ErrorCode => code in errorCatalogue)
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const)
  return { schema, examples: Object.fromEntries(examples) }
}

/** Those that some answer refers to. */
function problemExamples(document: object): object {
  const text = JSON.stringify(document)
  const used = (Object.keys(errorCatalogue) as ErrorCode[]).filter((code) =>
    text.includes(`#/components/examples/${code}"`),
  )
  return Object.fromEntries(used.map((code) => [code, { value: problemDocument(problem(code), 'fr', requestId) }]))
}

function addExample(media: Media): void {
  if (!media.schema || media.example !== undefined || media.examples || media.schema.format === 'binary') return
  media.example = exampleOf(media.schema)
}

/** A value that the schema takes: its own example, else one made of the examples of its parts. */
export function exampleOf(schema: Schema): unknown {
  const given = schema.examples?.[0] ?? schema['const'] ?? schema['default'] ?? schema.enum?.[0]
  if (given !== undefined) return given
  if (schema.anyOf) return exampleOf(schema.anyOf.find(({ type }) => type !== 'null') ?? {})
  if (schema.type === 'object') return ofObject(schema)
  if (schema.type === 'array') return schema.items ? [exampleOf(schema.items)] : []
  if (schema.type === 'integer' || schema.type === 'number') return schema['minimum'] ?? 1
  if (schema.type === 'boolean') return false
  return schema.type === 'string' ? (ofFormat[schema.format ?? ''] ?? 'texte') : null
}

// What an example without optional fields would not show is shown: the fields that name an example of their own.
function ofObject({ properties = {}, required = [] }: Schema): unknown {
  const shown = Object.entries(properties).filter(([name, part]) => required.includes(name) || part.examples)
  const chosen = shown.length > 0 ? shown : Object.entries(properties).slice(0, 1)
  return Object.fromEntries(chosen.map(([name, part]) => [name, exampleOf(part)]))
}

const ofFormat: Record<string, string> = {
  uuid: requestId,
  date: '2026-07-01',
  'date-time': '2026-07-01T09:30:00.000Z',
  password: 'mil et karité, fleuve Niger',
  email: 'awa.diarra@exemple.ml',
  uri: 'https://sis.exemple.ml',
  binary: '(fichier)',
}
