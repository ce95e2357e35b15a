import type { TenantDb } from '#tenancy'
import { daysUnavailable } from './rules.ts'
import type { Equipment, EquipmentVersion, Period, PeriodQuery, State } from './schemas.ts'

/** Equipment with the service where it stands. */
export const selectEquipment = (db: TenantDb) =>
  db
    .selectFrom('equipment')
    .leftJoin('service', 'service.id', 'equipment.service_id')
    .select(['equipment.id', 'equipment.version', 'equipment.code', 'equipment.code_key', 'equipment.name'])
    .select(['equipment.service_id', 'service.name as service_name', 'equipment.state', 'equipment.state_since'])
    .select(['equipment.next_maintenance_on', 'equipment.created_at', 'equipment.updated_at'])

export type EquipmentRow = Awaited<ReturnType<ReturnType<typeof selectEquipment>['executeTakeFirstOrThrow']>>

/** The states of each, the oldest first. */
export async function statesOf(db: TenantDb, ids: readonly string[]): Promise<(id: string) => Period[]> {
  const found = new Map<string, Period[]>()
  if (ids.length > 0) {
    const rows = await db
      .selectFrom('equipment_state')
      .select(['equipment_id', 'since', 'state'])
      .where('equipment_id', 'in', [...ids])
      .orderBy('since')
      .execute()
    for (const { equipment_id, since, state } of rows) {
      const period = { state: state as State, since }
      const others = found.get(equipment_id)
      if (others) others.push(period)
      else found.set(equipment_id, [period])
    }
  }
  return (id) => found.get(id) ?? []
}

export const toVersion = (row: EquipmentRow, states: Period[]): EquipmentVersion => ({
  id: row.id,
  version: row.version,
  code: row.code,
  name: row.name,
  serviceId: row.service_id,
  state: row.state as State,
  stateSince: row.state_since,
  nextMaintenanceOn: row.next_maintenance_on,
  states,
})

/** @param period between which days it counts when it could not be used; all of them when absent */
export function toEquipment(row: EquipmentRow, states: Period[], today: string, period: PeriodQuery = {}): Equipment {
  const { states: _, ...version } = toVersion(row, states)
  const active = row.state !== 'closed'
  return {
    ...version,
    service: row.service_id === null ? null : { id: row.service_id, name: row.service_name ?? '' },
    active,
    overdue: active && row.next_maintenance_on !== null && row.next_maintenance_on < today,
    daysUnavailable: daysUnavailable(states, today, period),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
