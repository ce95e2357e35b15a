import { containing, type PlatformDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import { agentRoles } from '../auth/index.ts'

export type Colleague = { id: string; name: string }

// A hospital's staff fits; whoever has more types more of the name.
export const MOST_COLLEAGUES = 100

/**
 * The agents who work in an establishment now, by name: whom one of them may name in a record.
 * @param q a part of the name or of the username
 */
export async function listColleagues(db: PlatformDb, establishmentId: string, q?: string): Promise<Colleague[]> {
  const rows = await selectColleagues(db, establishmentId)
    .$if(q !== undefined, (query) =>
      query.where((eb) =>
        eb.or([eb('account.display_name', 'ilike', containing(q!)), eb('account.username', 'ilike', containing(q!))]),
      ),
    )
    .orderBy('account.display_name')
    .orderBy('account.id')
    .limit(MOST_COLLEAGUES)
    .execute()
  return rows
}

/** @throws colleague_not_found: the same for a person of another establishment as for nobody */
export async function getColleague(db: PlatformDb, establishmentId: string, id: string): Promise<Colleague> {
  const row = await selectColleagues(db, establishmentId).where('account.id', '=', id).executeTakeFirst()
  if (!row) throw problem('colleague_not_found')
  return row
}

const selectColleagues = (db: PlatformDb, establishmentId: string) =>
  db
    .selectFrom('account')
    .select(['account.id', 'account.display_name as name'])
    .where('account.status', '=', 'active')
    .where('account.id', 'in', (eb) =>
      eb
        .selectFrom('membership')
        .select('membership.account_id')
        .where('membership.establishment_id', '=', establishmentId)
        .where('membership.status', '=', 'active')
        .where('membership.role', 'in', [...agentRoles]),
    )
