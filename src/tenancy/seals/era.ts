import type { Log } from '../types.ts'
import type { OwnerPool } from '../owner/connection.ts'
import { sealLock } from './seal.ts'
import { currentEra, sealedTo } from './stored.ts'

/**
 * A logical copy restored into another cluster takes the sealed entries along, but transaction numbers begin anew there: new
 * entries would fall into ranges that are sealed. They get a new era instead, and so do those that no seal covers yet.
 * Comes before anybody writes.
 * @param always for a restore that knows what it is, wherever the numbers lie
 * @returns the new era, or undefined where numbers go on from the last seal, as they do in every other case
 */
export function keepEra(pool: OwnerPool, log: Log, always = false): Promise<number | undefined> {
  return pool.transaction(async (session) => {
    await session.query(`select pg_advisory_xact_lock(${sealLock})`)
    const [state] = await session.query<{ era: number; sealed: string; isBehind: boolean }>(
      `select ${currentEra} as era, ${sealedTo}::text as sealed, pg_snapshot_xmax(pg_current_snapshot()) < ${sealedTo} as "isBehind"`,
    )
    if (!state || !(always || state.isBehind)) return undefined
    const era = state.era + 1
    await session.query(
      'update sis_audit.entry set era = $1, xid = pg_current_xact_id() where era = $2 and xid >= $3::xid8',
      [era, state.era, state.sealed],
    )
    await session.run(`alter table sis_audit.entry alter column era set default ${era}`)
    if (!always)
      log.warn({ era }, 'this database was restored from a logical copy: the audit record goes on in a new era')
    return era
  })
}
