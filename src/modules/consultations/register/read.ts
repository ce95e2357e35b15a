import { text } from '../../../shared/text.ts'
import {
  isEmpty,
  readCodes,
  readPerson,
  readVisitDay,
  uuidOf,
  type Entry,
  type LineReader,
} from '../../exchange/index.ts'
import type { NewPatient } from '../../patients/index.ts'
import { judgeNew, type NewConsultation } from '../rules/fields.ts'
import { vitalNames, type Vital } from '../rules/vitals.ts'
import { readCase, readMeasure, readOutcome, readPressure } from './cells.ts'

type Content = Omit<NewConsultation, 'patientId' | 'date' | 'serviceId' | 'specialtyId' | 'codes'>

/** A line of a consultation register, understood. */
export type VisitEntry = Entry & { person: NewPatient; content: Content; specialty: string | null }

/** A row as a patient and a visit; what is wrong with it is told to the reader. @param today YYYY-MM-DD */
export function readVisit(reader: LineReader, today: string): VisitEntry | undefined {
  const date = reader.take('date', (cell) => readVisitDay(cell, today), absent.date)
  const on = date ?? today
  const person = readPerson(reader, on, today)
  const diagnosis = reader.paragraph('diagnosis', 1_000)
  if (diagnosis === null) reader.refuse('diagnosis', absent.diagnosis)
  const content = contentOf(reader, diagnosis, on, today)
  const { line, cells } = reader.row
  const rest = {
    line,
    cells,
    number: reader.line('number', 40),
    exportedId: uuidOf(reader.cell('id')),
    fileNumber: null,
    codes: readCodes(reader.cell('codes')),
    service: reader.line('service', 80),
    specialty: reader.line('specialty', 80),
  }
  return date && person ? { date, person, content, ...rest } : undefined
}

const absent = {
  date: text('Date absente.', 'Date missing.'),
  diagnosis: text('Diagnostic absent.', 'Diagnosis missing.'),
}

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
