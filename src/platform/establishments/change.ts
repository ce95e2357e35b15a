import type { PlatformDb } from '#tenancy'
import { recordEvent, type EventActor } from '../audit/index.ts'
import { assertVersion } from '../http/index.ts'
import { insertEstablishment, lockEstablishment, updateEstablishment } from './queries.ts'
import { actionOf, checkStatusChange } from './rules.ts'
import type { Establishment, EstablishmentChange, NewEstablishment } from './schemas.ts'

/** Records the wish for an establishment; the supervisor prepares it. @throws slug_taken */
export async function createEstablishment(
  db: PlatformDb,
  actor: EventActor,
  wish: NewEstablishment,
  installation: string,
): Promise<Establishment> {
  const created = await insertEstablishment(db, wish, installation)
  await record(db, actor, created, { action: 'establishment.create' })
  return created
}

/**
 * Changes an establishment, or its status with a reason; its own people can read who did it and why.
 * @param expected the version that was read; undefined for an operator at the console
 * @throws establishment_not_found, version_stale, status_change_refused, invalid_input
 */
export async function changeEstablishment(
  db: PlatformDb,
  actor: EventActor,
  slug: string,
  change: EstablishmentChange,
  expected?: number,
): Promise<Establishment> {
  const before = await lockEstablishment(db, slug)
  if (expected !== undefined) assertVersion(before, expected)
  checkStatusChange(before.status, change)
  const { reason, ...fields } = change
  await record(db, actor, before, { action: actionOf(change), reason, fields: Object.keys(fields) })
  return updateEstablishment(db, before, change)
}

function record(
  db: PlatformDb,
  actor: EventActor,
  { id, slug }: Establishment,
  { action, reason, fields }: { action: string; reason?: string | undefined; fields?: string[] },
): Promise<void> {
  return recordEvent(db, actor, {
    action,
    outcome: 'success',
    establishmentId: id,
    targetType: 'establishment',
    targetId: slug,
    ...(reason !== undefined && { reason }),
    ...(fields && { detail: { fields } }),
  })
}
