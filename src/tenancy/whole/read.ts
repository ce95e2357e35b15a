import { BackupRefused } from '../../shared/backup-refused.ts'
import { SetupRefused } from '../owner/bootstrap.ts'
import { ident, type OpenSnapshot, type OwnerPool, type OwnerSession } from '../owner/connection.ts'
import { listPrepared } from '../owner/prepared.ts'
import { restoringSchema } from './marker.ts'
import { makePlan, tenantSchemas, type Files } from './plan.ts'
import {
  platformPlace,
  type SealedSigningKey,
  type WholeContents,
  type WholePart,
  type WholePlan,
  type WholeTable,
} from './types.ts'

/** One backup at a time over all machines (the first number is SIS's own: bootstrap.ts). */
const backupLock = '1301, 8'

// A dump of all establishments in one transaction would hold a lock on each of their tables until its end: at 2,000
// establishments more than PostgreSQL has room for (max_locks_per_transaction × connections: 6,400 by default).
const schemasEach = 100

// No limit of the server's administrator is meant for this; a sequential scan that joins another one begins in the middle
// of the table, and the rows would come in another order than they are compared in.
const untilTheEnd = `set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0;
  set local synchronize_seqscans = off`

/**
 * Hands `work` everything of this installation as it is at one instant, however long reading takes and whatever others
 * store meanwhile. Nobody waits for it.
 * @throws BackupRefused busy (another backup runs), moved (tables were changed by a migration meanwhile); SetupRefused
 */
export function readWhole<T>(pool: OwnerPool, files: Files, work: (contents: WholeContents) => Promise<T>): Promise<T> {
  return pool.transaction(async (lock) => {
    await lock.run('set local idle_in_transaction_session_timeout = 0')
    const [free] = await lock.query<{ ours: boolean }>(`select pg_try_advisory_xact_lock(${backupLock}) as ours`)
    if (!free?.ours) throw new BackupRefused('busy')
    const keeper = await pool.openSnapshot()
    try {
      return await work(await contentsOf(pool, keeper, lock, files))
    } finally {
      keeper.end()
    }
  })
}

async function contentsOf(
  pool: OwnerPool,
  keeper: OpenSnapshot,
  lock: OwnerSession,
  files: Files,
): Promise<WholeContents> {
  const { session } = keeper
  await session.run(untilTheEnd)
  const [shared] = await session.query<{ id: string }>('select pg_export_snapshot() as id')
  await refuseNewer(session, files)
  const { plan, strangers } = await makePlan(session, files)
  const before = await stateOf(session)
  const [size] = await session.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes')
  const keys = await session.query<SealedSigningKey>(
    `select kid, private_key from sis_platform.signing_key where status in ('current', 'next')`,
  )
  return {
    plan,
    keys,
    databaseBytes: Number(size?.bytes ?? 0),
    strangers,
    async *parts() {
      yield* partsOf(plan, () => pool.openSnapshot(shared?.id))
      keeper.end()
      // A migration rewrites tables: to a snapshot from before, what it wrote is empty. It would have said nothing.
      const after = await stateOf(lock)
      for (const [oid, state] of before) if (after.get(oid) !== state) throw new BackupRefused('moved')
    },
  }
}

async function refuseNewer(session: OwnerSession, { platform, tenant }: Files): Promise<void> {
  const [state] = await session.query<{ isMissing: boolean; isRestoring: boolean }>(
    `select to_regclass('sis_platform.tenant_migration') is null as "isMissing", to_regnamespace('${restoringSchema}') is not null as "isRestoring"`,
  )
  if (state?.isRestoring)
    throw new SetupRefused('une restauration n’y est pas terminée : relancez « npx sis restore ».')
  if (state?.isMissing) throw new SetupRefused('SIS n’y est pas encore installé : il n’y a rien à sauvegarder.')
  const [found] = await session.query<{ platform: number; tenant: number }>(
    `select (select max(version) from sis_platform.platform_migration) as platform,
       (select coalesce(max(version), 0) from sis_platform.tenant_migration) as tenant`,
  )
  if (found && found.platform <= platform.length && found.tenant <= tenant.length) return
  throw new SetupRefused('la base est plus récente que ce programme : sauvegardez-la avec la version qui la sert')
}

/** What changes when tables are made anew: versions, and the schemas themselves. One that is prepared may be taken or dropped. */
async function stateOf(session: OwnerSession): Promise<Map<string, string>> {
  const ahead = (await listPrepared(session)).map(({ schema }) => schema)
  const rows = await session.query<{ oid: string; state: string }>(
    `select n.oid::text as oid, concat_ws(' ', n.nspname, m.version) as state from pg_namespace n
     left join sis_platform.establishment e on e.schema_name = n.nspname
     left join sis_platform.tenant_migration m on m.establishment_id = e.id
     where n.nspname ~ '${tenantSchemas}' and n.nspname <> all ($1)
     union all select 'platform', string_agg(version || checksum, ' ' order by version) from sis_platform.platform_migration`,
    [ahead],
  )
  return new Map(rows.map(({ oid, state }) => [oid, state]))
}

async function* partsOf(plan: WholePlan, open: () => Promise<OpenSnapshot>): AsyncGenerator<WholePart> {
  yield* within(open, [{ place: platformPlace, tables: plan.platform }])
  for (let at = 0; at < plan.schemas.length; at += schemasEach) {
    const some = plan.schemas.slice(at, at + schemasEach)
    yield* within(open, some.map(({ name, shape }) => ({ place: name, tables: plan.shapes[shape] ?? [] }))) // prettier-ignore
  }
}

async function* within(
  open: () => Promise<OpenSnapshot>,
  places: { place: string; tables: WholeTable[] }[],
): AsyncGenerator<WholePart> {
  const { session, end } = await open()
  try {
    await session.run(untilTheEnd)
    for (const { place, tables } of places)
      for (const table of tables) yield { place, ...table, read: () => session.copyOut(copyOf(place, table)) }
  } finally {
    end()
  }
}

/** The statement that reads or, with `from stdin`, fills a table of a place. */
export const copyOf = (place: string, { name, columns }: WholeTable, way = 'to stdout'): string =>
  `copy ${nameIn(place, name)} (${columns.map(ident).join(', ')}) ${way}`

/** A table's name for a statement. */
export const nameIn = (place: string, name: string): string =>
  (place === platformPlace ? name.split('.') : [place, name]).map(ident).join('.')
