import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { BackupRefused } from '../../shared/backup-refused.ts'

/** What these bytes of a backup say. @throws BackupRefused content */
export const parsedAs = <S extends TSchema>(schema: S, bytes: Buffer): Static<S> => checkedAs(schema, parseJson(bytes))

/** The same of a manifest, which says its own format. @throws BackupRefused content, newer */
export function parsedOfFormat<S extends TSchema>(schema: S, newest: number, bytes: Buffer): Static<S> {
  const value = parseJson(bytes)
  const { format } = (value ?? {}) as { format?: unknown }
  if (typeof format === 'number' && format > newest) throw new BackupRefused('newer')
  return checkedAs(schema, value)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new BackupRefused('content', { cause })
  }
}

function checkedAs<S extends TSchema>(schema: S, value: unknown): Static<S> {
  if (Value.Check(schema, value)) return value
  throw new BackupRefused('content')
}
