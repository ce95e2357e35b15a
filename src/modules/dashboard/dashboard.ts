import type { Tenant, TenantDb } from '#tenancy'
import { countWaiting } from '../../platform/auth/index.ts'
import type { Auth, Actor } from '../../platform/http/index.ts'
import { isEnabled } from '../../platform/modules/index.ts'
import { now, today } from '../../shared/clock.ts'
import { countOverdue } from '../equipment/index.ts'
import { countUnread, readerOf } from '../notifications/index.ts'
import { nobodyLooks } from '../patients/index.ts'
import { readBoard, type Board } from '../stays/index.ts'
import { countPatients, dailyAdmissions, dailyConsultations, firstDiagnoses } from './queries.ts'
import { daysBefore, inWeek, lastDays, lastMondays, weekOf } from './rules.ts'
import type { AlertedStay, Dashboard } from './schemas.ts'

/** For how long observation is short. */
const OBSERVATION_MS = 72 * 3_600_000
/** To whom sees no clinical record, fewer visits of one diagnosis would point at people (as platform/counts). */
const FEWEST = 5
const DIAGNOSES_OVER = 30

/** The whole dashboard, of one instant; parts of modules that are off are null. */
export function readDashboard(tenant: Tenant, auth: Auth, actor: Actor): Promise<Dashboard> {
  const on = (name: string): boolean => isEnabled(tenant.establishment, name)
  const mayOpen = auth.rights.has('consultations:read')
  return tenant.read(async (db) => {
    const [at, day] = [now(), today()]
    const board = on('stays') ? await readBoard(db, mayOpen ? actor : undefined) : undefined
    const curves = await readCurves(db, day, board !== undefined)
    const period = { from: daysBefore(day, DIAGNOSES_OVER - 1), to: day }
    const diagnoses = await firstDiagnoses(db, mayOpen ? actor : nobodyLooks, period)
    const limit = new Date(at.getTime() - OBSERVATION_MS).toISOString()
    return {
      at: at.toISOString(),
      patients: await countPatients(db),
      consultationsToday: curves.days.at(-1)?.consultations ?? 0,
      openStays: board?.total.patients ?? null,
      occupancy: board ? occupancyOf(board) : null,
      ...curves,
      diagnoses: {
        ...period,
        items: mayOpen ? diagnoses : diagnoses.filter(({ consultations }) => consultations >= FEWEST),
      },
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
        overdueMaintenance: on('equipment') ? await countOverdue(db, day) : null,
        unreadNotifications: on('notifications')
          ? await countUnread(db, readerOf(auth, actor), { severity: 'critical' })
          : null,
        breakGlassToReview: auth.rights.has('break-glass:review') ? await countWaiting(db) : null,
      },
    }
  })
}

async function readCurves(db: TenantDb, today: string, withStays: boolean) {
  const mondays = lastMondays(today)
  const days = lastDays(today)
  const period = { from: mondays[0]!, to: today }
  const consultations = await dailyConsultations(db, period)
  const admissions = withStays ? await dailyAdmissions(db, period) : undefined
  return {
    days: days.map((day) => ({
      day,
      consultations: consultations.get(day) ?? 0,
      admissions: admissions ? (admissions.get(day) ?? 0) : null,
    })),
    weeks: mondays.map((monday) => ({
      week: weekOf(monday),
      from: monday,
      to: daysBefore(monday, -6),
      consultations: inWeek(consultations, monday),
      admissions: admissions ? inWeek(admissions, monday) : null,
    })),
  }
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

/** How many, and for those who may open them which; a stay of a file that the reader may not see is counted only. */
function alertOf(board: Board, mayOpen: boolean, isOne: (stay: Present) => boolean) {
  const found = [...presentIn(board)].filter(({ stay }) => isOne(stay))
  if (!mayOpen) return { count: found.length }
  const stays = found
    .filter(({ stay }) => stay.patient)
    .map(({ alerted }) => alerted)
    .toSorted((a, b) => (a.admittedAt < b.admittedAt ? -1 : 1))
  return { count: found.length, stays: stays.slice(0, 10) }
}

const shortagesOf = ({ services }: Board) =>
  services
    .filter(({ counts: { beds, free, withoutBed } }) => withoutBed > 0 || (beds > 0 && free === 0))
    .map(({ id, name, counts: { beds, free, withoutBed } }) => ({ service: { id, name }, beds, free, withoutBed }))
