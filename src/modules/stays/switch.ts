import type { Tenant, TenantDb } from '#tenancy'
import { refuseSwitchedOff } from '../../platform/modules/index.ts'
import { text, type Text } from '../../shared/text.ts'
import { waitAtGate } from '../exchange/index.ts'

/**
 * Whoever lets a stay begin holds a service from here to its COMMIT, and is refused where the module is off by then: switched
 * off unseen, nobody could discharge the patient.
 * @throws module_disabled
 */
export async function holdModule(db: TenantDb, tenant: Tenant): Promise<void> {
  await db.selectFrom('service').select('id').orderBy('id').limit(1).forShare().execute()
  await refuseSwitchedOff(tenant, 'stays')
}

/** How many patients must be discharged first. Waits for whoever is admitting one, and for a book that is being stored. */
export async function countOpen(db: TenantDb): Promise<Text | undefined> {
  await waitAtGate(db)
  await db.selectFrom('service').select('id').orderBy('id').forUpdate().execute()
  const { count } = await db
    .selectFrom('stay')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('discharged_at', 'is', null)
    .where('hidden_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (count === 0) return undefined
  return text(
    count === 1
      ? 'Un séjour est en cours : faites d’abord sortir ce patient, puis désactivez le module.'
      : `${count} séjours sont en cours : faites d’abord sortir ces patients, puis désactivez le module.`,
    count === 1
      ? 'One stay is open: discharge this patient first, then switch the module off.'
      : `${count} stays are open: discharge these patients first, then switch the module off.`,
  )
}
