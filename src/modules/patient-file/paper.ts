import { roleName } from '../../platform/auth/index.ts'
import { figure, longDay, longInstant, plural } from '../../shared/french.ts'
import { Pdf, type Field } from '../../shared/pdf/index.ts'
import type { Version } from '../history/index.ts'
import type { Birth } from '../patients/index.ts'
import type { Opened, Origin } from './queries.ts'
import type { Head, Visit } from './schemas.ts'
import type { FiledRecord, FileSection } from './section.ts'
import {
  ageText,
  changesText,
  glassField,
  memberField,
  patientFields,
  scopeNames,
  versionText,
  visitFields,
} from './wordings.ts'

/** Takes bytes; `room` resolves when the receiver takes more. */
export type Sink = { write(chunk: string | Uint8Array): void; room(): Promise<void> }

/** The file to be read and printed. @returns how many visits and pages it has */
export async function writePaper(
  { head, lists, origins }: Opened,
  pages: AsyncIterable<Visit[]>,
  sink: Sink,
  sections: readonly (FileSection & { pages: AsyncIterable<FiledRecord[]> })[],
): Promise<{ visits: number; pages: number }> {
  const { patient, establishment, generatedAt, generatedBy } = head
  const pdf = await Pdf.open({
    title: `Dossier ${patient.fileNumber}`,
    head: [establishment.name, `Dossier n° ${patient.fileNumber}`],
    foot: `Établi le ${longInstant(generatedAt)} (temps universel) par ${generatedBy.name} – secret médical`,
    at: new Date(generatedAt),
    write: (chunk) => sink.write(chunk),
  })
  writeHead(pdf, head)
  let visits = 0
  for await (const page of pages) {
    if (visits === 0) pdf.heading('Consultations, de la plus récente à la plus ancienne')
    for (const visit of page) {
      writeVisit(pdf, visit, patient.birth, lists)
      await sink.room()
    }
    visits += page.length
  }
  if (visits === 0) pdf.heading('Consultations')
  if (visits === 0) pdf.paragraph('Aucune consultation enregistrée.')
  for (const section of sections) await writeSection(pdf, section, origins, sink)
  pdf.paragraph(
    visits === 0 ? 'Fin du dossier : aucune consultation.' : `Fin du dossier : ${plural(visits, 'consultation')}.`,
  )
  pdf.end()
  return { visits, pages: pdf.pages }
}

async function writeSection(
  pdf: Pdf,
  { heading, none, pages }: FileSection & { pages: AsyncIterable<FiledRecord[]> },
  origins: Opened['origins'],
  sink: Sink,
): Promise<void> {
  pdf.heading(heading)
  let records = 0
  for await (const page of pages)
    for (const { data, title, fields, history, fieldsOf } of page) {
      records += 1
      pdf.subheading(title)
      pdf.fields([...fields, takenOver(origins.get(data.id))])
      writeHistory(pdf, history, fieldsOf)
      await sink.room()
    }
  if (records === 0) pdf.paragraph(none)
}

function writeHead(pdf: Pdf, head: Head): void {
  const { patient, establishment, history, oppositions, imports, accesses, careTeam, breakGlasses } = head
  const place = [establishment.cercle && `cercle de ${establishment.cercle}`, `région de ${establishment.region}`]
  pdf.title('Dossier du patient', `${establishment.name}, ${place.filter(Boolean).join(', ')}`)
  pdf.paragraph(rights)
  pdf.heading('Identité')
  const identity = patientFields(patient)
  pdf.fields([
    ['Numéro de dossier', patient.fileNumber],
    ...identity.slice(0, 4),
    ['Âge', ageText(patient.age, patient.birth)],
    ...identity.slice(4),
    ['Dossier ouvert le', longInstant(patient.createdAt)],
  ])
  if (patient.hidden)
    pdf.paragraph('Ce dossier est masqué : il n’apparaît plus dans les recherches, et rien n’en est effacé.')
  if (oppositions.length > 0) {
    pdf.heading('Oppositions au partage')
    for (const { scope, since, reason, recordedAt, recordedBy, withdrawn } of oppositions) {
      pdf.fields([
        [
          scopeNames[scope],
          `depuis le ${longDay(since)}${withdrawn ? ` (retirée le ${longInstant(withdrawn.at)})` : ''}`,
        ],
        ['Motif', reason],
      ])
      pdf.note(`Enregistrée le ${longInstant(recordedAt)} par ${recordedBy.name}`)
      if (withdrawn) pdf.note(`Retrait enregistré par ${withdrawn.by.name} – motif : ${withdrawn.reason}`)
    }
  }
  if (imports.length > 0) {
    pdf.heading('Registres repris')
    pdf.fields(imports.map(({ fileName, at, by }) => [fileName, `repris le ${longInstant(at)} par ${by.name}`]))
  }
  if (careTeam.length > 0) {
    pdf.heading('Équipe soignante de ce dossier sensible')
    pdf.fields(careTeam.map(memberField))
  }
  if (breakGlasses.length > 0) {
    pdf.heading('Accès d’urgence à ce dossier sensible')
    pdf.fields(breakGlasses.map(glassField))
  }
  if (accesses.length > 0) {
    pdf.heading('Qui a eu accès à ce dossier')
    pdf.table(
      [
        { heading: 'Personne', width: 5 },
        { heading: 'Rôle', width: 4 },
        { heading: 'Première fois', width: 4 },
        { heading: 'Dernière fois', width: 4 },
        { heading: 'Fois', width: 1.5 },
      ],
      accesses.map(({ name, role, first, last, count }) => [
        name,
        roleName(role),
        longInstant(first),
        longInstant(last),
        figure(count),
      ]),
    )
  }
  pdf.heading('Histoire de l’identité')
  writeHistory(pdf, history, patientFields)
}

function writeVisit(pdf: Pdf, visit: Visit, birth: Birth, lists: Opened['lists']): void {
  const [, ...fields] = visitFields(visit, lists)
  pdf.subheading(`Consultation du ${longDay(visit.date)}${visit.hidden ? ' (masquée)' : ''}`)
  pdf.fields([
    ['Âge ce jour-là', ageText(visit.age, birth)],
    ...fields,
    ['À surveiller', visit.alarms.map(({ message }) => message).join('\n')],
    takenOver(visit.import),
  ])
  writeHistory(pdf, visit.history, (version) => visitFields(version, lists))
}

const takenOver = (origin: Origin | null | undefined): Field => [
  'Repris du registre',
  origin ? `ligne ${origin.line}` : null,
]

/** Versions from the first one on, each with what it changed. @param history newest first */
function writeHistory<T>(pdf: Pdf, history: readonly Version<T>[], fieldsOf: (data: T) => Field[]): void {
  const versions = history.toReversed()
  for (const [index, version] of versions.entries()) {
    const before = versions[index - 1]
    const changes = before ? changesText(fieldsOf(before.data), fieldsOf(version.data)) : []
    pdf.note([versionText(version), ...changes.map((change) => `– ${change}`)].join('\n'))
  }
}

const rights =
  'Cette copie contient tout ce que l’établissement conserve sur vous, y compris ce qui a été corrigé ou masqué. La loi n° 2013-015 du 21 mai 2013 ' +
  'vous donne le droit de consulter ces données, de les faire rectifier et de vous opposer à leur partage : adressez-vous à l’établissement ou, s’il ' +
  'ne répond pas, à l’Autorité de protection des données à caractère personnel (APDP).'
