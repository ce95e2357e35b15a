import { v7 as uuidv7 } from 'uuid'
import { text, type Text } from '../../../shared/text.ts'
import { codesOf, entryIn, tooManyNew, type Judged, type Note, type Planned } from '../../exchange/index.ts'
import { birthRange, type Birth } from '../../patients/index.ts'
import { judgeNew, type Place, type StayFields } from '../rules/fields.ts'
import { bedSpan, patientSpan, takerOf, type Span } from './contend.ts'
import { take, type KnownBed, type StayKnown } from './known.ts'
import type { StayEntry } from './read.ts'

export type StayRecord = { fields: StayFields; beds: (KnownBed | null)[] }

const columns: Record<string, string> = {
  admittedAt: 'admitted',
  dischargedAt: 'discharged',
  dischargeMode: 'dischargeMode',
  attendingName: 'attending',
}

/** A line of a ward's book as a stay, by the rules of the API; what two stays contend for is told by `placeStay`. */
export function judgeStay(entry: StayEntry, { birth }: { birth: Birth }, known: StayKnown): Judged<StayRecord> {
  const { line, course, content } = entry
  const warnings: Note[] = []
  const faults: Note[] = []
  const note = (column: string, message: Text): Note => ({ line, column: entry.headingOf(column), message })
  const places: Place[] = []
  const beds: (KnownBed | null)[] = []
  const moves = [{ at: course.admittedAt, service: entry.service, bed: entry.bed }, ...entry.movements]
  moves.forEach((move, i) => {
    const [serviceColumn, bedColumn] = i === 0 ? (['service', 'bed'] as const) : (['movements', 'movements'] as const)
    const to = moves[i + 1]?.at ?? course.dischargedAt
    const serviceId = entryIn(known.services, move.service, line, entry.headingOf(serviceColumn), [])
    if (serviceId === null) {
      const isTooMany = known.services.tooMany.has(move.service)
      return void faults.push(note(serviceColumn, isTooMany ? tooManyNew : closedService))
    }
    const found =
      move.bed === null ? null : known.beds.find(move.bed, { id: serviceId, name: move.service }, move.at.slice(0, 10))
    if (found && 'fault' in found) return void faults.push(note(bedColumn, found.fault))
    const bed = found?.bed ?? null
    if (bed && to === null && bed.closedOn !== null) faults.push(note(bedColumn, closedBed))
    if (bed && to === null && bed.state === 'outOfOrder') faults.push(note(bedColumn, outOfOrder))
    if (bed && to === null && bed.serviceId !== serviceId) faults.push(note(bedColumn, bedElsewhere))
    if (bed && move.at.slice(0, 10) < bed.openedOn) warnings.push(note(bedColumn, notYetOpen))
    beds.push(bed)
    places.push({ id: uuidv7(), serviceId, bedId: bed?.id ?? null, from: move.at, to, reason: null })
  })
  const [first] = places
  if (faults.length > 0 || !first) return { faults }
  const { fields, errors } = judgeNew(
    {
      ...content,
      patientId: '',
      admittedAt: course.admittedAt,
      dischargedAt: course.dischargedAt,
      dischargeMode: course.mode,
      codes: codesOf(entry, known.codes, warnings, unknownCode, entry.headingOf('codes')),
      finalCodes: codesOf(
        { line, codes: entry.finalCodes },
        known.codes,
        warnings,
        unknownCode,
        entry.headingOf('finalCodes'),
      ),
      shortObservation: known.shortObservation,
      serviceId: first.serviceId,
      bedId: first.bedId,
    },
    { now: known.now, bornFrom: birthRange(birth)[0], known: known.codes },
    first.id,
  )
  const wrongOrder = places.findIndex(
    ({ from, to }, i) => i > 0 && (from <= places[i - 1]!.from || (to !== null && from > to)),
  )
  if (wrongOrder > 0) faults.push(note('movements', disordered))
  for (const { path, message } of errors) {
    const column = columns[path.replace(/[.[].*/s, '')] ?? null
    faults.push(column === null ? { line, column, message } : note(column, message))
  }
  return faults.length > 0 ? { faults } : { record: { fields: { ...fields, places }, beds }, warnings }
}

/** Keeps the patient and the beds of a stay, or says who has them. */
export function placeStay(
  { patientId, record }: Planned<StayRecord>,
  entry: StayEntry,
  { taken, created, newServices }: StayKnown,
  closed?: Note,
): Note | undefined {
  const { line } = entry
  const { fields, beds } = record
  const own = patientSpan(fields, entry)
  const other = closed ? undefined : takerOf(taken, patientId, own)
  if (other) return { line, column: entry.headingOf('admitted'), message: alreadyAdmitted(other, own) }
  for (const [i, place] of fields.places.entries()) {
    const taker = place.bedId === null ? undefined : takerOf(taken, place.bedId, bedSpan(place, fields, entry))
    if (taker)
      return {
        line,
        column: entry.headingOf(i === 0 ? 'bed' : 'movements'),
        message: bedTaken(beds[i]!.code, taker),
      }
  }
  // Not before: with a taken bed, thousands of guesses would be refused but for those that meet such a file, and none be stored.
  if (closed) return closed
  take(taken, patientId, own)
  for (const place of fields.places) if (place.bedId !== null) take(taken, place.bedId, bedSpan(place, fields, entry))
  for (const service of newServices)
    if (!created.includes(service) && fields.places.some(({ serviceId }) => serviceId === service.id))
      created.push(service)
  for (const bed of beds) if (bed?.created && !created.includes(bed.created)) created.push(bed.created)
  return undefined
}

const day = (at: string): string => at.slice(0, 10).split('-').reverse().join('/')
const where = ({ line }: Span): Text =>
  line === null ? text('déjà enregistré', 'stored before') : text(`ligne ${line}`, `line ${line}`)
const period = ({ from, to }: Pick<Span, 'from' | 'to'>): Text =>
  to === null
    ? text(`depuis le ${day(from)}`, `since ${from.slice(0, 10)}`)
    : text(`du ${day(from)} au ${day(to)}`, `from ${from.slice(0, 10)} to ${to.slice(0, 10)}`)

// Of a stay that is stored no more is told than that it is there: its patient's file may be protected.
function alreadyAdmitted(other: Span, own: Pick<Span, 'from' | 'to'>): Text {
  if (other.line === null)
    return text(
      'Ce patient a déjà un séjour enregistré à ces dates : modifiez ce séjour, ou corrigez les dates.',
      'This patient has a stay at these dates already: change that stay, or correct the dates.',
    )
  if (other.to === null && own.to === null)
    return text(
      `Deux séjours en cours pour ce patient (l’autre : ligne ${other.line}, ${period(other).fr}) : donnez la sortie de l’un des deux.`,
      `Two open stays of this patient (the other one: line ${other.line}, ${period(other).en}): give the discharge of one of them.`,
    )
  return text(
    `Ce patient a déjà un séjour ${period(other).fr} (ligne ${other.line}) : deux séjours d’une personne ne se chevauchent pas, corrigez les dates.`,
    `This patient has a stay ${period(other).en} already (line ${other.line}): the stays of one person do not overlap, correct the dates.`,
  )
}

const bedTaken = (code: string, other: Span): Text =>
  text(
    `Le lit ${code} est occupé ${period(other).fr} (${where(other).fr}) : corrigez le lit ou les dates.`,
    `Bed ${code} is taken ${period(other).en} (${where(other).en}): correct the bed or the dates.`,
  )

const closedService = text(
  'Ce service est fermé : indiquez un service ouvert, ou rouvrez-le d’abord.',
  'This service is closed: give one that is open, or open it again first.',
)
const closedBed = text(
  'Ce lit est fermé et le patient y serait encore : indiquez un autre lit, ou la sortie.',
  'This bed is closed and the patient would still be in it: give another bed, or the discharge.',
)
const outOfOrder = text(
  'Ce lit est hors service et le patient y serait encore : indiquez un autre lit, ou remettez-le d’abord en service.',
  'This bed is out of order and the patient would still be in it: give another bed, or put it into service first.',
)
const bedElsewhere = text(
  'Ce lit est dans un autre service et le patient y serait encore : indiquez le service du lit, ou un autre lit.',
  "This bed is in another service and the patient would still be in it: give the bed's service, or another bed.",
)
const notYetOpen = text(
  'Ce lit n’était pas encore ouvert alors : le séjour est enregistré, mais ces jours ne comptent pas dans les lits disponibles.',
  'This bed was not yet open then: the stay is stored, but these days are not counted among the available beds.',
)
const disordered = text(
  'Les lits et services successifs ne sont pas dans l’ordre du séjour.',
  'The beds and services are not in the order of the stay.',
)
const unknownCode = text(
  'Code CIM-10 inconnu : le séjour est enregistré sans ce code.',
  'Unknown CIM-10 code: the stay is stored without this code.',
)
