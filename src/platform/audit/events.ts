import { v7 } from 'uuid'
import { asJson, type PlatformDb } from '#tenancy'
import type { Actor } from '../http/request.ts'

/** Who acts, as far as it is known: before a login there is only the account that was tried. */
export type EventActor = Omit<Actor, 'role'> & { role: string | null }

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
export async function recordEvent(db: PlatformDb, actor: EventActor, event: PlatformEvent): Promise<void> {
  await db
    .insertInto('sis_audit.entry')
    .values((eb) => ({
      id: v7(),
      actor_id: actor.id,
      actor_name: actor.name.slice(0, 160),
      actor_role: actor.role,
      ip: actor.ip ?? null,
      request_id: actor.requestId ?? null,
      action: event.action,
      outcome: event.outcome,
      tenant: event.establishmentId
        ? eb.selectFrom('establishment').select('schema_name').where('id', '=', event.establishmentId)
        : null,
      session_id: actor.sessionId ?? null,
      resource: event.targetType ?? null,
      resource_id: event.targetId ?? null,
      reason: event.reason ?? null,
      detail: event.detail ? asJson(event.detail) : null,
    }))
    .execute()
}
