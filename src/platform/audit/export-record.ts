import type { AccessTaken } from './access-entry.ts'

export type ExportRecord = {
  /** Hands each page on once it is on record whose files it opens; without `patientOf` nobody's. */
  pages<T>(
    pages: AsyncIterable<readonly T[]>,
    patientOf?: (record: T) => string,
  ): AsyncGenerator<readonly T[], void, undefined>
  /** Before the end of the file leaves: without it nobody takes it for whole. @param sha256 of the file, in hexadecimal */
  finish(sha256: string): Promise<void>
  /** The file was given up, or its receiver went away: what has left stands on record. */
  giveUp(): Promise<void>
}

/**
 * Puts the copying of a list on record: an entry a page, before the page leaves, with all its patients (at most 1,000), and
 * one at the end with the number of rows and the hash of the file.
 * @param append writes one entry, for good
 * @param about filters: the names of those that were set, not what was looked for
 */
export function recordExport(
  append: (access: AccessTaken) => Promise<void>,
  about: { action: string; exportId: string; format: string; filters: readonly string[] },
): ExportRecord {
  const { action, exportId, format, filters } = about
  let [parts, rows] = [0, 0]
  const entry = (detail: object, more: Partial<AccessTaken> = {}): Promise<void> =>
    append({ action, resourceId: exportId, ...more, detail: { format, filters, ...detail } })
  return {
    async *pages(pages, patientOf) {
      for await (const page of pages) {
        if (page.length > 0)
          await entry({ part: ++parts, count: page.length }, { patients: patientOf ? page.map(patientOf) : [] })
        rows += page.length
        yield page
      }
    },
    finish: (sha256) => entry({ parts, rows, sha256 }),
    giveUp: () => entry({ parts, rows }, { outcome: 'failure', reason: 'cut' }),
  }
}
