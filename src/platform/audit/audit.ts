import { v7 as uuidv7 } from 'uuid'
import { asJson, type TenantDb } from '#tenancy'
import type { Actor } from '../http/request.ts'
import { reasonOf } from './access-entry.ts'

/** What is put on an establishment's record: never a clinical value, only what was done to which record and why. */
export type AuditEntry = {
  /** `resource.verb`, such as `patient.create`. */
  action: string
  resource: string
  resourceId: string
  /** Whose files: one, or several (`patients`, at most 100). */
  patientId?: string | null
  patients?: readonly string[]
  reason?: string | null
  /** Names of fields, counts, hashes: never a clinical value. */
  detail?: Record<string, unknown>
}

/** Writes the entry in the change's own transaction: no audit, no change (research/security.md 7). */
export const audit = (db: TenantDb, actor: Actor, entry: AuditEntry): Promise<void> => auditAll(db, actor, [entry])

/** The same for many records, in one statement; at most a few thousand. */
export async function auditAll(db: TenantDb, actor: Actor, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  await db
    .insertInto('sis_audit.entry')
    .values(
      entries.map((entry) => ({
        id: uuidv7(),
        actor_id: actor.id,
        actor_name: actor.name.slice(0, 160),
        actor_role: actor.role,
        session_id: actor.sessionId ?? null,
        action: entry.action,
        resource: entry.resource,
        resource_id: entry.resourceId,
        patients: [...(entry.patients ?? (entry.patientId ? [entry.patientId] : []))],
        outcome: 'success',
        reason: reasonOf(actor, entry.reason),
        ip: actor.ip ?? null,
        request_id: actor.requestId ?? null,
        detail: entry.detail ? asJson(entry.detail) : null,
      })),
    )
    .execute()
}
