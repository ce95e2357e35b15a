import {
  arrayOf,
  isInList,
  isOneOf,
  type ExpressionBuilder,
  type Tenant,
  type TenantDb,
  type TenantTables,
} from '#tenancy'
import type { Actor } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { patientColumns } from './record.ts'
import { MOST_WITHDRAWN } from './rules/withdrawn.ts'

/**
 * Who looks: `request.actor`. A patient marked sensitive is seen by the caring team and by whoever has an open
 * break-glass (docs/decisions/0013). Without an id (the command line) no such patient is seen.
 */
export type Viewer = Pick<Actor, 'id' | 'breakGlass'> & { readonly seesAll?: true }

/** For work that shows nothing to anybody: a register is compared with all who are on file. */
export const nobodyLooks: Viewer = { id: null, seesAll: true }

/** Viewers of one kind can share a statement that is made once: nothing but the id differs. */
export const kindOf = ({ id, seesAll }: Viewer): string => (seesAll ? 'all' : id === null ? 'nobody' : 'somebody')

/** Whoever will look through such a statement. @param place where the viewer's id comes */
export const placedIn = ({ id, seesAll }: Viewer, place: string): Viewer => ({
  id: id === null ? null : place,
  ...(seesAll && { seesAll }),
})

type Patients = ExpressionBuilder<TenantTables, 'patient'>

const instant = (): string => now().toISOString()

/**
 * The one condition of every query that shows something of a patient, where `patient` is selected from or joined.
 * @param at the present instant; its place in a statement that is made once
 */
export function isVisible(eb: Patients, viewer: Viewer, at = instant()) {
  if (viewer.seesAll) return eb.lit(true)
  // In this order: only for the few sensitive files is the viewer's own list looked at, and it is read once for the whole
  // statement. One list, not two conditions: each costs its preparation where no file is sensitive. As an IN list it made a
  // page of 20 of 200 visits not yet analysed 1.0 ms instead of 0.3, of 1,000 with the server's own settings 1.6 instead of 0.3.
  const open = eb('patient.sensitive', '=', false)
  const { id } = viewer
  if (id === null) return open
  return eb.or([
    open,
    isInList(eb.ref('patient.id'), teamsOf(eb, id).unionAll(openFor(eb, id, at).select('break_glass.patient_id'))),
  ])
}

const teamsOf = (eb: Pick<Patients, 'selectFrom'>, id: string) =>
  eb
    .selectFrom('care_team')
    .select('care_team.patient_id')
    .where('care_team.user_id', '=', id)
    .where('care_team.removed_at', 'is', null)

const openFor = (eb: Patients, id: string, at: string) =>
  eb
    .selectFrom('break_glass')
    .where('break_glass.user_id', '=', id)
    // At its last instant it is over. A review ends it too.
    .where('break_glass.expires_at', '>', at)
    .where('break_glass.reviewed_at', 'is', null)

/**
 * Everybody who sees this patient, where the file is sensitive; null where it is open to all, or where there is no patient:
 * for what is handed to many people at once.
 */
export function viewersOf(eb: Patients, at: string) {
  const members = eb
    .selectFrom('care_team')
    .select('care_team.user_id')
    .whereRef('care_team.patient_id', '=', 'patient.id')
    .where('care_team.removed_at', 'is', null)
  const glasses = eb
    .selectFrom('break_glass')
    .select('break_glass.user_id')
    .whereRef('break_glass.patient_id', '=', 'patient.id')
    .where('break_glass.expires_at', '>', at)
    .where('break_glass.reviewed_at', 'is', null)
  return eb
    .case()
    .when('patient.sensitive', '=', true)
    .then(arrayOf(members.unionAll(glasses)))
    .else(null)
    .end()
}

/** The break-glass that alone shows this patient to the viewer; null for the team and for what is not sensitive. */
export function throughGlass(eb: Patients, viewer: Viewer, at = instant()) {
  const { id } = viewer
  if (id === null) return eb.val<string | null>(null)
  const isInTeam = eb('patient.id', 'in', (of: Patients) => teamsOf(of, id))
  const alone = eb.and([eb('patient.sensitive', '=', true), eb.not(isInTeam)])
  const opened = openFor(eb, id, at)
    .select('break_glass.id')
    .whereRef('break_glass.patient_id', '=', 'patient.id')
    .orderBy('break_glass.expires_at', 'desc')
    .limit(1)
  return eb.case().when(alone).then(opened).else(null).end()
}

/** Every query for patients begins here: their columns, those that `viewer` may see, hidden ones among them. */
export const visiblePatients = (db: TenantDb, viewer: Viewer, at?: string) =>
  db
    .selectFrom('patient')
    .select(patientColumns)
    .select((eb) => throughGlass(eb, viewer, at).as('glass'))
    .where((eb) => isVisible(eb, viewer, at))

/** Notes through which break-glass rows were seen, for the record of accesses. @returns the rows */
export function noteGlass<R extends { glass: string | null }>(viewer: Viewer, rows: readonly R[]): readonly R[] {
  for (const { glass } of rows) {
    if (glass === null || viewer.breakGlass?.includes(glass)) continue
    viewer.breakGlass = [...(viewer.breakGlass ?? []), glass]
  }
  return rows
}

/**
 * The same for rows that say only whether the file is sensitive, as few are: the look-up of break-glasses in the statement
 * itself took PostgreSQL 40 of the 200 µs of a list of 20 without any.
 * @param since before the rows were read: a break-glass that ended since has shown them
 */
export async function noteGlasses(
  read: Tenant['read'],
  viewer: Viewer,
  rows: readonly { patient_id: string; sensitive: boolean }[],
  since: string,
): Promise<void> {
  const { id } = viewer
  const seen = [...new Set(rows.flatMap(({ patient_id: of, sensitive }) => (sensitive ? [of] : [])))]
  if (id === null || seen.length === 0) return
  const glasses = await read((db) =>
    db
      .selectFrom('break_glass')
      .distinctOn('break_glass.patient_id')
      .select('break_glass.id as glass')
      .where('break_glass.user_id', '=', id)
      .where('break_glass.expires_at', '>', since)
      .where((eb) => isOneOf(eb.ref('break_glass.patient_id'), seen))
      .where('break_glass.patient_id', 'not in', (eb) => teamsOf(eb, id))
      .orderBy('break_glass.patient_id')
      .orderBy('break_glass.expires_at', 'desc')
      .execute(),
  )
  noteGlass(viewer, glasses)
}

/** @throws patient_protected when `viewer` may not see this patient; patient_not_found when a hidden one besides */
export async function refuseProtected(db: TenantDb, viewer: Viewer, patientId: string): Promise<void> {
  const row = await db
    .selectFrom('patient')
    .select('patient.hidden_at')
    .select((eb) => isVisible(eb, viewer).as('visible'))
    .select((eb) => throughGlass(eb, viewer).as('glass'))
    .where('patient.id', '=', patientId)
    .executeTakeFirst()
  if (row) noteGlass(viewer, [row])
  if (!row || row.visible) return
  // The refusal stands on this file's own record.
  throw problem(row.hidden_at === null ? 'patient_protected' : 'patient_not_found', { patients: [patientId] })
}

/** Which of these patients `viewer` may not see. */
export async function protectedAmong(
  db: TenantDb,
  viewer: Viewer,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('patient')
    .select('patient.id')
    .where('patient.id', 'in', [...ids])
    .where((eb) => eb.not(isVisible(eb, viewer)))
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** All files that `viewer` may not see: few, by an index of their own. */
export async function protectedFrom(db: TenantDb, viewer: Viewer): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('patient')
    .select('patient.id')
    .where('sensitive_at', 'is not', null)
    .where((eb) => eb.not(isVisible(eb, viewer)))
    .execute()
  return new Set(rows.map(({ id }) => id))
}

export type ChangedSight = {
  /** Whom `viewer` may see otherwise than at that instant: to be given again though their records did not change. */
  changed: string[]
  /** Those of them whom `viewer` sees no more. */
  withdrawn: string[]
}

/** What a device that keeps a copy must learn besides the changed records, since an instant: marks, teams, break-glasses. */
export async function changedSight(db: TenantDb, viewer: Viewer, since: string): Promise<ChangedSight> {
  const marks = await db
    .selectFrom('patient')
    .select('id')
    .where('sensitive_at', 'is not', null)
    .where('sensitive_at', '>=', since)
    // Who was protected from the first day was never in sight of anybody who is not of the team.
    .whereRef('sensitive_at', '>', 'created_at')
    .limit(MOST_WITHDRAWN)
    .execute()
  const own = viewer.id === null ? [] : await ownSight(db, viewer.id, since)
  const changed = [...new Set([...marks, ...own].map(({ id }) => id))]
  if (changed.length === 0) return { changed, withdrawn: [] }
  const withdrawn = await db
    .selectFrom('patient')
    .select('patient.id')
    .where((eb) => eb.and([isOneOf(eb.ref('patient.id'), changed), eb.not(isVisible(eb, viewer))]))
    .orderBy('patient.id')
    .execute()
  return { changed, withdrawn: withdrawn.map(({ id }) => id) }
}

async function ownSight(db: TenantDb, userId: string, since: string): Promise<{ id: string }[]> {
  const teams = await db
    .selectFrom('care_team')
    .select('patient_id as id')
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('since', '>=', since), eb('removed_at', '>=', since)]))
    .execute()
  const glasses = await db
    .selectFrom('break_glass')
    .select('patient_id as id')
    .where('user_id', '=', userId)
    .where((eb) => eb.or([eb('expires_at', '>=', since), eb('reviewed_at', '>=', since)]))
    .execute()
  return [...teams, ...glasses]
}
