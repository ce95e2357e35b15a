import { run, statement, type ExpressionBuilder, type Statement, type TenantDb, type TenantTables } from '#tenancy'
import { now, today } from '../../../shared/clock.ts'
import { remembered } from '../../../shared/remembered.ts'
import {
  isVisible,
  kindOf,
  noteGlass,
  placedIn,
  summaryColumns,
  throughGlass,
  type SummaryRow,
  type Viewer,
} from '../../patients/index.ts'

type Patients = ExpressionBuilder<TenantTables, 'patient'>

/** A bed that is open today, or in which somebody lies all the same. */
export type BedRow = { id: string; code: string; state: string; service_id: string; taken: boolean }

const bedsNow = statement<{ day: string }, BedRow>('bed.board', (db, value) =>
  db
    .selectFrom('bed')
    .leftJoin('bed_opening', (join) =>
      join
        .onRef('bed_opening.bed_id', '=', 'bed.id')
        .on('bed_opening.opened_on', '<=', value('day'))
        .on((eb) => eb.or([eb('bed_opening.closed_on', 'is', null), eb('bed_opening.closed_on', '>', value('day'))])),
    )
    .leftJoin('stay_place', (join) =>
      join
        .onRef('stay_place.bed_id', '=', 'bed.id')
        .on('stay_place.to_at', 'is', null)
        .on('stay_place.hidden', '=', false),
    )
    .select((eb) => [
      'bed.id',
      'bed.code',
      'bed.state',
      'bed.service_id',
      eb('stay_place.id', 'is not', null).as('taken'),
    ])
    .where((eb) => eb.or([eb('bed_opening.bed_id', 'is not', null), eb('stay_place.id', 'is not', null)]))
    .orderBy('bed.id'),
)

export const listBedsNow = (db: TenantDb): Promise<BedRow[]> => run(db, bedsNow, { day: today() })

/** Who is there. */
export type PresentRow = {
  stay_id: string
  service_id: string
  bed_id: string | null
  from_at: string
  status: string
  admitted_at: string
  short_observation: boolean
  /** Only for a viewer. */
  patient?: { id: string; row: SummaryRow } | null
}

const presentColumns = [
  'stay.id as stay_id',
  'stay_place.service_id',
  'stay_place.bed_id',
  'stay_place.from_at',
  'stay.status',
  'stay.admitted_at',
  'stay.short_observation',
] as const

const present = (db: TenantDb) =>
  db
    .selectFrom('stay_place')
    .innerJoin('stay', 'stay.id', 'stay_place.stay_id')
    .select(presentColumns)
    .where('stay_place.to_at', 'is', null)
    .where('stay_place.hidden', '=', false)
    .orderBy('stay_place.from_at')
    .orderBy('stay.id')

const unnamed = statement<object, PresentRow>('stay.present', (db) => present(db))

/** Without a word on who they are. */
export const listPresent = (db: TenantDb): Promise<PresentRow[]> => run(db, unnamed, {})

type Seen = { viewer: string; at: string }
type SeenRow = PresentRow & SummaryRow & { patient_id: string; visible: boolean; glass: string | null }

const statements = remembered<Statement<Seen, SeenRow>>(3)

/** With who they are, where `viewer` may see it: else the patient is null. */
export async function listPresentTo(db: TenantDb, viewer: Viewer): Promise<PresentRow[]> {
  const made = statements(kindOf(viewer), () =>
    statement<Seen, SeenRow>('stay.present.named', (of, value) => {
      const placed = placedIn(viewer, value('viewer'))
      return present(of)
        .innerJoin('patient', 'patient.id', 'stay.patient_id')
        .select(['patient.id as patient_id', ...summaryColumns])
        .select((eb) => [
          isVisible(eb as unknown as Patients, placed, value('at')).as('visible'),
          throughGlass(eb as unknown as Patients, placed, value('at')).as('glass'),
        ])
        .$castTo<SeenRow>()
    }),
  )
  const rows = await run(db, made, { viewer: viewer.id ?? '', at: now().toISOString() })
  noteGlass(viewer, rows)
  return rows.map((row) => ({ ...row, patient: row.visible ? { id: row.patient_id, row } : null }))
}

/** By name, those that are out of use too. */
const services = statement<object, { id: string; name: string; capacity: number | null; active: boolean }>(
  'service.board',
  (db) => db.selectFrom('service').select(['id', 'name', 'capacity', 'active']).orderBy('name_key').orderBy('id'),
)

export const listServicesNow = (db: TenantDb) => run(db, services, {})
