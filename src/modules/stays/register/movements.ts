import { text } from '../../../shared/text.ts'
import { isEmpty, type LineReader } from '../../exchange/index.ts'

/** A change of bed or service, as our own exports write it. */
export type WrittenMovement = { at: string; service: string; bed: string | null }

const pattern = /^(\d{2})\/(\d{2})\/(\d{4}) (\d{2}:\d{2}(?::\d{2}(?:\.\d{3})?)?) (.+)$/u

/** 12/07/2026 14:30 Chirurgie [C-03] */
export const writeMovement = ({ at, service, bed }: WrittenMovement): string =>
  `${at.slice(8, 10)}/${at.slice(5, 7)}/${at.slice(0, 4)} ${timeText(at)} ${service}${bed === null ? '' : ` [${bed}]`}`

/** The time of an instant, as short as it can be without loss. */
export function timeText(at: string): string {
  if (at.slice(20, 23) !== '000') return at.slice(11, 23)
  return at.slice(17, 19) === '00' ? at.slice(11, 16) : at.slice(11, 19)
}

export function readMovements(reader: LineReader): WrittenMovement[] {
  const cell = reader.cell('movements')
  if (isEmpty(cell)) return []
  const read = cell.split(/[\n|]/).flatMap((part): (WrittenMovement | undefined)[] => {
    if (part.trim() === '') return []
    const [, day, month, year, time, place = ''] = pattern.exec(part.trim()) ?? []
    const { service, bed } = placeIn(place)
    const at = new Date(`${year}-${month}-${day}T${time}${time?.length === 5 ? ':00' : ''}Z`)
    if (service === '' || service.length > 240 || (bed?.length ?? 0) > 90 || Number.isNaN(at.getTime()))
      return [undefined]
    return [{ at: at.toISOString(), service, bed }]
  })
  const movements = read.filter((one) => one !== undefined)
  if (movements.length < read.length || movements.length > 100) {
    reader.refuse('movements', unreadable)
    return []
  }
  return movements
}

/** Chirurgie [C-03] */
function placeIn(written: string): Omit<WrittenMovement, 'at'> {
  const bracket = written.endsWith(']') ? written.lastIndexOf(' [') : -1
  if (bracket < 1 || bracket === written.length - 3) return { service: written, bed: null }
  return { service: written.slice(0, bracket), bed: written.slice(bracket + 2, -1) }
}

const unreadable = text(
  'Lits et services successifs illisibles : « jj/mm/aaaa hh:mm Service [lit] », séparés par « | ».',
  'Unreadable beds and services: "dd/mm/yyyy hh:mm Service [bed]", separated by "|".',
)
