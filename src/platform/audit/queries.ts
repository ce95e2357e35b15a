import { isBefore, type PlatformDb, type TenantDb } from '#tenancy'
import { readKeys, toPage } from '../../shared/keyset.ts'
import type { AuditEvent, AuditQuery } from './schemas.ts'

type Page = { items: AuditEvent[]; nextCursor: string | null }

const columns = [
  'id',
  'at',
  'actor_id',
  'actor_name',
  'actor_role',
  'action',
  'outcome',
  'reason',
  'ip',
  'request_id',
] as const

/** Acts on accounts and on the establishment itself that concern this establishment, newest first. @throws invalid_cursor */
export async function listAccountEvents(db: PlatformDb, establishmentId: string, query: AuditQuery): Promise<Page> {
  const { limit = 20, cursor, from, to, actorId } = query
  let select = db
    .selectFrom('audit_event')
    .select([...columns, 'target_type', 'target_id'])
    .where('establishment_id', '=', establishmentId)
  if (from !== undefined) select = select.where('at', '>=', startOf(from))
  if (to !== undefined) select = select.where('at', '<', dayAfter(to))
  if (actorId !== undefined) select = select.where('actor_id', '=', actorId)
  if (cursor !== undefined)
    select = select.where(({ ref }) => isBefore([ref('at'), ref('id')], readKeys(cursor), ['timestamp', 'uuid']))
  const rows = await select
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return toPage(
    rows,
    limit,
    ({ at, id }) => [at, id],
    ({ target_type: type, target_id: id, ...row }) => ({
      ...toEvent(row),
      target: type === null ? null : { type, id },
      patientId: null,
    }),
  )
}

/** Acts on this establishment's records, newest first. @throws invalid_cursor */
export async function listRecordEvents(db: TenantDb, query: AuditQuery): Promise<Page> {
  const { limit = 20, cursor, from, to, actorId, patientId } = query
  let select = db.selectFrom('audit_entry').select([...columns, 'resource', 'resource_id', 'patient_id'])
  if (from !== undefined) select = select.where('at', '>=', startOf(from))
  if (to !== undefined) select = select.where('at', '<', dayAfter(to))
  if (actorId !== undefined) select = select.where('actor_id', '=', actorId)
  if (patientId !== undefined) select = select.where('patient_id', '=', patientId)
  if (cursor !== undefined)
    select = select.where(({ ref }) => isBefore([ref('at'), ref('id')], readKeys(cursor), ['timestamp', 'uuid']))
  const rows = await select
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return toPage(
    rows,
    limit,
    ({ at, id }) => [at, id],
    ({ resource: type, resource_id: id, patient_id: patientId, ...row }) => ({
      ...toEvent(row),
      target: type === null ? null : { type, id },
      patientId,
    }),
  )
}

type Row = {
  id: string
  at: string
  actor_id: string | null
  actor_name: string
  actor_role: string | null
  action: string
  outcome: string
  reason: string | null
  ip: string | null
  request_id: string | null
}

const toEvent = (row: Row): Omit<AuditEvent, 'target' | 'patientId'> => ({
  id: row.id,
  at: row.at,
  actor: { id: row.actor_id, name: row.actor_name, role: row.actor_role },
  action: row.action,
  outcome: row.outcome as AuditEvent['outcome'],
  reason: row.reason,
  ip: row.ip,
  requestId: row.request_id,
})

const startOf = (day: string): string => `${day}T00:00:00.000Z`
const dayAfter = (day: string): string => new Date(Date.parse(startOf(day)) + 86_400_000).toISOString()
