import type { ExpressionBuilder, TenantDb, TenantTables } from '#tenancy'
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
