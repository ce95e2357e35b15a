import type { AccessEntry } from '#tenancy'
import { newId } from '../../shared/ids.ts'
import type { Actor } from '../http/request.ts'

/** Who acts, as far as it is known: before a login there is only the account that was tried. */
export type EventActor = Omit<Actor, 'role'> & { role: string | null }

/** What was opened, or refused; never a clinical value. */
export type AccessTaken = {
  /** `resource.verb`: `patient.read`, `consultation.export`. */
  action: string
  resourceId?: string | null
  /** Whose files: each once, whatever the order. */
  patients?: Iterable<string | null | undefined>
  outcome?: AccessEntry['outcome']
  reason?: string | null
  /** Names of filters, counts, hashes. */
  detail?: Record<string, unknown> | null
}

/** Through which break-glasses, and why. */
export function reasonOf({ breakGlass = [] }: Pick<EventActor, 'breakGlass'>, reason?: string | null): string | null {
  const broken = breakGlass.length > 0 ? `break-glass ${breakGlass.join(', ')}` : undefined
  return [broken, reason].filter(Boolean).join('; ').slice(0, 500) || null
}

/** Who acted, as an entry says it; the table's bounds are kept. */
export const actorColumns = (actor: EventActor) => ({
  actor_id: actor.id,
  actor_name: actor.name.slice(0, 160),
  actor_role: actor.role?.slice(0, 40) ?? null,
  session_id: actor.sessionId ?? null,
  ip: actor.ip ?? null,
  request_id: actor.requestId ?? null,
})

/** The table takes no more of one entry; lists have at most 100 and exports write in parts. */
export const mostPatients = 1_000

function eachOnce(ids: Iterable<string | null | undefined>): string[] {
  const found = new Set<string>()
  for (const id of ids) if (typeof id === 'string' && found.size < mostPatients) found.add(id)
  return [...found]
}

/**
 * A read as an entry of the record.
 * @param schema of the establishment on whose record it stands; null: on the platform's
 * @param onPlatform it is the platform's own act, although it stands on that establishment's record
 */
export function toAccessEntry(
  schema: string | null,
  actor: EventActor,
  { action, resourceId, patients = [], outcome = 'success', reason, detail }: AccessTaken,
  onPlatform = schema === null,
): AccessEntry {
  return {
    id: newId(),
    chain: onPlatform || schema === null ? 'platform' : schema,
    tenant: schema,
    ...actorColumns(actor),
    action: action.slice(0, 60),
    resource: action.split('.')[0]?.slice(0, 40) ?? null,
    resource_id: resourceId?.slice(0, 80) ?? null,
    patients: eachOnce(patients),
    outcome,
    reason: reasonOf(actor, reason),
    detail: detail && Object.keys(detail).length > 0 ? detail : null,
  }
}
