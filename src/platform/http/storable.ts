import type { FieldError } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'

/** PostgreSQL has no NUL in text (22021), and a lone surrogate would silently be stored as another character. */
export const isStorableText = (value: string): boolean => value.isWellFormed() && !value.includes('\0')

/** What is told of a text that cannot be stored. @param path the field; empty for the body itself */
export const unstorableText = (path: string): { errors: FieldError[] } => ({
  errors: [
    {
      path: path || 'body',
      message: text(
        'Ce texte contient un caractère qui ne se garde pas (NUL, ou une moitié de caractère).',
        'This text holds a character that cannot be stored (NUL, or half of a character).',
      ),
    },
  ],
})
