import { hash } from 'node:crypto'
import { text } from '../../../shared/text.ts'
import type { Entry, RegisterOf } from '../declaration.ts'
import { foldText } from '../../patients/index.ts'
import { headingOf } from '../reading/headings.ts'
import type { Note } from '../reading/line.ts'

export type Fingerprint = { content: string; event: string | null }

const sha256 = (value: unknown): string => hash('sha256', JSON.stringify(value))

/**
 * What a line says, as it was understood: the same line written with other dates, delimiters or columns' order has the
 * same fingerprint. `event` is the same one whatever else the line says.
 */
const fingerprintOf = (register: RegisterOf, entry: Entry): Fingerprint => {
  const { content, event } = register.says(entry)
  return { content: sha256(content), event: event && sha256(event) }
}

/** The names as they are compared between two registers. */
export const nameOf = ({ person, fileNumber }: Entry): string =>
  person ? `${foldText(person.familyName)}|${foldText(person.givenName)}` : JSON.stringify(fileNumber)

export type Line = { entry: Entry; fingerprint: Fingerprint }
export type Duplicate = { line: number; sameAs: number }

/** The lines of one file that say it once more, and warnings where one number stands over two contents. */
export function withoutRepeats(
  register: RegisterOf,
  entries: readonly Entry[],
): { lines: Line[]; duplicates: Duplicate[]; warnings: Note[] } {
  const [seen, numbers] = [new Map<string, number>(), new Map<string, number>()]
  const [lines, duplicates, warnings]: [Line[], Duplicate[], Note[]] = [[], [], []]
  for (const entry of entries) {
    const fingerprint = fingerprintOf(register, entry)
    const sameAs = seen.get(fingerprint.content)
    if (sameAs !== undefined) {
      duplicates.push({ line: entry.line, sameAs })
      continue
    }
    seen.set(fingerprint.content, entry.line)
    lines.push({ entry, fingerprint })
    if (entry.number === null) continue
    // Registers begin again at 1 each year.
    const key = `${entry.date.slice(0, 4)} ${entry.number}`
    const first = numbers.get(key)
    if (first === undefined) numbers.set(key, entry.line)
    else warnings.push({ line: entry.line, column: headingOf('number'), message: sameNumber(first) })
  }
  return { lines, duplicates, warnings }
}

const sameNumber = (line: number) =>
  text(
    `Ce numéro est déjà celui de la ligne ${line}, dont le contenu est autre : les deux sont gardées.`,
    `This number is already that of line ${line}, which says something else: both are kept.`,
  )
