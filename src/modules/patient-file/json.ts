import type { Sink } from './paper.ts'
import type { Opened } from './queries.ts'
import type { Visit } from './schemas.ts'
import type { FiledRecord, FileSection } from './section.ts'

/** The file for a machine (PatientFile of schemas.ts), written while it is read. @returns how many visits it has */
export async function writeJson(
  { head, origins }: Opened,
  pages: AsyncIterable<Visit[]>,
  sink: Sink,
  sections: readonly (FileSection & { pages: AsyncIterable<FiledRecord[]> })[],
): Promise<{ visits: number }> {
  sink.write(`${JSON.stringify(head).slice(0, -1)},"consultations":[`)
  let visits = 0
  for await (const page of pages) {
    for (const visit of page) {
      sink.write(`${visits === 0 ? '' : ','}\n${JSON.stringify(visit)}`)
      visits += 1
      await sink.room()
    }
  }
  for (const { member, pages } of sections) {
    sink.write(`],${JSON.stringify(member)}:[`)
    let first = true
    for await (const page of pages)
      for (const { data } of page) {
        sink.write(`${first ? '' : ','}\n${JSON.stringify({ ...data, import: origins.get(data.id) ?? null })}`)
        first = false
        await sink.room()
      }
  }
  sink.write(`],"visits":${visits}}`)
  return { visits }
}
