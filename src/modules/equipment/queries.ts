import { containing, type TenantDb } from '#tenancy'
import { today } from '../../shared/clock.ts'
import { decodeCursor } from '../../shared/cursor.ts'
import { problem } from '../../shared/errors.ts'
import { toPage } from '../../shared/keyset.ts'
import { listVersions, type Version } from '../history/index.ts'
import { foldText } from '../patients/index.ts'
import { selectEquipment, statesOf, toEquipment, type EquipmentRow } from './record.ts'
import type {
  Equipment,
  EquipmentPage,
  EquipmentQuery,
  EquipmentStates,
  EquipmentVersion,
  PeriodQuery,
} from './schemas.ts'

/** By code. @throws invalid_cursor */
export async function listEquipment(
  db: TenantDb,
  { q, state, active, overdue, serviceId, from, to, limit = 20, cursor }: EquipmentQuery,
): Promise<EquipmentPage> {
  const day = today()
  const rows = await selectEquipment(db)
    .$if(q !== undefined, (query) => query.where('equipment.search_key', 'like', containing(foldText(q!))))
    .$if(state !== undefined, (query) => query.where('equipment.state', '=', state!))
    .$if(active !== undefined, (query) => query.where('equipment.state', active ? '!=' : '=', 'closed'))
    .$if(serviceId !== undefined, (query) => query.where('equipment.service_id', '=', serviceId!))
    .$if(overdue === true, (query) =>
      query.where('equipment.next_maintenance_on', '<', day).where('equipment.state', '!=', 'closed'),
    )
    .$if(overdue === false, (query) =>
      query.where((eb) =>
        eb.or([
          eb('equipment.next_maintenance_on', 'is', null),
          eb('equipment.next_maintenance_on', '>=', day),
          eb('equipment.state', '=', 'closed'),
        ]),
      ),
    )
    .$if(cursor !== undefined, (query) =>
      query.where('equipment.code_key', '>', String(decodeCursor(cursor!, ['string'])[0])),
    )
    .orderBy('equipment.code_key')
    .limit(limit + 1)
    .execute()
  const states = await statesOf(
    db,
    rows.map(({ id }) => id),
  )
  return toPage(
    rows,
    limit,
    ({ code_key }) => [code_key],
    (row) => toEquipment(row, states(row.id), day, { from, to }),
  )
}

export async function findEquipment(db: TenantDb, id: string): Promise<EquipmentRow | undefined> {
  return selectEquipment(db).where('equipment.id', '=', id).executeTakeFirst()
}

/** Those with these keys, locked until the end of the transaction. */
export async function lockEquipmentByKey(db: TenantDb, keys: readonly string[]): Promise<Map<string, EquipmentRow>> {
  if (keys.length === 0) return new Map()
  const locked = await db
    .selectFrom('equipment')
    .select('id')
    .where('code_key', 'in', [...keys])
    .orderBy('id')
    .forUpdate()
    .execute()
  if (locked.length === 0) return new Map()
  const ids = locked.map(({ id }) => id)
  const rows = await selectEquipment(db).where('equipment.id', 'in', ids).execute()
  return new Map(rows.map((row) => [row.code_key, row]))
}

/** @throws equipment_not_found */
export async function getEquipment(db: TenantDb, id: string, period: PeriodQuery = {}): Promise<Equipment> {
  const row = await findEquipment(db, id)
  if (!row) throw problem('equipment_not_found')
  return toEquipment(row, (await statesOf(db, [id]))(id), today(), period)
}

/** Its states, the oldest first. @throws equipment_not_found */
export async function getStates(db: TenantDb, id: string): Promise<EquipmentStates> {
  const row = await findEquipment(db, id)
  if (!row) throw problem('equipment_not_found')
  return { version: row.version, items: (await statesOf(db, [id]))(id) }
}

/** Every version, newest first, also of what was removed. @throws equipment_not_found */
export async function listEquipmentVersions(db: TenantDb, id: string): Promise<Version<EquipmentVersion>[]> {
  const versions = await listVersions<EquipmentVersion>(db, 'equipment', id)
  if (versions.length === 0) throw problem('equipment_not_found')
  return versions
}
