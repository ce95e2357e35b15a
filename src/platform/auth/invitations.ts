import { now } from '../../shared/clock.ts'
import { problem } from '../../shared/errors.ts'
import { recordEvent } from '../audit/index.ts'
import type { Actor, Auth } from '../http/request.ts'
import type { Access } from './access.ts'
import { lockAccount } from './accounts.ts'
import { deleteLinks } from './activation.ts'
import { fits, type EstablishmentRole, type EstablishmentType } from './rights.ts'

/** The invitations that wait for the signed-in person's answer. */
export async function listInvitations(access: Access, auth: Auth) {
  const rows = await access.tenancy.platform.read('accounts', (db) =>
    db
      .selectFrom('membership')
      .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
      .select([
        'membership.id',
        'membership.role',
        'membership.updated_at',
        'establishment.slug',
        'establishment.name',
        'establishment.type',
      ])
      .where('membership.account_id', '=', auth.account.id)
      .where('membership.status', '=', 'invited')
      .where('establishment.status', 'in', ['active', 'suspended'])
      .orderBy('membership.updated_at', 'desc')
      .limit(100)
      .execute(),
  )
  return {
    items: rows.map(({ id, role, updated_at, slug, name, type }) => ({
      id,
      role: role as EstablishmentRole,
      establishment: { slug, name, type: type as EstablishmentType },
      createdAt: updated_at,
    })),
    nextCursor: null,
  }
}

/** Accepts or declines an invitation of one's own. @throws not_found for any other; role_not_grantable */
export function answerInvitation(access: Access, auth: Auth, actor: Actor, id: string, accept: boolean): Promise<void> {
  return access.tenancy.platform.transaction('accounts', async (db) => {
    const account = await lockAccount(db, auth.account.id, 'update')
    const invitation = await db
      .selectFrom('membership')
      .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
      .select(['membership.role', 'membership.version', 'membership.establishment_id', 'establishment.type'])
      .where('membership.id', '=', id)
      .where('membership.account_id', '=', auth.account.id)
      .where('membership.status', '=', 'invited')
      .where('establishment.status', 'in', ['active', 'suspended'])
      .executeTakeFirst()
    if (!account || !invitation) throw problem('not_found')
    const { role, establishment_id: establishmentId } = invitation
    if (
      accept &&
      (account.platform_role !== null || !fits(role as EstablishmentRole, invitation.type as EstablishmentType))
    )
      throw problem('role_not_grantable')
    const at = now().toISOString()
    await db
      .updateTable('membership')
      .set({ status: accept ? 'active' : 'removed', version: invitation.version + 1, updated_at: at })
      .where('id', '=', id)
      .execute()
    if (accept) await deleteLinks(db, account.id)
    await recordEvent(db, actor, {
      action: accept ? 'membership.accept' : 'membership.decline',
      outcome: 'success',
      establishmentId,
      targetType: 'account',
      targetId: account.id,
      detail: { role },
    })
  })
}
