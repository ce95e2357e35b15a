import { text, type Text } from '../../../shared/text.ts'
import { judgeNew, vitalNames, type NewConsultation, type Vital } from '../../consultations/index.ts'
import {
  foldText,
  hasLetter,
  identityWarnings,
  readPhone,
  tidyFields,
  tidyName,
  type Age,
  type Birth,
  type NewPatient,
} from '../../patients/index.ts'
import { bornBefore, contradicts, readAge, readBirth } from './births.ts'
import { isEmpty, readCase, readCodes, readMeasure, readOutcome, readPressure, readSex, unguarded } from './cells.ts'
import { headingOf, type Column, type Header } from './columns.ts'
import { readVisitDay, type Read } from './days.ts'
import type { Row } from './rows.ts'

/** What is said about a line of the file; the column is the file's own heading, null where the whole line is meant. */
export type Note = { line: number; column: string | null; message: Text }

type Content = Omit<NewConsultation, 'patientId' | 'date' | 'serviceId' | 'specialtyId' | 'codes'>

/** One line of a register, understood. */
export type Visit = {
  line: number
  cells: string[]
  /** The register's own number. */
  number: string | null
  /** Of a consultation that this system exported. */
  exportedId: string | null
  date: string
  person: NewPatient
  content: Content
  /** CIM-10 codes as written. */
  codes: string[]
  service: string | null
  specialty: string | null
}

export type ReadLine = { visit: Visit; warnings: Note[]; faults?: undefined } | { visit?: undefined; faults: Note[] }

/**
 * A row as a patient and a visit, or everything that is wrong with it.
 * @param today YYYY-MM-DD
 */
export function readLine(row: Row, header: Header, today: string): ReadLine {
  const misfit = misfitOf(row, header)
  if (misfit) return { faults: [{ line: row.line, column: null, message: misfit }] }
  const reader = new LineReader(row, header)
  const date = reader.take('date', (cell) => readVisitDay(cell, today), absent.date)
  const on = date ?? today
  const familyName = reader.name('familyName', absent.familyName)
  const givenName = reader.name('givenName', absent.givenName)
  const sex = reader.take('sex', readSex, absent.sex)
  const birth = birthOf(reader, on)
  const phone = phoneOf(reader)
  const details = {
    phone,
    phoneOwner: phone && reader.line('phoneOwner', 100),
    village: reader.line('village', 100),
    motherName: reader.line('motherName', 200),
    nina: reader.line('nina', 40),
    amoNumber: reader.line('amoNumber', 40),
  }
  const diagnosis = reader.paragraph('diagnosis', 1_000)
  if (diagnosis === null) reader.refuse('diagnosis', absent.diagnosis)
  const content = contentOf(reader, diagnosis, on, today)
  const rest = {
    number: reader.line('number', 40),
    exportedId: uuidOf(reader.cell('id')),
    codes: readCodes(reader.cell('codes')),
    service: reader.line('service', 80),
    specialty: reader.line('specialty', 80),
  }
  if (reader.faults.length > 0 || !date || !familyName || !givenName || !sex || !birth) return { faults: reader.faults }
  const person = tidyFields({ familyName, givenName, sex, birth, ...details }, today)
  for (const { path, message } of identityWarnings(person)) reader.warn(path as Column, message)
  return { visit: { line: row.line, cells: row.cells, date, person, content, ...rest }, warnings: reader.warnings }
}

const absent = {
  date: text('Date absente.', 'Date missing.'),
  familyName: text('Nom absent.', 'Family name missing.'),
  givenName: text('Prénom absent.', 'Given name missing.'),
  sex: text('Sexe absent : M ou F.', 'Sex missing: M or F.'),
  birth: text('Âge ou naissance absents.', 'Neither age nor birth is given.'),
  diagnosis: text('Diagnostic absent.', 'Diagnosis missing.'),
}
const noLetter = text('Un nom contient au moins une lettre.', 'A name has at least one letter.')
const tooLong = (max: number): Text =>
  text(`Trop long : ${max} caractères au plus.`, `Too long: at most ${max} characters.`)

/** A row with other cells than the header has lost or gained a delimiter: which cell is which would be a guess. */
function misfitOf({ cells }: Row, { headings }: Header): Text | undefined {
  const filled = cells.findLastIndex((cell) => cell.trim() !== '') + 1
  const [has, needs] = [cells.length < headings.length ? cells.length : filled, headings.length]
  if (has < needs && cells.length < needs)
    return text(
      `${has} cellules au lieu de ${needs} : un séparateur manque.`,
      `${has} cells instead of ${needs}: a delimiter is missing.`,
    )
  if (filled > needs)
    return text(
      `${filled} cellules au lieu de ${needs} : un séparateur en trop, ou un texte à mettre entre guillemets.`,
      `${filled} cells instead of ${needs}: one delimiter too many, or a text that needs quotes.`,
    )
  return undefined
}

class LineReader {
  readonly faults: Note[] = []
  readonly warnings: Note[] = []
  readonly #row: Row
  readonly header: Header

  constructor(row: Row, header: Header) {
    this.#row = row
    this.header = header
  }

  has = (column: Column): boolean => this.header.places[column] !== undefined

  cell(column: Column): string {
    const place = this.header.places[column]
    return place === undefined ? '' : unguarded(this.#row.cells[place] ?? '').trim()
  }

  #note(column: Column, message: Text): Note {
    const place = this.header.places[column]
    return {
      line: this.#row.line,
      column: (place === undefined ? undefined : this.header.headings[place]) ?? headingOf(column),
      message,
    }
  }

  refuse = (column: Column, message: Text): void => void this.faults.push(this.#note(column, message))
  warn = (column: Column, message: Text): void => void this.warnings.push(this.#note(column, message))

  take<T>(column: Column, read: (cell: string) => Read<T>, missing: Text): T | undefined {
    const cell = this.cell(column)
    const { value, fault } = isEmpty(cell) ? { fault: missing, value: undefined } : read(cell)
    if (fault) this.refuse(column, fault)
    return value
  }

  name(column: Column, missing: Text): string | undefined {
    const name = this.line(column, 100)
    if (name === null) this.refuse(column, missing)
    else if (!hasLetter(name)) this.refuse(column, noLetter)
    return name ?? undefined
  }

  /** One line of text, or null. */
  line(column: Column, max: number): string | null {
    const cell = tidyName(this.cell(column))
    if (isEmpty(cell)) return null
    if (cell.length > max) this.refuse(column, tooLong(max))
    return cell
  }

  paragraph(column: Column, max: number): string | null {
    const cell = this.cell(column).normalize('NFC')
    if (isEmpty(cell)) return null
    if (cell.length > max) this.refuse(column, tooLong(max))
    return cell
  }
}

// An age is told by the patient, a birth is read from a paper: where both are given, the birth counts.
function birthOf(reader: LineReader, on: string): Birth | undefined {
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
  const { value: birth, fault } = readBirth(birthCell, on)
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

function contentOf(reader: LineReader, diagnosis: string | null, on: string, today: string): Content {
  return {
    practitionerName: reader.line('practitioner', 120),
    reason: reader.line('reason', 500),
    diagnosis,
    caseType: caseOf(reader),
    examinations: reader.paragraph('examinations', 5_000),
    treatment: reader.paragraph('treatment', 5_000),
    notes: reader.paragraph('notes', 5_000),
    outcome: outcomeOf(reader),
    vitals: vitalsOf(reader, on, today),
  }
}

function caseOf(reader: LineReader): 'new' | 'followUp' {
  const cell = reader.cell('caseType')
  if (isEmpty(cell)) {
    if (reader.has('caseType')) reader.warn('caseType', assumedNew)
    return 'new'
  }
  const { value, fault } = readCase(cell)
  if (fault) reader.refuse('caseType', fault)
  return value ?? 'new'
}

const assumedNew = text('NC ou AC absent : compté comme nouveau cas.', 'NC or AC missing: counted as a new case.')

function outcomeOf(reader: LineReader) {
  const cell = reader.cell('outcome')
  const outcome = readOutcome(cell)
  if (!outcome && !isEmpty(cell)) reader.warn('outcome', unknownOutcome)
  return outcome ?? null
}

const unknownOutcome = text('Issue inconnue : laissée de côté.', 'Unknown outcome: left out.')

// An implausible measure is left out and told: the visit took place all the same.
function vitalsOf(reader: LineReader, on: string, today: string): Partial<Record<Vital, number>> {
  const vitals: Partial<Record<Vital, number>> = {}
  for (const vital of vitalNames) {
    const cell = reader.cell(vital)
    if (isEmpty(cell)) continue
    const value = readMeasure(cell)
    if (value === undefined) reader.warn(vital, unreadableMeasure)
    else vitals[vital] = value
  }
  const pressure = reader.cell('pressure')
  if (!isEmpty(pressure)) {
    const read = readPressure(pressure)
    if (read) Object.assign(vitals, read)
    else reader.warn('pressure', unreadableMeasure)
  }
  // Most registers have no measures.
  for (let left = Object.keys(vitals).length; left > 0; left--) {
    // The pressures are compared with each other only where each is plausible: hence once more after each find.
    const { errors } = judgeNew({ patientId: '', date: on, vitals }, { today, bornFrom: undefined, known: new Map() })
    const error = errors.find(({ path }) => path.replace('vitals.', '') in vitals)
    if (!error) break
    const vital = error.path.replace('vitals.', '') as Vital
    delete vitals[vital]
    const isPressure = (vital === 'systolic' || vital === 'diastolic') && !reader.has(vital)
    reader.warn(
      isPressure ? 'pressure' : vital,
      text(`${error.message.fr} Laissé de côté.`, `${error.message.en} Left out.`),
    )
  }
  return vitals
}

const unreadableMeasure = text('Mesure illisible : laissée de côté.', 'Unreadable measure: left out.')

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const uuidOf = (cell: string): string | null => (uuid.test(cell.toLowerCase()) ? cell.toLowerCase() : null)

/** The names as they are compared between two registers. */
export const nameOf = ({ person }: Visit): string => `${foldText(person.familyName)}|${foldText(person.givenName)}`
