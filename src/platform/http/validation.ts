import { Ajv } from 'ajv'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { problem } from '../../shared/errors.ts'

/** A day that exists between 1850 and 2200; PostgreSQL also takes 'infinity' and 'tomorrow', JSON Schema 0000-01-01. */
export function isDay(value: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
  if (Number(year) < 1850 || Number(year) > 2200) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

const isInstant = (value: string): boolean =>
  /^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?Z$/.test(value) && isDay(value.slice(0, 10))

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function ajv(coerceTypes: boolean, allErrors: boolean): Ajv {
  const instance = new Ajv({
    coerceTypes,
    allErrors,
    useDefaults: true,
    removeAdditional: false,
    strict: false,
    discriminator: true,
  })
  instance.addFormat('date', isDay)
  instance.addFormat('date-time', isInstant)
  instance.addFormat('uuid', uuid)
  for (const annotation of ['password', 'binary', 'uri']) instance.addFormat(annotation, true)
  return instance
}

/**
 * Bodies are taken as they are: coercion would turn null into 0 in a medical number (research/security.md, fact 7).
 * Query and path are text by nature and are converted. Unknown fields are refused everywhere, never dropped.
 */
export function registerValidation(app: FastifyInstance): void {
  const strict = ajv(false, true)
  const converting = ajv(true, false)
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : converting).compile(schema as object),
  )
  app.addHook('preValidation', async (request) => refuseUnstorableText(request))
}

/** PostgreSQL has no NUL in text (22021), and a lone surrogate would silently be stored as another character. */
function refuseUnstorableText(request: FastifyRequest): void {
  for (const part of [request.query, request.params]) {
    for (const value of Object.values((part ?? {}) as Record<string, unknown>)) {
      const all = Array.isArray(value) ? value : [value]
      if (
        all.some(
          (one) => typeof one === 'string' && (one.includes('\0') || !one.isWellFormed() || one.includes('\ufffd')),
        )
      )
        throw problem('invalid_input')
    }
  }
}
