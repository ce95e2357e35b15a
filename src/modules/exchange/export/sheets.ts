import type { Consultation } from '../../consultations/index.ts'
import { ageOn, type Age, type Birth, type Patient } from '../../patients/index.ts'
import { outcomes } from '../reading/cells.ts'
import { headingOf } from '../reading/columns.ts'
import { frenchDay, type Cell } from '../../../shared/csv.ts'

/** A column of an exported file: its heading, its width in a workbook, what a record has there. */
export type SheetColumn<T> = { heading: string; width: number; cell: (record: T) => Cell }

const column = <T>(heading: string, width: number, cell: (record: T) => Cell): SheetColumn<T> => ({
  heading,
  width,
  cell,
})

const ageUnits = { years: 'ans', months: 'mois', days: 'jours' } as const

/** As registers write it: the day, the month, the year, or « vers 1978 »; an age told in months or days stays an age. */
const birthCell = ({ date, estimate }: Birth): Cell => {
  if (date !== undefined) return date.length === 10 ? { day: date } : frenchDay(date)
  return estimate?.unit === 'years' ? `vers ${Number(estimate.on.slice(0, 4)) - estimate.value}` : ''
}

const age = <T>(of: (record: T) => Age): SheetColumn<T>[] => [
  column(headingOf('age'), 6, (record) => of(record).value),
  column(headingOf('ageUnit'), 7, (record) => ageUnits[of(record).unit]),
]

const dayOf = (instant: string): Cell => ({ day: instant.slice(0, 10) })

export const patientSheet: SheetColumn<Patient>[] = [
  column('N° dossier', 13, ({ fileNumber }) => fileNumber),
  column(headingOf('familyName'), 18, ({ familyName }) => familyName),
  column(headingOf('givenName'), 18, ({ givenName }) => givenName),
  column(headingOf('sex'), 6, ({ sex }) => sex),
  column(headingOf('birth'), 12, ({ birth }) => birthCell(birth)),
  ...age<Patient>((patient) => patient.age),
  column(headingOf('phone'), 15, ({ phone }) => phone && shownPhone(phone)),
  column(headingOf('phoneOwner'), 18, ({ phoneOwner }) => phoneOwner),
  column(headingOf('village'), 18, ({ village }) => village),
  column(headingOf('motherName'), 18, ({ motherName }) => motherName),
  column(headingOf('nina'), 17, ({ nina }) => nina),
  column(headingOf('amoNumber'), 14, ({ amoNumber }) => amoNumber),
  column('Allergies', 20, ({ allergies }) => allergies.join(', ')),
  column('Dossier sensible', 9, ({ sensitive }) => (sensitive ? 'oui' : 'non')),
  column('Créé le', 12, ({ createdAt }) => dayOf(createdAt)),
  column('Modifié le', 12, ({ updatedAt }) => dayOf(updatedAt)),
  column('Masqué', 8, ({ hidden }) => (hidden ? 'oui' : '')),
  column(headingOf('id'), 38, ({ id }) => id),
]

/** 76 12 34 56: begins with a digit, so that no spreadsheet takes it for a sum. */
const shownPhone = (phone: string): string => phone.slice(4).replace(/(..)(?=.)/g, '$1 ')

/** What a consultation's own record does not show of its patient. */
export type Contact = {
  phone: string | null
  village: string | null
  motherName: string | null
  nina: string | null
  amoNumber: string | null
}
export type Visited = Consultation & { contact: Contact | undefined }

// The headings of a register: the file can be imported elsewhere as it is.
export const consultationSheet: SheetColumn<Visited>[] = [
  column(headingOf('date'), 12, ({ date }) => ({ day: date })),
  column('N° dossier', 13, ({ patient }) => patient.fileNumber),
  column(headingOf('familyName'), 18, ({ patient }) => patient.familyName),
  column(headingOf('givenName'), 18, ({ patient }) => patient.givenName),
  column(headingOf('sex'), 6, ({ patient }) => patient.sex),
  ...age<Visited>(({ patient, date }) => ageOn(patient.birth, date)),
  column(headingOf('birth'), 12, ({ patient }) => birthCell(patient.birth)),
  column(headingOf('village'), 18, ({ contact }) => contact?.village),
  column(headingOf('phone'), 15, ({ contact }) => contact?.phone && shownPhone(contact.phone)),
  column(headingOf('motherName'), 18, ({ contact }) => contact?.motherName),
  column(headingOf('nina'), 17, ({ contact }) => contact?.nina),
  column(headingOf('amoNumber'), 14, ({ contact }) => contact?.amoNumber),
  column(headingOf('reason'), 24, ({ reason }) => reason),
  column(headingOf('diagnosis'), 30, ({ diagnosis }) => diagnosis),
  column(headingOf('codes'), 10, ({ codes }) => codes.map(({ code }) => code).join(', ')),
  column(headingOf('caseType'), 7, ({ caseType }) => (caseType === 'new' ? 'NC' : 'AC')),
  column(headingOf('practitioner'), 20, ({ practitionerName }) => practitionerName),
  column(headingOf('service'), 20, ({ service }) => service?.name),
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
  column(headingOf('id'), 38, ({ id }) => id),
]
