import { lookAt } from '../doctor/look.ts'
import type { OwnerSession } from '../owner/connection.ts'
import type { Head } from './head.ts'
import { headColumns, toHead, type SealRow } from './stored.ts'

/** Where sealing stood: rounds follow each other by era, then by the transaction up to which they reach. */
export type Position = { era: number; to: string }

// The newest seal of every chain, one index probe each: a DISTINCT would read all seals that there ever were.
const ofEveryChain = `
  with recursive name (chain) as (
    (select chain from sis_audit.seal order by chain limit 1)
    union all
    select (select s.chain from sis_audit.seal s where s.chain > name.chain order by s.chain limit 1) from name where name.chain is not null)
  select last.* from name cross join lateral
    (select ${headColumns} from sis_audit.seal s where s.chain = name.chain order by s.number desc limit 1) last`

const since = `select distinct on (chain) ${headColumns} from sis_audit.seal
  where (era, to_xid) > ($1, $2::xid8) order by chain, number desc`

/**
 * The newest head of every chain that was sealed since, which vouches for all before it.
 * @param position undefined: of every chain
 * @returns the position to ask from next time
 */
export async function newestHeads(
  session: Pick<OwnerSession, 'query'>,
  position: Position | undefined,
): Promise<{ heads: Head[]; position: Position | undefined }> {
  const rows = await (position
    ? session.query<SealRow>(since, [position.era, position.to])
    : session.query<SealRow>(ofEveryChain))
  const heads = rows.map(toHead)
  return { heads, position: heads.reduce(later, position) }
}

function later(one: Position | undefined, { era, to }: Position): Position {
  const isLater = !one || era > one.era || (era === one.era && BigInt(to) > BigInt(one.to))
  return isLater ? { era, to } : one
}

/** The newest head of every chain, for whoever holds the owner's address only. Changes nothing. */
export const readAuditHeads = (url: string): Promise<Head[]> =>
  lookAt(url, async (look) => (await newestHeads(look, undefined)).heads)
