import { errorCatalogue, type ErrorCode } from './error-catalogue.ts'
import { say, type Language, type Text } from './text.ts'

export type { ErrorCode } from './error-catalogue.ts'

/** One refused field: a JSON path (`birth.date`, `codes[0].code`) and what would be right. Never the refused value. */
export type FieldError = { path: string; message: Text }

export type ProblemOptions = {
  errors?: FieldError[]
  /** Further members of the problem document, such as the candidates of a duplicate. */
  extra?: Record<string, unknown>
  /** Whose files it was about, for the record only: never sent. */
  patients?: readonly string[]
  /** Replaces the catalogue's detail where a more exact sentence helps. */
  detail?: Text
  /** Seconds, sent as Retry-After. */
  retryAfter?: number
  cause?: unknown
}

/** What a request is refused with; the HTTP layer renders it as application/problem+json (RFC 9457). */
export class Problem extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly options: ProblemOptions

  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(code, { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.status = errorCatalogue[code].status
    this.options = options
  }
}

/** Only a failure of ours is logged with its trace; making one costs more than the whole refusal of a request. */
export function problem(code: ErrorCode, options?: ProblemOptions): Problem {
  const { stackTraceLimit } = Error
  if (errorCatalogue[code].status < 500) Error.stackTraceLimit = 0
  try {
    return new Problem(code, options)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** A refusal of input: 400 with the fields and what would be right. */
export const invalidInput = (...errors: FieldError[]): Problem => problem('invalid_input', { errors })

export type ProblemDocument = {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId: string
  errors?: { path: string; message: string }[]
}

/** The problem document of RFC 9457 in the reader's language. */
export function problemDocument(of: Problem, language: Language, requestId: string): ProblemDocument {
  const entry = errorCatalogue[of.code]
  return {
    ...of.options.extra,
    type: `/docs/errors#${of.code}`,
    title: say(entry.title, language),
    status: entry.status,
    code: of.code,
    detail: say(of.options.detail ?? entry.detail, language),
    requestId,
    ...(of.options.errors && {
      errors: of.options.errors.slice(0, 100).map(({ path, message }) => ({ path, message: say(message, language) })),
    }),
  }
}

// A refusal that says no more than its code differs from the next one in the request's id only.
const common = new Map<string, [before: string, after: string]>()

/** The problem document as it is sent. @param requestId one of ours: it is written as it is */
export function problemText(of: Problem, language: Language, requestId: string): string {
  const { extra, errors, detail } = of.options
  if (extra ?? errors ?? detail) return JSON.stringify(problemDocument(of, language, requestId))
  const kind = `${language} ${of.code}`
  let around = common.get(kind)
  if (around === undefined) {
    const mark = '\0'
    const [before = '', after = ''] = JSON.stringify(problemDocument(of, language, mark)).split(JSON.stringify(mark))
    around = [`${before}"`, `"${after}`]
    common.set(kind, around)
  }
  return around[0] + requestId + around[1]
}
