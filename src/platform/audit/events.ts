import { v7 } from 'uuid'
import { asJson, type PlatformDb } from '#tenancy'
import { actorColumns, type EventActor } from './access-entry.ts'

export type PlatformEvent = {
  /** `login`, `user.create`, `establishment.suspend`… */
  action: string
  outcome: 'success' | 'refused' | 'failure'
  /** Whose record it stands on: that establishment's administrators read it. */
  establishmentId?: string | null
  targetType?: 'account' | 'establishment' | 'session'
  targetId?: string
  reason?: string
  /** Names of fields, roles, statuses: never a secret, never a value of a record. */
  detail?: Record<string, unknown>
}

/** Writes an act on accounts or establishments into the record, in the transaction of the act: no record, no act. */
export function recordEvent(db: PlatformDb, actor: EventActor, event: PlatformEvent): Promise<void> {
  return recordEventOn(db, actor, event, [event.establishmentId ?? null])
}

/**
 * The same on the record of several establishments (null: the platform's), in one statement: the time of an answer must not
 * tell on how many.
 */
export async function recordEventOn(
  db: PlatformDb,
  actor: EventActor,
  event: Omit<PlatformEvent, 'establishmentId'>,
  places: readonly (string | null)[],
): Promise<void> {
  await db
    .insertInto('sis_audit.entry')
    .values((eb) =>
      places.map((establishmentId) => ({
        id: v7(),
        ...actorColumns(actor),
        action: event.action,
        outcome: event.outcome,
        tenant: establishmentId
          ? eb.selectFrom('establishment').select('schema_name').where('id', '=', establishmentId)
          : null,
        resource: event.targetType ?? null,
        resource_id: event.targetId ?? null,
        reason: event.reason ?? null,
        detail: event.detail ? asJson(event.detail) : null,
      })),
    )
    .execute()
}
