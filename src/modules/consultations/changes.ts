import { isDeepStrictEqual } from 'node:util'
import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import { audit, auditAll } from '../../platform/audit/index.ts'
import { assertVersion, type Actor, type Created } from '../../platform/http/index.ts'
import { now } from '../../shared/clock.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import type { Language } from '../../shared/text.ts'
import { addVersion, addVersions, listVersions } from '../history/index.ts'
import { holdPatient } from '../patients/index.ts'
import { getConsultation, lockConsultation } from './queries.ts'
import { consultationColumns, fieldsOf, toColumns, toConsultationVersion, type ConsultationRow } from './record.ts'
import { readReferences } from './references.ts'
import { judgeChange, judgeNew, type ConsultationFields, type NewConsultation } from './rules/fields.ts'
import type { Consultation, ConsultationCreate, ConsultationUpdate, ConsultationVersion } from './schemas.ts'

/** A visit to store; `createdAt` for visits older than the system. */
export type Insertion = NewConsultation & { id?: string | undefined; createdAt?: string | undefined }

type Action = 'create' | 'import' | 'update' | 'hide'

/**
 * Records a visit. The same id with the same content again is the same visit (200).
 * @throws invalid_input with every field that is wrong, id_already_used, patient_protected
 */
export async function createConsultation(
  db: TenantDb,
  actor: Actor,
  { id = uuidv7(), ...input }: ConsultationCreate,
  language: Language,
): Promise<Created<Consultation>> {
  const location = `/api/v1/consultations/${id}`
  await holdPatient(db, actor, input.patientId)
  const [stored] = await judgedRows(db, [input])
  let again = await findCreated(db, id, stored!)
  // Of two that arrive at once, the second waits for the first and then finds it.
  if (!again && (await insertRows(db, actor, [{ id, fields: stored! }], 'create')) === 0)
    again = await findCreated(db, id, stored!)
  return { body: await getConsultation(db, actor, id, language), location, status: again ? 200 : 201 }
}

/**
 * Stores visits with their history and audit, judged as by the API, in a handful of statements for each 200. Also those
 * of patients whom `actor` may not see: a register's visits belong to their patient, and nothing of them is answered.
 * @param action what the history says
 * @returns their ids, in order
 * @throws invalid_input: the first visit that is wrong, with `[n].` before each path; id_already_used. The caller's
 * transaction then stores nothing
 */
export async function insertConsultations(
  db: TenantDb,
  actor: Actor,
  inputs: readonly Insertion[],
  action: 'create' | 'import' = 'create',
): Promise<string[]> {
  const ids: string[] = []
  // 36 columns: PostgreSQL takes at most 65,535 values a statement.
  for (let from = 0; from < inputs.length; from += 200) {
    const batch = inputs.slice(from, from + 200)
    const fields = await judgedRows(db, batch.map(withoutOwn), from)
    const rows = batch.map(({ id = uuidv7(), createdAt }, i) => ({ id, createdAt, fields: fields[i]! }))
    if ((await insertRows(db, actor, rows, action)) < rows.length) throw problem('id_already_used')
    ids.push(...rows.map(({ id }) => id))
  }
  return ids
}

const withoutOwn = ({ id: _id, createdAt: _createdAt, ...input }: Insertion): NewConsultation => input

async function judgedRows(db: TenantDb, inputs: NewConsultation[], first?: number): Promise<ConsultationFields[]> {
  const references = await readReferences(db, inputs)
  return inputs.map((input, index) => {
    const { fields, errors } = judgeNew(input, references.contextOf(input))
    const all = [...references.errorsOf(input), ...errors]
    const place = first === undefined ? '' : `[${first + index}].`
    if (all.length > 0) throw invalidInput(...all.map(({ path, message }) => ({ path: place + path, message })))
    return fields
  })
}

/** @returns how many were stored: an id that is taken is left out */
async function insertRows(
  db: TenantDb,
  actor: Actor,
  rows: { id: string; createdAt?: string | undefined; fields: ConsultationFields }[],
  action: 'create' | 'import',
): Promise<number> {
  const at = now().toISOString()
  const inserted = await db
    .insertInto('consultation')
    .values(
      rows.map(({ id, createdAt = at, fields }) => ({
        id,
        ...toColumns(fields),
        created_by_id: actor.id,
        created_by_name: actor.name.slice(0, 160),
        created_at: createdAt,
        updated_at: createdAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(consultationColumns)
    .execute()
  await addVersions(
    db,
    actor,
    inserted.map((row) => versionOf(row, action)),
  )
  await auditAll(
    db,
    actor,
    inserted.map((row) => entryOf(row, action)),
  )
  return inserted.length
}

const versionOf = (row: ConsultationRow, action: Action, reason: string | null = null) => ({
  resource: 'consultation',
  id: row.id,
  version: row.version,
  action,
  reason,
  data: toConsultationVersion(row),
})

// Why a visit was corrected or hidden may tell of an illness: that stands in its history only.
const entryOf = (row: ConsultationRow, action: Action) => ({
  action: `consultation.${action}`,
  resource: 'consultation',
  resourceId: row.id,
  patientId: row.patient_id,
})

// A client on a bad network sends its creation again: the same content under the same id is the same act.
async function findCreated(db: TenantDb, id: string, fields: ConsultationFields): Promise<boolean> {
  const row = await db.selectFrom('consultation').select(['hidden_at']).where('id', '=', id).executeTakeFirst()
  if (!row) return false
  const versions = await listVersions<ConsultationVersion>(db, 'consultation', id)
  const first = versions.find(({ version }) => version === 1)
  if (row.hidden_at === null && first && isDeepStrictEqual(fieldsOf(first.data), fields)) return true
  throw problem('id_already_used')
}

/**
 * Changes the given fields. The same values again change nothing and make no version. An entry of a list that was
 * switched off since may stay, but cannot be chosen anew.
 * @throws invalid_input, consultation_not_found, patient_protected, version_stale
 */
export async function updateConsultation(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  { changeReason, ...change }: ConsultationUpdate,
  language: Language,
): Promise<Consultation> {
  const row = await lockConsultation(db, actor, id)
  assertVersion(row, expected)
  const before = fieldsOf(toConsultationVersion(row))
  const chosen = {
    patientId: before.patientId,
    serviceId: change.serviceId === before.serviceId ? null : change.serviceId,
    specialtyId: change.specialtyId === before.specialtyId ? null : change.specialtyId,
    codes: change.codes,
  }
  const references = await readReferences(db, [chosen])
  const { fields, errors } = judgeChange(before, change, references.contextOf(chosen))
  const all = [...references.errorsOf(chosen).filter(({ path }) => path !== 'patientId'), ...errors]
  if (all.length > 0) throw invalidInput(...all)
  if (!isDeepStrictEqual(before, fields)) {
    const changed = await db
      .updateTable('consultation')
      .set({ ...toColumns(fields), version: row.version + 1, updated_at: now().toISOString() })
      .where('id', '=', id)
      .returning(consultationColumns)
      .executeTakeFirstOrThrow()
    await addVersion(db, actor, versionOf(changed, 'update', changeReason))
    await audit(db, actor, entryOf(changed, 'update'))
  } else {
    // Nothing is written, but the answer is the whole visit.
    await audit(db, actor, { ...entryOf(row, 'update'), action: 'consultation.read' })
  }
  return getConsultation(db, actor, id, language)
}

/** Hides a visit: counted and found no more, never erased; the history stays. @throws consultation_not_found, version_stale */
export async function hideConsultation(
  db: TenantDb,
  actor: Actor,
  id: string,
  expected: number,
  reason: string,
): Promise<void> {
  const row = await lockConsultation(db, actor, id)
  assertVersion(row, expected)
  const at = now().toISOString()
  const hidden = await db
    .updateTable('consultation')
    .set({ version: row.version + 1, updated_at: at, hidden_at: at, hidden_by: actor.id, hidden_reason: reason })
    .where('id', '=', id)
    .returning(consultationColumns)
    .executeTakeFirstOrThrow()
  await addVersion(db, actor, versionOf(hidden, 'hide', reason))
  await audit(db, actor, entryOf(hidden, 'hide'))
}
