import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import { auditAll } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { today } from '../../shared/clock.ts'
import { addVersions } from '../history/index.ts'
import { joinTeam } from './care-team/members.ts'
import { patientColumns, toColumns, toPatient, toPatientVersion, type PatientRow } from './record.ts'
import { tidyFields, withDefaults, type PatientFields } from './rules/fields.ts'
import type { Patient } from './schemas.ts'

/** A file to open. @property at when it was opened, for those older than the system; default now */
export type NewPatient = Pick<PatientFields, 'familyName' | 'givenName' | 'sex' | 'birth'> &
  Partial<PatientFields> & { id?: string; at?: string }

/** What the history and the audit say of an act. */
export type Act = 'create' | 'import' | 'update' | 'hide'

/** Stores one patient: see insertPatients. */
export async function insertPatient(
  db: TenantDb,
  actor: Actor,
  patient: NewPatient,
  { action = 'create', at }: { action?: 'create' | 'import'; at?: string } = {},
): Promise<Patient> {
  const [stored] = await insertPatients(db, actor, [{ ...patient, ...(at !== undefined && { at }) }], action)
  if (!stored) throw new Error('unreachable')
  return stored
}

// PostgreSQL takes 65,535 values a statement; a patient has about 30.
const BATCH = 500

/**
 * Stores patients under the next file numbers of their years, in the order given, with the history and the audit.
 * Looks for no duplicate. Whoever stores a sensitive file is of its caring team. Whoever else creates a patient in this
 * establishment waits for the end of the transaction.
 * @throws invalid_input; a database error when an id is taken
 */
export async function insertPatients(
  db: TenantDb,
  actor: Actor,
  patients: readonly NewPatient[],
  action: 'create' | 'import' = 'create',
): Promise<Patient[]> {
  const day = today()
  const files = patients.map(({ id = uuidv7(), at, ...given }) => {
    const year = Number((at ?? day).slice(0, 4))
    return { id, at, year, fields: withDefaults(tidyFields(given, day)) }
  })
  const next = await nextFileNumbers(
    db,
    files.map(({ year }) => year),
  )
  const rows = files.map(({ id, at, year, fields }) => ({
    id,
    file_year: year,
    file_number: next(year),
    ...toColumns(fields),
    created_by: actor.id,
    created_by_name: actor.name.slice(0, 160),
    ...(at !== undefined && { created_at: at, updated_at: at }),
  }))
  const stored = new Map<string, PatientRow>()
  for (let from = 0; from < rows.length; from += BATCH) {
    const batch = await db
      .insertInto('patient')
      .values((eb) =>
        rows.slice(from, from + BATCH).map((row) => ({
          ...row,
          // The very instant of created_at, which is now() unless said: protected from the first day.
          ...(row.sensitive && { sensitive_at: row.created_at ?? eb.fn<string>('now') }),
        })),
      )
      .returning(patientColumns)
      .execute()
    await record(db, actor, batch, action)
    for (const row of batch) stored.set(row.id, row)
  }
  const { id: marker, name } = actor
  if (marker !== null)
    await joinTeam(
      db,
      actor,
      rows
        .filter(({ sensitive }) => sensitive)
        .map(({ id }) => ({ patientId: id, userId: marker, userName: name, origin: 'marked' })),
    )
  return files.map(({ id }) => toPatient(stored.get(id)!, day))
}

/**
 * Puts an act on these patients, as they now stand, into the history and the audit. Why a file was corrected or hidden
 * may tell of an illness: the reason is kept in the history only, which whoever administers the establishment does not read.
 */
export async function record(
  db: TenantDb,
  actor: Actor,
  rows: readonly PatientRow[],
  action: Act,
  reason: string | null = null,
): Promise<void> {
  await Promise.all([
    addVersions(
      db,
      actor,
      rows.map((row) => ({
        resource: 'patient',
        id: row.id,
        version: row.version,
        action,
        reason,
        data: toPatientVersion(row),
      })),
    ),
    auditAll(
      db,
      actor,
      rows.map(({ id }) => ({
        action: `patient.${action}`,
        resource: 'patient',
        resourceId: id,
        patientId: id,
      })),
    ),
  ])
}

/** Whoever holds a year's row creates alone in this establishment, until commit. */
export async function lockFileCounter(db: TenantDb, year: number): Promise<void> {
  await db
    .insertInto('file_counter')
    .values({ year, last: 0 })
    .onConflict((conflict) => conflict.column('year').doUpdateSet((eb) => ({ last: eb.ref('file_counter.last') })))
    .execute()
}

/** Takes the next file numbers of a year. @returns the first of them */
export async function raiseFileCounter(db: TenantDb, year: number, count: number): Promise<number> {
  await lockFileCounter(db, year)
  const { last } = await db
    .updateTable('file_counter')
    .set((eb) => ({ last: eb('last', '+', count) }))
    .where('year', '=', year)
    .returning('last')
    .executeTakeFirstOrThrow()
  return last - count + 1
}

// The numbers of each year are taken at once; a rollback gives them back (an import takes its own ahead: bulk.ts). Years in order: two imports cannot wait for each other.
async function nextFileNumbers(db: TenantDb, years: readonly number[]): Promise<(year: number) => number> {
  const next = new Map<number, number>()
  for (const year of [...new Set(years)].sort((a, b) => a - b)) {
    const count = years.filter((one) => one === year).length
    next.set(year, await raiseFileCounter(db, year, count))
  }
  return (year) => {
    const number = next.get(year) ?? 1
    next.set(year, number + 1)
    return number
  }
}
