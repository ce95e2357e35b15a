import { run, statement, type Tenant, type TenantDb } from '#tenancy'
import { notify } from '../notifications/index.ts'
import { manyOverdue, MOST_NAMED, overdue } from './notices.ts'

/** What is in use and should have been maintained before `day`. */
const selectOverdue = (db: TenantDb, day: string) =>
  db.selectFrom('equipment').where('next_maintenance_on', '<', day).where('state', '!=', 'closed')

const overdueOn = statement<{ day: string }, { count: number }>('equipment.overdue', (db, value) =>
  selectOverdue(db, value('day')).select(({ fn }) => fn.countAll<number>().as('count')),
)

/** How many pieces of equipment should have been maintained before `day`. */
export const countOverdue = async (db: TenantDb, day: string): Promise<number> =>
  (await run(db, overdueOn, { day }))[0]?.count ?? 0

/**
 * Tells the administrators what is overdue, once a day: what was told is marked in the same transaction, under the rows'
 * locks, so that of several processes one tells it.
 */
export async function tellOverdue(tenant: Tenant, day: string): Promise<void> {
  const isUntold = await tenant.read((db) =>
    selectOverdue(db, day)
      .where((eb) => eb.or([eb('overdue_told_on', 'is', null), eb('overdue_told_on', '<', day)]))
      .select('id')
      .limit(1)
      .executeTakeFirst(),
  )
  if (!isUntold) return
  await tenant.transaction(async (db) => {
    const found = await db
      .updateTable('equipment')
      .set({ overdue_told_on: day })
      .where('next_maintenance_on', '<', day)
      .where('state', '!=', 'closed')
      .where((eb) => eb.or([eb('overdue_told_on', 'is', null), eb('overdue_told_on', '<', day)]))
      .returning(['id', 'code', 'name', 'next_maintenance_on'])
      .execute()
    const to = { roles: ['ADMIN_LOCAL'], resource: 'equipment' } as const
    if (found.length > MOST_NAMED)
      return notify(db, manyOverdue, { ...to, resourceId: null, params: { count: found.length } })
    for (const { id, code, name, next_maintenance_on: dueOn } of found)
      await notify(db, overdue, { ...to, resourceId: id, params: { code, name, dueOn: dueOn ?? '' } })
  })
}
