import { hash } from 'node:crypto'
import { text } from '../../../shared/text.ts'
import { nameOf, type Note, type Visit } from '../reading/visit.ts'
import { headingOf } from '../reading/columns.ts'

export type Fingerprint = { content: string; visit: string | null }

const sha256 = (value: unknown): string => hash('sha256', JSON.stringify(value))

/**
 * What a line says, as it was understood: the same line written with other dates, delimiters or columns' order has the
 * same fingerprint. `visit` is the same visit whatever else the line says; null without a register number.
 */
export const fingerprintOf = (visit: Visit): Fingerprint => {
  const { number, date, person, content, codes, service, specialty } = visit
  return {
    content: sha256([number, date, person, content, codes, service, specialty]),
    visit: number === null ? null : sha256([number, date, nameOf(visit)]),
  }
}

export type Line = { visit: Visit; fingerprint: Fingerprint }
export type Duplicate = { line: number; sameAs: number }

/** The lines of one file that say it once more, and warnings where one number stands over two contents. */
export function withoutRepeats(visits: readonly Visit[]): { lines: Line[]; duplicates: Duplicate[]; warnings: Note[] } {
  const [seen, numbers] = [new Map<string, number>(), new Map<string, number>()]
  const [lines, duplicates, warnings]: [Line[], Duplicate[], Note[]] = [[], [], []]
  for (const visit of visits) {
    const fingerprint = fingerprintOf(visit)
    const sameAs = seen.get(fingerprint.content)
    if (sameAs !== undefined) {
      duplicates.push({ line: visit.line, sameAs })
      continue
    }
    seen.set(fingerprint.content, visit.line)
    lines.push({ visit, fingerprint })
    if (visit.number === null) continue
    // Registers begin again at 1 each year.
    const key = `${visit.date.slice(0, 4)} ${visit.number}`
    const first = numbers.get(key)
    if (first === undefined) numbers.set(key, visit.line)
    else warnings.push({ line: visit.line, column: headingOf('number'), message: sameNumber(first) })
  }
  return { lines, duplicates, warnings }
}

const sameNumber = (line: number) =>
  text(
    `Ce numéro est déjà celui de la ligne ${line}, dont le contenu est autre : les deux sont gardées.`,
    `This number is already that of line ${line}, which says something else: both are kept.`,
  )

export const alreadyOtherwise = text(
  "Cette visite a déjà été importée avec un autre contenu : modifiez la consultation au lieu de l'importer une seconde fois.",
  'This visit was already imported with another content: change the consultation instead of importing it once more.',
)
