import { errorCatalogue } from '../../shared/error-catalogue.ts'
import { say, text, type Language } from '../../shared/text.ts'

// As platform/audit/access-entry.ts writes it: a list may show several files through several break-glasses.
const written = /^break-glass ([0-9a-f, -]+?)(?:; ([^]*))?$/

/** The reason of an access without the break-glasses that opened files of others in the same list. @param own this patient’s */
export function ownReason(reason: string | null, own: ReadonlySet<string>): string | null {
  const [, ids, rest] = written.exec(reason ?? '') ?? []
  if (ids === undefined) return reason
  const kept = ids.split(', ').filter((id) => own.has(id))
  return [kept.length > 0 && `break-glass ${kept.join(', ')}`, rest].filter(Boolean).join('; ') || null
}

const urgent = text('accès d’urgence', 'emergency access')

/** The same for a person who is no specialist. */
export function reasonInWords(reason: string | null, language: Language): string {
  const [, ids, rest = ids === undefined ? (reason ?? '') : ''] = written.exec(reason ?? '') ?? []
  const told = rest in errorCatalogue ? say(errorCatalogue[rest as keyof typeof errorCatalogue].title, language) : rest
  return [ids !== undefined && say(urgent, language), told].filter(Boolean).join(' – ')
}
