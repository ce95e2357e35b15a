import { Ajv, type ValidateFunction } from 'ajv'
import { errorCatalogue } from '../../src/shared/error-catalogue.ts'
import { within } from '../size.ts'
import type { Schema } from './values.ts'

type Parameter = { in: string; name: string; required?: boolean; schema: Schema }
type Media = { schema?: Schema }
export type Operation = {
  method: string
  path: string
  parameters: Parameter[]
  body: Record<string, Media>
  responses: Record<string, { description?: string; content?: Record<string, Media> }>
}

export type Answer = {
  status: number
  headers: Record<string, string | string[] | number | undefined>
  text: string
  /** Milliseconds until the whole answer was there. */
  ms: number
  /** What the router took it for; undefined where that is unknown, null where there was no route. */
  route?: string | null | undefined
  /** To HEAD: without a body. */
  isHead?: boolean
}

type Document = { paths: Record<string, Record<string, object>> }
type Problem = { code?: string; status?: number; detail?: string; errors?: { path?: string; message?: string }[] }

const patience = within(10_000)

/** Every operation of an OpenAPI document. */
export const operationsOf = (document: object): Operation[] =>
  Object.entries((document as Document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const {
        parameters = [],
        requestBody,
        responses,
      } = operation as {
        parameters?: Parameter[]
        requestBody?: { content: Operation['body'] }
        responses: Operation['responses']
      }
      return { method: method.toUpperCase(), path, parameters, body: requestBody?.content ?? {}, responses }
    }),
  )

// Words of the database, of its schemas and of a stack; none of them has a place in what leaves.
const inside =
  /\bsis_[0-9a-z]+_(?:t_|api|owner|directory|accounts|audit)|sis_platform|node_modules|\.[cm]?[jt]s:\d+|\n\s+at /
const ofSql =
  /\b(?:select|insert|update|delete)\b.*\b(?:from|into|set|where)\b|\brelation\b|\bcolumn\b|syntax error|sqlstate|duplicate key|violates|pg_/i

/**
 * Says what is wrong with answers, whatever was asked: the same rules for every route, all from its OpenAPI document.
 * @returns for each answer a list of findings, empty when nothing is wrong
 */
export function checkerOf(document: object): (operation: Operation | undefined, answer: Answer) => string[] {
  const ajv = new Ajv({ strict: false, allErrors: false, validateSchema: false, logger: false, validateFormats: false })
  ajv.addSchema(document, 'document')
  const compiled = new Map<string, ValidateFunction>()
  const conforms = (operation: Operation, status: number, type: string): ValidateFunction => {
    // All refusals share one schema: compiled once.
    const shared = operation.responses[status]?.content?.[type]?.schema?.$ref?.slice(2)
    const pointer =
      shared ??
      ['paths', operation.path, operation.method.toLowerCase(), 'responses', status, 'content', type, 'schema']
        .map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1')))
        .join('/')
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `document#/${pointer}` })
    compiled.set(pointer, known)
    return known
  }

  return (operation, answer) => {
    const { status, text, ms } = answer
    const found: string[] = []
    if (status >= 500 || status < 200) found.push(`status ${status}`)
    if (ms > patience) found.push(`took ${Math.round(ms)} ms`)
    if (inside.test(text)) found.push('names of the inside in the body')
    if (answer.headers['x-powered-by'] !== undefined) found.push('x-powered-by')
    const type = String(answer.headers['content-type'] ?? '')
    if (answer.isHead) return text === '' ? found : [...found, 'HEAD with a body']
    if (status >= 400) found.push(...wrongProblem(type, answer, operation?.responses[status]?.description))
    if (operation === undefined) return found
    const declared = operation.responses[status]
    if (declared === undefined) return [...found, `status ${status} is not declared`]
    const types = Object.keys(declared.content ?? {})
    if (types.length === 0) return text === '' ? found : [...found, `${status} with a body`]
    const matching = types.find((one) => one.split(';')[0] === type.split(';')[0]?.trim())
    if (matching === undefined) return [...found, `content type ${type || '(none)'} of ${status} is not declared`]
    if (!matching.includes('json')) return found
    const validate = conforms(operation, status, matching)
    const value = parsed(text)
    if (value === undefined) return [...found, 'a body that is no JSON']
    if (!validate(value)) found.push(`body is not as declared: ${ajv.errorsText(validate.errors)}`)
    return found
  }
}

/** A refusal is a problem document whose code is known and declared here; refused input names the fields. */
function wrongProblem(type: string, { status, text, headers }: Answer, declared: string | undefined): string[] {
  if (!type.startsWith('application/problem+json')) return [`a refusal (${status}) as ${type || '(no type)'}`]
  const body = parsed(text) as Problem | undefined
  if (body === undefined) return ['a refusal that is no JSON']
  const found: string[] = []
  const { code = '', errors } = body
  const entry = errorCatalogue[code as keyof typeof errorCatalogue] as { status: number } | undefined
  if (entry === undefined) found.push(`unknown code ${code}`)
  else if (entry.status !== status || body.status !== status) found.push(`${code} with ${status}`)
  if (declared !== undefined && !declared.split(', ').includes(code)) found.push(`code ${code} is not declared`)
  const named = errors?.every(({ path, message }) => path && message) ?? false
  if (code === 'invalid_input' && (!named || errors?.length === 0)) found.push('refused input without its fields')
  // A field's own name is repeated so that its sender finds it.
  const told = JSON.stringify({ ...body, errors: errors?.map(({ message }) => message) })
  if (ofSql.test(told)) found.push('words of the database in a refusal')
  if (headers['etag'] !== undefined) found.push('a refusal with an ETag')
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
