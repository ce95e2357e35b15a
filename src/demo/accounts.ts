import { randomInt } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { PlatformDb, Tenancy } from '#tenancy'
import {
  accountColumns,
  agentRoleOf,
  hashPassword,
  lockAccount,
  revokeSessions,
  updateAccount,
  verifyPassword,
  type AccountRow,
  type Role,
} from '../platform/auth/index.ts'
import { recordEvent } from '../platform/audit/index.ts'
import { now } from '../shared/clock.ts'
import { demoEstablishments } from './establishments.ts'
import { seeded } from './random.ts'

export type DemoAccount = {
  id: string
  username: string
  name: string
  role: Role
  /** Where the account works: a slug and a name; none for those of the platform and the nation. */
  establishment?: { slug: string; name: string }
}

const actor = { id: null, name: 'Démonstration', role: null }

// Known before they are made: the records name them.
const firstDay = Date.parse('2024-11-01')

/** The thirteen accounts of the demonstration, in the order in which they are shown. */
export const demoAccounts: readonly DemoAccount[] = (
  [
    { username: 'superadmin', name: 'Administration de la plateforme', role: 'SUPER_ADMIN' },
    { username: 'ministere', name: 'Ministère de la Santé', role: 'MINISTERE_SIS' },
    { username: 'insp', name: 'Institut national de santé publique', role: 'SIS_INRSP' },
    ...demoEstablishments.flatMap(({ slug, name, type, agent, admin }): Omit<DemoAccount, 'id'>[] => [
      { username: `${slug}.agent`, name: agent, role: agentRoleOf(type), establishment: { slug, name } },
      { username: `${slug}.admin`, name: admin, role: 'ADMIN_LOCAL', establishment: { slug, name } },
    ]),
  ] satisfies Omit<DemoAccount, 'id'>[]
).map((account) => ({ ...account, id: seeded(`SIS account ${account.username}`).uuid(firstDay) }))

/**
 * `absent`: no account at all. `loaded`: the demonstration's accounts and no other. `mixed`: both kinds. `foreign`: other
 * accounts only.
 */
export type DemoState = 'absent' | 'loaded' | 'mixed' | 'foreign'

export async function demoState(tenancy: Tenancy): Promise<DemoState> {
  const rows = await tenancy.platform.read('accounts', (db) =>
    db.selectFrom('account').select('demo').distinct().execute(),
  )
  const kinds = new Set(rows.map(({ demo }) => demo))
  if (kinds.size === 2) return 'mixed'
  return kinds.has(true) ? 'loaded' : kinds.has(false) ? 'foreign' : 'absent'
}

/** Makes the accounts, all in one transaction, for establishments that are there. Nothing else sets the `demo` mark. */
export async function createDemoAccounts(tenancy: Tenancy, password: string): Promise<void> {
  const hashes = await Promise.all(demoAccounts.map(() => hashPassword(password)))
  await tenancy.platform.transaction('accounts', async (db) => {
    for (const [index, account] of demoAccounts.entries()) await insertAccount(db, account, hashes[index]!)
  })
}

async function insertAccount(
  db: PlatformDb,
  { id, username, name, role, establishment }: DemoAccount,
  hash: string,
): Promise<void> {
  const at = now().toISOString()
  await db
    .insertInto('account')
    .values({
      id,
      username,
      display_name: name,
      password_hash: hash,
      password_changed_at: at,
      status: 'active',
      platform_role: establishment ? null : role,
      demo: true,
    })
    .execute()
  if (!establishment) return
  const { id: establishmentId } = await db
    .selectFrom('establishment')
    .select('id')
    .where('slug', '=', establishment.slug)
    .executeTakeFirstOrThrow()
  await db
    .insertInto('membership')
    .values({ id: uuidv7(), account_id: id, establishment_id: establishmentId, role, status: 'active' })
    .execute()
  await recordEvent(db, actor, {
    action: 'user.create',
    outcome: 'success',
    establishmentId,
    targetType: 'account',
    targetId: id,
  })
}

/** Gives every demonstration account this password, unless they have it: a start with another SIS_DEMO_PASSWORD. */
export async function setDemoPassword(tenancy: Tenancy, password: string): Promise<void> {
  const stored = await tenancy.platform.read('accounts', (db) =>
    db.selectFrom('account').select('password_hash').where('demo', '=', true).execute(),
  )
  const verdicts = await Promise.all(stored.map(({ password_hash }) => verifyPassword(password_hash, password)))
  if (verdicts.every(({ ok }) => ok)) return
  const hash = await hashPassword(password)
  await changeDemoAccounts(
    tenancy,
    { password_hash: hash, password_changed_at: now().toISOString() },
    'password.change',
  )
}

/** Opens or closes every demonstration account; those who are signed in are out within two seconds. */
export async function switchDemo(tenancy: Tenancy, on: boolean): Promise<void> {
  await changeDemoAccounts(tenancy, { status: on ? 'active' : 'disabled' }, on ? 'user.enable' : 'user.disable')
}

type Change = Parameters<typeof updateAccount>[2]

async function changeDemoAccounts(tenancy: Tenancy, change: Change, action: string): Promise<void> {
  await tenancy.platform.transaction('accounts', async (db) => {
    const accounts = await db
      .selectFrom('account')
      .select(accountColumns)
      .where('demo', '=', true)
      .orderBy('id')
      .execute()
    for (const { id } of accounts) {
      const account = await lockAccount(db, id, 'update')
      if (!account || isAlready(account, change)) continue
      const at = now()
      await updateAccount(db, account, change, at, at)
      await revokeSessions(db, id, 'demo', at)
      await recordEvent(db, actor, { action, outcome: 'success', targetType: 'account', targetId: id })
    }
  })
}

const isAlready = (account: AccountRow, { status }: Change): boolean =>
  status !== undefined && account.status === status

// Short words of no accent, that anybody can read aloud and type.
const words =
  'acacia ananas argile baobab barque bazin berger bogolan caravane cheval coton dune figue fleuve fonio gombo goyave herbe igname jardin karite kora lampe mangue maison marche melon miel mil natte niger papaye perle pirogue plaine pluie poterie rame riviere riz sable savane sel soleil sorgho source tamarin tambour tissu vent village voile'.split(' ') // prettier-ignore

/** A password to be read from a terminal: four words and three digits, about 32 bits; logins are throttled. */
export function readablePassword(): string {
  const chosen = Array.from({ length: 4 }, () => words[randomInt(words.length)])
  return `${chosen.join('-')}-${randomInt(100, 1000)}`
}
