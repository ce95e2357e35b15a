import type { TenantDb } from '#tenancy'
import type { Access } from './access.ts'
import type { Auth } from '../http/request.ts'

/** How many break-glasses of the establishment wait for their review. */
export async function countWaiting(db: TenantDb): Promise<number> {
  const { count } = await db
    .selectFrom('break_glass')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('reviewed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** The same for whoever reviews them; nothing for all others, nor before the second factor that the role demands. */
export async function waitingFor(
  { tenancy }: Access,
  { establishment, rights, mustEnrol }: Auth,
): Promise<number | undefined> {
  if (mustEnrol || establishment?.status !== 'active' || !rights.has('break-glass:review')) return undefined
  return tenancy.tenant(establishment).read(countWaiting)
}
