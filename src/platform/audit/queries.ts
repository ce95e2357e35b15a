import { isBefore, type Establishment, type PlatformDb } from '#tenancy'
import { readKeys, toPage } from '../../shared/keyset.ts'
import type { AuditEvent, AuditFilters, AuditQuery } from './schemas.ts'

type Page = { items: AuditEvent[]; nextCursor: string | null }

/**
 * An establishment's record, newest first: what was done in it, and what was done about it and its accounts.
 * @param db with the role `audit`, which reads all: the establishment is the session's, never the request's
 * @throws invalid_cursor
 */
export async function listEntries(
  db: PlatformDb,
  { schema }: Pick<Establishment, 'schema'>,
  { limit = 20, cursor, ...filters }: AuditQuery,
): Promise<Page> {
  const rows = await matching(db, schema, filters)
    .$if(cursor !== undefined, (query) =>
      query.where(({ ref }) => isBefore([ref('at'), ref('id')], readKeys(cursor!), ['timestamp', 'uuid'])),
    )
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return toPage(rows, limit, ({ at, id }) => [at, id], toEvent)
}

function matching(db: PlatformDb, schema: string, filters: AuditFilters) {
  const { source, from, to, actorId, patientId, action, outcome } = filters
  return db
    .selectFrom('sis_audit.entry')
    .select(['id', 'at', 'actor_id', 'actor_name', 'actor_role', 'action', 'resource', 'resource_id'])
    .select(['patients', 'outcome', 'reason', 'ip', 'request_id', 'detail'])
    .where('tenant', '=', schema)
    .where((eb) =>
      eb.and([
        ...(source === undefined ? [] : [eb('chain', '=', source === 'records' ? schema : 'platform')]),
        ...(from === undefined ? [] : [eb('at', '>=', startOf(from))]),
        ...(to === undefined ? [] : [eb('at', '<', dayAfter(to))]),
        ...(actorId === undefined ? [] : [eb('actor_id', '=', actorId)]),
        ...(patientId === undefined ? [] : [eb('patients', '@>', eb.val([patientId]))]),
        ...(action === undefined ? [] : [eb('action', '=', action)]),
        ...(outcome === undefined ? [] : [eb('outcome', '=', outcome)]),
      ]),
    )
}

type Row = {
  id: string
  at: string
  actor_id: string | null
  actor_name: string
  actor_role: string | null
  action: string
  resource: string | null
  resource_id: string | null
  patients: string[]
  outcome: string
  reason: string | null
  ip: string | null
  request_id: string | null
  detail: unknown
}

const toEvent = (row: Row): AuditEvent => ({
  id: row.id,
  at: row.at,
  actor: { id: row.actor_id, name: row.actor_name, role: row.actor_role },
  action: row.action,
  outcome: row.outcome as AuditEvent['outcome'],
  target: row.resource === null ? null : { type: row.resource, id: row.resource_id },
  patients: row.patients,
  reason: row.reason,
  ip: row.ip,
  requestId: row.request_id,
  detail: Object.entries(row.detail ?? {}).map(([name, value]) => ({
    name,
    value: Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value),
  })),
})

const startOf = (day: string): string => `${day}T00:00:00.000Z`
const dayAfter = (day: string): string => new Date(Date.parse(startOf(day)) + 86_400_000).toISOString()

export type AccessOfPatient = Omit<AuditEvent, 'patients' | 'ip' | 'detail'>

/**
 * Who met with one patient's file in this establishment, newest first.
 * @param db with the role `audit`: under an establishment's own role the index on patients cannot serve (row security takes
 *   its condition before ours, and `@>` is not leakproof)
 * @throws invalid_cursor
 */
export async function listAccesses(
  db: PlatformDb,
  establishment: Pick<Establishment, 'schema'>,
  patientId: string,
  query: Pick<AuditQuery, 'from' | 'to' | 'limit' | 'cursor'>,
): Promise<{ items: AccessOfPatient[]; nextCursor: string | null }> {
  const { items, nextCursor } = await listEntries(db, establishment, { ...query, patientId })
  // The files of others in the same list are not this patient's business; nor is the address of a machine.
  const told = ({ id, at, actor, action, outcome, target, reason, requestId }: AuditEvent): AccessOfPatient => ({
    id,
    at,
    actor,
    action,
    outcome,
    target,
    reason,
    requestId,
  })
  return { items: items.map(told), nextCursor }
}

export type PersonWhoMet = { name: string; role: string | null; first: string; last: string; count: number }

/** The same by person, the most frequent first; at most 500. */
export async function summariseAccesses(
  db: PlatformDb,
  { schema }: Pick<Establishment, 'schema'>,
  patientId: string,
): Promise<PersonWhoMet[]> {
  return matching(db, schema, { patientId, outcome: 'success' })
    .clearSelect()
    .select(({ fn }) => [
      'actor_name as name',
      'actor_role as role',
      fn.min<string>('at').as('first'),
      fn.max<string>('at').as('last'),
      fn.countAll<number>().as('count'),
    ])
    .groupBy(['actor_id', 'actor_name', 'actor_role'])
    .orderBy('count', 'desc')
    .orderBy('actor_name')
    .limit(500)
    .execute()
}
