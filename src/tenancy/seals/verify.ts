import { verifierOf, thumbprint } from '../../shared/ed25519.ts'
import { lookAt, type Look } from '../doctor/look.ts'
import { compareAnchors, type Anchors } from './anchored.ts'
import { entryAsText, type EntryText } from './canonical.ts'
import { Comparison, type SealAt } from './compare.ts'
import { Findings, type Finding } from './findings.ts'
import { Links } from './links.ts'
import { headColumns, toHead, type SealRow } from './stored.ts'

export type Verification = {
  chains: number
  seals: number
  entries: number
  /** At most a thousand. */
  findings: Finding[]
  /** How many there are. */
  found: number
  /** Slugs of establishments by the name of their chain. */
  names: Map<string, string>
}

export type VerifyOptions = {
  /** The owner's or a superuser's address. */
  url: string
  /** The keys that may have signed, the installation's own first: 32 bytes each, in base64url. */
  publicKeys: string[]
  /** One chain only. */
  chain?: string
  /** The same by the establishment's slug. */
  slug?: string
  /** Heads kept outside the database, read before. */
  anchors?: Anchors
}

/** Older ones should be sealed: sealing runs every ten seconds. */
const tailSeconds = 30
const slice = 1_000

/**
 * Compares the whole record with its seals, and these with the heads kept elsewhere. Reads only, in one transaction that
 * sees one instant, a slice at a time. @throws UnknownEstablishment; the driver's error when the database cannot be read
 */
export async function verifyAudit({ url, publicKeys, anchors, ...wanted }: VerifyOptions): Promise<Verification> {
  return lookAt(url, async (look) => {
    const names = await namesOf(look)
    const chain = wanted.slug === undefined ? wanted.chain : chainOf(names, wanted.slug)
    const findings = new Findings()
    const links = new Links(new Map(publicKeys.map((key) => [thumbprint(key), verifierOf(key)])), findings)
    let seals = 0
    const seen = compareAnchors(anchors, chain, publicKeys, findings)
    for await (const row of walk<SealRow & { leaves: Buffer }>(
      look,
      `select ${headColumns}, leaves from sis_audit.seal ${only(chain, 'where')} order by chain, number`,
      chain,
      100,
    )) {
      const { leaves, ...head } = row
      const seal = toHead(head)
      seen.meet(seal)
      links.add({ ...seal, leaves })
      seals++
    }
    links.end()
    seen.end(links.chains)
    const entries = await compareEntries(look, links, findings, chain)
    return { chains: links.chains.size, seals, entries, findings: findings.kept, found: findings.total, names }
  })
}

export class UnknownEstablishment extends Error {}

async function namesOf(look: Look): Promise<Map<string, string>> {
  const rows = await look.query<{ slug: string; schema_name: string }>(
    'select slug, schema_name from sis_platform.establishment',
  )
  return new Map(rows.map(({ slug, schema_name }) => [schema_name, slug]))
}

function chainOf(names: Map<string, string>, slug: string): string {
  const [chain] = [...names].find(([, name]) => name === slug) ?? []
  if (chain === undefined) throw new UnknownEstablishment(slug)
  return chain
}

async function compareEntries(
  look: Look,
  links: Links,
  findings: Findings,
  chain: string | undefined,
): Promise<number> {
  const [now] = await look.query<{ seconds: number }>('select extract(epoch from now())::float8 as seconds')
  const isOverdue = ({ at, era, xid }: EntryText): boolean => {
    const age = (now?.seconds ?? 0) - Number(at)
    // One of tomorrow would be waited for, and one whose transaction all seals have passed will never have a seal.
    return Math.abs(age) > tailSeconds || BigInt(xid) < (links.sealedTo.get(Number(era)) ?? 0n)
  }
  const comparison = new Comparison(links, findings, sealFinder(look), isOverdue)
  const eras = await look.query<{ era: number }>(
    `select era from (select distinct era from sis_audit.seal union select distinct era from sis_audit.entry) all_eras order by era`,
  )
  for (const { era } of eras) await compareEra(look, comparison, era, chain)
  const { strays } = comparison
  const elsewhere = await whereAre(look, comparison.lost.map(({ entry }) => entry)) // prettier-ignore
  for (const place of comparison.lost)
    findings.add({ kind: elsewhere.has(place.entry) ? 'entry_altered' : 'entry_removed', ...place })
  // What was moved is told once, where it belongs.
  const moved = new Set(comparison.lost.map(({ entry }) => entry).filter((entry) => elsewhere.has(entry)))
  for (const place of strays) if (!moved.has(place.entry)) findings.add({ kind: 'entry_inserted', ...place })
  for (const [name, { count, first, since }] of comparison.tails)
    findings.add({ kind: 'entries_unsealed', chain: name, entry: first, count, since: isoOf(since) })
  return comparison.entries
}

async function compareEra(look: Look, comparison: Comparison, era: number, chain: string | undefined): Promise<void> {
  type Round = { chain: string; number: number; to: string; leaves: Buffer }
  const seals = walk<Round>(
    look,
    `select chain, number, to_xid::text as to, leaves from sis_audit.seal where era = ${era} ${only(chain, 'and')} order by to_xid`,
    chain,
    100,
  )
  let next = (await seals.next()).value
  let end: bigint | undefined
  const openRound = async (): Promise<void> => {
    comparison.close()
    end = next && BigInt(next.to)
    for (; next && BigInt(next.to) === end; next = (await seals.next()).value) comparison.open(next)
  }
  await openRound()
  for await (const entry of walk<EntryText>(
    look,
    `select ${entryAsText} from sis_audit.entry e where e.era = ${era} ${onlyEntries(chain)} order by e.xid, e.seq`,
    chain,
    slice,
  )) {
    while (end !== undefined && BigInt(entry.xid) >= end) await openRound()
    await comparison.meet(entry)
  }
  while (end !== undefined) await openRound()
}

const only = (chain: string | undefined, word: 'where' | 'and'): string =>
  chain === undefined ? '' : `${word} chain = $1`
// An establishment's entries all stand on its own record, and that is what an index finds; one that was given to somebody
// else is missed where it was sealed.
const onlyEntries = (chain: string | undefined): string =>
  chain === undefined ? '' : `and chain = $1${chain === 'platform' ? '' : ' and tenant = $1'}`

let cursors = 0

async function* walk<R extends object>(
  look: Look,
  sql: string,
  chain: string | undefined,
  size: number,
): AsyncGenerator<R, undefined> {
  const cursor = `walk_${++cursors}`
  await look.query(`declare ${cursor} no scroll cursor for ${sql}`, chain === undefined ? [] : [chain])
  for (;;) {
    const rows = await look.query<R>(`fetch ${size} from ${cursor}`)
    yield* rows
    if (rows.length < size) return undefined
  }
}

type Interval = { chain: string; era: string | null; from: bigint; to: bigint; number: number }

/** Many strays lie in one range: it is looked up once. */
function sealFinder(look: Look): SealAt {
  let last: Interval | undefined
  return async ({ chain, era, xid }) => {
    const at = BigInt(xid)
    if (last?.chain === chain && last.era === era && last.from <= at && at < last.to) return last.number
    const [found] = await look.query<{ number: number; from: string; to: string }>(
      `select number, from_xid::text as from, to_xid::text as to from sis_audit.seal
       where chain = $1 and era = $2::integer and from_xid <= $3::xid8 and to_xid > $3::xid8 limit 1`,
      [chain, era, xid],
    )
    last = found && { chain, era, number: found.number, from: BigInt(found.from), to: BigInt(found.to) }
    return found?.number
  }
}

/** Which of these entries stand anywhere in the record. */
async function whereAre(look: Look, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await look.query<{ id: string }>('select id from sis_audit.entry where id = any($1::uuid[])', [
    ids.slice(0, 10_000),
  ])
  return new Set(rows.map(({ id }) => id))
}

const isoOf = (seconds: number): string | undefined =>
  Number.isFinite(seconds) ? new Date(seconds * 1000).toISOString() : undefined
