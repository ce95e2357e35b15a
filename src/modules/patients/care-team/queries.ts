import type { TenantDb } from '#tenancy'
import { audit } from '../../../platform/audit/index.ts'
import type { Actor } from '../../../platform/http/index.ts'
import { now } from '../../../shared/clock.ts'
import { problem } from '../../../shared/errors.ts'
import { getPatient, lockPatient } from '../queries.ts'
import type { Viewer } from '../visibility.ts'
import { assertMember, isMember, joinTeam, type Origin } from './members.ts'
import type { CareTeam, Member } from './schemas.ts'

/** Who is and was of the team of a patient whom `viewer` may see. @throws patient_not_found, patient_protected */
export async function getCareTeam(db: TenantDb, viewer: Viewer, patientId: string): Promise<CareTeam> {
  await getPatient(db, viewer, patientId)
  return { items: await listMembers(db, patientId) }
}

/** Who is and was of a patient's team, newest first; at most a thousand. */
export async function listMembers(db: TenantDb, patientId: string): Promise<Member[]> {
  const rows = await db
    .selectFrom('care_team')
    .select(['user_id', 'user_name', 'origin', 'reason', 'since', 'added_by', 'added_by_name'])
    .select(['removed_at', 'removed_by', 'removed_by_name', 'removed_reason'])
    .where('patient_id', '=', patientId)
    .orderBy('since', 'desc')
    .orderBy('id', 'desc')
    .limit(1_000)
    .execute()
  return rows.map((row) => ({
    user: { id: row.user_id, name: row.user_name },
    origin: row.origin as Origin,
    reason: row.reason,
    since: row.since,
    addedBy: { id: row.added_by, name: row.added_by_name },
    ...(row.removed_at !== null && {
      removed: {
        at: row.removed_at,
        by: { id: row.removed_by, name: row.removed_by_name ?? '' },
        reason: row.removed_reason ?? '',
      },
    }),
  }))
}

/**
 * One of the team adds a colleague; who is of it already stays so, and the answer is a reading of the team.
 * @throws patient_not_found, patient_protected, patient_not_sensitive, care_team_only
 */
export async function addMember(
  db: TenantDb,
  actor: Actor,
  patientId: string,
  colleague: { id: string; name: string },
  reason: string,
): Promise<CareTeam> {
  await lockForTeam(db, actor, patientId)
  if (!(await isMember(db, colleague.id, patientId))) {
    await joinTeam(db, actor, [{ patientId, userId: colleague.id, userName: colleague.name, origin: 'added', reason }])
    await audit(db, actor, entryOf('care_team.add', patientId, colleague.id))
  } else await audit(db, actor, { action: 'care_team.list', resource: 'patient', resourceId: patientId, patientId })
  return getCareTeam(db, actor, patientId)
}

/**
 * One of the team takes somebody out of it, or leaves. Somebody always remains.
 * @throws patient_not_found, patient_protected, patient_not_sensitive, care_team_only, care_team_member_not_found,
 *   care_team_last
 */
export async function removeMember(
  db: TenantDb,
  actor: Actor,
  patientId: string,
  userId: string,
  reason: string,
): Promise<void> {
  await lockForTeam(db, actor, patientId)
  const team = await db
    .selectFrom('care_team')
    .select(['id', 'user_id'])
    .where('patient_id', '=', patientId)
    .where('removed_at', 'is', null)
    .execute()
  const member = team.find(({ user_id }) => user_id === userId)
  if (!member) throw problem('care_team_member_not_found')
  if (team.length === 1) throw problem('care_team_last')
  await db
    .updateTable('care_team')
    .set({
      removed_at: now().toISOString(),
      removed_by: actor.id,
      removed_by_name: actor.name.slice(0, 160),
      removed_reason: reason,
    })
    .where('id', '=', member.id)
    .execute()
  await audit(db, actor, entryOf('care_team.remove', patientId, userId))
}

// The patient's row is held: of two who take each other out at once, the second is out already.
async function lockForTeam(db: TenantDb, actor: Actor, patientId: string): Promise<void> {
  const { sensitive } = await lockPatient(db, actor, patientId)
  if (!sensitive) throw problem('patient_not_sensitive')
  await assertMember(db, actor, patientId)
}

const entryOf = (action: string, patientId: string, userId: string) => ({
  action,
  resource: 'care_team',
  resourceId: userId,
  patientId,
})
