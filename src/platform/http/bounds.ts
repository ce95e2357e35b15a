/** What of JSON Schema our own schemas use. */
export type Schema = {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  patternProperties?: Record<string, Schema>
  maxProperties?: number
  items?: Schema
  maxItems?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  content?: Record<string, { schema?: Schema }>
}

const typesOf = ({ type }: Schema): string[] => (Array.isArray(type) ? type : type === undefined ? [] : [type])
const partsOf = (schema: Schema): Schema[] => [schema.anyOf, schema.oneOf, schema.allOf].flatMap((all) => all ?? [])
const isChosen = (schema: Schema): boolean => schema.enum !== undefined || schema.const !== undefined

/**
 * Where a request could bring more than was foreseen: text without maxLength, a list without maxItems, a number without
 * a range, an object that takes unknown fields (research/security.md 5: 10,000 items held the event loop for 1.7 s).
 * @returns a line for each place
 */
export function unboundedIn(schema: Schema, path: string): string[] {
  const parts = partsOf(schema)
  if (parts.length > 0) return parts.flatMap((part) => unboundedIn(part, path))
  if (isChosen(schema)) return []
  const types = typesOf(schema)
  return types.length === 0 ? [`${path}: any value`] : types.flatMap((type) => unboundedAs[type]?.(schema, path) ?? [])
}

const inRange = (schema: Schema, path: string): string[] =>
  schema.minimum !== undefined && schema.maximum !== undefined ? [] : [`${path}: number without minimum and maximum`]

const unboundedAs: Record<string, (schema: Schema, path: string) => string[]> = {
  // A file has its route's bodyLimit.
  string: ({ maxLength, format }, path) =>
    maxLength !== undefined || format === 'binary' ? [] : [`${path}: text without maxLength`],
  integer: inRange,
  number: inRange,
  array: ({ maxItems, items }, path) => [
    ...(maxItems === undefined ? [`${path}: list without maxItems`] : []),
    ...unboundedIn(items ?? {}, `${path}[]`),
  ],
  object: ({ properties = {}, patternProperties = {}, additionalProperties, maxProperties }, path) => {
    const others = [
      ...Object.values(patternProperties),
      ...(additionalProperties === false ? [] : [additionalProperties]),
    ]
    return [
      ...Object.entries(properties).flatMap(([name, part]) => unboundedIn(part, `${path}.${name}`)),
      ...others.flatMap((part) => unboundedIn(typeof part === 'object' ? part : {}, `${path}.*`)),
      ...(others.length > 0 && maxProperties === undefined ? [`${path}: any number of fields`] : []),
    ]
  },
}

/**
 * Where an answer could carry out what nobody declared: a part without a type is written as it is.
 * @returns a line for each place
 */
export function openIn(schema: Schema, path: string): string[] {
  if (schema.content)
    return Object.entries(schema.content).flatMap(([type, media]) => openIn(media.schema ?? {}, `${path} ${type}`))
  const parts = partsOf(schema)
  if (parts.length > 0) return parts.flatMap((part) => openIn(part, path))
  if (isChosen(schema)) return []
  const types = typesOf(schema)
  if (types.length === 0) return [`${path}: any value`]
  const found: string[] = []
  if (types.includes('array')) found.push(...openIn(schema.items ?? {}, `${path}[]`))
  if (types.includes('object')) {
    const { properties, additionalProperties = false } = schema
    if (properties === undefined || additionalProperties !== false) found.push(`${path}: undeclared fields`)
    for (const [name, part] of Object.entries(properties ?? {})) found.push(...openIn(part, `${path}.${name}`))
  }
  return found
}
