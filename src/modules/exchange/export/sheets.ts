import { ageOn, type Age, type Birth, type Patient, type PatientSummary } from '../../patients/index.ts'
import type { SheetColumn } from '../declaration.ts'
import { headingOf } from '../reading/headings.ts'
import type { Contact } from './queries.ts'
import { frenchDay, type Cell } from '../../../shared/csv.ts'

export const column = <T>(heading: string, width: number, cell: (record: T) => Cell): SheetColumn<T> => ({
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

type OfPatient = {
  patient: Pick<PatientSummary, 'fileNumber' | 'familyName' | 'givenName' | 'sex' | 'birth'>
  contact: Contact | undefined
}

/** Who a record is about, with the headings of a register. @param onOf the day for which the age is told */
export const patientColumns = <T extends OfPatient>(onOf: (record: T) => string): SheetColumn<T>[] => [
  column('N° dossier', 13, ({ patient }) => patient.fileNumber),
  column(headingOf('familyName'), 18, ({ patient }) => patient.familyName),
  column(headingOf('givenName'), 18, ({ patient }) => patient.givenName),
  column(headingOf('sex'), 6, ({ patient }) => patient.sex),
  ...age<T>((record) => ageOn(record.patient.birth, onOf(record))),
  column(headingOf('birth'), 12, ({ patient }) => birthCell(patient.birth)),
  column(headingOf('village'), 18, ({ contact }) => contact?.village),
  column(headingOf('phone'), 15, ({ contact }) => contact?.phone && shownPhone(contact.phone)),
  column(headingOf('motherName'), 18, ({ contact }) => contact?.motherName),
  column(headingOf('nina'), 17, ({ contact }) => contact?.nina),
  column(headingOf('amoNumber'), 14, ({ contact }) => contact?.amoNumber),
]
