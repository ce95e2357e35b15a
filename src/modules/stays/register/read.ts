import { now } from '../../../shared/clock.ts'
import { text, type Text } from '../../../shared/text.ts'
import {
  fault,
  headingIn,
  isEmpty,
  readCodes,
  readPerson,
  readVisitDay,
  uuidOf,
  type Entry,
  type LineReader,
  type Read,
} from '../../exchange/index.ts'
import type { Condition } from '../schemas.ts'
import { readMovements, type WrittenMovement } from './movements.ts'
import { courseOf, type Course, type Moment } from './times.ts'
import { isNoBed, readCondition, readMode, type WrittenMode } from './words.ts'

/** A line of a ward's book, understood. */
export type StayEntry = Entry & {
  service: string
  bed: string | null
  /** As written: what makes two lines the same, whatever the hour at which they are read. */
  told: { admitted: Moment; discharged: Moment | null; mode: WrittenMode | null }
  course: Course
  content: {
    attendingName: string | null
    reason: string | null
    diagnosis: string | null
    condition: Condition
    finalDiagnosis: string | null
    notes: string | null
  }
  finalCodes: string[]
  /** Where the patient was after the first place. */
  movements: WrittenMovement[]
  /** What the file calls a column. */
  headingOf: (column: string) => string
}

/** A row as a patient and a stay; what is wrong with it is told to the reader. @param today YYYY-MM-DD */
export function readStay(reader: LineReader, today: string): StayEntry | undefined {
  const { line, cells } = reader.row
  const admitted = momentOf(reader, 'admitted', today)
  if (!admitted && isEmpty(reader.cell('admitted'))) reader.refuse('admitted', noAdmission)
  const on = admitted?.day ?? today
  const fileNumber = fileNumberOf(reader)
  const isNumberOnly =
    fileNumber !== null && ['familyName', 'givenName'].every((column) => isEmpty(reader.cell(column)))
  const person = isNumberOnly ? null : readPerson(reader, on, today, bornAfter)
  const service = reader.line('service', 80)
  if (service === null) reader.refuse('service', noService)
  const bed = reader.line('bed', 30)
  const discharged = momentOf(reader, 'discharged', today)
  const mode = modeOf(reader)
  if (!discharged && mode !== null && mode !== 'present' && isEmpty(reader.cell('discharged')))
    reader.refuse('discharged', noDischarge)
  const content = contentOf(reader)
  if (content.diagnosis === null && content.reason === null) reader.refuse('diagnosis', noDiagnosis)
  const finalCodes = readCodes(reader.cell('finalCodes'))
  if (discharged === null) dropFinal(reader, content, finalCodes)
  const movements = readMovements(reader)
  const rest = {
    number: reader.line('number', 40),
    exportedId: uuidOf(reader.cell('id')),
    codes: readCodes(reader.cell('codes')),
  }
  if (!admitted || discharged === undefined || mode === undefined || reader.faults.length > 0) return undefined
  const told = { admitted, discharged, mode }
  const { course, fault: wrong } = courseOf(admitted, discharged, mode, now().toISOString())
  if (wrong) reader.refuse(wrong.column, wrong.message)
  if (!course || service === null || person === undefined) return undefined
  return {
    line,
    cells,
    ...rest,
    date: on,
    person,
    fileNumber,
    service,
    bed: bed !== null && isNoBed(bed) ? null : bed,
    told,
    course,
    content,
    finalCodes,
    movements,
    headingOf: (column) => headingIn(reader.header, column),
  }
}

/** null where the book has none (a stay that lasts); undefined where it was told to the reader what is wrong. */
function momentOf(reader: LineReader, column: 'admitted' | 'discharged', today: string): Moment | null | undefined {
  const cell = reader.cell(column)
  if (isEmpty(cell)) return column === 'discharged' ? null : undefined
  const [, day = cell, inCell = ''] =
    /^(\S{1,40}?)(?:\s{1,9}à\s{1,9}|\s{1,9}|T)(\d{1,2}\s{0,9}[:hH].*)$/su.exec(cell) ?? []
  const date = readVisitDay(day, today)
  if (date.fault) {
    reader.refuse(column, date.fault)
    return undefined
  }
  const own = reader.cell(`${column}Time`)
  // Some spreadsheets add midnight to each date.
  const written = !isEmpty(own) ? own : /^0?0[:h]00(:00)?(\.0+)?Z?$/i.test(inCell) ? '' : inCell
  if (written === '') return { day: date.value, time: null }
  const time = readTime(written)
  if (time.fault) {
    reader.refuse(isEmpty(own) ? column : `${column}Time`, time.fault)
    return undefined
  }
  return { day: date.value, time: time.value }
}

/** 14:30, 14h30, 14 h, 14:30:05 → 14:30:00.000 */
export function readTime(written: string): Read<string> {
  const [, hour, minute = '00', second = '00', milli = '0'] =
    /^(\d{1,2})\s*[:hH](?:\s*(\d{2})(?:\s*(?::|mn?)(?:\s*(\d{2})(?:[.,](\d{1,3}))?)?)?)?Z?$/.exec(written.trim()) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return fault('Heure illisible : hh:mm, par exemple 14:30.', 'Unreadable time: hh:mm, for example 14:30.')
  return { value: `${hour.padStart(2, '0')}:${minute}:${second}.${milli.padEnd(3, '0')}` }
}

function fileNumberOf(reader: LineReader): StayEntry['fileNumber'] {
  const cell = reader.cell('fileNumber')
  if (isEmpty(cell)) return null
  const [, year, number] = /^(\d{4})\s*[-/]\s*(\d{1,9})$/.exec(cell) ?? []
  if (year && number) return { year: Number(year), number: Number(number) }
  reader.warn('fileNumber', otherNumber)
  return null
}

function modeOf(reader: LineReader): WrittenMode | null | undefined {
  const cell = reader.cell('dischargeMode')
  if (isEmpty(cell)) return null
  const mode = readMode(cell)
  if (!mode) reader.refuse('dischargeMode', unknownMode)
  return mode
}

function contentOf(reader: LineReader): StayEntry['content'] {
  const condition = reader.cell('condition')
  const known = isEmpty(condition) ? 'stable' : readCondition(condition)
  if (!known) reader.warn('condition', unknownCondition)
  return {
    attendingName: reader.line('attending', 120),
    reason: reader.line('reason', 500),
    diagnosis: reader.paragraph('diagnosis', 1_000),
    condition: known ?? 'stable',
    finalDiagnosis: reader.paragraph('finalDiagnosis', 1_000),
    notes: reader.paragraph('notes', 5_000),
  }
}

function dropFinal(reader: LineReader, content: StayEntry['content'], finalCodes: string[]): void {
  if (content.finalDiagnosis === null && finalCodes.length === 0) return
  reader.warn(content.finalDiagnosis === null ? 'finalCodes' : 'finalDiagnosis', notYet)
  content.finalDiagnosis = null
  finalCodes.length = 0
}

const sentence = (fr: string, en: string): Text => text(fr, en)
const bornAfter = sentence('Naissance après l’entrée.', 'Born after the admission.')
const noAdmission = sentence('Date d’entrée absente : jj/mm/aaaa.', 'Date of admission missing: dd/mm/yyyy.')
const noService = sentence('Service absent.', 'Service missing.')
const noDiagnosis = sentence(
  'Diagnostic ou motif d’entrée absent.',
  'Neither diagnosis nor reason of admission is given.',
)
const noDischarge = sentence(
  'Un mode de sortie sans date de sortie : donnez la date, ou laissez le mode vide si le patient est encore là.',
  'A mode of discharge without its date: give the date, or leave the mode empty if the patient is still there.',
)
const unknownMode = sentence(
  'Mode de sortie inconnu : guéri, amélioré, référé, évacué, contre avis médical, évadé, décédé avant 48 h ou après 48 h.',
  'Unknown mode of discharge: guéri (cured), amélioré (improved), référé or évacué (referred), contre avis médical (against advice), évadé (escaped), décédé avant 48 h or après 48 h (died before or after 48 h).',
)
const unknownCondition = sentence('État inconnu : noté « stable ».', 'Unknown condition: kept as stable.')
const otherNumber = sentence(
  'Ce n’est pas un numéro de dossier d’ici (année-numéro) : laissé de côté.',
  'This is no file number of ours (year-number): left out.',
)
const notYet = sentence(
  'Le patient n’est pas sorti : le diagnostic de sortie est laissé de côté.',
  'The patient has not left: the final diagnosis is left out.',
)
