import { Type, type Static, type TObjectOptions, type TProperties, type TSchema } from 'typebox'
import { errorCatalogue, type ErrorCode } from './error-catalogue.ts'

/** An object that refuses unknown fields: a misspelt field is told, never dropped (mass assignment, ASVS 15.3.3). */
export const object = <P extends TProperties>(properties: P, options: TObjectOptions = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options })

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])

export const Uuid = Type.String({
  format: 'uuid',
  minLength: 36,
  maxLength: 36,
  description: 'UUID in lower case',
})

// 1850..2200: PostgreSQL itself would take 'infinity', 'tomorrow' and year 275761 (research/security.md 5).
export const IsoDate = Type.String({
  format: 'date',
  minLength: 10,
  maxLength: 10,
  description: 'A day that exists, YYYY-MM-DD, 1850 to 2200',
  examples: ['2026-07-01'],
})

export const Timestamp = Type.String({
  format: 'date-time',
  minLength: 20,
  maxLength: 24,
  description: 'An instant in UTC, ISO 8601 with Z',
  examples: ['2026-07-01T09:30:00.000Z'],
})

/** What a Line looks like. */
export const linePattern = '^(?!\\s*$)[^\\x00-\\x1f\\x7f]*$'

/** The filter of those who keep a copy: with it a list also gives hidden records, marked. */
export const UpdatedSince = Type.Unsafe<string>({
  ...Timestamp,
  description:
    'Changed at this instant or later; hidden records too, marked "hidden": true. A change is seen once it is ' +
    'stored, moments after its instant: ask from a minute before your last call',
})

/** One line of text: no line break or control character. @param max characters */
export const Line = (max: number, options: Record<string, unknown> = {}) =>
  Type.String({ pattern: linePattern, minLength: 1, maxLength: max, ...options })

/** Free text over several lines. @param max characters */
export const Paragraph = (max: number, options: Record<string, unknown> = {}) =>
  Type.String({ pattern: '^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]*$', minLength: 1, maxLength: max, ...options })

export const Reason = Line(500, {
  minLength: 3,
  description: 'Why; kept in the history',
  examples: ['Saisi deux fois'],
})

/** The `changeReason` of a change: why the record is corrected. */
export const ChangeReason = Line(500, {
  minLength: 3,
  description: 'Why; kept with this version in the history',
  examples: ['Erreur de saisie signalée par le patient'],
})

export const Limit = Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Items per page' })
export const Cursor = Type.String({
  pattern: '^[A-Za-z0-9_-]+$',
  minLength: 1,
  maxLength: 1000,
  description: 'nextCursor of the page before',
})

export const page = <S extends TSchema>(item: S) =>
  object({ items: Type.Array(item, { maxItems: 100 }), nextCursor: nullable(Cursor) })

export const ProblemSchema = object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    requestId: Type.String(),
    errors: Type.Optional(Type.Array(object({ path: Type.String(), message: Type.String() }))),
    error: Type.Optional(Type.String({ description: 'RFC 6749 5.2, from POST /api/v1/auth/token only' })),
    challenge: Type.Optional(
      Type.String({ description: 'With second_factor_required: for POST /api/v1/auth/second-factor, five minutes' }),
    ),
  },
  { description: 'RFC 9457 problem document; `code` is stable, see /docs/errors' },
)
export type ProblemSchema = Static<typeof ProblemSchema>

// What any route may answer besides its own: read docs/errors.md for each.
const always = [
  'invalid_input',
  'not_found',
  'too_many_requests',
  'internal',
  'busy',
  'database_unavailable',
  'audit_unavailable',
  'timeout',
] as const

/**
 * A route's responses: its own, one per status of the named problems, and what any route may answer.
 * @param own status → schema
 * @param codes the problems that this route throws
 */
export function responses<R extends Record<number, TSchema>>(own: R, ...codes: ErrorCode[]): R {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of [...codes, ...always]) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const problems = Object.fromEntries(
    [...byStatus].map(([status, all]) => [
      status,
      {
        description: [...new Set(all)].join(', '),
        content: { 'application/problem+json': { schema: ProblemSchema } },
      },
    ]),
  )
  return { ...problems, ...own }
}

/** One of these texts. `enum` rather than a union of constants: a refusal then names the values that would be right. */
export const oneOf = <const V extends string>(values: readonly V[], description: string) =>
  Type.Unsafe<V>({ type: 'string', enum: [...values], description })

/** The same schema with a description of its own. */
export const described = <S extends object>(schema: S, description: string): S => ({ ...schema, description })
