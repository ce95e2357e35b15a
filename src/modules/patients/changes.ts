import { isDeepStrictEqual } from 'node:util'
import type { TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { today } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { listVersions } from '../history/index.ts'
import { matchPatients, toCandidates } from './candidates.ts'
import { insertPatient, lockFileCounter, record } from './insert.ts'
import { assertMember, formTeam } from './care-team/members.ts'
import { refuseNeeded } from './hiding.ts'
import { lockPatient } from './queries.ts'
import { fieldsOf, patientColumns, toColumns, toPatient, toPatientVersion } from './record.ts'
import { tidyFields, withDefaults, type PatientFields } from './rules/fields.ts'
import type { Patient, PatientCreate, PatientUpdate, PatientVersion } from './schemas.ts'
import { refuseProtected } from './visibility.ts'

/**
 * Opens a file for a patient after looking for the same person, in one transaction that holds the establishment's file
 * counter: of two agents who enter one person at once, the second is told of the first.
 * @throws invalid_input, possible_duplicate with the candidates, id_already_used, patient_protected
 */
export async function createPatient(db: TenantDb, actor: Actor, input: PatientCreate): Promise<Created<Patient>> {
  const { id, confirmDuplicate = false, ...given } = input
  const fields = withDefaults(tidyFields(given, today()))
  await lockFileCounter(db, yearNow())
  if (id !== undefined) {
    const again = await findCreated(db, actor, id, fields)
    if (again) return { body: again, status: 200, location: locationOf(id) }
  }
  if (!confirmDuplicate) {
    const matches = await matchPatients(db, actor, fields)
    if (matches.length > 0) throw problem('possible_duplicate', { extra: { candidates: toCandidates(matches) } })
  }
  const body = await insertPatient(db, actor, { ...fields, ...(id !== undefined && { id }) })
  return { body, location: locationOf(body.id) }
}

const locationOf = (id: string): string => `/api/v1/patients/${id}`

/**
 * Changes the given fields. The same values again change nothing and make no version. Marking the file as sensitive forms
 * its caring team; one of the team may take the mark away.
 * @throws invalid_input, patient_not_found, patient_protected, care_team_only, version_stale
 */
export async function updatePatient(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { changeReason, ...input }: PatientUpdate,
): Promise<Patient> {
  const changes = tidyFields(input, today())
  const row = await lockPatient(db, actor, id)
  assertVersion(row, expected)
  const before = fieldsOf(toPatientVersion(row))
  const after = { ...before, ...changes }
  if (isDeepStrictEqual(before, after)) {
    // Nothing is written, but the answer is the whole file.
    await audit(db, actor, { action: 'patient.read', resource: 'patient', resourceId: id, patientId: id })
    return toPatient(row, today())
  }
  const isMarked = before.sensitive !== after.sensitive
  if (isMarked && before.sensitive) await assertMember(db, actor, id)
  const changed = await db
    .updateTable('patient')
    .set((eb) => ({
      ...toColumns(after),
      version: row.version + 1,
      updated_at: eb.fn<string>('now'),
      ...(isMarked && { sensitive_at: eb.fn<string>('now') }),
    }))
    .where('id', '=', id)
    .returning(patientColumns)
    .executeTakeFirstOrThrow()
  await record(db, actor, [changed], 'update', changeReason)
  if (isMarked && after.sensitive) await formTeam(db, actor, id)
  return toPatient(changed, today())
}

/**
 * Hides a patient: found no more, never erased; the history stays. A sensitive one is hidden by one of the caring team.
 * @throws patient_not_found, patient_protected, care_team_only, version_stale; what a module keeps it in sight for
 */
export async function hidePatient(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const row = await lockPatient(db, actor, id)
  assertVersion(row, expected)
  if (row.sensitive) await assertMember(db, actor, id)
  await refuseNeeded(db, id)
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
  await record(db, actor, [hidden], 'hide', reason)
}

// A client on a bad network sends its creation again: the same content under the same id is the same act.
async function findCreated(
  db: TenantDb,
  actor: Actor,
  id: string,
  fields: PatientFields,
): Promise<Patient | undefined> {
  const row = await db.selectFrom('patient').select(patientColumns).where('id', '=', id).executeTakeFirst()
  if (!row) return undefined
  if (row.hidden_at !== null) throw problem('id_already_used')
  await refuseProtected(db, actor, id)
  const versions = await listVersions<PatientVersion>(db, 'patient', id)
  const first = versions.find(({ version }) => version === 1)
  if (first && isDeepStrictEqual(fieldsOf(first.data), fields)) return toPatient(row, today())
  throw problem('id_already_used')
}

const yearNow = (): number => Number(today().slice(0, 4))
