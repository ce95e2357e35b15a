import type { TenantDb } from '#tenancy'
import { now, today } from '../../../shared/clock.ts'
import { toPatientSummary, type Viewer } from '../../patients/index.ts'
import { listBedsNow, listPresent, listPresentTo, listServicesNow, type BedRow, type PresentRow } from './queries.ts'
import type { Board, BoardService, Counts, Occupant } from './schemas.ts'

// Lit 2 comes before Lit 10.
const byCode = new Intl.Collator('fr', { numeric: true })

/**
 * The beds of every service and who lies in them, at one instant.
 * @param viewer who sees whom; none: nobody is named. How each one is stands there all the same: withoutStrangers
 */
export async function readBoard(db: TenantDb, viewer: Viewer | undefined): Promise<Board> {
  const [services, beds, present] = await Promise.all([
    listServicesNow(db),
    listBedsNow(db),
    viewer ? listPresentTo(db, viewer) : listPresent(db),
  ])
  const day = today()
  const inBed = new Map(present.map((row) => [row.bed_id, row]))
  const [bedsOf, waitingOf] = [byService(beds), byService(present.filter(isWaiting))]
  const shown = services
    .filter(({ id, active }) => active || bedsOf.has(id) || waitingOf.has(id))
    .map(({ id, name, capacity }): BoardService => {
      const own = (bedsOf.get(id) ?? []).toSorted((a, b) => byCode.compare(a.code, b.code))
      const waiting = waitingOf.get(id) ?? []
      return {
        id,
        name,
        capacity,
        counts: countsOf(own, waiting.length),
        beds: own.map((bed) => ({
          id: bed.id,
          code: bed.code,
          state: stateOf(bed),
          stay: occupantOf(inBed.get(bed.id), day),
        })),
        withoutBed: waiting.map((row) => toOccupant(row, day)),
      }
    })
  return { at: now().toISOString(), total: countsOf(beds, present.filter(isWaiting).length), services: shown }
}

/** The same without what stands in a stay, for the patients whose file the reader may not open. */
export function withoutStrangers(board: Board): Board {
  const services = board.services.map((service) => ({
    ...service,
    beds: service.beds.map((bed) => ({ ...bed, stay: bed.stay && known(bed.stay) })),
    withoutBed: service.withoutBed.map(known),
  }))
  return { ...board, services }
}

const known = (stay: Occupant): Occupant => {
  if (stay.patient) return stay
  const { id: _id, status: _status, ...rest } = stay
  return rest
}

function byService<Row extends { service_id: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const row of rows) found.set(row.service_id, [...(found.get(row.service_id) ?? []), row])
  return found
}

const isWaiting = ({ bed_id }: PresentRow): boolean => bed_id === null

type State = BoardService['beds'][number]['state']
const stateOf = ({ taken, state }: BedRow): State => (taken ? 'occupied' : (state as State))

/** @param withoutBed patients who lie elsewhere than in a bed */
export function countsOf(beds: readonly BedRow[], withoutBed: number): Counts {
  const counts: Counts = {
    beds: beds.length,
    free: 0,
    occupied: 0,
    cleaning: 0,
    outOfOrder: 0,
    patients: 0,
    withoutBed,
  }
  for (const bed of beds) counts[stateOf(bed)]++
  return { ...counts, patients: counts.occupied + withoutBed }
}

const occupantOf = (row: PresentRow | undefined, day: string): Occupant | null => (row ? toOccupant(row, day) : null)

const toOccupant = (row: PresentRow, day: string): Occupant => ({
  id: row.stay_id,
  status: row.status as Occupant['status'],
  admittedAt: row.admitted_at,
  since: row.from_at,
  shortObservation: row.short_observation,
  ...(row.patient !== undefined && {
    patient: row.patient && toPatientSummary(row.patient.id, row.patient.row, day),
  }),
})
