import { problem, type Problem } from './errors.ts'
import { text } from './text.ts'

type Part = string | number

/** An opaque keyset cursor: the sort keys of the last row shown. */
export const encodeCursor = (parts: Part[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url')

/**
 * The sort keys of a cursor made by encodeCursor. Bound as values, never trusted: a forged cursor only moves within
 * the caller's own list.
 * @param kinds the type of each part
 * @throws invalid_cursor
 */
export function decodeCursor(cursor: string, kinds: ('string' | 'number')[]): Part[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (
      Array.isArray(parts) &&
      parts.length === kinds.length &&
      parts.every((part, i) => typeof part === kinds[i] && isStorable(part))
    )
      return parts as Part[]
  } catch {
    // Falls through to the one refusal below.
  }
  throw invalidCursor()
}

/** The one refusal of a cursor: damaged, made up or of another list. */
export const invalidCursor = (): Problem =>
  problem('invalid_cursor', {
    errors: [
      {
        path: 'cursor',
        message: text(
          'Le « nextCursor » de la page précédente, ou aucun pour recommencer.',
          'The "nextCursor" of the page before, or none to begin again.',
        ),
      },
    ],
  })

// PostgreSQL refuses NUL in text (22021) and a lone surrogate would change on the way.
const isStorable = (part: Part): boolean =>
  typeof part === 'number' ? Number.isFinite(part) : part.length <= 400 && !part.includes('\0') && part.isWellFormed()
