import { setImmediate as breathe } from 'node:timers/promises'
import type { SigningKey } from '../../shared/ed25519.ts'
import type { OwnerPool, OwnerSession } from '../owner/connection.ts'
import { entryAsText, leafOf, type EntryText } from './canonical.ts'
import { signed, type Head, type Statement } from './head.ts'
import { MerkleTree } from './merkle.ts'
import { currentEra, headColumns, sealedTo, toHead, type SealRow } from './stored.ts'

/** One at a time over all machines (the first number is SIS's own: bootstrap.ts). */
export const sealLock = '1301, 4'

export type Round = {
  seals: number
  entries: number
  /** There is more that could be sealed at once. */
  more: boolean
}

const nothing: Round = { seals: 0, entries: 0, more: false }
const defaults = { entries: 20_000, slice: 500 }

/**
 * Seals what was written since the round before and belongs to transactions that are all over: in one transaction, so that
 * a round that is cut off has never been. Holds one slice of entries at a time (500 take about 5 ms) and 48 bytes of each.
 * @param options.entries how many at most; a single transaction is never divided
 * @returns nothing sealed when another machine is at it
 */
export function sealRound(pool: OwnerPool, key: SigningKey, options: { entries?: number } = {}): Promise<Round> {
  return pool.transaction(async (session) => {
    const [lock] = await session.query<{ ours: boolean }>(`select pg_try_advisory_xact_lock(${sealLock}) as ours`)
    if (!lock?.ours) return nothing
    const range = await rangeOf(session, options.entries ?? defaults.entries)
    if (!range) return nothing
    const batches = await readBatches(session, range)
    const seals = await link(session, batches, range, key)
    await store(session, seals, batches)
    const entries = seals.reduce((sum, seal) => sum + seal.entries, 0)
    return { seals: seals.length, entries, more: range.more }
  })
}

type Range = { era: number; from: string; to: string; at: string; more: boolean }

/**
 * From where the last round ended to the oldest transaction that is still under way: whatever commits later has a number
 * from there on, so the next round finds it.
 */
async function rangeOf(session: OwnerSession, limit: number): Promise<Range | undefined> {
  const [state] = await session.query<{ era: number; since: string; over: string; ms: string }>(
    `select ${currentEra} as era, ${sealedTo}::text as since, pg_snapshot_xmin(pg_current_snapshot())::text as over,
       floor(extract(epoch from clock_timestamp()) * 1000)::text as ms`,
  )
  if (!state) return undefined
  const { era, since, over } = state
  const [edges] = await session.query<{ first: string | null; bound: string | null }>(
    `with open as (select xid from sis_audit.entry where era = $1 and xid >= $2::xid8 and xid < $3::xid8 order by xid limit $4 + 1)
     select (select xid::text from open order by xid limit 1) as first, (select xid::text from open order by xid offset $4 limit 1) as bound`,
    [era, since, over, limit],
  )
  if (!edges?.first) return undefined
  const at = new Date(Number(state.ms)).toISOString()
  if (edges.bound === null) return { era, from: since, to: over, at, more: false }
  const to = edges.bound === edges.first ? String(BigInt(edges.first) + 1n) : edges.bound
  return { era, from: since, to, at, more: true }
}

type Batch = { leaves: Buffer[]; tree: MerkleTree }

async function readBatches(session: OwnerSession, { era, from, to }: Range): Promise<Map<string, Batch>> {
  const batches = new Map<string, Batch>()
  await session.query(
    `declare sealing no scroll cursor for select ${entryAsText} from sis_audit.entry e
     where e.era = $1 and e.xid >= $2::xid8 and e.xid < $3::xid8 order by e.xid, e.seq`,
    [era, from, to],
  )
  for (;;) {
    const slice = await session.query<EntryText>(`fetch ${defaults.slice} from sealing`)
    for (const entry of slice) {
      const batch = batches.get(entry.chain) ?? { leaves: [], tree: new MerkleTree() }
      const leaf = leafOf(entry)
      batch.leaves.push(leaf)
      batch.tree.push(leaf)
      batches.set(entry.chain, batch)
    }
    if (slice.length < defaults.slice) return batches
  }
}

/** Each chain's new seal, bound to its last one. */
async function link(
  session: OwnerSession,
  batches: Map<string, Batch>,
  { era, to, at }: Range,
  key: SigningKey,
): Promise<Head[]> {
  const last = await lastOf(session, [...batches.keys()])
  const seals: Head[] = []
  for (const [chain, { leaves, tree }] of batches) {
    const before = last.get(chain)
    const statement: Statement = {
      chain,
      number: (before?.number ?? 0) + 1,
      era,
      from: before?.era === era ? before.to : '0',
      to,
      entries: leaves.length,
      root: tree.root().toString('hex'),
      previous: before?.head ?? null,
      at,
      kid: key.kid,
    }
    seals.push(signed(statement, key))
    // A signature takes some 50 µs.
    if (seals.length % 100 === 0) await breathe()
  }
  return seals
}

async function lastOf(session: OwnerSession, chains: string[]): Promise<Map<string, Head>> {
  const rows = await session.query<SealRow>(
    `select last.* from unnest($1::text[]) each (name) cross join lateral
       (select ${headColumns} from sis_audit.seal where chain = each.name order by number desc limit 1) last`,
    [chains],
  )
  return new Map(rows.map((row) => [row.chain, toHead(row)]))
}

async function store(session: OwnerSession, seals: Head[], batches: Map<string, Batch>): Promise<void> {
  for (let at = 0; at < seals.length; at += defaults.slice) {
    const some = seals.slice(at, at + defaults.slice)
    const hex = (value: string | null) => (value === null ? null : Buffer.from(value, 'hex'))
    await session.query(
      `insert into sis_audit.seal (chain, number, era, from_xid, to_xid, entries, root, previous, at, kid, head, signature, leaves)
       select * from unnest($1::text[], $2::integer[], $3::integer[], $4::xid8[], $5::xid8[], $6::integer[], $7::bytea[],
         $8::bytea[], $9::timestamptz[], $10::text[], $11::bytea[], $12::bytea[], $13::bytea[])`,
      [
        some.map(({ chain }) => chain),
        some.map(({ number }) => number),
        some.map(({ era }) => era),
        some.map(({ from }) => from),
        some.map(({ to }) => to),
        some.map(({ entries }) => entries),
        some.map(({ root }) => hex(root)),
        some.map(({ previous }) => hex(previous)),
        some.map((seal) => seal.at),
        some.map(({ kid }) => kid),
        some.map(({ head }) => hex(head)),
        some.map(({ signature }) => Buffer.from(signature, 'base64url')),
        some.map(({ chain }) => Buffer.concat(batches.get(chain)?.leaves ?? [])),
      ],
    )
  }
}
