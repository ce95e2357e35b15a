import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import { audit } from '../../platform/audit/index.ts'
import type { Actor } from '../../platform/http/index.ts'
import { EARLIEST_DAY, today } from '../../shared/clock.ts'
import { invalidInput, problem } from '../../shared/errors.ts'
import { text } from '../../shared/text.ts'
import { lockPatient } from '../patients/index.ts'
import { MAX_LISTED, type Opposition, type OppositionCreate, type Scope } from './schemas.ts'

/** All oppositions of a patient, newest first; withdrawn ones too. */
export async function listOppositions(db: TenantDb, patientId: string): Promise<Opposition[]> {
  const rows = await selectOppositions(db)
    .where('patient_opposition.patient_id', '=', patientId)
    .orderBy('patient_opposition.recorded_at', 'desc')
    .orderBy('patient_opposition.id', 'desc')
    .limit(MAX_LISTED)
    .execute()
  return rows.map(toOpposition)
}

/** Records what the patient refuses. @throws patient_not_found, opposition_exists, invalid_input */
export async function recordOpposition(
  db: TenantDb,
  actor: Actor,
  patientId: string,
  { scope, since = today(), reason = null }: OppositionCreate,
): Promise<Opposition> {
  if (since > today()) throw invalidInput({ path: 'since', message: future })
  if (since < EARLIEST_DAY) throw invalidInput({ path: 'since', message: tooEarly })
  // The patient's row is held until the commit: two agents cannot both record the same.
  await lockPatient(db, actor, patientId)
  const standing = (await listOppositions(db, patientId)).filter(({ withdrawn }) => withdrawn === null)
  if (standing.some((one) => one.scope === scope)) throw problem('opposition_exists')
  const id = uuidv7()
  await db
    .insertInto('patient_opposition')
    .values({
      id,
      patient_id: patientId,
      scope,
      since,
      reason,
      recorded_by_id: actor.id,
      recorded_by_name: actor.name.slice(0, 160),
    })
    .execute()
  await audit(db, actor, { action: 'opposition.create', resource: 'opposition', resourceId: id, patientId })
  return getOpposition(db, patientId, id)
}

/** Records that the patient took an opposition back; both stay. @throws patient_not_found, opposition_not_found, opposition_withdrawn */
export async function withdrawOpposition(
  db: TenantDb,
  actor: Actor,
  patientId: string,
  id: string,
  reason: string,
): Promise<void> {
  await lockPatient(db, actor, patientId)
  const opposition = await getOpposition(db, patientId, id)
  if (opposition.withdrawn !== null) throw problem('opposition_withdrawn')
  await db
    .insertInto('opposition_withdrawal')
    .values({ opposition_id: id, reason, by_id: actor.id, by_name: actor.name.slice(0, 160) })
    .execute()
  await audit(db, actor, { action: 'opposition.withdraw', resource: 'opposition', resourceId: id, patientId })
}

async function getOpposition(db: TenantDb, patientId: string, id: string): Promise<Opposition> {
  const row = await selectOppositions(db)
    .where('patient_opposition.patient_id', '=', patientId)
    .where('patient_opposition.id', '=', id)
    .executeTakeFirst()
  if (!row) throw problem('opposition_not_found')
  return toOpposition(row)
}

const selectOppositions = (db: TenantDb) =>
  db
    .selectFrom('patient_opposition')
    .leftJoin('opposition_withdrawal', 'opposition_withdrawal.opposition_id', 'patient_opposition.id')
    .select([
      'patient_opposition.id',
      'patient_opposition.patient_id',
      'patient_opposition.scope',
      'patient_opposition.since',
      'patient_opposition.reason',
      'patient_opposition.recorded_at',
      'patient_opposition.recorded_by_id',
      'patient_opposition.recorded_by_name',
      'opposition_withdrawal.at as withdrawn_at',
      'opposition_withdrawal.by_id as withdrawn_by_id',
      'opposition_withdrawal.by_name as withdrawn_by_name',
      'opposition_withdrawal.reason as withdrawn_reason',
    ])

type Row = Awaited<ReturnType<ReturnType<typeof selectOppositions>['executeTakeFirstOrThrow']>>

const toOpposition = (row: Row): Opposition => ({
  id: row.id,
  patientId: row.patient_id,
  scope: row.scope as Scope,
  since: row.since,
  reason: row.reason,
  recordedAt: row.recorded_at,
  recordedBy: { id: row.recorded_by_id, name: row.recorded_by_name },
  withdrawn:
    row.withdrawn_at === null
      ? null
      : {
          at: row.withdrawn_at,
          by: { id: row.withdrawn_by_id, name: row.withdrawn_by_name ?? '' },
          reason: row.withdrawn_reason ?? '',
        },
})

const tooEarly = text('Une opposition ne remonte pas avant 1900.', 'An opposition was not made before 1900.')
const future = text('Ce jour n’est pas encore venu.', 'This day has not come yet.')
