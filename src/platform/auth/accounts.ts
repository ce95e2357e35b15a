import type { PlatformDb } from '#tenancy'

export type AccountStatus = 'invited' | 'active' | 'disabled'

export type AccountRow = {
  id: string
  username: string
  display_name: string
  email: string | null
  phone: string | null
  status: AccountStatus
  platform_role: string | null
  /** Of the demonstration: known to all, so without a second factor. */
  demo: boolean
  not_before: string | null
  version: number
}

export const accountColumns = [
  'account.id',
  'account.username',
  'account.display_name',
  'account.email',
  'account.phone',
  'account.status',
  'account.platform_role',
  'account.demo',
  'account.not_before',
  'account.version',
] as const

/**
 * The account, locked against change. A login or a refresh reads rights under `share`; whoever changes rights holds
 * `update`: a token is thus issued either before the change's instant (and refused from then on) or with the new rights.
 */
export async function lockAccount(
  db: PlatformDb,
  id: string,
  lock: 'share' | 'update',
): Promise<AccountRow | undefined> {
  const query = db.selectFrom('account').select(accountColumns).where('id', '=', id)
  const row = await (lock === 'share' ? query.forShare() : query.forNoKeyUpdate()).executeTakeFirst()
  return row as AccountRow | undefined
}

/** Usernames are lower case in the database; people type them as they like. */
export const foldUsername = (typed: string): string => typed.trim().toLowerCase()

export const isUsername = (username: string): boolean => /^[a-z0-9][a-z0-9._-]{2,63}$/.test(username)

export type Credentials = { id: string; username: string; status: AccountStatus; password_hash: string | null }

export async function findCredentials(db: PlatformDb, username: string): Promise<Credentials | undefined> {
  const row = await db
    .selectFrom('account')
    .select(['id', 'username', 'status', 'password_hash'])
    .where('username', '=', username)
    .executeTakeFirst()
  return row as Credentials | undefined
}

/**
 * Changes an account under its lock and moves its version.
 * @param change.cutOffAt access tokens issued until this instant are refused from now on (within 2 s everywhere)
 */
export async function updateAccount(
  db: PlatformDb,
  account: Pick<AccountRow, 'id' | 'version'>,
  change: {
    display_name?: string
    email?: string | null
    phone?: string | null
    status?: AccountStatus
    password_hash?: string
    password_changed_at?: string
  },
  at: Date,
  cutOffAt?: Date,
): Promise<void> {
  await db
    .updateTable('account')
    .set({
      ...change,
      version: account.version + 1,
      updated_at: at.toISOString(),
      ...(cutOffAt && { not_before: cutOffAt.toISOString() }),
    })
    .where('id', '=', account.id)
    .execute()
}

/** The names that this person's passwords must not be made of. */
export async function passwordContext(
  db: PlatformDb,
  account: Pick<AccountRow, 'id' | 'username' | 'display_name'>,
): Promise<string[]> {
  const places = await db
    .selectFrom('membership')
    .innerJoin('establishment', 'establishment.id', 'membership.establishment_id')
    .select(['establishment.name', 'establishment.slug'])
    .where('membership.account_id', '=', account.id)
    .limit(50)
    .execute()
  return [account.username, account.display_name, ...places.flatMap(({ name, slug }) => [name, slug])]
}
