import { text, type Text } from '../../../shared/text.ts'
import { readPhone, tidyFields, type Age, type Birth, type NewPatient } from '../../patients/index.ts'
import { bornBefore, contradicts, readAge, readBirth } from './births.ts'
import { isEmpty, readSex } from './cells.ts'
import type { LineReader } from './line.ts'

/**
 * Who a line is about, by the columns of every register; its faults are told to the reader.
 * @param on the day on which age and birth were told, YYYY-MM-DD
 * @param bornAfter what is said of a birth after that day
 */
export function readPerson(reader: LineReader, on: string, today: string, bornAfter?: Text): NewPatient | undefined {
  const familyName = reader.name('familyName', absent.familyName)
  const givenName = reader.name('givenName', absent.givenName)
  const sex = reader.take('sex', readSex, absent.sex)
  const birth = birthOf(reader, on, bornAfter)
  const phone = phoneOf(reader)
  const details = {
    phone,
    phoneOwner: phone && reader.line('phoneOwner', 100),
    village: reader.line('village', 100),
    motherName: reader.line('motherName', 200),
    nina: reader.line('nina', 40),
    amoNumber: reader.line('amoNumber', 40),
  }
  if (!familyName || !givenName || !sex || !birth) return undefined
  return tidyFields({ familyName, givenName, sex, birth, ...details }, today)
}

const absent = {
  familyName: text('Nom absent.', 'Family name missing.'),
  givenName: text('Prénom absent.', 'Given name missing.'),
  sex: text('Sexe absent : M ou F.', 'Sex missing: M or F.'),
  birth: text('Âge ou naissance absents.', 'Neither age nor birth is given.'),
}

// An age is told by the patient, a birth is read from a paper: where both are given, the birth counts.
function birthOf(reader: LineReader, on: string, bornAfter: Text | undefined): Birth | undefined {
  const [ageCell, birthCell] = [reader.cell('age'), reader.cell('birth')]
  const written = !isEmpty(birthCell)
  let age: Age | undefined
  if (!isEmpty(ageCell)) {
    const read = readAge(ageCell, reader.cell('ageUnit'), written || reader.header.ageInYears ? 'years' : undefined)
    if (read.fault) reader.refuse('age', read.fault)
    age = read.value
  }
  if (!written) {
    if (isEmpty(ageCell)) reader.refuse(reader.has('age') ? 'age' : 'birth', absent.birth)
    return age && bornBefore(age, on)
  }
  const { value: birth, fault } = readBirth(birthCell, on, bornAfter)
  if (fault) reader.refuse('birth', fault)
  if (birth && age && contradicts(age, birth, on)) reader.warn('age', ageAgainstBirth)
  return birth
}

const ageAgainstBirth = text(
  "L'âge et la naissance se contredisent : la naissance est retenue.",
  'Age and birth contradict each other: the birth is kept.',
)

/** The first Malian number of the cell. */
function phoneOf(reader: LineReader): string | null {
  const cell = reader.cell('phone')
  if (isEmpty(cell)) return null
  const readings = [cell, ...cell.split(/[/;,]|\bou\b/u)].map(readPhone)
  const malian = readings.find((reading) => reading.kind === 'malian')
  if (malian) return malian.phone
  reader.warn('phone', readings.some(({ kind }) => kind === 'foreign') ? foreign : unreadablePhone)
  return null
}

const foreign = text('Téléphone hors Mali : laissé de côté.', 'Phone outside Mali: left out.')
const unreadablePhone = text('Téléphone illisible : laissé de côté.', 'Unreadable phone: left out.')
