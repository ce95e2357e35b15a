import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import type { FieldError } from '../../shared/errors.ts'
import { linePattern } from '../../shared/schemas.ts'
import { text, type Text } from '../../shared/text.ts'

type Params = Record<string, unknown>
type Schema = { pattern?: string; examples?: unknown[] }

// What would be right, for each rule of JSON Schema that our schemas use.
const sentences: Record<string, (params: Params, schema: Schema) => Text> = {
  required: () => text('Ce champ est obligatoire.', 'This field is required.'),
  additionalProperties: () => text("Ce champ n'existe pas ici.", 'This field does not exist here.'),
  type: ({ type }) => text(`Type attendu : ${String(type)}.`, `Expected type: ${String(type)}.`),
  const: () => text("Cette valeur n'est pas admise.", 'This value is not allowed.'),
  enum: ({ allowedValues }) =>
    text(`Valeurs admises : ${list(allowedValues)}.`, `Allowed values: ${list(allowedValues)}.`),
  minLength: ({ limit }) => text(`Au moins ${limit} caractère(s).`, `At least ${limit} character(s).`),
  maxLength: ({ limit }) => text(`Au plus ${limit} caractères.`, `At most ${limit} characters.`),
  minimum: ({ limit }) => text(`Au moins ${limit}.`, `At least ${limit}.`),
  maximum: ({ limit }) => text(`Au plus ${limit}.`, `At most ${limit}.`),
  minItems: ({ limit }) => text(`Au moins ${limit} élément(s).`, `At least ${limit} item(s).`),
  maxItems: ({ limit }) => text(`Au plus ${limit} éléments.`, `At most ${limit} items.`),
  minProperties: ({ limit }) => text(`Au moins ${limit} champ(s).`, `At least ${limit} field(s).`),
  multipleOf: ({ multipleOf }) => text(`Par pas de ${String(multipleOf)}.`, `In steps of ${String(multipleOf)}.`),
  pattern: (_, { pattern, examples }) => {
    if (pattern === linePattern) return line
    const example = examples?.[0]
    return typeof example === 'string' ? text(`Forme attendue : ${example}.`, `Expected form: ${example}.`) : unexpected
  },
  format: ({ format }) => formats[String(format)] ?? unexpected,
}

const unexpected = text('La forme attendue n’est pas respectée.', 'Not in the expected form.')
const line = text(
  'Une seule ligne, avec au moins un caractère visible et sans caractère de contrôle.',
  'A single line with at least one visible character and no control character.',
)

const formats: Record<string, Text> = {
  date: text(
    'Un jour qui existe, sous la forme AAAA-MM-JJ, de 1850 à 2200.',
    'A day that exists, as YYYY-MM-DD, 1850 to 2200.',
  ),
  'date-time': text('Un instant UTC sous la forme 2026-07-01T09:30:00Z.', 'A UTC instant like 2026-07-01T09:30:00Z.'),
  uuid: text('Un UUID en minuscules.', 'A UUID in lower case.'),
}

const list = (values: unknown): string => (Array.isArray(values) ? values.map(String).join(', ') : '')

// The branches of a union repeat what the union itself says.
const noise = new Set(['anyOf', 'oneOf', 'allOf', 'if', 'not'])

/** Ajv's findings as fields and sentences; never the refused value. @param part body, querystring, params, headers */
export function fieldErrors(findings: FastifySchemaValidationError[], part: string | undefined): FieldError[] {
  const byPath = new Map<string, FastifySchemaValidationError>()
  for (const finding of findings) {
    const path = pathOf(finding) || (part ?? 'body')
    if (noise.has(finding.keyword) && findings.length > 1) continue
    const first = byPath.get(path)
    if (first === undefined || (lengths.has(first.keyword) && forms.has(finding.keyword))) byPath.set(path, finding)
  }
  return [...byPath].map(([path, finding]) => {
    const sentence = sentences[finding.keyword]
    const message = sentence ? sentence(finding.params, schemaOf(finding)) : text('Valeur refusée.', 'Value refused.')
    return { path, message }
  })
}

// "A day as YYYY-MM-DD" says more than "at least 10 characters".
const lengths = new Set(['minLength', 'maxLength'])
const forms = new Set(['format', 'pattern'])

// Ajv's `verbose` gives the schema that refused; Fastify's type does not tell.
const schemaOf = (finding: object): Schema => (finding as { parentSchema?: Schema }).parentSchema ?? {}

/** `/codes/0/code` → `codes[0].code`; a missing or unknown field is named itself. */
function pathOf({ instancePath, params }: FastifySchemaValidationError): string {
  const field = params['missingProperty'] ?? params['additionalProperty']
  const parts = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
  if (typeof field === 'string') parts.push(field.slice(0, 80))
  return parts.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), '')
}
