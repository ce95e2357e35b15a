import type { Random } from '../../src/demo/random.ts'
import * as corpus from './corpus.ts'

export type Schema = {
  $ref?: string
  type?: string | string[]
  format?: string
  pattern?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  examples?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  minItems?: number
  maxItems?: number
  minProperties?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}
type Json = unknown
/** What a field of this name takes beyond its schema: a record that exists, a day that can be. */
export type Hints = Record<string, ((choose: Random) => Json) | undefined>

const letters = 'abcdefghijklmnopqrstuvwxyzéèïôçɛɔŋ ABCDE-’'

const textOf = (choose: Random, length: number): string =>
  Array.from({ length }, () => letters[choose.int(0, letters.length - 1)]).join('')

/** A value that the schema takes. */
export function valid(schema: Schema, choose: Random, hints: Hints, name = ''): Json {
  const hint = hints[name]
  if (hint && choose.chance(0.9)) return hint(choose)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return choose.pick(schema.enum)
  if (schema.anyOf) return valid(choose.pick(schema.anyOf), choose, hints, name)
  const [type] = [schema.type ?? 'null'].flat()
  if (schema.examples && type !== 'object' && (schema.pattern || choose.chance(0.3)))
    return choose.pick(schema.examples)
  if (type === 'object') return validObject(schema, choose, hints)
  if (type === 'array') {
    const { minItems = 0, maxItems = 3, items = {} } = schema
    const length = choose.chance(0.02) ? maxItems : choose.int(minItems, Math.min(maxItems, 3))
    return Array.from({ length }, () => valid(items, choose, hints))
  }
  if (type === 'integer') return choose.int(schema.minimum ?? 0, Math.min(schema.maximum ?? 100, 1_000))
  if (type === 'number') return choose.int(0, 4_000) / 10
  if (type === 'boolean') return choose.chance(0.5)
  return type === 'string' ? validText(schema, choose) : null
}

function validObject(
  { properties = {}, required = [], minProperties = 0 }: Schema,
  choose: Random,
  hints: Hints,
): Json {
  const share = minProperties > 0 ? 0.7 : choose.pick([0, 0.2, 0.7, 1])
  const chosen = Object.entries(properties).filter(([name]) => required.includes(name) || choose.chance(share))
  return Object.fromEntries(chosen.map(([name, part]) => [name, valid(part, choose, hints, name)]))
}

function validText({ format, minLength = 0, maxLength = 50 }: Schema, choose: Random): string {
  if (format === 'uuid') return choose.uuid(Date.UTC(2026, choose.int(0, 11), 1))
  if (format === 'date') return `20${choose.int(10, 26)}-0${choose.int(1, 9)}-1${choose.int(0, 9)}`
  if (format === 'date-time') return `2026-0${choose.int(1, 9)}-01T0${choose.int(0, 9)}:00:00.000Z`
  const most = choose.chance(0.05) ? maxLength : Math.min(maxLength, 30)
  return `a${textOf(choose, choose.int(Math.max(minLength - 1, 0), Math.max(most - 1, 0)))}`
}

type Place = { path: (string | number)[]; schema: Schema }

/** Every place of a value, with the schema that rules there. */
function placesOf(value: Json, schema: Schema, path: (string | number)[] = []): Place[] {
  const here = [{ path, schema }]
  if (Array.isArray(value))
    return [...here, ...value.flatMap((item, i) => placesOf(item, schema.items ?? {}, [...path, i]))]
  if (typeof value !== 'object' || value === null) return here
  const { properties = {} } = schema.anyOf?.find((part) => part.properties) ?? schema
  return [
    ...here,
    ...Object.entries(value).flatMap(([key, item]) => placesOf(item, properties[key] ?? {}, [...path, key])),
  ]
}

/** Marks a place that is to be written as this very text, which JSON.stringify would not write. */
const mark = (index: number): string => `@literal ${index}@`

/** The JSON of a value, its marks replaced. */
export const written = (value: Json): string =>
  (JSON.stringify(value) ?? '').replace(
    /"@literal (\d+)@"/g,
    (_, index: string) => corpus.literals[Number(index)] ?? '',
  )

/**
 * The value with one place changed for the worse (or to the very edge).
 * @param foreign identifiers of other records and other establishments
 */
export function mutated(
  value: Json,
  schema: Schema,
  choose: Random,
  foreign: readonly string[],
): { value: Json; note: string } {
  const copy = structuredClone(value)
  const { path, schema: rule } = choose.pick(placesOf(copy, schema))
  const [note, make] = choose.pick(changes)
  const at = path.join('.') || '(all)'
  const holder = path.slice(0, -1).reduce<Json>((part, key) => (part as Record<string, Json>)[key], copy)
  const last = path.at(-1)
  const before = last === undefined ? copy : (holder as Record<string, Json>)[last]
  const after = make(before, rule, choose, foreign)
  if (last === undefined) return { value: after, note: `${note} at ${at}` }
  if (after === undefined && !Array.isArray(holder)) delete (holder as Record<string, Json>)[last]
  else (holder as Record<string, Json>)[last] = after
  return { value: copy, note: `${note} at ${at}` }
}

type Change = (before: Json, rule: Schema, choose: Random, foreign: readonly string[]) => Json

const longest = ({ maxLength, anyOf }: Schema): number =>
  maxLength ?? anyOf?.find((part) => part.maxLength)?.maxLength ?? 100
const greatest = ({ maximum, anyOf }: Schema): number =>
  maximum ?? anyOf?.find((part) => part.maximum)?.maximum ?? 2 ** 31

const changes: [note: string, Change][] = [
  ['hostile text', (_, __, choose) => choose.pick(corpus.texts)],
  ['hostile text', (_, __, choose) => choose.pick(corpus.texts)],
  ['text within', (before, _, choose) => `${String(before)}${choose.pick(corpus.texts)}`],
  ['day', (_, __, choose) => choose.pick(corpus.days)],
  ['number', (_, __, choose) => choose.pick(corpus.numbers)],
  ['literal', (_, __, choose) => mark(choose.int(0, corpus.literals.length - 1))],
  ['literal', (_, __, choose) => mark(choose.int(0, corpus.literals.length - 1))],
  ['null', () => null],
  ['absent', () => undefined],
  [
    'wrong type',
    (before, _, choose) => choose.pick([true, 7, 'x', [], {}, [before], { value: before }, String(before)]),
  ],
  ['longest', (_, rule) => 'x'.repeat(longest(rule))],
  ['too long', (_, rule) => 'x'.repeat(longest(rule) + 1)],
  ['greatest', (_, rule) => greatest(rule)],
  ['too great', (_, rule) => greatest(rule) + 1],
  ['too small', (_, rule) => (rule.minimum ?? 0) - 1],
  ['fraction', (_, rule) => (rule.minimum ?? 0) + 0.5],
  [
    'too many',
    (before, rule) =>
      Array.from({ length: (rule.maxItems ?? 20) + 1 }, () => (Array.isArray(before) ? before[0] : before)),
  ],
  [
    'twice the same',
    (before) => (Array.isArray(before) ? [...(before as Json[]), ...(before as Json[])] : [before, before]),
  ],
  ['unknown field', (before, _, choose) => withField(before, choose.pick(corpus.names), choose.pick(corpus.texts))],
  ['unknown field', (before, _, choose) => withField(before, choose.pick(corpus.names), { x: 1 })],
  ['foreign record', (_, __, choose, foreign) => choose.pick(foreign)],
]

// Computed: a literal __proto__ would set the prototype instead.
const withField = (before: Json, name: string, value: Json): Json => {
  const fields = typeof before === 'object' && before !== null && !Array.isArray(before) ? Object.entries(before) : []
  return Object.fromEntries([...fields, [name, value]])
}
