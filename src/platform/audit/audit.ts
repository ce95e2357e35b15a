import { insertAll, type TenantDb } from '#tenancy'
import type { Actor } from '../http/request.ts'
import { actorColumns, reasonOf } from './access-entry.ts'
import { newId } from '../../shared/ids.ts'

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
  await insertAll(
    db,
    'sis_audit.entry',
    entries.map((entry) => ({ ...entryColumns(actor, entry), detail: entry.detail ?? null })),
    actorColumns(actor),
  )
}

const entryColumns = (actor: Actor, entry: AuditEntry) => ({
  id: newId(),
  action: entry.action,
  resource: entry.resource,
  resource_id: entry.resourceId,
  patients: [...(entry.patients ?? (entry.patientId ? [entry.patientId] : []))],
  outcome: 'success',
  reason: reasonOf(actor, entry.reason),
})
