import type { Tenant } from '#tenancy'
import type { Language } from '../../../shared/text.ts'
import {
  column,
  EXPORT_PAGE,
  patientColumns,
  sharedHeading,
  withContacts,
  type Contact,
  type SheetColumn,
} from '../../exchange/index.ts'
import type { Viewer } from '../../patients/index.ts'
import { walkConsultations } from '../list.ts'
import type { Consultation, ConsultationFilters } from '../schemas.ts'
import { outcomes } from './cells.ts'
import { headingOf } from './headings.ts'

export type Visited = Consultation & { contact: Contact | undefined }

/** All consultations of a filtered list with how their patients are reached, in pages; each in transactions of its own. */
export async function* walkVisited(
  read: Tenant['read'],
  viewer: Viewer,
  filters: ConsultationFilters,
  language: Language,
): AsyncGenerator<Visited[]> {
  for await (const page of walkConsultations(read, viewer, filters, language, EXPORT_PAGE))
    yield read((db) => withContacts(db, viewer, page))
}

// The headings of a register: the file can be imported elsewhere as it is.
export const consultationSheet: SheetColumn<Visited>[] = [
  column(headingOf('date'), 12, ({ date }) => ({ day: date })),
  ...patientColumns<Visited>(({ date }) => date),
  column(headingOf('reason'), 24, ({ reason }) => reason),
  column(headingOf('diagnosis'), 30, ({ diagnosis }) => diagnosis),
  column(sharedHeading('codes'), 10, ({ codes }) => codes.map(({ code }) => code).join(', ')),
  column(headingOf('caseType'), 7, ({ caseType }) => (caseType === 'new' ? 'NC' : 'AC')),
  column(headingOf('practitioner'), 20, ({ practitionerName }) => practitionerName),
  column(sharedHeading('service'), 20, ({ service }) => service?.name),
  column(headingOf('specialty'), 20, ({ specialty }) => specialty?.name),
  column(headingOf('examinations'), 24, ({ examinations }) => examinations),
  column(headingOf('treatment'), 24, ({ treatment }) => treatment),
  column(headingOf('notes'), 24, ({ notes }) => notes),
  column('Température (°C)', 9, ({ vitals }) => vitals.temperature),
  column('TA systolique (mmHg)', 9, ({ vitals }) => vitals.systolic),
  column('TA diastolique (mmHg)', 9, ({ vitals }) => vitals.diastolic),
  column('Pouls (/min)', 9, ({ vitals }) => vitals.pulse),
  column('FR (/min)', 9, ({ vitals }) => vitals.respiration),
  column('SpO2 (%)', 9, ({ vitals }) => vitals.spo2),
  column('Poids (kg)', 9, ({ vitals }) => vitals.weight),
  column('Taille (cm)', 9, ({ vitals }) => vitals.height),
  column('PB (mm)', 9, ({ vitals }) => vitals.muac),
  column(headingOf('outcome'), 14, ({ outcome }) => outcome && outcomes[outcome]),
  column('Masquée', 8, ({ hidden }) => (hidden ? 'oui' : '')),
  column(sharedHeading('id'), 38, ({ id }) => id),
]
