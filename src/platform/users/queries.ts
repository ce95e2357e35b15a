import { isBefore, type PlatformDb } from '#tenancy'
import { problem } from '../../shared/errors.ts'
import { readKeys, toPage } from '../../shared/keyset.ts'
import { accountColumns, type AccountRow } from '../auth/index.ts'
import type { User, UserQuery } from './schemas.ts'

/** Whose users: those of one establishment, or (undefined) all, for the platform. */
export type Scope = string | undefined

type Row = AccountRow & { created_at: string; updated_at: string }
type MembershipRow = { account_id: string; role: string; status: string; slug: string }

const columns = [...accountColumns, 'account.created_at', 'account.updated_at'] as const

/** Newest first. @throws invalid_cursor */
export async function listUsers(db: PlatformDb, scope: Scope, query: UserQuery) {
  const { limit = 20, cursor, role, status, establishment } = query
  let select = db.selectFrom('account').select(columns)
  if (scope !== undefined || establishment !== undefined)
    select = select.where('account.id', 'in', members(db, scope, establishment))
  if (role !== undefined)
    select = select.where((eb) =>
      scope === undefined
        ? eb.or([
            eb('account.platform_role', '=', role),
            eb('account.id', 'in', members(db, scope).where('membership.role', '=', role)),
          ])
        : eb('account.id', 'in', members(db, scope).where('membership.role', '=', role)),
    )
  if (status !== undefined) select = select.where('account.status', '=', status)
  if (cursor !== undefined)
    select = select.where(({ ref }) =>
      isBefore([ref('account.created_at'), ref('account.id')], readKeys(cursor), ['timestamp', 'uuid']),
    )
  const rows = (await select
    .orderBy('account.created_at', 'desc')
    .orderBy('account.id', 'desc')
    .limit(limit + 1)
    .execute()) as Row[]
  const memberships = await listMembershipsOf(
    db,
    rows.map(({ id }) => id),
    scope,
  )
  return toPage(
    rows,
    limit,
    ({ created_at, id }) => [created_at, id],
    (row) =>
      toUser(
        row,
        memberships.filter(({ account_id: id }) => id === row.id),
        scope,
      ),
  )
}

/** @throws user_not_found: the same for a person of another establishment as for nobody */
export async function getUser(db: PlatformDb, scope: Scope, id: string): Promise<User> {
  let select = db.selectFrom('account').select(columns).where('account.id', '=', id)
  if (scope !== undefined) select = select.where('account.id', 'in', members(db, scope))
  const row = (await select.executeTakeFirst()) as Row | undefined
  if (!row) throw problem('user_not_found')
  return toUser(row, await listMembershipsOf(db, [id], scope), scope)
}

const members = (db: PlatformDb, scope: Scope, slug?: string) => {
  let query = db
    .selectFrom('membership')
    .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
    .select('membership.account_id')
    .where('membership.status', 'in', ['invited', 'active'])
  if (scope !== undefined) query = query.where('membership.establishment_id', '=', scope)
  if (slug !== undefined) query = query.where('establishment.slug', '=', slug)
  return query
}

async function listMembershipsOf(db: PlatformDb, accountIds: string[], scope: Scope): Promise<MembershipRow[]> {
  if (accountIds.length === 0) return []
  let query = db
    .selectFrom('membership')
    .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
    .select(['membership.account_id', 'membership.role', 'membership.status', 'establishment.slug'])
    .where('membership.account_id', 'in', accountIds)
    .where('membership.status', 'in', ['invited', 'active'])
  if (scope !== undefined) query = query.where('membership.establishment_id', '=', scope)
  return query.orderBy('establishment.slug').orderBy('membership.role').execute()
}

/** Of somebody who has not accepted yet, an establishment sees the username that it typed and nothing more. */
function toUser(row: Row, memberships: MembershipRow[], scope: Scope): User {
  const hidden = scope !== undefined && memberships.every(({ status }) => status === 'invited')
  return {
    id: row.id,
    username: row.username,
    displayName: hidden ? null : row.display_name,
    email: hidden ? null : row.email,
    phone: hidden ? null : row.phone,
    status: hidden ? 'invited' : row.status,
    platformRole: scope === undefined ? (row.platform_role as User['platformRole']) : null,
    memberships: memberships.map(({ slug, role, status }) => ({
      establishment: slug,
      role: role as User['memberships'][number]['role'],
      status: status as 'invited' | 'active',
    })),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}
