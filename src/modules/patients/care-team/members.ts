import { v7 as uuidv7 } from 'uuid'
import type { TenantDb } from '#tenancy'
import type { Actor } from '../../../platform/http/index.ts'
import { now } from '../../../shared/clock.ts'
import { problem } from '../../../shared/errors.ts'

export type Origin = 'marked' | 'treated' | 'added' | 'admitted'
export type NewMember = { patientId: string; userId: string; userName: string; origin: Origin; reason?: string }

const treatedMonths = 12

/** Puts persons into the caring teams of patients; who is of the team stays so, as before. */
export async function joinTeam(db: TenantDb, actor: Actor, members: readonly NewMember[]): Promise<void> {
  if (members.length === 0) return
  await db
    .insertInto('care_team')
    .values(
      members.map(({ patientId, userId, userName, origin, reason = null }) => ({
        id: uuidv7(),
        patient_id: patientId,
        user_id: userId,
        user_name: userName.slice(0, 160),
        origin,
        reason,
        since: now().toISOString(),
        added_by: actor.id,
        added_by_name: actor.name.slice(0, 160),
      })),
    )
    .onConflict((conflict) => conflict.columns(['patient_id', 'user_id']).where('removed_at', 'is', null).doNothing())
    .execute()
}

/** Who wrote something about a patient since an instant, of the records of one module. */
export type Treating = (
  db: TenantDb,
  patientId: string,
  since: string,
) => Promise<{ id: string | null; name: string }[]>

const treating: Treating[] = []

/** Declares, where a module is loaded, whom its records make one of the caring team when a file is marked. */
export function tellTreating(told: Treating): void {
  treating.push(told)
}

/**
 * The team of a file that is being marked: who marks it, and who wrote one of its visible consultations, or of the records
 * of other modules (tellTreating), in the last twelve months. Not who imported a register, and not who was taken out of the team before.
 */
export async function formTeam(db: TenantDb, actor: Actor, patientId: string): Promise<void> {
  const since = now()
  since.setUTCMonth(since.getUTCMonth() - treatedMonths)
  const authors = await db
    .selectFrom('consultation')
    .innerJoin('record_version', (join) =>
      join
        .onRef('record_version.resource_id', '=', 'consultation.id')
        .on('record_version.resource', '=', 'consultation')
        .on('record_version.version', '=', 1),
    )
    .select(['consultation.created_by_id as id', (eb) => eb.fn.max('consultation.created_by_name').as('name')])
    .where('consultation.patient_id', '=', patientId)
    .where('consultation.hidden_at', 'is', null)
    .where('consultation.created_at', '>=', since.toISOString())
    .where('record_version.action', '=', 'create')
    .where('consultation.created_by_id', 'is not', null)
    .groupBy('consultation.created_by_id')
    .limit(200)
    .execute()
  for (const told of treating) authors.push(...(await told(db, patientId, since.toISOString())))
  const removed = await db
    .selectFrom('care_team')
    .select('user_id')
    .where('patient_id', '=', patientId)
    .where('removed_at', 'is not', null)
    .execute()
  const isRemoved = new Set(removed.map(({ user_id }) => user_id))
  const team = new Map<string, NewMember>()
  for (const { id, name } of authors)
    if (id !== null && !isRemoved.has(id)) team.set(id, { patientId, userId: id, userName: name, origin: 'treated' })
  if (actor.id !== null) team.set(actor.id, { patientId, userId: actor.id, userName: actor.name, origin: 'marked' })
  await joinTeam(db, actor, [...team.values()])
}

/** Whether this person is of the patient's caring team: a break-glass does not make one. */
export async function isMember(db: TenantDb, userId: string | null, patientId: string): Promise<boolean> {
  if (userId === null) return false
  const row = await db
    .selectFrom('care_team')
    .select('id')
    .where('patient_id', '=', patientId)
    .where('user_id', '=', userId)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** @throws care_team_only */
export async function assertMember(db: TenantDb, actor: Actor, patientId: string): Promise<void> {
  if (!(await isMember(db, actor.id, patientId))) throw problem('care_team_only')
}
