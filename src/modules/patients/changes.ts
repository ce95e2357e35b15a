import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { today } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { addVersion, listVersions } from '../history/index.ts'
import { matchPatients, toCandidates } from './candidates.ts'
import { lockPatient } from './queries.ts'
import { fieldsOf, patientColumns, toColumns, toPatient, toPatientVersion, type PatientRow } from './record.ts'
import { tidyFields, withDefaults, type PatientFields } from './rules/fields.ts'
import type { Patient, PatientCreate, PatientUpdate, PatientVersion } from './schemas.ts'

export type NewPatient = Pick<PatientFields, 'familyName' | 'givenName' | 'sex' | 'birth'> &
  Partial<PatientFields> & { id?: string }

/**
 * Opens a file for a patient after looking for the same person, in one transaction that holds the establishment's file
 * counter: of two agents who enter one person at once, the second is told of the first.
 * @throws invalid_input, possible_duplicate with the candidates, id_already_used
 */
export async function createPatient(db: TenantDb, actor: Actor, input: PatientCreate): Promise<Created<Patient>> {
  const { id, confirmDuplicate = false, ...given } = input
  const fields = withDefaults(tidyFields(given, today()))
  await lockFileCounter(db, yearNow())
  if (id !== undefined) {
    const again = await findCreated(db, id, fields)
    if (again) return { body: again, status: 200, location: locationOf(id) }
  }
  if (!confirmDuplicate) {
    const matches = await matchPatients(db, fields)
    if (matches.length > 0) throw problem('possible_duplicate', { extra: { candidates: toCandidates(matches) } })
  }
  const body = await insertPatient(db, actor, { ...fields, ...(id !== undefined && { id }) })
  return { body, location: locationOf(body.id) }
}

const locationOf = (id: string): string => `/api/v1/patients/${id}`

/**
 * Stores a patient under the year's next file number, with the history and the audit. Looks for no duplicate.
 * @param how.action what the history says: create (default) or import
 * @param how.at when the file was opened, for records older than the system; default now
 * @throws invalid_input
 */
export async function insertPatient(
  db: TenantDb,
  actor: Actor,
  { id = uuidv7(), ...given }: NewPatient,
  how: { action?: 'create' | 'import'; at?: string } = {},
): Promise<Patient> {
  const { action = 'create', at } = how
  const fields = withDefaults(tidyFields(given, today()))
  const year = at === undefined ? yearNow() : Number(at.slice(0, 4))
  await lockFileCounter(db, year)
  const { last } = await db
    .updateTable('file_counter')
    .set((eb) => ({ last: eb('last', '+', 1) }))
    .where('year', '=', year)
    .returning('last')
    .executeTakeFirstOrThrow()
  const row = await db
    .insertInto('patient')
    .values({
      id,
      file_year: year,
      file_number: last,
      ...toColumns(fields),
      created_by: actor.id,
      created_by_name: actor.name.slice(0, 160),
      ...(at !== undefined && { created_at: at, updated_at: at }),
    })
    .returning(patientColumns)
    .executeTakeFirstOrThrow()
  await record(db, actor, row, action)
  return toPatient(row, today())
}

/** Changes the given fields. The same values again change nothing and make no version. @throws invalid_input, patient_not_found, version_stale */
export async function updatePatient(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  input: PatientUpdate,
): Promise<Patient> {
  const changes = tidyFields(input, today())
  const row = await lockPatient(db, id)
  assertVersion(row, expected)
  const before = fieldsOf(toPatientVersion(row))
  const after = { ...before, ...changes }
  if (isDeepStrictEqual(before, after)) return toPatient(row, today())
  const changed = await db
    .updateTable('patient')
    .set((eb) => ({ ...toColumns(after), version: row.version + 1, updated_at: eb.fn<string>('now') }))
    .where('id', '=', id)
    .returning(patientColumns)
    .executeTakeFirstOrThrow()
  await record(db, actor, changed, 'update')
  return toPatient(changed, today())
}

/** Hides a patient: found no more, never erased; the history stays. @throws patient_not_found, version_stale */
export async function hidePatient(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const row = await lockPatient(db, id)
  assertVersion(row, expected)
  const hidden = await db
    .updateTable('patient')
    .set((eb) => ({
      version: row.version + 1,
      updated_at: eb.fn<string>('now'),
      hidden_at: eb.fn<string>('now'),
      hidden_by: actor.id,
      hidden_reason: reason,
    }))
    .where('id', '=', id)
    .returning(patientColumns)
    .executeTakeFirstOrThrow()
  await record(db, actor, hidden, 'hide', reason)
}

async function record(
  db: TenantDb,
  actor: Actor,
  row: PatientRow,
  action: 'create' | 'import' | 'update' | 'hide',
  reason?: string,
): Promise<void> {
  const { id, version } = row
  await addVersion(db, actor, {
    resource: 'patient',
    id,
    version,
    action,
    reason: reason ?? null,
    data: toPatientVersion(row),
  })
  await audit(db, actor, {
    action: `patient.${action}`,
    resource: 'patient',
    resourceId: id,
    patientId: id,
    reason: reason ?? null,
  })
}

// Whoever holds the year's row creates alone in this establishment, until commit.
async function lockFileCounter(db: TenantDb, year: number): Promise<void> {
  await db
    .insertInto('file_counter')
    .values({ year, last: 0 })
    .onConflict((conflict) => conflict.column('year').doUpdateSet((eb) => ({ last: eb.ref('file_counter.last') })))
    .execute()
}

// A client on a bad network sends its creation again: the same content under the same id is the same act.
async function findCreated(db: TenantDb, id: string, fields: PatientFields): Promise<Patient | undefined> {
  const row = await db.selectFrom('patient').select(patientColumns).where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  const versions = await listVersions<PatientVersion>(db, 'patient', id)
  const first = versions.find(({ version }) => version === 1)
  if (row.hidden_at === null && first && isDeepStrictEqual(fieldsOf(first.data), fields)) return toPatient(row, today())
  throw problem('id_already_used')
}

const yearNow = (): number => Number(today().slice(0, 4))
