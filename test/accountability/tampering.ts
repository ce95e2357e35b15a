import { randomBytes, randomUUID } from 'node:crypto'
import type { Finding, FindingKind } from '#tenancy'
import type { Random } from '../../src/demo/random.ts'
import { keyFromSeed } from '../../src/shared/ed25519.ts'
import { entryAsText, leafOf, sealedColumns, type EntryText } from '../../src/tenancy/seals/canonical.ts'
import { signed } from '../../src/tenancy/seals/head.ts'
import { rootOf } from '../../src/tenancy/seals/merkle.ts'
import { headColumns, toHead, type SealRow } from '../../src/tenancy/seals/stored.ts'
import type { TestDatabase } from '../cluster.ts'
import type { Place, Recorded } from './record.ts'

/** What was done, the chains that it touches, and one finding that must be there: of one of these kinds, at this place. */
export type Tampering = {
  what: string
  chains: string[]
  kinds: FindingKind[]
  at: Pick<Finding, 'chain' | 'seal' | 'entry'>
  /** It cannot be seen but by comparing with what is kept elsewhere. */
  onlyAnchored?: boolean
}

type Hand = (database: TestDatabase, world: Recorded, choices: Random) => Promise<Tampering>

const placeOf = ({ chain, seal, id }: Place) => ({ chain, seal, entry: id })
const isAltered: FindingKind[] = ['entry_altered', 'entry_removed']

const values: Record<(typeof sealedColumns)[number], string> = {
  seq: 'seq + 1000000',
  era: 'era + 1',
  xid: '(xid::text::bigint + 1)::text::xid8',
  id: 'gen_random_uuid()',
  chain: `case chain when 'platform' then (select max(chain) from sis_audit.seal) else 'platform' end`,
  origin: `'elsewhere'`,
  tenant: `'sis_x_t_y'`,
  at: `at + interval '1 millisecond'`,
  actor_id: 'gen_random_uuid()',
  actor_name: `'Personne'`,
  actor_role: `'ADMIN_LOCAL'`,
  session_id: 'gen_random_uuid()',
  action: `'patient.list'`,
  resource: 'null',
  resource_id: `resource_id || '0'`,
  patients: `'{}'`,
  outcome: `'refused'`,
  reason: 'upper(reason)',
  ip: `'10.0.0.2'`,
  request_id: 'null',
  detail: `detail || '{"rows": 0}'`,
}

const edit: Hand = async (database, { chains, entries }, choices) => {
  const place = choices.pick(entries)
  const column = choices.pick(sealedColumns)
  await database.asSuperuser(`update sis_audit.entry set ${column} = ${values[column]} where seq = $1`, [place.seq])
  return {
    what: `edit ${column}`,
    chains: column === 'chain' ? chains : [place.chain],
    kinds: isAltered,
    at: placeOf(place),
  }
}

const remove: Hand = async (database, { entries }, choices) => {
  const place = choices.pick(entries)
  await database.asSuperuser('delete from sis_audit.entry where seq = $1', [place.seq])
  return { what: 'remove', chains: [place.chain], kinds: ['entry_removed'], at: placeOf(place) }
}

const reorder: Hand = async (database, { entries }, choices) => {
  const one = choices.pick(entries)
  const other = choices.pick(entries.filter(({ chain, xid }) => chain === one.chain && xid !== one.xid))
  const column = choices.pick(['id', 'xid', 'at'] as const)
  await database.asSuperuser(
    `update sis_audit.entry e set ${column} = o.${column} from sis_audit.entry o
     where e.seq in ($1, $2) and o.seq in ($1, $2) and o.seq <> e.seq`,
    [one.seq, other.seq],
  )
  return { what: `swap ${column}`, chains: [one.chain], kinds: isAltered, at: placeOf(one) }
}

const columns = sealedColumns.filter((column) => !['id', 'seq'].includes(column)).join(', ')

const insert: Hand = async (database, { entries, seals }, choices) => {
  const like = choices.pick(entries)
  const last = seals.findLast(({ chain }) => chain === like.chain)
  // Somewhere in the chain's past, also where it has no entries.
  const xid = choices.int(Number(entries[0]?.xid), Number(last?.to) - 1)
  const seal = seals.find(({ chain, to }) => chain === like.chain && xid < Number(to))?.number ?? 0
  const id = choices.chance(0.2) ? like.id : randomUUID()
  await database.asSuperuser(
    `insert into sis_audit.entry (id, seq, ${columns})
     select $1, seq + 1000000, ${columns.replace(/\bxid\b/, '$2::xid8')} from sis_audit.entry where seq = $3`,
    [id, xid, like.seq],
  )
  return { what: `insert${id === like.id ? ' again' : ''}`, chains: [like.chain], kinds: ['entry_inserted'], at: { chain: like.chain, seal, entry: id } } // prettier-ignore
}

/** Where no seal will ever reach, dated so that it is not waited for. */
const smuggle: Hand = async (database, { entries, seals }, choices) => {
  const like = choices.pick(entries)
  const sealed = Math.max(...seals.map(({ to }) => Number(to)))
  const [what, era, xid, at, chain = like.chain] = choices.pick([
    ['under an era that never was', 'era - 1', `'${like.xid}'`, 'at'],
    ['under an era to come, tomorrow', 'era + 1', `'${like.xid}'`, `now() + interval '1 day'`],
    ['under a transaction to come, never', 'era', `'${sealed + 1_000_000_000}'`, `'infinity'`],
    ['into a chain without seals, now', 'era', `'${sealed - 1}'`, 'now()', 'sis_x_t_nobody'],
  ] as const)
  const id = randomUUID()
  const others = sealedColumns
    .filter((column) => !['id', 'seq', 'era', 'xid', 'at', 'chain'].includes(column))
    .join(', ')
  await database.asSuperuser(
    `insert into sis_audit.entry (id, seq, era, xid, at, chain, ${others})
     select $1, seq + 1000000, ${era}, ${xid}::xid8, ${at}, $2, ${others} from sis_audit.entry where seq = $3`,
    [id, chain, like.seq],
  )
  return { what: `smuggle ${what}`, chains: [chain], kinds: ['entry_inserted', 'entries_unsealed'], at: { chain, entry: id } } // prettier-ignore
}

const truncate: Hand = async (database, { seals }, choices) => {
  const { chain, number, from } = choices.pick(seals.filter((seal) => seal.number > 1))
  await database.asSuperuser('delete from sis_audit.seal where chain = $1 and number >= $2', [chain, number])
  const withEntries = choices.chance(0.7)
  if (withEntries) await database.asSuperuser('delete from sis_audit.entry where chain = $1 and xid >= $2::xid8', [chain, from]) // prettier-ignore
  return {
    what: `truncate${withEntries ? '' : ' the seals only'}`,
    chains: [chain],
    kinds: ['chain_truncated'],
    at: { chain, seal: number },
    onlyAnchored: withEntries,
  }
}

const drop: Hand = async (database, { chains }, choices) => {
  const chain = choices.pick(chains)
  await database.asSuperuser('delete from sis_audit.seal where chain = $1', [chain])
  await database.asSuperuser('delete from sis_audit.entry where chain = $1', [chain])
  return { what: 'drop a chain', chains: [chain], kinds: ['chain_missing'], at: { chain }, onlyAnchored: true }
}

const unseal: Hand = async (database, { seals }, choices) => {
  const { chain, number } = choices.pick(seals.filter((seal, index) => seals[index + 1]?.chain === seal.chain))
  await database.asSuperuser('delete from sis_audit.seal where chain = $1 and number = $2', [chain, number])
  return { what: 'remove a seal', chains: [chain], kinds: ['seal_missing'], at: { chain, seal: number } }
}

const sealValues = {
  era: 'era + 1',
  from_xid: '(from_xid::text::bigint + 1)::text::xid8',
  to_xid: '(to_xid::text::bigint + 1)::text::xid8',
  entries: 'entries + 1',
  root: 'sha256(root)',
  previous: `sha256(coalesce(previous, ''))`,
  at: `at + interval '1 millisecond'`,
  kid: 'reverse(kid)',
  head: 'sha256(head)',
  signature: 'reverse(signature)',
  leaves: `overlay(leaves placing '\\x00112233' from 20)`,
}

const editSeal: Hand = async (database, { seals }, choices) => {
  const { chain, number } = choices.pick(seals)
  const column = choices.pick(Object.keys(sealValues) as (keyof typeof sealValues)[])
  const value = column === 'signature' ? `overlay(signature placing '\\x0011' from 5)` : sealValues[column]
  await database.asSuperuser(`update sis_audit.seal set ${column} = ${value} where chain = $1 and number = $2`, [chain, number]) // prettier-ignore
  const kinds: FindingKind[] = [column === 'signature' ? 'seal_unsigned' : 'seal_altered']
  return { what: `edit ${column} of a seal`, chains: [chain], kinds, at: { chain, seal: number } }
}

/** An entry is changed and its seal made anew around it, with everything right but the key; perhaps all later ones too. */
const forge: Hand = async (database, { entries }, choices) => {
  const place = choices.pick(entries)
  const { chain, seal: number } = place
  await database.asSuperuser(`update sis_audit.entry set actor_name = 'Un autre' where seq = $1`, [place.seq])
  const own = keyFromSeed(randomBytes(32))
  const rows = await database.asSuperuser<SealRow>(
    `select ${headColumns} from sis_audit.seal where chain = $1 and number >= $2 order by number`,
    [chain, number],
  )
  const all = choices.chance(0.5)
  const keepsKid = choices.chance(0.5)
  let previous = rows[0]?.previous ?? null
  for (const row of all ? rows : rows.slice(0, 1)) {
    const seal = toHead(row)
    const texts = await database.asSuperuser<EntryText>(
      `select ${entryAsText} from sis_audit.entry e where chain = $1 and e.xid >= $2::xid8 and e.xid < $3::xid8 order by e.xid, e.seq`,
      [chain, seal.from, seal.to],
    )
    const leaves = texts.map(leafOf)
    const root = rootOf(leaves).toString('hex')
    const made = signed({ ...seal, root, previous }, { ...own, kid: keepsKid ? seal.kid : own.kid })
    const kid = keepsKid ? seal.kid : own.kid
    const forged = signed({ ...made, kid }, own)
    await database.asSuperuser(
      `update sis_audit.seal set root = decode($3, 'hex'), previous = decode($4, 'hex'), head = decode($5, 'hex'), signature = $6, leaves = $7, kid = $8
       where chain = $1 and number = $2`,
      [chain, seal.number, root, previous, forged.head, Buffer.from(forged.signature, 'base64url'), Buffer.concat(leaves), kid], // prettier-ignore
    )
    previous = forged.head
  }
  return {
    what: `forge ${all ? 'all later seals' : 'one seal'}${keepsKid ? '' : ' under a key of its own'}`,
    chains: [chain],
    kinds: ['seal_unsigned', 'key_unknown'],
    at: { chain, seal: number },
  }
}

const swapSeals: Hand = async (database, { seals }, choices) => {
  const one = choices.pick(seals.filter((seal, index) => seals[index + 1]?.chain === seal.chain))
  const { chain, number } = one
  await database.asSuperuser('update sis_audit.seal set number = 1000000 where chain = $1 and number = $2', [chain, number]) // prettier-ignore
  await database.asSuperuser('update sis_audit.seal set number = $2 where chain = $1 and number = $2 + 1', [chain, number]) // prettier-ignore
  await database.asSuperuser('update sis_audit.seal set number = $2 + 1 where chain = $1 and number = 1000000', [chain, number]) // prettier-ignore
  return { what: 'swap two seals', chains: [chain], kinds: ['seal_altered'], at: { chain, seal: number } }
}

/** How often each is tried, and how. */
export const hands: readonly (readonly [Hand, number])[] = [
  [edit, 6],
  [remove, 3],
  [reorder, 3],
  [insert, 3],
  [smuggle, 2],
  [truncate, 2],
  [drop, 1],
  [unseal, 2],
  [editSeal, 3],
  [swapSeals, 1],
  [forge, 3],
]
