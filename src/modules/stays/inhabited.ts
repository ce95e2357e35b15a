import { jsonContainsText, type ExpressionBuilder, type TenantDb, type TenantTables } from '#tenancy'
import { problem } from '../../shared/errors.ts'

/** Whether a patient is in the bed now. */
export const isTaken = (eb: ExpressionBuilder<TenantTables, 'bed'>) =>
  eb.exists(
    eb
      .selectFrom('stay_place')
      .select('stay_place.id')
      .whereRef('stay_place.bed_id', '=', 'bed.id')
      .where('stay_place.to_at', 'is', null)
      .where('stay_place.hidden', '=', false),
  )

/** Whether a patient lay in the bed on a day from the first one on and before the second. */
export async function isUsedBetween(db: TenantDb, bedId: string, from: string, before: string): Promise<boolean> {
  const found = await db
    .selectFrom('stay_place')
    .select('id')
    .where('bed_id', '=', bedId)
    .where('hidden', '=', false)
    .where('from_at', '<', `${before}T00:00:00Z`)
    .where((eb) => eb.or([eb('to_at', 'is', null), eb('to_at', '>', `${from}T00:00:00Z`)]))
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** Whether a version of a stay names the bed: a place that was corrected is no more, but its history tells of it. */
export async function isNamed(db: TenantDb, bedId: string): Promise<boolean> {
  const found = await db
    .selectFrom('record_version')
    .select('version')
    .where('resource', '=', 'stay')
    .where((eb) => jsonContainsText(eb.ref('data'), JSON.stringify({ movements: [{ bedId }] })))
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** With the service locked: whoever admits holds it until the end (store.ts), none comes in between. @throws service_in_use */
export async function refuseInhabited(db: TenantDb, serviceId: string): Promise<void> {
  const inhabited = await db
    .selectFrom('stay')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('discharged_at', 'is', null)
    .where('hidden_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (inhabited) throw problem('service_in_use')
}
