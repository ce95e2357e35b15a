import type { Tenant, TenantDb } from '#tenancy'
import { countWaiting } from '../../platform/auth/index.ts'
import type { Auth, Actor } from '../../platform/http/index.ts'
import { isEnabled } from '../../platform/modules/index.ts'
import { now } from '../../shared/clock.ts'
import { countOverdue } from '../equipment/index.ts'
import { countUnread, readerOf } from '../notifications/index.ts'
import { nobodyLooks } from '../patients/index.ts'
import { OBSERVATION_MS, readBoard, type Board } from '../stays/index.ts'
import { countPatients } from './files.ts'
import { dailyAdmissions, labelsOf } from './queries.ts'
import { daysBefore, inWeek, lastDays, lastMondays, weekOf, type Daily } from './rules.ts'
import { MOST_SHORT, type AlertedStay, type Dashboard } from './schemas.ts'
import { countVisits, firstOf } from './visits.ts'

/** To whom sees no clinical record, fewer visits of one diagnosis would point at people (as platform/counts). */
const FEWEST = 5
const DIAGNOSES_OVER = 30

/** The whole dashboard, of one instant; parts of modules that are off are null. */
export function readDashboard(tenant: Tenant, auth: Auth, actor: Actor): Promise<Dashboard> {
  const on = (name: string): boolean => isEnabled(tenant.establishment, name)
  const mayOpen = auth.rights.has('consultations:read')
  return tenant.read(async (db) => {
    const at = now()
    const day = at.toISOString().slice(0, 10)
    // Who runs the establishment sees no record, and counts of all.
    const viewer = mayOpen ? actor : nobodyLooks
    const [mondays, days] = [lastMondays(day), lastDays(day)]
    const from = mondays[0]!
    const period = { from: daysBefore(day, DIAGNOSES_OVER - 1), to: day }
    // Sent together: on a busy machine each round trip waits for a processor twice.
    const [board, admissions, visits, patients, overdueMaintenance, unreadNotifications, breakGlassToReview] =
      await Promise.all([
        on('stays') ? readBoard(db, mayOpen ? actor : undefined) : undefined,
        on('stays') ? dailyAdmissions(db, { from, to: day }) : undefined,
        countVisits(db, viewer, { from, diagnosesFrom: period.from, to: day }),
        countPatients(db, tenant, viewer),
        on('equipment') ? countOverdue(db, day) : null,
        on('notifications') ? countUnread(db, readerOf(auth, actor), { severity: 'critical' }) : null,
        auth.rights.has('break-glass:review') ? countWaiting(db) : null,
      ])
    const limit = new Date(at.getTime() - OBSERVATION_MS).toISOString()
    return {
      at: at.toISOString(),
      patients,
      consultationsToday: visits.daily.get(day) ?? 0,
      openStays: board?.total.patients ?? null,
      occupancy: board ? occupancyOf(board) : null,
      ...curvesOf(visits.daily, admissions, mondays, days),
      diagnoses: { ...period, items: await diagnosesOf(db, visits.categories, mayOpen ? 1 : FEWEST) },
      alerts: {
        criticalStays: board ? alertOf(board, mayOpen, ({ status }) => status === 'critical') : null,
        longObservations: board
          ? alertOf(
              board,
              mayOpen,
              ({ status, shortObservation, admittedAt }) =>
                (status === 'observation' || shortObservation) && admittedAt < limit,
            )
          : null,
        bedShortages: board ? shortagesOf(board) : null,
        overdueMaintenance,
        unreadNotifications,
        breakGlassToReview,
      },
    }
  })
}

const curvesOf = (visits: Daily, admissions: Daily | undefined, mondays: string[], days: string[]) => ({
  days: days.map((day) => ({
    day,
    consultations: visits.get(day) ?? 0,
    admissions: admissions ? (admissions.get(day) ?? 0) : null,
  })),
  weeks: mondays.map((monday) => ({
    week: weekOf(monday),
    from: monday,
    to: daysBefore(monday, -6),
    consultations: inWeek(visits, monday),
    admissions: admissions ? inWeek(admissions, monday) : null,
  })),
})

async function diagnosesOf(db: TenantDb, categories: ReadonlyMap<string, number>, fewest: number) {
  const first = firstOf(categories).filter(({ count }) => count >= fewest)
  const labels = await labelsOf(
    db,
    first.map(({ category }) => category),
  )
  return first.map(({ category, count }) => ({
    category,
    label: labels.get(category) ?? category,
    consultations: count,
  }))
}

function occupancyOf({ total: { patients: _patients, ...counts } }: Board) {
  const { beds, occupied } = counts
  return { ...counts, rate: beds === 0 ? null : Math.round((occupied * 10_000) / beds) / 100 }
}

type Present = Board['services'][number]['withoutBed'][number]
type Where = { stay: Present; alerted: AlertedStay }

function* presentIn({ services }: Board): Generator<Where> {
  for (const { id, name, beds, withoutBed } of services) {
    const at = (stay: Present, bed: AlertedStay['bed']): Where => ({
      stay,
      alerted: { id: stay.id!, service: { id, name }, bed, admittedAt: stay.admittedAt },
    })
    for (const bed of beds) if (bed.stay) yield at(bed.stay, { id: bed.id, code: bed.code })
    for (const stay of withoutBed) yield at(stay, null)
  }
}

/**
 * How many, and to those who open records which; a stay of a file that they may not see is not there: one more than are
 * listed would tell of it.
 */
function alertOf(board: Board, mayOpen: boolean, isOne: (stay: Present) => boolean) {
  const found = [...presentIn(board)].filter(({ stay }) => isOne(stay))
  if (!mayOpen) return { count: found.length }
  const stays = found
    .filter(({ stay }) => stay.patient)
    .map(({ alerted }) => alerted)
    .toSorted((a, b) => (a.admittedAt < b.admittedAt ? -1 : 1))
  return { count: stays.length, stays: stays.slice(0, 10) }
}

const shortagesOf = ({ services }: Board) =>
  services
    .filter(({ counts: { beds, free, withoutBed } }) => withoutBed > 0 || (beds > 0 && free === 0))
    .slice(0, MOST_SHORT)
    .map(({ id, name, counts: { beds, free, withoutBed } }) => ({ service: { id, name }, beds, free, withoutBed }))
